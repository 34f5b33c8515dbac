\ir support/begin.psql
DELETE FROM mqtt_auth.changes;

-- A statement, and all that the feed says of it.
CREATE TEMPORARY TABLE edits (id integer GENERATED ALWAYS AS IDENTITY, statement text, recorded text[]);
INSERT INTO edits (statement, recorded) VALUES
    ($$INSERT INTO mqtt_auth.clients (username) VALUES ('a'), ('b')$$, '{client a,client b}'),
    ($$UPDATE mqtt_auth.clients SET enabled = false WHERE username = 'a'$$, '{client a}'),
    ($$UPDATE mqtt_auth.clients SET name = 'A' WHERE username = 'a'$$, '{client a}'),
    ($$UPDATE mqtt_auth.clients SET client_id = '%u' WHERE username = 'a'$$, '{client a}'),
    ($$UPDATE mqtt_auth.clients SET required_methods = '{psk}' WHERE username = 'a'$$, '{client a}'),
    ($$UPDATE mqtt_auth.clients SET networks = '{10.0.0.0/8}' WHERE username = 'a'$$, '{client a}'),
    ($$UPDATE mqtt_auth.clients SET valid_from = now() WHERE username = 'a'$$, '{client a}'),
    ($$UPDATE mqtt_auth.clients SET valid_until = 'infinity' WHERE username = 'a'$$, '{client a}'),
    ($$UPDATE mqtt_auth.clients SET attributes = '{"x": 1}' WHERE username = 'a'$$, '{client a}'),
    ($$UPDATE mqtt_auth.clients SET enabled = enabled, attributes = '{"x": 1}', updated_at = now() WHERE username = 'a'$$, '{}'),
    ($$UPDATE mqtt_auth.clients SET created_at = '2001-01-01'$$, '{}'),
    ($$UPDATE mqtt_auth.clients SET enabled = true WHERE username = 'nobody'$$, '{}'),

    ($$INSERT INTO mqtt_auth.credentials (username, secret) VALUES ('a', '$2b$10$' || repeat('e', 53))$$, '{client a}'),
    ($$UPDATE mqtt_auth.credentials SET secret = '$2b$10$' || repeat('u', 53)$$, '{client a}'),
    ($$UPDATE mqtt_auth.credentials SET label = 'x'$$, '{client a}'),
    ($$UPDATE mqtt_auth.credentials SET valid_from = now()$$, '{client a}'),
    ($$UPDATE mqtt_auth.credentials SET valid_until = 'infinity'$$, '{client a}'),
    ($$UPDATE mqtt_auth.credentials SET method = 'certificate', secret = NULL, fingerprint = 'SHA256:' || repeat('0f', 32)$$, '{client a}'),
    ($$UPDATE mqtt_auth.credentials SET fingerprint = fingerprint$$, '{}'),
    ($$UPDATE mqtt_auth.credentials SET username = 'b'$$, '{client a,client b}'),

    ($$INSERT INTO mqtt_auth.groups (name, description) VALUES ('g', 'x'), ('h', 'x')$$, '{group g,group h}'),
    ($$UPDATE mqtt_auth.groups SET description = 'y'$$, '{}'),
    ($$UPDATE mqtt_auth.groups SET id = gen_random_uuid() WHERE name = 'g'$$, '{group g}'),
    ($$INSERT INTO mqtt_auth.group_members VALUES ('g', 'a')$$, '{client a}'),
    ($$UPDATE mqtt_auth.group_members SET username = 'b'$$, '{client a,client b}'),
    ($$UPDATE mqtt_auth.group_members SET group_name = 'h'$$, '{client b}'),
    ($$UPDATE mqtt_auth.group_members SET group_name = 'h'$$, '{}'),

    ($$INSERT INTO mqtt_auth.acls (group_name, permission, topic) VALUES ('g', 'read', 'a')$$, '{group g}'),
    ($$UPDATE mqtt_auth.acls SET topic = 'b'$$, '{group g}'),
    ($$UPDATE mqtt_auth.acls SET priority = 1$$, '{group g}'),
    ($$UPDATE mqtt_auth.acls SET priority = 1$$, '{}'),
    ($$UPDATE mqtt_auth.acls SET group_name = 'h'$$, '{group g,group h}'),
    ($$UPDATE mqtt_auth.acls SET group_name = NULL, username = 'a'$$, '{client a,group h}'),
    ($$UPDATE mqtt_auth.acls SET username = 'b'$$, '{client a,client b}'),
    ($$DELETE FROM mqtt_auth.acls$$, '{client b}'),
    ($$INSERT INTO mqtt_auth.acls (username, permission, topic) VALUES ('a', 'read', 'a')$$, '{client a}'),
    ($$INSERT INTO mqtt_auth.acls (group_name, permission, topic) VALUES ('h', 'read', 'a')$$, '{group h}'),

    ($$INSERT INTO mqtt_auth.group_rules (name, username) VALUES ('r', 'a'), ('s', 's')$$, '{rule r,rule s}'),
    ($$UPDATE mqtt_auth.group_rules SET enabled = false WHERE name = 'r'$$, '{rule r}'),
    ($$UPDATE mqtt_auth.group_rules SET enabled = false WHERE name = 'r'$$, '{}'),
    ($$INSERT INTO mqtt_auth.group_rule_groups VALUES ('r', 'g')$$, '{rule r}'),
    ($$UPDATE mqtt_auth.group_rule_groups SET group_name = 'h'$$, '{rule r}'),
    ($$UPDATE mqtt_auth.group_rule_groups SET rule_name = 's'$$, '{rule r,rule s}'),
    ($$UPDATE mqtt_auth.group_rules SET name = 't' WHERE name = 's'$$, '{rule s,rule t}'),
    ($$DELETE FROM mqtt_auth.group_rule_groups$$, '{rule t}'),
    ($$INSERT INTO mqtt_auth.group_rule_groups VALUES ('r', 'h')$$, '{rule r}'),

    ($$INSERT INTO mqtt_auth.revoked_certificates VALUES ('SHA256:' || repeat('0f', 32))$$, ARRAY['revoked_certificate SHA256:' || repeat('0f', 32)]),
    ($$UPDATE mqtt_auth.revoked_certificates SET reason = 'stolen'$$, '{}'),
    ($$UPDATE mqtt_auth.revoked_certificates SET fingerprint = 'SHA256:' || repeat('1f', 32)$$,
     ARRAY['revoked_certificate SHA256:' || repeat('0f', 32), 'revoked_certificate SHA256:' || repeat('1f', 32)]),
    ($$DELETE FROM mqtt_auth.revoked_certificates$$, ARRAY['revoked_certificate SHA256:' || repeat('1f', 32)]),

    ($$UPDATE mqtt_auth.settings SET value = '2 days' WHERE key = 'changes_keep'$$, '{setting changes_keep}'),
    ($$UPDATE mqtt_auth.settings SET value = '2 days' WHERE key = 'changes_keep'$$, '{}'),

    -- The functions that grant and revoke, of one client out of two.
    ($$SELECT mqtt_auth.grant_password('a', secret => '$2b$10$' || repeat('e', 53), label => 'old')$$, '{client a}'),
    ($$SELECT mqtt_auth.grant_password('a', secret => '$2b$10$' || repeat('e', 53), label => 'old')$$, '{}'),
    ($$SELECT mqtt_auth.grant_password('a', secret => '$2b$10$' || repeat('e', 53), valid_until => 'infinity')$$, '{client a}'),
    ($$SELECT mqtt_auth.grant_psk('a', repeat('0f', 16)), mqtt_auth.grant_certificate('b')$$, '{client a,client b}'),
    ($$SELECT mqtt_auth.revoke('a', 'psk')$$, '{client a}'),
    ($$SELECT mqtt_auth.revoke_certificate(repeat('2F', 32))$$, ARRAY['revoked_certificate SHA256:' || repeat('2f', 32)]),
    ($$SELECT mqtt_auth.revoke_certificate(repeat('2F', 32), 'stolen')$$, '{}'),
    ($$SELECT mqtt_auth.unrevoke_certificate(repeat('2F', 32))$$, ARRAY['revoked_certificate SHA256:' || repeat('2f', 32)]),

    -- Commands
    ($$SELECT mqtt_auth.create_client('c')$$, '{client c}'),
    ($$SELECT mqtt_auth.disconnect('a')$$, '{disconnect_client a}'),
    ($$SELECT mqtt_auth.disconnect('a'), mqtt_auth.disconnect(username => 'c')$$, '{disconnect_client a,disconnect_client c}'),
    ($$SELECT mqtt_auth.disconnect(group_name => 'g')$$, '{disconnect_group g}'),
    ($$DELETE FROM mqtt_auth.clients WHERE username = 'c'$$, '{client c}'),

    -- Renaming and deleting name everything that was touched by the cascade.
    ($$UPDATE mqtt_auth.clients SET username = 'c' WHERE username = 'b'$$, '{client b,client c}'),
    ($$UPDATE mqtt_auth.groups SET name = 'i' WHERE name = 'h'$$, '{client c,group h,group i,rule r}'),
    ($$DELETE FROM mqtt_auth.groups WHERE name = 'i'$$, '{client c,group i,rule r}'),
    ($$DELETE FROM mqtt_auth.clients$$, '{client a,client c}'),

    ($$SELECT mqtt_auth.touch('nobody yet')$$, '{client nobody yet}'),
    ($$SELECT mqtt_auth.touch('''; DROP TABLE mqtt_auth.changes; --')$$, ARRAY['client ''; DROP TABLE mqtt_auth.changes; --']),
    ($$SELECT mqtt_auth.touch()$$, '{everything}');

UPDATE edits SET recorded = ARRAY(SELECT r FROM unnest(recorded) AS r ORDER BY r);
CREATE FUNCTION pg_temp.edit_all() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    e record;
BEGIN
    FOR e IN SELECT * FROM edits ORDER BY id LOOP
        EXECUTE e.statement;
        RETURN NEXT is(pg_temp.changes(), e.recorded, left(e.statement, 100));
    END LOOP;
END
$$;
SELECT pg_temp.edit_all();

-- COPY
COPY mqtt_auth.clients (username, client_id) FROM STDIN;
x	%u
y	\N
\.
SELECT is(pg_temp.changes(), '{client x,client y}', 'COPY is recorded row by row');

-- What a rollback takes back was never recorded.
SAVEPOINT here;
UPDATE mqtt_auth.clients SET enabled = false;
ROLLBACK TO here;
SELECT is(pg_temp.changes(), '{}', 'a rolled back edit leaves nothing');

-- Where nothing is recorded by an update, the plugin reads the same rows as before.
SELECT is_empty(
    $$SELECT v.view_name, c.attname FROM (VALUES
        ('broker_clients', 'clients'), ('broker_credentials', 'credentials'), ('broker_groups', 'groups'),
        ('broker_members', 'group_members'), ('broker_revoked_certificates', 'revoked_certificates')) AS v (view_name, table_name)
      JOIN pg_attribute AS c ON c.attrelid = ('mqtt_auth.' || v.view_name)::regclass AND c.attnum > 0
      JOIN pg_trigger AS t ON t.tgrelid = ('mqtt_auth.' || v.table_name)::regclass AND t.tgname = 'record_update'
      WHERE position('new.' || c.attname IN lower(pg_get_triggerdef(t.oid))) = 0$$,
    'every column of a broker_ view is in the WHEN of its trigger');
SELECT is_empty(
    $$SELECT c.relname, t.tgname FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
      WHERE c.relnamespace = 'mqtt_auth'::regnamespace AND NOT t.tgisinternal AND t.tgname NOT IN ('keep_updated_at', 'forget_rehash') AND t.tgenabled <> 'A'$$,
    'the triggers of the feed fire always');
SELECT set_eq(
    $$SELECT c.relname::text FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
      WHERE c.relnamespace = 'mqtt_auth'::regnamespace AND t.tgname = 'record_truncate'$$,
    $$SELECT relname::text FROM pg_class WHERE relnamespace = 'mqtt_auth'::regnamespace AND relkind = 'r' AND relname <> 'changes'$$,
    'every table is watched');

-- The rows themselves
INSERT INTO mqtt_auth.groups (name) VALUES ('one'), ('two');
SELECT is((SELECT count(DISTINCT token) FROM mqtt_auth.changes), 2::bigint, 'each row has its own token');
SELECT is((SELECT array_agg(DISTINCT xid) FROM mqtt_auth.broker_changes), ARRAY[pg_current_xact_id()], 'and the id of its transaction');
SELECT throws_ok($$SELECT mqtt_auth.record_change('user', 'x')$$, '23514',
                 'changes.kind: `user` is not a kind of change: use client, group, rule, revoked_certificate, setting, everything, disconnect_client or disconnect_group', 'kinds are checked');

-- Pruning: rows older than changes_keep go, by transactions that had ended that long ago.
DELETE FROM mqtt_auth.changes;
UPDATE mqtt_auth.settings SET value = '1 day' WHERE key = 'changes_keep';
DELETE FROM mqtt_auth.changes;
CREATE FUNCTION pg_temp.aged(key text, age interval, xid xid8, horizon xid8) RETURNS void LANGUAGE sql AS $$
    INSERT INTO mqtt_auth.changes (kind, key, changed_at, xid, horizon) VALUES ('client', key, now() - age, xid, horizon)
$$;
SELECT pg_temp.aged('old', interval '3 days', '3', '3');
SELECT pg_temp.aged('late', interval '3 days', '10', '3');    -- began three days ago, when 11 had ended
SELECT pg_temp.aged('newest of the old', interval '2 days', '9', '9');
SELECT pg_temp.aged('restored from elsewhere', interval '2 days', '9000000000000000', '9000000000000000');
SELECT pg_temp.aged('fresh', interval '1 hour', '11', '11');
SELECT count(mqtt_auth.touch('new')) FROM generate_series(1, 64);
SELECT is(ARRAY(SELECT DISTINCT key FROM mqtt_auth.changes ORDER BY 1), '{fresh,late,new,newest of the old}',
          'the feed prunes what everybody could read for a day, and keeps the newest of it');
SELECT is((SELECT count(*) FROM mqtt_auth.changes WHERE key = 'new'), 64::bigint, 'not what was just written');
INSERT INTO mqtt_auth.changes (kind, key, changed_at, xid, horizon)
    SELECT 'client', 'old', now() - interval '3 days', '3', '3' FROM generate_series(1, 700);
DELETE FROM mqtt_auth.changes WHERE key = 'new';
SELECT is((SELECT count(*) FROM mqtt_auth.changes WHERE key = 'old') < 700, true, 'a bulk of changes prunes too');

SELECT * FROM finish();
ROLLBACK;
