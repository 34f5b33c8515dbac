\ir support/begin.psql
INSERT INTO mqtt_auth.clients (username) VALUES ('press-7');
INSERT INTO mqtt_auth.groups (name) VALUES ('presses');

INSERT INTO attempts (statement, complaint)
SELECT format('INSERT INTO mqtt_auth.acls (group_name, permission, topic) VALUES (''presses'', ''read'', %L)', topic),
       'acls.topic: `' || left(topic, 200) || '`' || complaint
FROM (VALUES
    ('#', NULL), ('+', NULL), ('/', NULL), ('a', NULL), ('a//b', NULL), ('/a/', NULL), ('+/+/#', NULL),
    ('$SYS/broker/#', NULL), ('$share', NULL), ('$shared/x', NULL), ('plant/ä ö/%', NULL),
    ('%u', NULL), ('a/%c/b', NULL), ('a/%{line.no_1-x}/#', NULL), ('a/100%/b', NULL), ('a/%x/%%/%U', NULL),
    ('''; DROP TABLE mqtt_auth.acls; --', NULL),
    (repeat('a/', 32767) || 'a', NULL),
    ('', ' is empty: a topic filter has 1 to 65535 bytes'),
    (repeat('a', 65536), '... (65536 bytes) is too long: a topic filter has 1 to 65535 bytes'),
    ('a/#/b', ' has levels after `#`: `#` is the last level'),
    ('#/', ' has levels after `#`: `#` is the last level'),
    ('a#', ' has a wildcard inside the level `a#`: `+` and `#` stand for whole levels'),
    ('a/b+/c', ' has a wildcard inside the level `b+`: `+` and `#` stand for whole levels'),
    ('##', ' has a wildcard inside the level `##`: `+` and `#` stand for whole levels'),
    ('++', ' has a wildcard inside the level `++`: `+` and `#` stand for whole levels'),
    ('$share/g/plant/#', ' is a shared subscription: write the filter itself, it holds for shared subscriptions too'),
    ('$share/', ' is a shared subscription: write the filter itself, it holds for shared subscriptions too'),
    ('a/x%u/b', ' has a placeholder inside the level `x%u`: placeholders stand for whole levels: use %u, %c or %{key}, where a key has letters, digits, `_`, `.` and `-`'),
    ('%c%u', ' has a placeholder inside the level `%c%u`: placeholders stand for whole levels: use %u, %c or %{key}, where a key has letters, digits, `_`, `.` and `-`'),
    ('a/%{a b}', ' has a placeholder inside the level `%{a b}`: placeholders stand for whole levels: use %u, %c or %{key}, where a key has letters, digits, `_`, `.` and `-`'),
    ('%{}', ' has a placeholder inside the level `%{}`: placeholders stand for whole levels: use %u, %c or %{key}, where a key has letters, digits, `_`, `.` and `-`'),
    ('%{a/b}', ' has a placeholder inside the level `%{a`: placeholders stand for whole levels: use %u, %c or %{key}, where a key has letters, digits, `_`, `.` and `-`')
) AS t (topic, complaint);
INSERT INTO attempts (statement, complaint) VALUES
    ($$INSERT INTO mqtt_auth.acls (group_name, permission, topic) VALUES ('presses', 'read', E'a\u0001')$$,
     'acls.topic: `a\x01` holds a control character: MQTT topics have none');
SELECT pg_temp.attempt_all();
SELECT is(pg_temp.hint_of($$INSERT INTO mqtt_auth.acls (group_name, permission, topic) VALUES ('presses', 'read', '$share/g/plant/#')$$),
          'for example: ''plant/#''', 'the hint unwraps a shared subscription');

INSERT INTO attempts (statement, complaint)
SELECT format('INSERT INTO mqtt_auth.acls (group_name, username, effect, permission, topic, max_qos, allow_retain) VALUES (%s, ''a'', %s)',
              left_part, right_part), complaint
FROM (VALUES
    ($$'presses', NULL, 'allow', 'read'$$, 'NULL, NULL', NULL),
    ($$NULL, 'press-7', 'allow', 'write'$$, '0, false', NULL),
    ($$NULL, 'press-7', 'allow', 'readWrite'$$, '2, true', NULL),
    ($$NULL, 'press-7', 'deny', 'readWrite'$$, 'NULL, NULL', NULL),
    ($$NULL, 'press-7', 'allow', 'readwrite'$$, 'NULL, NULL', 'acls.permission: `readwrite` is not a permission: use read, write or readWrite'),
    ($$NULL, 'press-7', 'allow', 'rw'$$, 'NULL, NULL', 'acls.permission: `rw` is not a permission: use read, write or readWrite'),
    ($$NULL, 'press-7', 'Allow', 'read'$$, 'NULL, NULL', 'acls.effect: `Allow` is not an effect: use allow or deny'),
    ($$NULL, NULL, 'allow', 'read'$$, 'NULL, NULL', 'acls: an entry belongs to a group or to a client: give group_name or username'),
    ($$'presses', 'press-7', 'allow', 'read'$$, 'NULL, NULL', 'acls: an entry belongs to a group or to a client: give group_name or username, not both'),
    ($$NULL, 'press-7', 'allow', 'read'$$, '3, NULL', 'acls.max_qos: `3` is not a quality of service: use 0, 1 or 2'),
    ($$NULL, 'press-7', 'allow', 'read'$$, '-1, NULL', 'acls.max_qos: `-1` is not a quality of service: use 0, 1 or 2'),
    ($$NULL, 'press-7', 'deny', 'read'$$, '1, NULL', 'acls.max_qos: a deny has no limits: it denies at any quality of service, retained or not'),
    ($$NULL, 'press-7', 'deny', 'read'$$, 'NULL, true', 'acls.allow_retain: a deny has no limits: it denies at any quality of service, retained or not')
) AS t (left_part, right_part, complaint);
SELECT pg_temp.attempt_all();
SELECT is(pg_temp.hint_of($$INSERT INTO mqtt_auth.acls (username, permission, topic) VALUES ('press-7', 'readwrite', 'a')$$),
          'for example: ''readWrite''', 'the hint shows what was meant');
SELECT throws_ok($$INSERT INTO mqtt_auth.acls (username, permission, topic) VALUES ('nobody', 'read', 'a')$$, '23503', NULL, 'an entry belongs to somebody');

SELECT * FROM finish();
ROLLBACK;
