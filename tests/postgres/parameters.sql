\ir support/begin.psql
-- A parameter that bears a column's name is never taken for the column: each function is called
-- about one of two twins, and what it changes or says is about that one.
SELECT mqtt_auth.create_group(g), mqtt_auth.allow(g, 'read', 'of/' || g) FROM unnest(ARRAY['presses', 'robots']) AS g;
SELECT mqtt_auth.create_client(initcap(c), c, secret => '$2b$10$' || repeat('e', 53), fingerprint => repeat('0' || right(c, 1), 32), groups => '{presses,robots}'),
       mqtt_auth.grant_psk(c, repeat('0f', 16), label => 'key'), mqtt_auth.allow(username => c, permission => 'write', topic => 'of/' || c)
FROM unnest(ARRAY['press-7', 'press-8']) AS c;
SELECT mqtt_auth.add_group_rule('rule ' || c, '{presses,robots}', username => c, address => '10.0.0.0/8') FROM unnest(ARRAY['press-7', 'press-8']) AS c;
SELECT mqtt_auth.revoke_certificate(repeat(d, 32), 'lost') FROM unnest(ARRAY['1a', '1b']) AS d;

CREATE FUNCTION pg_temp.state() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', 'client', c.username, c.name, CASE WHEN NOT c.enabled THEN 'disabled' END) FROM mqtt_auth.clients AS c
    UNION ALL SELECT concat_ws(' ', c.method, 'of', c.username, left(c.secret, 5), right(c.fingerprint, 2), c.label) FROM mqtt_auth.credentials AS c
    UNION ALL SELECT concat_ws(' ', 'revoked', right(r.fingerprint, 2), r.reason) FROM mqtt_auth.revoked_certificates AS r
    UNION ALL SELECT concat_ws(' ', 'group', g.name, g.description) FROM mqtt_auth.groups AS g
    UNION ALL SELECT concat_ws(' ', 'member', m.group_name, m.username) FROM mqtt_auth.group_members AS m
    UNION ALL SELECT concat_ws(' ', 'rule', r.name, r.username, r.method) FROM mqtt_auth.group_rules AS r
    UNION ALL SELECT concat_ws(' ', 'of rule', g.rule_name, g.group_name) FROM mqtt_auth.group_rule_groups AS g
    UNION ALL SELECT concat_ws(' ', a.effect, coalesce(a.group_name, a.username), a.permission, a.topic) FROM mqtt_auth.acls AS a
    UNION ALL SELECT concat_ws(' ', 'setting', s.key, s.value) FROM mqtt_auth.settings AS s
    UNION ALL SELECT concat_ws(' ', 'change', c.kind, c.key) FROM mqtt_auth.changes AS c
$$;
-- What a statement takes away (-) and brings (+), then undone; the feed only where nothing else changed. And what it answers.
CREATE FUNCTION pg_temp.try_out(statement text, OUT effects text[], OUT answer text) LANGUAGE plpgsql AS $$
DECLARE
    before text[];
BEGIN
    DELETE FROM mqtt_auth.changes;
    before := ARRAY(SELECT pg_temp.state());
    BEGIN
        EXECUTE statement INTO answer;
        SELECT coalesce(array_agg(c.line ORDER BY c.line), '{}') INTO effects FROM (
            SELECT '-' || gone FROM (SELECT unnest(before) EXCEPT ALL SELECT pg_temp.state()) AS g (gone)
            UNION ALL SELECT '+' || new FROM (SELECT pg_temp.state() EXCEPT ALL SELECT unnest(before)) AS n (new)) AS c (line);
        RAISE EXCEPTION USING ERRCODE = 'P0099';
    EXCEPTION WHEN SQLSTATE 'P0099' THEN
        IF EXISTS (SELECT FROM unnest(effects) AS e WHERE e NOT LIKE '+change %') THEN
            effects := ARRAY(SELECT e FROM unnest(effects) AS e WHERE e NOT LIKE '+change %');
        END IF;
    END;
END
$$;

