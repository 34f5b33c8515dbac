\ir support/begin.psql
-- Granting and revoking credentials, with two clients throughout: what is done to one leaves the other alone.
CREATE FUNCTION pg_temp.hash(digit text) RETURNS text LANGUAGE sql AS $$ SELECT '$2b$10$' || repeat(digit, 53) $$;
CREATE FUNCTION pg_temp.has(username text) RETURNS text[] LANGUAGE sql AS $$
    SELECT ARRAY(SELECT concat_ws(' ', c.method, left(c.fingerprint, 9), substr(c.secret, 1, 9), c.label) FROM mqtt_auth.credentials AS c
                 WHERE c.username = has.username ORDER BY c.id)
$$;
SELECT mqtt_auth.create_client('press-7', secret => pg_temp.hash('e'));
SELECT mqtt_auth.create_client('press-8', secret => pg_temp.hash('e'));
CREATE TEMPORARY TABLE noted (what text, id bigint);

-- grant_password
INSERT INTO noted VALUES ('second', mqtt_auth.grant_password('press-7', secret => pg_temp.hash('u'), label => '2031'));
SELECT is((SELECT array_agg(id) FROM noted), ARRAY(SELECT id FROM mqtt_auth.credentials WHERE label = '2031'), 'grant_password returns the credential');
SELECT is(pg_temp.has('press-7'), '{password $2b$10$ee,password $2b$10$uu 2031}', 'and adds it beside the old one');
SELECT is(pg_temp.has('press-8'), '{password $2b$10$ee}', 'not to another client, whose hash may be the same');
SELECT is(mqtt_auth.grant_password('press-7', secret => pg_temp.hash('u'), label => '2032', valid_until => '2032-01-01Z'), (SELECT id FROM noted),
          'the same hash again is the same credential');
SELECT is((SELECT array_agg(concat_ws(' ', label, valid_from IS NULL, valid_until = '2032-01-01Z')) FROM mqtt_auth.credentials WHERE username = 'press-7'),
          '{"t","2032 t t"}', 'with the new label and window');
SELECT is(mqtt_auth.grant_password('press-8', secret => pg_temp.hash('u')) = (SELECT id FROM noted), false, 'the same hash of another client is another');
SELECT is(mqtt_auth.grant_password('press-8', 's3cret', label => 'clear', valid_from => '2024-01-01Z', valid_until => '2034-01-01Z') IS NULL, false, 'a password is hashed');
SELECT is((SELECT array_agg(left(secret, 7) || ' ' || username) FROM mqtt_auth.credentials
           WHERE label = 'clear' AND valid_from = '2024-01-01Z' AND valid_until = '2034-01-01Z'), '{"$2a$10$ press-8"}', 'with bcrypt of cost 10');
SELECT lives_ok($$SELECT mqtt_auth.grant_password('press-8', repeat('x', 72), NULL, 'positional')$$, '72 bytes are accepted, arguments in order');
SELECT is((SELECT count(*) FROM mqtt_auth.credentials WHERE username = 'press-7'), 2::bigint, 'press-7 has what it had');
SELECT lives_ok($$SELECT mqtt_auth.set_password('press-8', secret => pg_temp.hash('e'))$$, 'set_password');
SELECT is(pg_temp.has('press-8'), '{password $2b$10$ee}', 'replaces what grant_password added');
SELECT is(cardinality(pg_temp.has('press-7')), 2, 'of that client');

-- grant_psk
INSERT INTO noted VALUES ('key', mqtt_auth.grant_psk('press-7', repeat('0F', 32), label => 'line 1', valid_from => '2024-01-01Z', valid_until => '2034-01-01Z'));
SELECT is((SELECT array_agg(concat_ws(' ', id, username, secret, label, valid_from = '2024-01-01Z', valid_until = '2034-01-01Z')) FROM mqtt_auth.credentials WHERE method = 'psk'),
          (SELECT ARRAY[id || ' press-7 psk:' || repeat('0f', 32) || ' line 1 t t'] FROM noted WHERE what = 'key'), 'grant_psk stores the key');
SELECT is(mqtt_auth.grant_psk('press-7', 'psk:' || repeat('0f', 32), 'line 1'), (SELECT id FROM noted WHERE what = 'key'), 'the same key again, however it is written, is the same credential');
SELECT isnt(mqtt_auth.grant_psk('press-7', repeat('1f', 32)), (SELECT id FROM noted WHERE what = 'key'), 'another key is another');
SELECT lives_ok($$SELECT mqtt_auth.grant_psk('press-8', repeat('0f', 16)), mqtt_auth.grant_psk('press-8', repeat('AF', 64))$$, '16 and 64 bytes are accepted');

