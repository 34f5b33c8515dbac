\ir support/begin.psql
-- Each function with two clients and two groups: what is said of one is done to one.
CREATE FUNCTION pg_temp.rows(statement text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    line text;
    lines text[] := '{}';
BEGIN
    FOR line IN EXECUTE format('SELECT t::text FROM (%s) AS t', statement) LOOP
        lines := lines || line;
    END LOOP;
    RETURN lines;
END
$$;

SELECT is(mqtt_auth.create_client('Press 7', username => 'press-7', password => 's3cret-of-press-7'), 'press-7', 'create_client returns the username');
SELECT is(mqtt_auth.create_client('press-8', secret => '$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27A'),
          'press-8', 'which is the name where none is given');
SELECT is(pg_temp.rows($$SELECT username, name, enabled FROM mqtt_auth.broker_clients ORDER BY username$$),
          '{"(press-7,\"Press 7\",t)","(press-8,press-8,t)"}', 'both are there');
SELECT is((SELECT secret LIKE '$2a$10$%' FROM mqtt_auth.credentials WHERE username = 'press-7'), true, 'a password is kept as bcrypt of cost 10');
SELECT is((SELECT count(*) FROM mqtt_auth.credentials WHERE username = 'press-8'), 1::bigint, 'a ready-made hash is kept as it is');

SELECT lives_ok($$SELECT mqtt_auth.set_password('press-7', 'new-s3cret')$$, 'set_password');
SELECT is(pg_temp.rows($$SELECT username, left(secret, 7) FROM mqtt_auth.credentials ORDER BY username$$),
          '{"(press-7,$2a$10$)","(press-8,$argon2)"}', 'set_password replaces the password of one client');
SELECT lives_ok($$SELECT mqtt_auth.set_password('press-7', secret => '$2b$12$' || repeat('u', 53))$$, 'set_password with a hash');
SELECT is(pg_temp.rows($$SELECT username, left(secret, 7) FROM mqtt_auth.credentials ORDER BY username$$),
          '{"(press-7,$2b$12$)","(press-8,$argon2)"}', 'the hash is kept');
SELECT lives_ok($$SELECT mqtt_auth.set_password('press-8', repeat('x', 72))$$, '72 bytes are accepted');

-- Certificates
SELECT is(mqtt_auth.grant_certificate('press-7'), mqtt_auth.grant_certificate('press-7'), 'granting twice is granting once');
SELECT isnt(mqtt_auth.grant_certificate('press-7', 'SHA256:' || repeat('0f', 32)), mqtt_auth.grant_certificate('press-7'), 'a pinned certificate is another credential');
SELECT is(mqtt_auth.grant_certificate('press-7', 'sha256 Fingerprint=' || repeat('0F:', 31) || '0F', label => 'old one', valid_until => '2030-01-01Z'),
          mqtt_auth.grant_certificate('press-7', repeat('0F', 32), label => 'old one', valid_until => '2030-01-01Z'),
          'however it is written');
SELECT is(pg_temp.rows($$SELECT username, fingerprint IS NULL, label FROM mqtt_auth.credentials WHERE method = 'certificate' ORDER BY id$$),
          '{"(press-7,t,)","(press-7,f,\"old one\")"}', 'nobody else got one');
SELECT throws_ok($$SELECT mqtt_auth.grant_certificate('press-8', repeat('0F', 32))$$, '23505',
                 'certificate `SHA256:' || repeat('0f', 32) || '` belongs to client `press-7` already', 'a certificate identifies one client');
SELECT throws_ok($$SELECT mqtt_auth.grant_certificate('press-8', 'my.crt')$$, '23514',
                 'credentials.fingerprint: `my.crt` is not a fingerprint: use `SHA256:` and 64 lower-case hex digits', 'a fingerprint is one');

-- Groups
SELECT is(mqtt_auth.create_group('presses', 'all of them'), 'presses', 'create_group returns the name');
SELECT is(mqtt_auth.create_group('robots'), 'robots', 'another group');
SELECT lives_ok($$SELECT mqtt_auth.add_to_group('press-7', 'presses'), mqtt_auth.add_to_group('press-7', 'presses'), mqtt_auth.add_to_group('press-8', 'presses')$$, 'add_to_group');
SELECT lives_ok($$SELECT mqtt_auth.add_to_group(group_name => 'robots', username => 'press-7')$$, 'add_to_group by names');
SELECT is(pg_temp.rows('TABLE mqtt_auth.broker_members ORDER BY 1, 2'), '{"(presses,press-7)","(presses,press-8)","(robots,press-7)"}', 'members');
SELECT lives_ok($$SELECT mqtt_auth.remove_from_group('press-7', 'presses')$$, 'remove_from_group');
SELECT is(pg_temp.rows('TABLE mqtt_auth.broker_members ORDER BY 1, 2'), '{"(presses,press-8)","(robots,press-7)"}', 'one membership ended');
SELECT lives_ok($$SELECT mqtt_auth.remove_from_group('press-7', 'presses')$$, 'removing twice does no harm');

-- Permissions
SELECT is(mqtt_auth.allow('presses', 'readWrite', 'plant/1/%u/#'), mqtt_auth.allow('presses', 'readWrite', 'plant/1/%u/#'), 'allowing twice is allowing once');
SELECT lives_ok($$SELECT mqtt_auth.allow(username => 'press-7', permission => 'write', topic => 'audit/press-7')$$, 'allow by names');
SELECT lives_ok($$SELECT mqtt_auth.allow('presses', 'write', 'a', priority => 5, max_qos => 1, allow_retain => false)$$, 'allow with limits');
SELECT lives_ok($$SELECT mqtt_auth.deny('robots', 'read', 'b')$$, 'deny');
SELECT lives_ok($$SELECT mqtt_auth.deny(username => 'press-8', permission => 'read', topic => 'b', priority => 1)$$, 'deny by names');
SELECT is(pg_temp.rows('SELECT group_name, username, effect, permission, topic, priority, max_qos, allow_retain FROM mqtt_auth.broker_entries ORDER BY id'),
          '{"(presses,,allow,readWrite,plant/1/%u/#,0,,)","(,press-7,allow,write,audit/press-7,0,,)","(presses,,allow,write,a,5,1,f)","(robots,,deny,read,b,0,,)","(,press-8,deny,read,b,1,,)"}',
          'entries');

-- Group rules
SELECT is(mqtt_auth.add_group_rule('all presses', ARRAY['presses'], client_id => 'press-*'), 'all presses', 'add_group_rule returns the name');
SELECT lives_ok($$SELECT mqtt_auth.add_group_rule('regex', '{robots,presses}', username => 'p.*', common_name => 'x', subject_alt_name => 'y', client_name => 'n',
                  address => '10.0.0.0/8', method => 'certificate', syntax => 'regex', enabled => false)$$, 'with every condition');
SELECT lives_ok($$SELECT mqtt_auth.add_group_rule('pinned', '{robots}', fingerprint => upper(repeat('0F:', 31) || '0F'))$$, 'a fingerprint as openssl prints it');
SELECT is(pg_temp.rows('TABLE mqtt_auth.broker_rules ORDER BY name'),
          ARRAY['("all presses",t,glob,,,press-*,,,,,,{presses})',
                '(pinned,t,glob,,,,SHA256:' || repeat('0f', 32) || ',,,,,{robots})',
                '(regex,f,regex,n,p.*,,,x,y,10.0.0.0/8,certificate,"{presses,robots}")'], 'rules');
SELECT lives_ok($$SELECT mqtt_auth.delete_group_rule('regex')$$, 'delete_group_rule');
SELECT is((SELECT array_agg(name ORDER BY name) FROM mqtt_auth.group_rules), '{"all presses",pinned}', 'one rule went');

-- States
SELECT lives_ok($$SELECT mqtt_auth.disable_client('press-7')$$, 'disable_client');
SELECT is(pg_temp.rows('SELECT username, enabled FROM mqtt_auth.clients ORDER BY 1'), '{"(press-7,f)","(press-8,t)"}', 'one is disabled');
SELECT lives_ok($$SELECT mqtt_auth.disable_client('press-8'), mqtt_auth.enable_client('press-7')$$, 'enable_client');
SELECT is(pg_temp.rows('SELECT username, enabled FROM mqtt_auth.clients ORDER BY 1'), '{"(press-7,t)","(press-8,f)"}', 'one is enabled again');
SELECT lives_ok($$SELECT mqtt_auth.rename_client('press-7', 'press-9')$$, 'rename_client');
SELECT is(pg_temp.rows('SELECT username, name FROM mqtt_auth.broker_clients ORDER BY 1'), '{"(press-8,press-8)","(press-9,\"Press 7\")"}', 'one is renamed');
SELECT is((SELECT count(*) FROM mqtt_auth.credentials WHERE username = 'press-9'), 3::bigint, 'credentials follow');
SELECT throws_ok($$SELECT mqtt_auth.rename_client('press-9', 'press-8')$$, '23505', 'client `press-8` exists already', 'not over another');
SELECT lives_ok($$SELECT mqtt_auth.delete_client('press-9')$$, 'delete_client');
SELECT is((SELECT array_agg(username) FROM mqtt_auth.clients), '{press-8}', 'one is deleted');
SELECT is((SELECT array_agg(DISTINCT username) FROM mqtt_auth.credentials), '{press-8}', 'with its credentials');
SELECT lives_ok($$SELECT mqtt_auth.delete_group('robots')$$, 'delete_group');
SELECT is((SELECT array_agg(name) FROM mqtt_auth.groups), '{presses}', 'one group is deleted');

-- All of create_client
SELECT lives_ok($$SELECT mqtt_auth.create_client('Press 1', username => 'press-1', client_id => '%u-*', networks => '{10.0.0.0/8}', attributes => '{"line": "3"}',
                  required_methods => '{certificate}', valid_from => '2024-01-01Z', valid_until => '2034-01-01Z', enabled => false, groups => '{presses}')$$, 'every argument');
SELECT is(pg_temp.rows($$SELECT * FROM mqtt_auth.broker_clients WHERE username = 'press-1'$$),
          (SELECT ARRAY[ROW('press-1', 'Press 1', false, '%u-*', '{certificate}'::text[], '{10.0.0.0/8}'::cidr[],
                            '2024-01-01Z'::timestamptz, '2034-01-01Z'::timestamptz, '{"line": "3"}'::jsonb)::text]), 'is kept');
SELECT is((SELECT count(*) FROM mqtt_auth.credentials WHERE username = 'press-1'), 0::bigint, 'no password, no credential');

-- Ways to log in
SELECT is(mqtt_auth.create_client('Meter 1', username => 'meter-1', certificate => true), 'meter-1', 'create_client with any certificate of its name');
SELECT is(mqtt_auth.create_client('meter-2', fingerprint => repeat('2A:', 31) || '2A', password => 'x'), 'meter-2', 'with exactly one, beside a password');
SELECT is(mqtt_auth.create_client('meter-3', certificate => false, generate => false), 'meter-3', 'with nothing');
CREATE TEMPORARY TABLE made AS SELECT mqtt_auth.create_client('meter-4', generate => true, certificate => true, groups => '{presses}') AS secret;
SELECT is((SELECT secret ~ '^pgauth_[A-Za-z0-9_-]{43}$' FROM made), true, 'generate => true returns the secret');
SELECT is((SELECT split_part(c.secret, '$', 5) FROM mqtt_auth.credentials AS c WHERE c.username = 'meter-4' AND c.method = 'password'),
          (SELECT rtrim(encode(sha256(decode(split_part(c.secret, '$', 4) || '==', 'base64') || made.secret::bytea), 'base64'), '=')
           FROM mqtt_auth.credentials AS c, made WHERE c.username = 'meter-4' AND c.method = 'password'), 'that it keeps the hash of');
SELECT is(pg_temp.rows($$SELECT username, method, left(secret, 7), right(fingerprint, 4) FROM mqtt_auth.credentials WHERE username LIKE 'meter-%' ORDER BY 1, 2$$),
          '{"(meter-1,certificate,,)","(meter-2,certificate,,2a2a)","(meter-2,password,$2a$10$,)","(meter-4,certificate,,)","(meter-4,password,$genera,)"}', 'each has what it was given');
DELETE FROM mqtt_auth.clients WHERE username LIKE 'meter-%';

-- What looks like SQL is data.
SELECT lives_ok(format('SELECT mqtt_auth.create_client(%1$L, password => %1$L), mqtt_auth.create_group(%1$L), mqtt_auth.add_to_group(%1$L, %1$L),
                        mqtt_auth.allow(%1$L, ''read'', %1$L), mqtt_auth.add_group_rule(%1$L, ARRAY[%1$L], username => %1$L), mqtt_auth.touch(%1$L),
                        mqtt_auth.rename_client(%1$L, %1$L || 2), mqtt_auth.delete_client(%1$L || 2), mqtt_auth.delete_group(%1$L), mqtt_auth.delete_group_rule(%1$L)',
                       '''; DROP TABLE mqtt_auth.clients; --'), 'through every function');
SELECT is((SELECT count(*) FROM mqtt_auth.clients), 2::bigint, 'the tables are still there');

SELECT * FROM finish();
ROLLBACK;