CREATE TEMPORARY TABLE calls (id integer GENERATED ALWAYS AS IDENTITY, name text, statement text, effects text[], answer text);
\set hash '''$2b$12$'' || repeat(''u'', 53)'
INSERT INTO calls (name, statement, effects, answer) VALUES
    ('require_client', $$require_client(username => 'press-7')$$, '{}', NULL),
    ('require_group', $$require_group(group_name => 'presses')$$, '{}', NULL),
    ('require_secret', $$require_secret(caller => 'set_password', password => NULL, secret => 'x')$$, '{}', 'x'),
    ('record_change', $$record_change(kind => 'client', key => 'press-7')$$, '{+change client press-7}', NULL),
    ('touch', $$touch(username => 'press-7')$$, '{+change client press-7}', NULL),
    ('disconnect', $$disconnect(username => 'press-7')$$, '{+change disconnect_client press-7}', NULL),
    ('disconnect', $$disconnect(group_name => 'presses')$$, '{+change disconnect_group presses}', NULL),
    ('create_client', $$create_client(name => 'Press 9', username => 'press-9', secret => $$ || :'hash' || $$, client_id => '%u', networks => '{10.0.0.0/8}',
        attributes => '{"line": 1}', required_methods => '{password}', valid_from => '2020-01-01', valid_until => '2040-01-01', enabled => false,
        groups => '{robots}', fingerprint => repeat('09', 32))$$,
     '{+certificate of press-9 09,+client press-9 Press 9 disabled,+member robots press-9,+password of press-9 $2b$1}', 'press-9'),
    ('add_credential', $$add_credential(username => 'press-7', method => 'password', secret => $$ || :'hash' || $$, fingerprint => NULL, label => 'new', valid_from => NULL, valid_until => NULL)$$,
     '{+password of press-7 $2b$1 new}', NULL),
    ('set_password', $$set_password(username => 'press-7', secret => '$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27A')$$,
     '{+password of press-7 $argo,-password of press-7 $2b$1}', NULL),
    ('grant_password', $$grant_password(username => 'press-7', secret => $$ || :'hash' || $$, label => 'new', valid_from => '2020-01-01', valid_until => '2040-01-01')$$,
     '{+password of press-7 $2b$1 new}', NULL),
    ('generate_secret', $$left(mqtt_auth.generate_secret(username => 'press-7', label => 'made', valid_from => '2020-01-01', valid_until => '2040-01-01'), 7)$$,
     '{+password of press-7 $gene made}', 'pgauth_'),
    ('rehash', $$rehash(id => (SELECT c.id FROM mqtt_auth.credentials AS c WHERE c.username = 'press-7' AND c.method = 'password'),
        old_secret => '$2b$10$' || repeat('e', 53), new_secret => '$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27A')$$,
     '{+password of press-7 $argo,-password of press-7 $2b$1}', 'true'),
    ('grant_certificate', $$grant_certificate(username => 'press-7', fingerprint => repeat('0a', 32), label => 'new', valid_from => '2020-01-01', valid_until => '2040-01-01')$$,
     '{+certificate of press-7 0a new}', NULL),
    ('grant_psk', $$grant_psk(username => 'press-7', key => repeat('aa', 16), label => 'new', valid_from => '2020-01-01', valid_until => '2040-01-01')$$,
     '{+psk of press-7 psk:a new}', NULL),
    ('revoke', $$revoke(username => 'press-7', method => 'psk', label => 'key')$$, '{-psk of press-7 psk:0 key}', '1'),
    ('revoke', $$revoke(username => 'press-7', method => 'certificate', fingerprint => repeat('07', 32))$$, '{-certificate of press-7 07}', '1'),
    ('revoke', $$revoke(username => 'press-7', method => 'password', id => (SELECT c.id FROM mqtt_auth.credentials AS c WHERE c.username = 'press-7' AND c.method = 'password'))$$,
     '{-password of press-7 $2b$1}', '1'),
    ('revoke_certificate', $$revoke_certificate(fingerprint => repeat('1a', 32), reason => 'found')$$, '{+revoked 1a found,-revoked 1a lost}', NULL),
    ('unrevoke_certificate', $$unrevoke_certificate(fingerprint => repeat('1a', 32))$$, '{-revoked 1a lost}', NULL),
    ('disable_client', $$disable_client(username => 'press-7')$$, '{+client press-7 Press-7 disabled,-client press-7 Press-7}', NULL),
    ('enable_client', $$enable_client(username => 'press-7')$$, '{}', NULL),
    ('rename_client', $$rename_client(username => 'press-7', new_username => 'a')$$,
     '{+allow a write of/press-7,+certificate of a 07,+client a Press-7,+member presses a,+member robots a,+password of a $2b$1,+psk of a psk:0 key,'
     '-allow press-7 write of/press-7,-certificate of press-7 07,-client press-7 Press-7,-member presses press-7,-member robots press-7,'
     '-password of press-7 $2b$1,-psk of press-7 psk:0 key}', NULL),
    ('delete_client', $$delete_client(username => 'press-7')$$,
     '{-allow press-7 write of/press-7,-certificate of press-7 07,-client press-7 Press-7,-member presses press-7,-member robots press-7,'
     '-password of press-7 $2b$1,-psk of press-7 psk:0 key}', NULL),
    ('create_group', $$create_group(name => 'g', description => 'd')$$, '{+group g d}', 'g'),
    ('delete_group', $$delete_group(name => 'presses')$$,
     '{-allow presses read of/presses,-group presses,-member presses press-7,-member presses press-8,-of rule rule press-7 presses,-of rule rule press-8 presses}', NULL),
    ('remove_from_group', $$remove_from_group(username => 'press-7', group_name => 'presses')$$, '{-member presses press-7}', NULL),
    ('add_to_group', $$add_to_group(username => mqtt_auth.create_client('a'), group_name => 'presses')$$, '{+client a,+member presses a}', NULL),
    ('add_entry', $$add_entry(effect => 'deny', group_name => 'presses', username => NULL, permission => 'read', topic => 'x', priority => 1, max_qos => NULL, allow_retain => NULL)$$,
     '{+deny presses read x}', NULL),
    ('allow', $$allow(group_name => 'presses', permission => 'write', topic => 'x', priority => 1, max_qos => 1, allow_retain => false)$$, '{+allow presses write x}', NULL),
    ('allow', $$allow(username => 'press-7', permission => 'write', topic => 'x')$$, '{+allow press-7 write x}', NULL),
    ('deny', $$deny(group_name => 'presses', permission => 'write', topic => 'x', priority => 1)$$, '{+deny presses write x}', NULL),
    ('deny', $$deny(username => 'press-7', permission => 'write', topic => 'x')$$, '{+deny press-7 write x}', NULL),
    ('add_group_rule', $$add_group_rule(name => 'r', groups => '{presses}', client_name => 'n', username => 'press-7', client_id => 'i', fingerprint => repeat('0a', 32), common_name => 'c',
        subject_alt_name => 's', address => '10.0.0.0/8', method => 'password', syntax => 'exact', enabled => false)$$, '{+of rule r presses,+rule r press-7 password}', 'r'),
    ('delete_group_rule', $$delete_group_rule(name => 'rule press-7')$$, '{-of rule rule press-7 presses,-of rule rule press-7 robots,-rule rule press-7 press-7}', NULL),
    ('permissions', $$string_agg(p.topic, ' ' ORDER BY p.topic) FROM mqtt_auth.permissions(username => 'press-7') AS p$$, '{}', 'of/press-7 of/presses of/robots'),
    ('groups_of', $$string_agg(g.group_name || ' ' || g.way, '; ' ORDER BY 1) FROM mqtt_auth.groups_of(username => 'press-7', client_id => 'i', address => '10.1.2.3',
        methods => '{password}', fingerprint => NULL, common_name => 'c', subject_alt_names => '{s}') AS g$$, '{}',
     'presses member, rule `rule press-7`; robots member, rule `rule press-7`'),
    ('deciding_entry', $$string_agg(d.topic, ' ') FROM mqtt_auth.deciding_entry(username => 'press-7', groups => '{robots}', placeholders => '{}', action => 'publish',
        asked => '{=of,=press-7}', qos => 0, retain => false, overlapping => false) AS d$$, '{}', 'of/press-7'),
    ('login_state', $$login_state(username => 'press-7', client_id => 'i', address => '10.1.2.3', methods => '{password}', fingerprint => NULL, anonymous_group => NULL)$$, '{}', 'possible'),
    ('login_state', $$login_state(username => 'press-7', client_id => 'i', address => NULL, methods => '{}', fingerprint => 'SHA256:' || repeat('1a', 32), anonymous_group => NULL)$$,
     '{}', 'refused: its certificate is revoked'),
    ('explain', $$e.reason FROM mqtt_auth.explain(username => 'press-7', action => 'publish', topic => 'of/press-8', client_id => 'i', qos => 1, retain => true, address => '10.1.2.3',
        methods => '{password}', fingerprint => repeat('07', 32), common_name => 'c', subject_alt_names => '{s}') AS e$$, '{}', 'denied: no entry allows it'),
    ('explain', $$e.source FROM mqtt_auth.explain(username => 'press-7', action => 'publish', topic => 'of/press-7') AS e$$, '{}', 'own');

-- A function of which nobody has thought here fails.
SELECT is_empty($$
    SELECT p.oid::regprocedure FROM pg_proc AS p
    WHERE p.pronamespace = 'mqtt_auth'::regnamespace AND p.prorettype <> 'trigger'::regtype
      AND p.provolatile <> 'i'              -- what reads no table knows no columns
      AND p.proargnames && (SELECT array_agg(DISTINCT a.attname::text) FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
                            WHERE c.relnamespace = 'mqtt_auth'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0)
      AND p.proname NOT IN (SELECT name FROM calls)$$, 'every function with a parameter that bears a column''s name is tried out here');
UPDATE calls SET statement = 'mqtt_auth.' || statement WHERE starts_with(statement, name || '(');
SELECT is_empty($$SELECT statement FROM calls WHERE strpos(statement, 'mqtt_auth.' || name || '(') = 0$$, 'under its name');
CREATE TEMPORARY TABLE tried AS
    SELECT c.id, c.statement, c.effects AS expected_effects, c.answer AS expected_answer, t.effects, t.answer
    FROM calls AS c CROSS JOIN LATERAL pg_temp.try_out('SELECT ' || c.statement) AS t;
SELECT is(t.effects, ARRAY(SELECT e FROM unnest(t.expected_effects) AS e ORDER BY e), 'effects of ' || left(t.statement, 100)) FROM tried AS t ORDER BY t.id;
SELECT is(t.answer, t.expected_answer, 'answer of ' || left(t.statement, 100)) FROM tried AS t WHERE t.expected_answer IS NOT NULL ORDER BY t.id;

SELECT * FROM finish();
ROLLBACK;
