\ir support/begin.psql
SELECT mqtt_auth.create_group(g) FROM unnest(ARRAY['presses', 'robots', 'night', 'far']) AS g;

-- client_overview
SELECT mqtt_auth.create_client('none');
SELECT mqtt_auth.create_client('Pass Word', 'password', secret => '$2b$10$' || repeat('e', 53), groups => '{robots,presses}');
SELECT mqtt_auth.create_client('either', secret => '$2b$10$' || repeat('e', 53));
SELECT mqtt_auth.grant_certificate('either'), mqtt_auth.grant_certificate('either', 'SHA256:' || repeat('0f', 32));
SELECT mqtt_auth.create_client('both', secret => '$2b$10$' || repeat('e', 53), required_methods => '{password,certificate}');
SELECT mqtt_auth.grant_certificate('both');
SELECT mqtt_auth.create_client('lacking', secret => '$2b$10$' || repeat('e', 53), required_methods => '{password,certificate}');
SELECT mqtt_auth.grant_certificate('lacking', valid_until => now() - interval '1 day');
SELECT mqtt_auth.create_client('disabled', secret => '$2b$10$' || repeat('e', 53), enabled => false);
SELECT mqtt_auth.create_client('expired', secret => '$2b$10$' || repeat('e', 53), valid_until => now());
SELECT mqtt_auth.create_client('early', secret => '$2b$10$' || repeat('e', 53), valid_from => now() + interval '1 day');
SELECT mqtt_auth.create_client('key'), mqtt_auth.grant_psk('key', repeat('0f', 16));
SELECT mqtt_auth.create_client('certificate'), mqtt_auth.grant_certificate('certificate', repeat('1f', 32)), mqtt_auth.grant_certificate('certificate', repeat('2f', 32));
SELECT mqtt_auth.create_client('any', secret => '$2b$10$' || repeat('e', 53)), mqtt_auth.grant_certificate('any'), mqtt_auth.grant_psk('any', repeat('0f', 16));
SELECT mqtt_auth.create_client('backwards', required_methods => '{psk,certificate,password}');
SELECT mqtt_auth.grant_certificate('backwards');
SELECT mqtt_auth.create_client('revoked'), mqtt_auth.grant_certificate('revoked', repeat('3f', 32));
SELECT mqtt_auth.create_client('one revoked', secret => '$2b$10$' || repeat('e', 53)), mqtt_auth.grant_certificate('one revoked', repeat('4f', 32)),
       mqtt_auth.grant_certificate('one revoked', repeat('5f', 32));
SELECT mqtt_auth.revoke_certificate(repeat(d, 32)) FROM unnest(ARRAY['3f', '4f', '2f', '6f']) AS d;
SELECT bag_eq('TABLE mqtt_auth.client_overview', $$VALUES
    ('key', 'key', 'psk', '{}'::text[], 'enabled'),
    ('certificate', 'certificate', 'certificate', '{}', 'enabled'),
    ('any', 'any', 'password or certificate or psk', '{}', 'enabled'),
    ('backwards', 'backwards', 'password and certificate and psk', '{}', 'no password, no psk'),
    ('revoked', 'revoked', 'none', '{}', 'no credential'),
    ('one revoked', 'one revoked', 'password or certificate', '{}', 'enabled'),
    ('none', 'none', 'none', '{}', 'no credential'),
    ('Pass Word', 'password', 'password', '{presses,robots}', 'enabled'),
    ('either', 'either', 'password or certificate', '{}', 'enabled'),
    ('both', 'both', 'password and certificate', '{}', 'enabled'),
    ('lacking', 'lacking', 'password and certificate', '{}', 'no certificate'),
    ('disabled', 'disabled', 'password', '{}', 'disabled'),
    ('expired', 'expired', 'password', '{}', 'expired'),
    ('early', 'early', 'password', '{}', 'not yet valid')$$, 'client_overview');

