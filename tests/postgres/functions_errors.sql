\ir support/begin.psql
SELECT mqtt_auth.create_client('press-7');
SELECT mqtt_auth.create_group('presses');

SELECT throws_ok('SELECT mqtt_auth.' || call, '23503', 'client `press-9` does not exist: create it with mqtt_auth.create_client(...)', call)
FROM unnest(ARRAY[
    $$set_password('press-9', 'x')$$, $$set_password('press-9', secret => 'x')$$, $$grant_certificate('press-9')$$,
    $$grant_password('press-9', 'x')$$, $$generate_secret('press-9')$$, $$grant_password('press-9')$$, $$grant_psk('press-9', 'x')$$, $$revoke('press-9', 'password')$$, $$revoke('press-9', 'x')$$,
    $$enable_client('press-9')$$, $$disable_client('press-9')$$, $$rename_client('press-9', 'a')$$, $$delete_client('press-9')$$,
    $$add_to_group('press-9', 'presses')$$, $$remove_from_group('press-9', 'presses')$$, $$permissions('press-9')$$,
    $$disconnect('press-9')$$, $$disconnect(username => 'press-9')$$,
    $$allow(username => 'press-9', permission => 'read', topic => 'a')$$, $$deny(username => 'press-9', permission => 'read', topic => 'a')$$
]) AS call;
SELECT throws_ok('SELECT mqtt_auth.' || call, '23503', 'group `operators` does not exist: create it with mqtt_auth.create_group(...)', call)
FROM unnest(ARRAY[
    $$disconnect(group_name => 'operators')$$, $$delete_group('operators')$$, $$add_to_group('press-7', 'operators')$$, $$remove_from_group('press-7', 'operators')$$,
    $$allow('operators', 'read', 'a')$$, $$deny('operators', 'read', 'a')$$,
    $$add_group_rule('r', '{presses,operators}', username => 'x')$$, $$create_client('press-1', groups => '{operators}')$$
]) AS call;
SELECT throws_ok($$SELECT mqtt_auth.disable_client(NULL)$$, '23503', 'client null does not exist: create it with mqtt_auth.create_client(...)', 'null is nobody');
SELECT throws_ok($$SELECT mqtt_auth.delete_group_rule('r')$$, '23503', 'group rule `r` does not exist: see TABLE mqtt_auth.group_rules', 'no such rule');

INSERT INTO attempts (statement, complaint) VALUES
    ($$SELECT mqtt_auth.create_client('x', password => '')$$, 'the password is empty: use 1 to 72 bytes'),
    ($$SELECT mqtt_auth.create_client('x', password => repeat('x', 73))$$, 'the password has 73 bytes: use 1 to 72, bcrypt would ignore the rest'),
    ($$SELECT mqtt_auth.create_client('x', password => repeat('ä', 37))$$, 'the password has 74 bytes: use 1 to 72, bcrypt would ignore the rest'),
    ($$SELECT mqtt_auth.create_client('x', password => 'a', secret => 'b')$$, 'give either a password or a secret (a ready-made hash), not both'),
    ($$SELECT mqtt_auth.create_client('x', password => 'a', generate => true)$$, 'give a password, or a secret (a ready-made hash), or generate => true: one of them'),
    ($$SELECT mqtt_auth.create_client('x', secret => 'a', generate => true)$$, 'give a password, or a secret (a ready-made hash), or generate => true: one of them'),
    ($$SELECT mqtt_auth.create_client('x', fingerprint => 'a')$$, 'credentials.fingerprint: `a` is not a fingerprint: use `SHA256:` and 64 lower-case hex digits'),
    ($$SELECT mqtt_auth.create_client('x', secret => 'plain')$$, 'credentials.secret: that is not a hash: use mqtt_auth.set_password, or a hash from mkpasswd'),
    ($$SELECT mqtt_auth.create_client(NULL)$$, 'a client needs a name or a username'),
    ($$SELECT mqtt_auth.create_client('#')$$, 'clients.username: `#` holds a wildcard of MQTT: a username has no `+` and no `#`'),
    ($$SELECT mqtt_auth.set_password('press-7')$$, 'give either a password or a secret (a ready-made hash)'),
    ($$SELECT mqtt_auth.rename_client('press-7', '+')$$, 'clients.username: `+` holds a wildcard of MQTT: a username has no `+` and no `#`'),
    ($$SELECT mqtt_auth.disconnect()$$, 'disconnect: give a username or a group_name, one of the two'),
    ($$SELECT mqtt_auth.disconnect('press-7', 'presses')$$, 'disconnect: give a username or a group_name, one of the two'),
    ($$SELECT mqtt_auth.allow('presses', 'readwrite', 'a')$$, 'acls.permission: `readwrite` is not a permission: use read, write or readWrite'),
    ($$SELECT mqtt_auth.allow('presses', 'read')$$, 'mqtt_auth.allow: topic is missing'),
    ($$SELECT mqtt_auth.deny('presses', topic => 'a')$$, 'mqtt_auth.deny: permission is missing'),
    ($$SELECT mqtt_auth.allow(permission => 'read', topic => 'a')$$, 'acls: an entry belongs to a group or to a client: give group_name or username'),
    ($$SELECT mqtt_auth.allow('presses', 'read', 'a', username => 'press-7')$$, 'acls: an entry belongs to a group or to a client: give group_name or username, not both'),
    ($$SELECT mqtt_auth.allow('presses', 'read', 'a', max_qos => 3)$$, 'acls.max_qos: `3` is not a quality of service: use 0, 1 or 2'),
    ($$SELECT mqtt_auth.allow('presses', 'read', 'a', max_qos => 70000)$$, 'acls.max_qos: `70000` is not a quality of service: use 0, 1 or 2'),
    ($$SELECT mqtt_auth.add_group_rule('r', '{}', username => 'x')$$, 'group rule `r`: names no group'),
    ($$SELECT mqtt_auth.add_group_rule('r', '{presses}')$$,
     'group_rules: a rule without a condition would take in everybody: set at least one of client_name, username, client_id, fingerprint, common_name, subject_alt_name, address, method'),
    ($$SELECT mqtt_auth.add_group_rule('r', '{presses}', username => '(', syntax => 'regex')$$, 'group_rules.username: `(` has `(` without `)`: write `\(` for the character');
