\ir support/begin.psql

INSERT INTO attempts (statement, complaint)
SELECT format('INSERT INTO mqtt_auth.clients (username) VALUES (%L)', username), complaint
FROM (VALUES
    ('press-7', NULL),
    ('Pressä 7 / Halle %u', NULL),
    ('$SYS', NULL),
    ('''; DROP TABLE mqtt_auth.clients; --', NULL),
    (repeat('x', 1024), NULL),
    ('', 'clients.username: `` is empty: a name has 1 to 1024 bytes'),
    (repeat('x', 1025), 'clients.username: `' || repeat('x', 200) || '`... (1025 bytes) is too long: a name has 1 to 1024 bytes'),
    ('#', 'clients.username: `#` holds a wildcard of MQTT: a username has no `+` and no `#`'),
    ('a+b', 'clients.username: `a+b` holds a wildcard of MQTT: a username has no `+` and no `#`'),
    (E'a\nb', 'clients.username: `a\x0ab` holds a control character: use printable characters'),
    (E'a\u0085b', 'clients.username: `a\x85b` holds a control character: use printable characters'),
    (E'`\x1b', 'clients.username: `\x60\x1b` holds a control character: use printable characters')
) AS t (username, complaint);
SELECT pg_temp.attempt_all();
SELECT is((SELECT count(*) FROM mqtt_auth.clients), 5::bigint, 'a name that looks like SQL is a name');

INSERT INTO attempts (statement, complaint)
SELECT format('UPDATE mqtt_auth.clients SET %s WHERE username = ''press-7''', change), complaint
FROM (VALUES
    ($$name = 'Press 7'$$, NULL),
    ($$name = ''$$, 'clients.name: `` is empty: a name has 1 to 1024 bytes'),
    ($$client_id = '%u'$$, NULL),
    ($$client_id = 'press-?-*'$$, NULL),
    ($$client_id = '100%'$$, NULL),
    ($$client_id = ''$$, 'clients.client_id: `` is empty: leave it null to allow any client id'),
    ($$client_id = 'a/+'$$, 'clients.client_id: `a/+` holds `+` or `#`, which no client id may hold: wildcards here are `*` and `?`'),
    ($$client_id = '%c'$$, 'clients.client_id: `%c` holds another placeholder than %u: only the username can stand in a client id pattern'),
    ($$client_id = '%{line}'$$, 'clients.client_id: `%{line}` holds another placeholder than %u: only the username can stand in a client id pattern'),
    ($$client_id = E'a\tb'$$, 'clients.client_id: `a\x09b` holds a control character, which no client id may hold'),
    ($$client_id = repeat('x', 65536)$$, 'clients.client_id: `' || repeat('x', 200) || '`... (65536 bytes) is too long: a client id has at most 65535 bytes'),
    ($$required_methods = '{password,certificate,psk}'$$, NULL),
    ($$required_methods = '{}'$$, NULL),
    ($$required_methods = '{passwd}'$$, 'clients.required_methods: `passwd` is not a method: use password, certificate or psk'),
    ($$required_methods = '{Psk}'$$, 'clients.required_methods: `Psk` is not a method: use password, certificate or psk'),
    ($$required_methods = '{psk,psk}'$$, 'clients.required_methods: `{psk,psk}` names a method twice: name each once'),
    ($$required_methods = '{{psk},{password}}'$$, 'clients.required_methods: `{{psk},{password}}` names a method twice: name each once'),
    ($$required_methods = '{psk,NULL}'$$, 'clients.required_methods: a method is null: use password, certificate or psk'),
    ($$networks = '{10.0.0.0/8,fd00::/8}'$$, NULL),
    ($$networks = NULL$$, NULL),
    ($$networks = '{}'$$, 'clients.networks: `{}` names no network: leave it null to allow any address'),
    ($$networks = '{10.0.0.0/8,NULL}'$$, 'clients.networks: `{10.0.0.0/8,NULL}` is not a plain list of networks'),
    ($$valid_from = '2024-01-01', valid_until = '2025-01-01'$$, NULL),
    ($$valid_from = '-infinity', valid_until = 'infinity'$$, NULL),
    ($$valid_from = '2024-01-01 00:00Z', valid_until = '2024-01-01 00:00Z'$$,
     'clients.valid_until: `2024-01-01 00:00:00+00` is not after valid_from, `2024-01-01 00:00:00+00`: a window ends after it begins'),
    ($$valid_from = '2024-01-02 00:00Z', valid_until = '2024-01-01 00:00Z'$$,
     'clients.valid_until: `2024-01-01 00:00:00+00` is not after valid_from, `2024-01-02 00:00:00+00`: a window ends after it begins'),
    ($$attributes = '{"line": "3", "n": 1, "b": true, "nothing": null}'$$, NULL),
    ($$attributes = '[1]'$$, 'clients.attributes: `[1]` is not a JSON object: use keys and values'),
    ($$attributes = '"x"'$$, 'clients.attributes: `"x"` is not a JSON object: use keys and values'),
    ($$attributes = '{"line": ["3"]}'$$, 'clients.attributes: the value of `line` is an array: use a string, a number or a boolean'),
    ($$attributes = '{"line": {"a": 1}}'$$, 'clients.attributes: the value of `line` is an object: use a string, a number or a boolean')
) AS t (change, complaint);
SET LOCAL timezone = 'UTC';
SELECT pg_temp.attempt_all();
SELECT throws_ok($$UPDATE mqtt_auth.clients SET networks = '{10.0.0.1/8}'$$, '22P02', NULL, 'a network has no bits beside its mask');

-- The hint shows a right value: the one that was meant, where that can be told.
SELECT is(pg_temp.hint_of($$UPDATE mqtt_auth.clients SET required_methods = '{PSK}'$$), 'for example: ''psk''', 'the hint guesses what was meant');
SELECT is(pg_temp.hint_of($$UPDATE mqtt_auth.clients SET required_methods = '{x}'$$), 'for example: ''password''', 'or shows some right value');
SELECT is(pg_temp.hint_of($$UPDATE mqtt_auth.clients SET client_id = '#'$$), 'for example: ''%u'', ''%u-*'' or ''press-7''', 'client_id has a hint');

-- Names of groups, rules, settings
INSERT INTO attempts (statement, complaint) VALUES
    ($$INSERT INTO mqtt_auth.groups (name) VALUES ('presses + robots #1')$$, NULL),
    ($$INSERT INTO mqtt_auth.groups (name) VALUES ('')$$, 'groups.name: `` is empty: a name has 1 to 1024 bytes'),
    ($$INSERT INTO mqtt_auth.groups (name) VALUES (E'\u007f')$$, 'groups.name: `\x7f` holds a control character: use printable characters'),
    ($$UPDATE mqtt_auth.settings SET value = '2 hours' WHERE key = 'changes_keep'$$, NULL),
    ($$UPDATE mqtt_auth.settings SET value = 'soon' WHERE key = 'changes_keep'$$, 'settings.changes_keep: `soon` is not a time to keep changes: use 1 minute to 1 year'),
    ($$UPDATE mqtt_auth.settings SET value = '1 s' WHERE key = 'changes_keep'$$, 'settings.changes_keep: `1 s` is not a time to keep changes: use 1 minute to 1 year'),
    ($$UPDATE mqtt_auth.settings SET value = 'off' WHERE key = 'notify'$$, NULL),
    ($$UPDATE mqtt_auth.settings SET value = 'no' WHERE key = 'notify'$$, 'settings.notify: `no` is not a switch: use on or off'),
    ($$UPDATE mqtt_auth.settings SET value = 'x' WHERE key = 'schema_version'$$, 'settings.schema_version: `x` is not a version'),
    ($$UPDATE mqtt_auth.settings SET value = '' WHERE key = 'broker_role'$$, 'settings.broker_role: `` is empty: a name has 1 to 1024 bytes'),
    ($$INSERT INTO mqtt_auth.settings VALUES ('notfy', 'off')$$,
     'settings.key: `notfy` is not a setting: use schema_version, notify, changes_keep, password_policy_min, password_policy_lower, '
     'password_policy_upper, password_policy_numeric, password_policy_symbol, broker_role or admin_role'),
    ($$UPDATE mqtt_auth.settings SET value = '72' WHERE key = 'password_policy_min'$$, NULL),
    ($$UPDATE mqtt_auth.settings SET value = '0' WHERE key = 'password_policy_symbol'$$, NULL),
    ($$UPDATE mqtt_auth.settings SET value = '73' WHERE key = 'password_policy_min'$$, 'settings.password_policy_min: `73` is not a number of characters: use 0 to 72'),
    ($$UPDATE mqtt_auth.settings SET value = '-1' WHERE key = 'password_policy_lower'$$, 'settings.password_policy_lower: `-1` is not a number of characters: use 0 to 72'),
    ($$UPDATE mqtt_auth.settings SET value = '99999999999' WHERE key = 'password_policy_upper'$$, 'settings.password_policy_upper: `99999999999` is not a number of characters: use 0 to 72'),
    ($$UPDATE mqtt_auth.settings SET value = 'yes' WHERE key = 'password_policy_numeric'$$, 'settings.password_policy_numeric: `yes` is not a number of characters: use 0 to 72'),
    ($$UPDATE mqtt_auth.settings SET value = '' WHERE key = 'password_policy_symbol'$$, 'settings.password_policy_symbol: `` is not a number of characters: use 0 to 72');
SELECT pg_temp.attempt_all();

-- updated_at is kept by the table.
UPDATE mqtt_auth.clients SET updated_at = '2001-01-01' WHERE username = '$SYS';
SELECT is((SELECT updated_at FROM mqtt_auth.clients WHERE username = '$SYS'), now(), 'updated_at cannot be set back');
INSERT INTO mqtt_auth.clients (username, updated_at) VALUES ('old', '2001-01-01');
UPDATE mqtt_auth.clients SET enabled = enabled WHERE username = 'old';
SELECT is((SELECT updated_at FROM mqtt_auth.clients WHERE username = 'old'), '2001-01-01'::timestamptz, 'an update that changes nothing leaves it');
UPDATE mqtt_auth.clients SET enabled = false WHERE username = 'old';
SELECT is((SELECT updated_at FROM mqtt_auth.clients WHERE username = 'old'), now(), 'a real one sets it');

SELECT * FROM finish();
ROLLBACK;
