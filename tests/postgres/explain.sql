\ir support/begin.psql
-- explain(), as people ask. That it agrees with the plugin is for explain_test.cpp.
SELECT mqtt_auth.create_group(g) FROM unnest(ARRAY['presses', 'control', 'guests', 'named']) AS g;
SELECT mqtt_auth.create_client('Press 7', 'press-7', secret => '$2b$10$' || repeat('e', 53), client_id => '%u-*', attributes => '{"line": 3}', groups => '{presses}');
SELECT mqtt_auth.create_client('press-8', secret => '$2b$10$' || repeat('e', 53), groups => '{presses}', enabled => false);
SELECT mqtt_auth.create_client('far', secret => '$2b$10$' || repeat('e', 53), networks => '{10.0.0.0/8,::ffff:192.0.2.0/120}', required_methods => '{password,certificate}');
SELECT mqtt_auth.grant_certificate('far', repeat('0a', 32));
SELECT mqtt_auth.create_client('bare'), mqtt_auth.create_client('50%_*', secret => '$2b$10$' || repeat('e', 53), client_id => '%u?');
SELECT mqtt_auth.add_group_rule('near', '{control}', address => '10.1.0.0/16', method => 'password');
SELECT mqtt_auth.add_group_rule('machines', '{named,presses}', username => 'press-[0-9]+', syntax => 'regex');
SELECT mqtt_auth.revoke_certificate(repeat('0b', 32));
CREATE TEMPORARY TABLE entries AS SELECT
    mqtt_auth.allow('presses', 'readWrite', 'plant/%{line}/%u/#') AS line, mqtt_auth.deny('presses', 'write', 'plant/+/+/secret') AS secret,
    mqtt_auth.allow('control', 'readWrite', 'plant/#', priority => -1) AS control, mqtt_auth.allow('guests', 'read', 'news') AS news,
    mqtt_auth.allow(username => 'press-7', permission => 'write', topic => 'alarm', max_qos => 1, allow_retain => false) AS alarm;

SELECT results_eq($$SELECT * FROM mqtt_auth.explain('press-7', 'publish', 'plant/3/press-7/temp', client_id => 'press-7-a')$$,
    $$SELECT true, 'allowed by entry ' || line || ' of group `presses`: allow readWrite `plant/%{line}/%u/#`, priority 0', 'possible', line, 'group `presses`',
             'allow', 'readWrite', 'plant/%{line}/%u/#', 0, '{"named": "rule `machines`", "presses": "member, rule `machines`"}'::jsonb FROM entries$$, 'everything that explain says');

CREATE TEMPORARY TABLE asked (id integer GENERATED ALWAYS AS IDENTITY, arguments text, allowed boolean, entry text, login text);
INSERT INTO asked (arguments, allowed, entry, login) VALUES
    ($$'press-7', 'publish', 'plant/3/press-7/temp'$$, true, 'line', 'possible'),
    ($$'press-7', 'publish', 'plant/4/press-7/temp'$$, false, NULL, 'possible'),
    ($$'press-7', 'publish', 'plant/3/press-7/secret'$$, false, 'secret', 'possible'),
    ($$'press-7', 'publish', 'plant/3/secret'$$, false, NULL, 'possible'),
    ($$'press-7', 'publish', 'plant/3/press-7'$$, true, 'line', 'possible'),
    ($$'press-7', 'subscribe', 'plant/3/press-7/+'$$, true, 'line', 'possible'),
    ($$'press-7', 'subscribe', '$share/workers/plant/3/press-7/#'$$, true, 'line', 'possible'),
    ($$'press-7', 'subscribe', 'plant/#'$$, false, NULL, 'possible'),
    ($$'press-7', 'subscribe', 'plant/#', subscribe => 'overlapping'$$, true, 'line', 'possible'),
    ($$'press-7', 'receive', 'plant/3/press-7/x'$$, true, 'line', 'possible'),
    ($$'press-7', 'publish', 'plant/9/9/secret', address => '10.1.2.3', methods => '{password}'$$, false, 'secret', 'possible'),
    ($$'press-7', 'publish', 'plant/9/9/9', address => '10.1.2.3', methods => '{password}'$$, true, 'control', 'possible'),
    ($$'press-7', 'publish', 'plant/9/9/9', address => '::ffff:10.1.2.3', methods => '{password}'$$, true, 'control', 'possible'),
    ($$'press-7', 'publish', 'plant/9/9/9', address => '10.1.2.3'$$, false, NULL, 'possible'),
    ($$'press-7', 'publish', 'alarm', qos => 1$$, true, 'alarm', 'possible'),
    ($$'press-7', 'publish', 'alarm', qos => 2$$, false, NULL, 'possible'),
    ($$'press-7', 'publish', 'alarm', retain => true$$, false, NULL, 'possible'),
    ($$'press-8', 'publish', 'alarm'$$, false, NULL, 'refused: disabled'),
    ($$'press-7', 'publish', 'alarm', client_id => 'press-8-a'$$, true, 'alarm', 'refused: its client id is not like `%u-*`'),
    ($$'press-7', 'publish', 'alarm', client_id => 'a+b'$$, false, NULL, 'refused: its client id holds `+`, `#` or a control character'),
    ($$'50%_*', 'publish', 'alarm', client_id => '50%_*1'$$, false, NULL, 'possible'),
    ($$'50%_*', 'publish', 'alarm', client_id => '50x_*1'$$, false, NULL, 'refused: its client id is not like `%u?`'),
    ($$'50%_*', 'publish', 'alarm', client_id => '50%_x1'$$, false, NULL, 'refused: its client id is not like `%u?`'),
    ($$'press-7', 'publish', 'alarm', fingerprint => repeat('0B:', 31) || '0B'$$, true, 'alarm', 'refused: its certificate is revoked'),
    ($$'far', 'publish', 'alarm'$$, false, NULL, 'possible'),
    ($$'far', 'publish', 'alarm', address => '10.1.2.3', methods => '{certificate,password}'$$, false, NULL, 'possible'),
    ($$'far', 'publish', 'alarm', address => '192.0.2.9'$$, false, NULL, 'possible'),
    ($$'far', 'publish', 'alarm', address => '192.0.3.9'$$, false, NULL, 'refused: its address lies in none of its networks'),
    ($$'far', 'publish', 'alarm', address => 'fd00::1'$$, false, NULL, 'refused: its address lies in none of its networks'),
    ($$'far', 'publish', 'alarm', methods => '{password}'$$, false, NULL, 'refused: it must prove password and certificate'),
    ($$'bare', 'publish', 'alarm'$$, false, NULL, 'refused: no credential'),
    ($$'nobody', 'publish', 'alarm'$$, false, NULL, 'refused: no client has this username'),
    ($$NULL, 'receive', 'news'$$, false, NULL, 'refused: without a username it needs anonymous_group'),
    ($$NULL, 'receive', 'news', anonymous_group => 'guests'$$, true, 'news', 'possible'),
    ($$'press-7', 'publish', 'a/+'$$, false, NULL, 'possible'),
    ($$'press-7', 'subscribe', '$share/a+b/news'$$, false, NULL, 'possible');