SELECT pg_temp.attempt_all();

SELECT throws_ok($$SELECT mqtt_auth.create_client('Again', username => 'press-7')$$, '23505', 'client `press-7` exists already', 'a client twice');
SELECT throws_ok($$SELECT mqtt_auth.create_group('presses')$$, '23505', 'group `presses` exists already', 'a group twice');
SELECT lives_ok($$SELECT mqtt_auth.add_group_rule('r', '{presses}', username => 'x')$$, 'a rule once');
SELECT throws_ok($$SELECT mqtt_auth.add_group_rule('r', '{presses}', username => 'x')$$, '23505', 'group rule `r` exists already', 'a rule twice');
SELECT is((SELECT array_agg(username) FROM mqtt_auth.clients), '{press-7}', 'what failed left nothing behind');

-- Every function that can be called wrongly answers with a right call, or with what is there.
CREATE TEMPORARY TABLE mistakes (function text, call text);
INSERT INTO mistakes VALUES
    ('create_client', $$create_client(NULL)$$), ('create_client', $$create_client('press-7')$$), ('create_client', $$create_client('x', password => 'x', generate => true)$$),
    ('set_password', $$set_password('press-7')$$), ('set_password', $$set_password('press-9', 'x')$$), ('set_password', $$set_password('press-7', '')$$),
    ('grant_password', $$grant_password('press-7')$$), ('generate_secret', $$generate_secret('press-9')$$), ('rehash', $$rehash(1, 'x', 'y')$$),
    ('grant_certificate', $$grant_certificate('press-7', 'x')$$), ('grant_psk', $$grant_psk('press-7', 'x')$$),
    ('revoke', $$revoke('press-7', NULL)$$), ('revoke', $$revoke('press-7', 'passwd')$$), ('revoke', $$revoke('press-7', 'psk')$$),
    ('revoke_certificate', $$revoke_certificate(NULL)$$), ('revoke_certificate', $$revoke_certificate('x')$$),
    ('unrevoke_certificate', $$unrevoke_certificate('x')$$), ('unrevoke_certificate', $$unrevoke_certificate(repeat('0f', 32))$$),
    ('enable_client', $$enable_client('press-9')$$), ('disable_client', $$disable_client(NULL)$$), ('delete_client', $$delete_client('press-9')$$),
    ('rename_client', $$rename_client('press-9', 'x')$$), ('rename_client', $$rename_client('press-7', '#')$$),
    ('create_group', $$create_group('presses')$$), ('create_group', $$create_group('')$$), ('delete_group', $$delete_group('operators')$$),
    ('add_to_group', $$add_to_group('press-7', 'operators')$$), ('remove_from_group', $$remove_from_group('press-9', 'presses')$$),
    ('allow', $$allow('operators', 'read', 'a')$$), ('allow', $$allow('presses', 'read')$$), ('allow', $$allow('presses', 'rw', 'a')$$), ('allow', $$allow('presses', 'read', 'a+')$$),
    ('deny', $$deny('presses', 'read')$$), ('deny', $$deny(permission => 'read', topic => 'a')$$),
    ('add_group_rule', $$add_group_rule('x', '{}')$$), ('add_group_rule', $$add_group_rule('x', '{presses}')$$), ('add_group_rule', $$add_group_rule('r', '{presses}', username => 'x')$$),
    ('delete_group_rule', $$delete_group_rule('x')$$), ('disconnect', $$disconnect()$$), ('disconnect', $$disconnect('press-9')$$),
    ('permissions', $$permissions('press-9')$$), ('explain', $$explain('press-7', 'read', 'a')$$), ('explain', $$explain('press-7', 'publish', NULL)$$);
SELECT matches(pg_temp.hint_of('SELECT mqtt_auth.' || call), 'mqtt_auth\.|for example|openssl|mkpasswd|delete that client first|leave it out|has: |has no credential', call)
FROM mistakes ORDER BY call;
-- touch() takes any name, since a view of the site may know it; the others are behind these.
SELECT is_empty($$
    SELECT p.oid::regprocedure FROM pg_proc AS p
    WHERE p.pronamespace = 'mqtt_auth'::regnamespace AND p.prorettype <> 'trigger'::regtype AND p.provolatile <> 'i'
      AND p.proname !~ '^(require_|record_|add_entry|add_credential|hash_password|groups_of|deciding_entry|login_state)'
      AND p.proname NOT IN (SELECT function FROM mistakes UNION VALUES ('touch'), ('grant_roles'), ('allow_rehash'))$$, 'each function is called wrongly here');

SELECT * FROM finish();
ROLLBACK;
