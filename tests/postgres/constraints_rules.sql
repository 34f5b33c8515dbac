\ir support/begin.psql

INSERT INTO attempts (statement, complaint) VALUES
    ($$INSERT INTO mqtt_auth.group_rules (name, client_id) VALUES ('a', 'press-*')$$, NULL),
    ($$INSERT INTO mqtt_auth.group_rules (name, address, method) VALUES ('b', '10.0.0.0/8', 'psk')$$, NULL),
    ($$INSERT INTO mqtt_auth.group_rules (name, syntax, client_id) VALUES ('c', 'exact', '([*')$$, NULL),
    ($$INSERT INTO mqtt_auth.group_rules (name, syntax, client_id) VALUES ('d', 'glob', '([*+#')$$, NULL),
    ($$INSERT INTO mqtt_auth.group_rules (name, fingerprint) VALUES ('e', 'SHA256:' || repeat('0f', 32))$$, NULL),
    ($$INSERT INTO mqtt_auth.group_rules (name, fingerprint) VALUES ('f', 'SHA256:0f*')$$, NULL),
    ($$INSERT INTO mqtt_auth.group_rules (name, common_name) VALUES ('g', '''; DROP TABLE mqtt_auth.groups; --')$$, NULL),
    ($$INSERT INTO mqtt_auth.group_rules (name) VALUES ('x')$$,
     'group_rules: a rule without a condition would take in everybody: set at least one of client_name, username, client_id, fingerprint, common_name, subject_alt_name, address, method'),
    ($$INSERT INTO mqtt_auth.group_rules (name, client_id) VALUES ('', 'a')$$, 'group_rules.name: `` is empty: a name has 1 to 1024 bytes'),
    ($$INSERT INTO mqtt_auth.group_rules (name, syntax, client_id) VALUES ('x', 'like', 'a')$$, 'group_rules.syntax: `like` is not a syntax: use exact, glob or regex'),
    ($$INSERT INTO mqtt_auth.group_rules (name, method) VALUES ('x', 'cert')$$, 'group_rules.method: `cert` is not a method: use password, certificate or psk'),
    ($$INSERT INTO mqtt_auth.group_rules (name, client_name) VALUES ('x', '')$$, 'group_rules.client_name: `` is empty: leave it null where it does not matter'),
    ($$INSERT INTO mqtt_auth.group_rules (name, username) VALUES ('x', E'\n')$$, 'group_rules.username: `\x0a` holds a control character: use printable characters'),
    ($$INSERT INTO mqtt_auth.group_rules (name, subject_alt_name) VALUES ('x', repeat('x', 65536))$$,
     'group_rules.subject_alt_name: `' || repeat('x', 200) || '`... (65536 bytes) is too long: a condition has at most 65535 bytes'),
    ($$INSERT INTO mqtt_auth.group_rules (name, fingerprint) VALUES ('x', '0f')$$,
     'group_rules.fingerprint: `0f` is not a fingerprint: use `SHA256:` and 64 lower-case hex digits'),
    ($$INSERT INTO mqtt_auth.group_rules (name, syntax, fingerprint) VALUES ('x', 'exact', 'SHA256:*')$$,
     'group_rules.fingerprint: `SHA256:*` is not a fingerprint: use `SHA256:` and 64 lower-case hex digits'),
    ($$UPDATE mqtt_auth.group_rules SET client_id = NULL WHERE name = 'a'$$,
     'group_rules: a rule without a condition would take in everybody: set at least one of client_name, username, client_id, fingerprint, common_name, subject_alt_name, address, method'),
    ($$UPDATE mqtt_auth.group_rules SET syntax = 'regex' WHERE name = 'c'$$,
     'group_rules.client_id: `([*` has `[` without `]`: write `\[` for the character');
SELECT pg_temp.attempt_all();

-- Regular expressions: what RE2 and PostgreSQL read alike.
CREATE TEMPORARY TABLE expressions (id integer GENERATED ALWAYS AS IDENTITY, expression text, complaint text);
INSERT INTO expressions (expression, complaint) VALUES
    ('press', NULL), ('press-[0-9]+', NULL), ('(press|robot)-.*', NULL), ('a{2}', NULL), ('a{2,}', NULL),
    ('a{0,255}', NULL), ('(ab?)*c', NULL), ('[^a-z.]', NULL), ('[-a]', NULL), ('[a-]', NULL), ('[a^]', NULL),
    ('\.\*\+\?\(\)\[\]\{\}\|\\\^\$\-\/', NULL), ('ä|ö', NULL), ('[ä-ü]{2}', NULL), ('(a|b)?', NULL), ('a b_c', NULL),
    ('\\|a', NULL), ('(a{2}|b)+', NULL), ('((a))', NULL), ('[|*+?(){}^$.]', NULL),
    (repeat('a', 1000), NULL),
    (repeat('a', 1001), 'is too long: a regular expression has at most 1000 characters'),
    ('^a', 'has `^`: leave it out, the whole text must match anyway'),
    ('a$', 'has `$`: leave it out, the whole text must match anyway'),
    ('*a', 'has `*` with nothing before it to repeat: write `\*` for the character'),
    ('a|+', 'has `+` with nothing before it to repeat: write `\+` for the character'),
    ('(?:a)', 'has `(?`: only plain groups are accepted'),
    ('(?i)a', 'has `(?`: only plain groups are accepted'),
    ('(*a)', 'has `*` with nothing before it to repeat: write `\*` for the character'),
    ('a*?', 'has two repetitions in a row: leave one out, or write `\*` for the character'),
    ('a**', 'has two repetitions in a row: leave one out, or write `\*` for the character'),
    ('a{2}{3}', 'has two repetitions in a row: leave one out, or write `\*` for the character'),
    ('a{2}?', 'has two repetitions in a row: leave one out, or write `\*` for the character'),
    ('a{', 'has a bad repetition: use `{m}`, `{m,}` or `{m,n}` up to 255, or `\{` for the character'),
    ('a{,2}', 'has a bad repetition: use `{m}`, `{m,}` or `{m,n}` up to 255, or `\{` for the character'),
    ('a{256}', 'has a bad repetition: use `{m}`, `{m,}` or `{m,n}` up to 255, or `\{` for the character'),
    ('a{256,}', 'has a bad repetition: use `{m}`, `{m,}` or `{m,n}` up to 255, or `\{` for the character'),
    ('a{3,2}', 'has a bad repetition: use `{m}`, `{m,}` or `{m,n}` up to 255, or `\{` for the character'),
    ('a{0}', 'has a bad repetition: use `{m}`, `{m,}` or `{m,n}` up to 255, or `\{` for the character'),
    ('a{99999999999}', 'has a bad repetition: use `{m}`, `{m,}` or `{m,n}` up to 255, or `\{` for the character'),
    ('(a{2}b){3}', 'has a `{m,n}` inside another: count once'),
    ('((a{2})|b){3}', 'has a `{m,n}` inside another: count once'),
    ('(abcde){255}', 'is too large when its repetitions are written out: at most 1000 characters'),
    ('()', 'has an empty alternative: use `(...)?` for what may be missing'),
    ('a|', 'has an empty alternative: use `(...)?` for what may be missing'),
    ('|a', 'has an empty alternative: use `(...)?` for what may be missing'),
    ('a||b', 'has an empty alternative: use `(...)?` for what may be missing'),
    ('(a|)', 'has an empty alternative: use `(...)?` for what may be missing'),
    ('\\|', 'has an empty alternative: use `(...)?` for what may be missing'),
    ('a)', 'has `)` without `(`: write `\)` for the character'),
    ('(a', 'has `(` without `)`: write `\(` for the character'),
    ('a]', 'has `]` by itself: write `\]` for the character'),
    ('a}', 'has `}` by itself: write `\}` for the character'),
    ('[', 'has `[` without `]`: write `\[` for the character'),
    ('[]', 'has an empty `[]`: list the characters in it'),
    ('[^]', 'has an empty `[]`: list the characters in it'),
    ('[]a]', 'has an empty `[]`: list the characters in it'),
    ('[[:digit:]]', 'has a `[` or a backslash inside `[...]`: list plain characters and ranges there'),
    ('[\d]', 'has a `[` or a backslash inside `[...]`: list plain characters and ranges there'),
    ('[z-a]', 'has a bad range in `[...]`: use one such as `0-9`'),
    ('[a-[]', 'has a bad range in `[...]`: use one such as `0-9`'),
    ('[a-c-e]', 'has a `-` in the midst of `[...]`: put it first or last'),
    ('[+--]', 'has a bad range in `[...]`: use one such as `0-9`'),
    ('\d', 'has a backslash before something else than punctuation: use `[0-9]` for a digit'),
    ('\1', 'has a backslash before something else than punctuation: use `[0-9]` for a digit'),
    ('\_', 'has a backslash before something else than punctuation: use `[0-9]` for a digit'),
    ('a\', 'has a backslash before something else than punctuation: use `[0-9]` for a digit');
INSERT INTO attempts (statement, complaint)
SELECT format('INSERT INTO mqtt_auth.group_rules (name, syntax, client_id) VALUES (%L, ''regex'', %L)', 'regex ' || id, expression),
       'group_rules.client_id: ' || mqtt_auth.quoted(expression) || ' ' || complaint
FROM expressions ORDER BY id;
SELECT pg_temp.attempt_all();
-- What is accepted, PostgreSQL can compile.
SELECT lives_ok(format('SELECT mqtt_auth.text_matches(''regex'', %L, ''x'')', expression), 'compiles: ' || left(expression, 60))
FROM expressions WHERE complaint IS NULL ORDER BY id;

-- How conditions are read
SELECT is(mqtt_auth.text_matches(syntax, pattern, value), matches, concat_ws(' ', syntax, pattern, value))
FROM (VALUES
    ('exact', 'press-*', 'press-*', true), ('exact', 'press-*', 'press-7', false),
    ('glob', 'press-*', 'press-7', true), ('glob', 'press-*', 'xpress-7', false), ('glob', 'press-?', 'press-77', false),
    ('glob', 'a%b', 'axb', false), ('glob', 'a%b', 'a%b', true), ('glob', 'a_b', 'axb', false), ('glob', 'a\b', 'a\b', true),
    ('glob', 'a\*', 'a\x', true), ('glob', '[ab]', 'a', false), ('glob', '?', 'ä', true), ('glob', '*', '', true),
    ('regex', 'admin', 'evil-admin', false), ('regex', 'a|b', 'ab', false), ('regex', 'a|b', 'b', true),
    ('regex', '.', E'\n', true), ('regex', 'a', E'a\n', false)
) AS t (syntax, pattern, value, matches);

SELECT * FROM finish();
ROLLBACK;