-- grant_certificate, also where rows were doubled by hand
INSERT INTO mqtt_auth.credentials (username, method) VALUES ('press-7', 'certificate'), ('press-7', 'certificate'), ('press-8', 'certificate');
SELECT is(mqtt_auth.grant_certificate('press-7', label => 'x'), (SELECT min(id) FROM mqtt_auth.credentials WHERE method = 'certificate' AND username = 'press-7'),
          'a grant without fingerprint is one for each client');
SELECT is((SELECT array_agg(username) FROM mqtt_auth.credentials WHERE label = 'x'), '{press-7}', 'not for the other');
SELECT lives_ok($$SELECT mqtt_auth.grant_certificate('press-7', repeat('aa', 32), '2030'), mqtt_auth.grant_certificate('press-7', repeat('bb', 32), '2031'),
                         mqtt_auth.grant_certificate('press-8', repeat('cc', 32), '2030')$$, 'two pinned certificates at once');

-- revoke
SELECT is(mqtt_auth.revoke('press-7', 'certificate', 'sha256 Fingerprint=' || repeat('AA:', 31) || 'AA'), 1::bigint, 'revoke by fingerprint, as openssl prints it');
SELECT is(mqtt_auth.revoke('press-7', 'certificate', label => '2031'), 1::bigint, 'revoke by label');
SELECT is((SELECT array_agg(fingerprint) FROM mqtt_auth.credentials WHERE fingerprint IS NOT NULL), ARRAY['SHA256:' || repeat('cc', 32)], 'only those of one client');
SELECT is(mqtt_auth.revoke('press-7', 'certificate'), 2::bigint, 'revoke all of a method');
SELECT is(pg_temp.has('press-7'), '{"password $2b$10$ee","password $2b$10$uu 2032","psk psk:0f0f0 line 1","psk psk:1f1f1"}', 'other methods stay');
SELECT is(cardinality(pg_temp.has('press-8')), 5, 'and the other client keeps all');
SELECT is(mqtt_auth.revoke('press-7', 'password', id => (SELECT min(id) FROM mqtt_auth.credentials WHERE username = 'press-7')), 1::bigint, 'revoke by id');
SELECT is(pg_temp.has('press-7'), '{"password $2b$10$uu 2032","psk psk:0f0f0 line 1","psk psk:1f1f1"}', 'the old password is gone, the new one is not');
SELECT throws_ok(format($$SELECT mqtt_auth.revoke('press-7', 'psk', id => %s)$$, id), '23503', format('client `press-7` has no psk with id %s', id),
                 'an id of another method, or of another client, is none') FROM mqtt_auth.credentials WHERE method <> 'psk' OR username = 'press-8';
SELECT is(mqtt_auth.revoke(method => 'psk', username => 'press-7', label => 'line 1'), 1::bigint, 'revoke by names');
SELECT is(mqtt_auth.revoke('press-7', 'psk'), 1::bigint, 'revoke the last key');
SELECT throws_ok($$SELECT mqtt_auth.revoke('press-7', 'psk')$$, '23503', 'client `press-7` has no psk', 'there is nothing to revoke twice');
SELECT throws_ok($$SELECT mqtt_auth.revoke('press-7', 'password', label => '2029')$$, '23503', 'client `press-7` has no password labelled `2029`', 'no such label');
SELECT throws_ok($$SELECT mqtt_auth.revoke('press-7', 'password', label => '')$$, '23503', 'client `press-7` has no password labelled ``', 'an empty label is no wildcard');
SELECT throws_ok($$SELECT mqtt_auth.revoke('press-7', 'certificate', repeat('CC', 32), '2030')$$, '23503',
                 'client `press-7` has no certificate of fingerprint `SHA256:' || repeat('cc', 32) || '` labelled `2030`', 'a certificate of another client');
SELECT is(pg_temp.hint_of($$SELECT mqtt_auth.revoke('press-7', 'certificate', repeat('CC', 32))$$),
          (SELECT 'that certificate belongs to client `press-8`; `press-7` has: password ' || id || ' labelled `2032`' FROM noted WHERE what = 'second'),
          'the hint names that client, and what this one has');
SELECT mqtt_auth.create_client('empty');
SELECT is(pg_temp.hint_of($$SELECT mqtt_auth.revoke('empty', 'password')$$), '`empty` has no credential at all', 'or that it has none');
INSERT INTO mqtt_auth.credentials (username, method) SELECT 'empty', 'certificate' FROM generate_series(1, 10);
SELECT matches(pg_temp.hint_of($$SELECT mqtt_auth.revoke('empty', 'password')$$), '^`empty` has: (certificate [0-9]+, ){9}certificate [0-9]+$', 'ten are listed');
SELECT mqtt_auth.grant_psk('empty', repeat('0f', 16));
SELECT matches(pg_temp.hint_of($$SELECT mqtt_auth.revoke('empty', 'password')$$), '^`empty` has: (certificate [0-9]+, ){10}…$', 'and no more');

