-- A small plant: an operator, two presses, a visitor.
-- Passwords stand here in clear because this is an example; see README.md for `secret =>`.

-- Operators may read everything below plant/.
SELECT mqtt_auth.create_group('operators');
SELECT mqtt_auth.allow('operators', 'read', 'plant/#');

-- Presses may write below their own name: %u is the username.
SELECT mqtt_auth.create_group('presses');
SELECT mqtt_auth.allow('presses', 'write', 'plant/%u/#');

-- Whoever connects with a client id like press-7 is a press ...
SELECT mqtt_auth.add_group_rule('all presses', ARRAY['presses'], client_id => 'press-*');

-- ... and these may connect with no other client id than their username.
SELECT mqtt_auth.create_client('Press 7', username => 'press-7', password => 'demo-of-press-7', client_id => '%u');
SELECT mqtt_auth.create_client('Press 8', username => 'press-8', password => 'demo-of-press-8', client_id => '%u');

SELECT mqtt_auth.create_client('Operator', username => 'operator', password => 'demo-of-operator');
SELECT mqtt_auth.add_to_group('operator', 'operators');

-- In no group: may log in, and do nothing.
SELECT mqtt_auth.create_client('Visitor', username => 'visitor', password => 'demo-of-visitor');
