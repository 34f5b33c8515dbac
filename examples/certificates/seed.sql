-- Four clients, one of each kind: password, certificate, one certain certificate, both required.
-- `run` passes the certificate of the meter as :meter_old.

SELECT mqtt_auth.create_group('devices');
SELECT mqtt_auth.allow('devices', 'write', 'plant/%u/#');      -- %u is the username, also of a certificate's client

SELECT mqtt_auth.create_client('Operator', username => 'operator', password => 'demo-of-operator');
SELECT mqtt_auth.allow(username => 'operator', permission => 'read', topic => 'plant/#');

-- Any certificate of the broker's CA whose Common Name is press-7.
SELECT mqtt_auth.create_client('Press 7', username => 'press-7', groups => ARRAY['devices']);
SELECT mqtt_auth.grant_certificate('press-7');

-- Exactly this certificate, whatever its name.
SELECT mqtt_auth.create_client('Meter', username => 'meter', groups => ARRAY['devices']);
SELECT mqtt_auth.grant_certificate('meter', :'meter_old', label => 'old');

-- A certificate and a password, both.
SELECT mqtt_auth.create_client('Inspector', username => 'inspector', password => 'demo-of-inspector',
    required_methods => ARRAY['password', 'certificate'], groups => ARRAY['devices']);
SELECT mqtt_auth.grant_certificate('inspector');