-- revoke_certificate, unrevoke_certificate
SELECT is(mqtt_auth.revoke_certificate('sha256 Fingerprint=' || repeat('AA:', 31) || 'AA', 'stolen'), 'SHA256:' || repeat('aa', 32), 'revoke_certificate returns the fingerprint');
SELECT is(mqtt_auth.revoke_certificate(fingerprint => repeat('BB', 32)), 'SHA256:' || repeat('bb', 32), 'a reason is not needed');
UPDATE mqtt_auth.revoked_certificates SET revoked_at = '2024-01-01Z';
SELECT lives_ok($$SELECT mqtt_auth.revoke_certificate('SHA256:' || repeat('aa', 32), 'found again, still not trusted'), mqtt_auth.revoke_certificate(repeat('aa', 32))$$, 'again');
SELECT bag_eq('SELECT fingerprint, reason, revoked_at = $$2024-01-01Z$$ FROM mqtt_auth.revoked_certificates',
              $$VALUES ('SHA256:' || repeat('aa', 32), 'found again, still not trusted', true), ('SHA256:' || repeat('bb', 32), NULL, true)$$,
              'again changes the reason, where one is given, of one certificate');
SELECT is(cardinality(pg_temp.has('press-8')), 5, 'credentials stay');
SELECT lives_ok($$SELECT mqtt_auth.unrevoke_certificate('SHA256 Fingerprint=' || repeat('AA:', 31) || 'AA')$$, 'unrevoke_certificate');
SELECT is((SELECT array_agg(fingerprint) FROM mqtt_auth.broker_revoked_certificates), ARRAY['SHA256:' || repeat('bb', 32)], 'takes one back');
SELECT throws_ok($$SELECT mqtt_auth.unrevoke_certificate(repeat('aa', 32))$$, '23503',
                 'certificate `SHA256:' || repeat('aa', 32) || '` is not revoked: see TABLE mqtt_auth.revoked_certificates', 'which cannot be taken back twice');
SELECT throws_ok($$SELECT mqtt_auth.unrevoke_certificate(NULL)$$, '23503', 'certificate null is not revoked: see TABLE mqtt_auth.revoked_certificates', 'null is none');