-- permissions()
SELECT mqtt_auth.create_client('Press 7', 'press-7', groups => '{presses}'), mqtt_auth.create_client('Robot 1', 'robot-1');
SELECT mqtt_auth.allow(username => 'press-7', permission => 'write', topic => 'own');
SELECT mqtt_auth.allow(username => 'robot-1', permission => 'write', topic => 'other');
SELECT mqtt_auth.allow('presses', 'readWrite', 'presses', max_qos => 1, allow_retain => false), mqtt_auth.deny('presses', 'read', 'presses');
SELECT mqtt_auth.allow('night', 'read', 'night'), mqtt_auth.allow('robots', 'read', 'robots'), mqtt_auth.allow('far', 'read', 'far', priority => 3);
SELECT mqtt_auth.add_group_rule('by name', '{night}', username => 'press-?', client_name => 'Press *');
SELECT mqtt_auth.add_group_rule('by connection', '{far,presses}', client_id => 'press-*', address => '10.0.0.0/8', username => '*');
SELECT mqtt_auth.add_group_rule('off', '{robots}', username => 'press-7', enabled => false);
SELECT mqtt_auth.add_group_rule('not it', '{robots}', username => 'robot-*', client_id => '*');
SELECT mqtt_auth.add_group_rule('exactly', '{night}', common_name => 'x', method => 'certificate', syntax => 'exact');
SELECT mqtt_auth.add_group_rule('regex', '{night}', subject_alt_name => 'x.*', syntax => 'regex');
SELECT results_eq($$SELECT effect, permission, topic, priority, max_qos::integer, allow_retain, source FROM mqtt_auth.permissions('press-7')$$, $$VALUES
    ('allow', 'read', 'far', 3, NULL::integer, NULL::boolean, 'group `far` by rule `by connection`, if client_id is like `press-*` and address is in `10.0.0.0/8`'),
    ('deny', 'read', 'presses', 0, NULL, NULL, 'group `presses`'),
    ('allow', 'read', 'night', 0, NULL, NULL, 'group `night` by rule `by name`'),
    ('allow', 'read', 'night', 0, NULL, NULL, 'group `night` by rule `exactly`, if common_name is `x` and method is `certificate`'),
    ('allow', 'read', 'night', 0, NULL, NULL, 'group `night` by rule `regex`, if subject_alt_name matches `x.*`'),
    ('allow', 'write', 'own', 0, NULL, NULL, 'own'),
    ('allow', 'readWrite', 'presses', 0, 1, false, 'group `presses`')$$, 'permissions of one client');
SELECT results_eq($$SELECT DISTINCT topic FROM mqtt_auth.permissions('robot-1') ORDER BY topic$$, $$VALUES ('far'), ('night'), ('other'), ('presses'), ('robots')$$,
                  'and of another');
SELECT is((SELECT entry FROM mqtt_auth.permissions('press-7') WHERE topic = 'own'), (SELECT id FROM mqtt_auth.acls WHERE topic = 'own'), 'entry names the row');
SELECT is_empty($$SELECT * FROM mqtt_auth.permissions('none') WHERE source NOT LIKE '%, if %'$$, 'a client without groups has nothing for certain');

-- A site's own table behind a view: people see what the plugin sees.
RESET ROLE;
CREATE TABLE mqtt_auth.site_users (login text PRIMARY KEY);
CREATE OR REPLACE VIEW mqtt_auth.broker_clients AS
    SELECT login AS username, login AS name, true AS enabled, NULL::text AS client_id, '{}'::text[] AS required_methods,
           NULL::cidr[] AS networks, NULL::timestamptz AS valid_from, NULL::timestamptz AS valid_until, '{}'::jsonb AS attributes
    FROM mqtt_auth.site_users;
INSERT INTO mqtt_auth.site_users VALUES ('theirs');
SET LOCAL ROLE mqtt_auth_admin;
SELECT is((SELECT array_agg(username) FROM mqtt_auth.client_overview), '{theirs}', 'the overview reads the replaced view');
SELECT is((SELECT array_agg(DISTINCT topic ORDER BY topic) FROM mqtt_auth.permissions('theirs')), '{far,night,presses}', 'permissions() too');
SELECT lives_ok($$SELECT mqtt_auth.disconnect('theirs')$$, 'a client of the site can be disconnected');
SELECT throws_ok($$SELECT mqtt_auth.disconnect('press-9')$$, '23503', NULL, 'and nobody else');

SELECT * FROM finish();
ROLLBACK;