CREATE FUNCTION pg_temp.answer(arguments text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE format('SELECT concat_ws('' '', e.allowed, e.login, (SELECT n.key FROM entries, jsonb_each_text(to_jsonb(entries)) AS n WHERE n.value = e.entry::text)) '
                   'FROM mqtt_auth.explain(%s) AS e', arguments) INTO answer;
    RETURN answer;
END
$$;
SELECT is(pg_temp.answer(a.arguments), concat_ws(' ', a.allowed, a.login, a.entry), a.arguments) FROM asked AS a ORDER BY a.id;

-- Where a group comes from a rule alone, the source says so, as permissions() does.
SELECT mqtt_auth.allow('named', 'read', 'names');
SELECT is((SELECT e.source FROM mqtt_auth.explain('press-7', 'receive', 'names') AS e), 'group `named` by rule `machines`', 'by which rule');
SELECT is((SELECT p.source FROM mqtt_auth.permissions('press-7') AS p WHERE p.topic = 'names'), 'group `named` by rule `machines`', 'as in permissions()');

INSERT INTO attempts (statement, complaint) VALUES
    ($$SELECT mqtt_auth.explain('press-7', 'write', 'a')$$, 'mqtt_auth.explain.action: `write` is not an action: use publish, subscribe or receive'),
    ($$SELECT mqtt_auth.explain('press-7', NULL, 'a')$$, 'mqtt_auth.explain: action is missing'),
    ($$SELECT mqtt_auth.explain('press-7', 'publish', NULL)$$, 'mqtt_auth.explain: topic is missing'),
    ($$SELECT mqtt_auth.explain('press-7', 'publish', 'a', qos => 3)$$, 'mqtt_auth.explain.qos: `3` is not a quality of service: use 0, 1 or 2'),
    ($$SELECT mqtt_auth.explain('press-7', 'publish', 'a', methods => '{cert}')$$, 'mqtt_auth.explain.methods: `cert` is not a method: use password, certificate or psk'),
    ($$SELECT mqtt_auth.explain('press-7', 'publish', 'a', subscribe => 'all')$$, 'mqtt_auth.explain.subscribe: `all` is not a way to judge subscriptions: use covered or overlapping'),
    ($$SELECT mqtt_auth.explain('press-7', 'publish', 'a', client_ids => 'x')$$, 'mqtt_auth.explain.client_ids: `x` is not a way to take client ids: use believed or bound'),
    ($$SELECT mqtt_auth.explain('press-7', 'publish', 'a', fingerprint => '0f')$$,
     'mqtt_auth.explain.fingerprint: `0f` is not a fingerprint: use `SHA256:` and 64 lower-case hex digits');
SELECT pg_temp.attempt_all();

-- A site's own rule that the two would perhaps read differently is no answer.
RESET ROLE;
CREATE OR REPLACE VIEW mqtt_auth.broker_rules AS
    SELECT 'theirs' AS name, true AS enabled, 'regex' AS syntax, NULL::text AS client_name, 'press-\d' AS username, NULL::text AS client_id, NULL::text AS fingerprint,
           NULL::text AS common_name, NULL::text AS subject_alt_name, NULL::cidr AS address, NULL::text AS method, '{presses}'::text[] AS groups;
SET LOCAL ROLE mqtt_auth_admin;
SELECT throws_ok($$SELECT mqtt_auth.explain('press-7', 'publish', 'a')$$, '23514',
                 'broker_rules.username: `press-\x5cd` has a backslash before something else than punctuation: use `[0-9]` for a digit', 'an expression outside what both read alike');

SELECT * FROM finish();
ROLLBACK;