-- Bad input
SET LOCAL timezone = 'UTC';
INSERT INTO attempts (statement, complaint) VALUES
    ($$SELECT mqtt_auth.grant_password('press-7')$$, 'give either a password or a secret (a ready-made hash)'),
    ($$SELECT mqtt_auth.grant_password('press-7', 'a', 'b')$$, 'give either a password or a secret (a ready-made hash), not both'),
    ($$SELECT mqtt_auth.grant_password('press-7', '')$$, 'the password is empty: use 1 to 72 bytes'),
    ($$SELECT mqtt_auth.grant_password('press-7', repeat('x', 73))$$, 'the password has 73 bytes: use 1 to 72, bcrypt would ignore the rest'),
    ($$SELECT mqtt_auth.grant_password('press-7', secret => 'plain')$$, 'credentials.secret: that is not a hash: use mqtt_auth.set_password, or a hash from mkpasswd'),
    ($$SELECT mqtt_auth.grant_password('press-7', secret => pg_temp.hash('e'), label => '')$$, 'credentials.label: `` is empty: a name has 1 to 1024 bytes'),
    ($$SELECT mqtt_auth.grant_password('press-7', secret => pg_temp.hash('e'), valid_from => '2024-01-02', valid_until => '2024-01-01')$$,
     'credentials.valid_until: `2024-01-01 00:00:00+00` is not after valid_from, `2024-01-02 00:00:00+00`: a window ends after it begins'),
    -- the same hash again, out of its window: an UPDATE, not an INSERT
    ($$SELECT mqtt_auth.grant_password('press-7', secret => pg_temp.hash('u'), valid_from => '2024-01-02', valid_until => '2024-01-01')$$,
     'credentials.valid_until: `2024-01-01 00:00:00+00` is not after valid_from, `2024-01-02 00:00:00+00`: a window ends after it begins'),
    ($$SELECT mqtt_auth.grant_psk('press-7', repeat('0f', 15))$$, 'key'), ($$SELECT mqtt_auth.grant_psk('press-7', repeat('0f', 65))$$, 'key'),
    ($$SELECT mqtt_auth.grant_psk('press-7', '0' || repeat('0f', 16))$$, 'key'), ($$SELECT mqtt_auth.grant_psk('press-7', repeat('xy', 16))$$, 'key'),
    ($$SELECT mqtt_auth.grant_psk('press-7', repeat('0f ', 16))$$, 'key'), ($$SELECT mqtt_auth.grant_psk('press-7', 'psk:psk:' || repeat('0f', 16))$$, 'key'),
    ($$SELECT mqtt_auth.grant_psk('press-7', repeat('0f', 16) || E'\n\n')$$, 'key'), ($$SELECT mqtt_auth.grant_psk('press-7', '')$$, 'key'),
    ($$SELECT mqtt_auth.grant_psk('press-7', NULL)$$, 'key'),
    ($$SELECT mqtt_auth.revoke('press-7', 'passwd')$$, 'mqtt_auth.revoke.method: `passwd` is not a method: use password, certificate or psk'),
    ($$SELECT mqtt_auth.revoke('press-7', NULL)$$, 'mqtt_auth.revoke: method is missing'),
    ($$SELECT mqtt_auth.revoke('press-7', 'certificate', 'my.crt')$$,
     'mqtt_auth.revoke.fingerprint: `my.crt` is not a fingerprint: use `SHA256:` and 64 lower-case hex digits'),
    ($$SELECT mqtt_auth.revoke('press-7', 'certificate', '')$$,
     'mqtt_auth.revoke.fingerprint: `` is not a fingerprint: use `SHA256:` and 64 lower-case hex digits'),
    ($$SELECT mqtt_auth.revoke('press-7', 'password', repeat('cc', 32))$$, 'mqtt_auth.revoke.fingerprint: a password has no fingerprint: only a certificate has one'),
    ($$SELECT mqtt_auth.revoke_certificate(NULL)$$, 'mqtt_auth.revoke_certificate: fingerprint is missing'),
    ($$SELECT mqtt_auth.revoke_certificate('my.crt')$$, 'revoked_certificates.fingerprint: `my.crt` is not a fingerprint: use `SHA256:` and 64 lower-case hex digits'),
    ($$SELECT mqtt_auth.revoke_certificate('SHA1 Fingerprint=' || repeat('AA:', 19) || 'AA')$$,
     'revoked_certificates.fingerprint: `SHA1 Fingerprint=' || repeat('AA:', 19) || 'AA` is not a fingerprint: use `SHA256:` and 64 lower-case hex digits'),
    ($$SELECT mqtt_auth.unrevoke_certificate('my.crt')$$, 'mqtt_auth.unrevoke_certificate: `my.crt` is not a fingerprint: use `SHA256:` and 64 lower-case hex digits');
UPDATE attempts SET complaint = 'that is not a pre-shared key: use 32 to 128 hex digits, two for each byte' WHERE complaint = 'key';
SELECT pg_temp.attempt_all();
SELECT is(pg_temp.has('press-7'), '{password $2b$10$uu 2032}', 'what failed left nothing behind');
SELECT is(pg_temp.hint_of(statement), hint, 'hint: ' || statement) FROM (VALUES
    ($$SELECT mqtt_auth.grant_password('press-7')$$, 'for example: SELECT mqtt_auth.grant_password(''press-7'', secret => ''$argon2id$…'')'),
    ($$SELECT mqtt_auth.set_password('press-7')$$, 'for example: SELECT mqtt_auth.set_password(''press-7'', secret => ''$argon2id$…'')'),
    ($$SELECT mqtt_auth.grant_psk('press-7', 'x')$$, 'make one with: openssl rand -hex 32'),
    ($$SELECT mqtt_auth.revoke('press-7', 'Certificate')$$, 'for example: ''certificate'''),
    ($$SELECT mqtt_auth.revoke('press-7', NULL)$$, 'for example: SELECT mqtt_auth.revoke(''press-7'', ''certificate'')'),
    ($$SELECT mqtt_auth.revoke_certificate(NULL)$$, 'from: openssl x509 -noout -fingerprint -sha256 -in press-7.crt')
) AS t (statement, hint);

-- What looks like SQL is data.
SELECT lives_ok(format('SELECT mqtt_auth.create_client(%1$L), mqtt_auth.grant_password(%1$L, %1$L, label => %1$L), mqtt_auth.grant_psk(%1$L, repeat(''0f'', 16), %1$L),
                        mqtt_auth.grant_certificate(%1$L, label => %1$L), mqtt_auth.revoke_certificate(repeat(''dd'', 32), %1$L),
                        mqtt_auth.revoke(%1$L, ''password'', label => %1$L), mqtt_auth.revoke(%1$L, ''psk'', label => %1$L)',
                       '''; DROP TABLE mqtt_auth.clients; --'), 'through every function');
SELECT is((SELECT count(*) FROM mqtt_auth.clients), 4::bigint, 'the tables are still there');

SELECT * FROM finish();
ROLLBACK;
