\ir support/begin.psql
-- Generated secrets, and the replacement of one hash by another. Two clients throughout.
SELECT mqtt_auth.create_client('press-7', secret => '$2b$10$' || repeat('e', 53));
SELECT mqtt_auth.create_client('press-8', secret => '$2b$10$' || repeat('e', 53));
CREATE FUNCTION pg_temp.state() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', c.username, left(c.secret, 18), c.label), ', ' ORDER BY c.username, c.id) FROM mqtt_auth.credentials AS c
$$;
DELETE FROM mqtt_auth.changes;

CREATE TEMPORARY TABLE made AS
    SELECT mqtt_auth.generate_secret('press-7', label => '2031', valid_until => '2032-01-01Z') AS secret;
SELECT is(pg_temp.state(), 'press-7 $2b$10$eeeeeeeeeee, press-7 $generated$sha256$ 2031, press-8 $2b$10$eeeeeeeeeee',
          'a generated secret stands beside the passwords of one client');
SELECT is(pg_temp.changes(), '{client press-7}', 'and is recorded');
SELECT is((SELECT valid_until FROM mqtt_auth.credentials WHERE label = '2031'), '2032-01-01Z'::timestamptz, 'with its window');
SELECT is((SELECT length(secret) = 50 AND secret ~ '^pgauth_[A-Za-z0-9_-]+[AEIMQUYcgkosw048]$' FROM made), true, 'it has the form of one');
SELECT is((SELECT octet_length(decode(translate(substr(secret, 8), '-_', '+/') || '=', 'base64')) FROM made), 32, 'which is 256 bits');
SELECT is((SELECT split_part(c.secret, '$', 5) FROM mqtt_auth.credentials AS c WHERE c.label = '2031'),
          (SELECT rtrim(encode(sha256(decode(split_part(c.secret, '$', 4) || '==', 'base64') || made.secret::bytea), 'base64'), '=')
           FROM mqtt_auth.credentials AS c, made WHERE c.label = '2031'), 'kept is the SHA-256 of salt and secret');
SELECT is((SELECT count(DISTINCT mqtt_auth.generate_secret('press-8')) FROM generate_series(1, 100)), 100::bigint, 'no two are the same');
SELECT is((SELECT count(DISTINCT split_part(c.secret, '$', 4)) FROM mqtt_auth.credentials AS c WHERE c.username = 'press-8' AND c.secret LIKE '$generated$%'),
          100::bigint, 'nor their salts');
SELECT is(mqtt_auth.revoke('press-7', 'password', label => '2031'), 1::bigint, 'revoking takes it away');
SELECT throws_ok($$SELECT mqtt_auth.generate_secret('press-9')$$, '23503',
                 'client `press-9` does not exist: create it with mqtt_auth.create_client(...)', 'for a client that exists');
SELECT throws_ok($$SELECT mqtt_auth.generate_secret('press-7', valid_from => '2024-01-02', valid_until => '2024-01-01')$$, '23514', NULL, 'in a window that is one');
DELETE FROM mqtt_auth.credentials WHERE username = 'press-8' AND secret LIKE '$generated$%';

-- Rehash: both clients have the same hash.
CREATE FUNCTION pg_temp.id_of(name text) RETURNS bigint LANGUAGE sql AS $$
    SELECT c.id FROM mqtt_auth.credentials AS c WHERE c.username = name ORDER BY c.id LIMIT 1
$$;
\set old '''$2b$10$'' || repeat(''e'', 53)'
\set new '''$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27A'''
\set newer '''$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27A'''
DELETE FROM mqtt_auth.changes;
SELECT is(mqtt_auth.rehash(pg_temp.id_of('press-7'), :old, :new), true, 'rehash replaces the hash');
SELECT is(pg_temp.state(), 'press-7 $argon2id$v=19$m=1, press-8 $2b$10$eeeeeeeeeee', 'of one client');
SELECT is(pg_temp.changes(), '{client press-7}', 'other brokers are to read it');
SELECT is((SELECT rehashed_from FROM mqtt_auth.broker_credentials WHERE username = 'press-7'),
          'SHA256:' || encode(sha256(convert_to(:old, 'UTF8')), 'hex'), 'and see what it was made of');
SELECT is(mqtt_auth.rehash(pg_temp.id_of('press-7'), :old, :newer), false, 'not what has another hash by now');
SELECT is(mqtt_auth.rehash(-1, :old, :new), false, 'nor what is gone');
SELECT is(mqtt_auth.rehash(pg_temp.id_of('press-7'), :new, :new), false, 'nor by itself');
SELECT is(mqtt_auth.rehash(NULL, :new, :newer), false, 'null is none');
SELECT is(mqtt_auth.rehash(pg_temp.id_of('press-7'), NULL, :newer), false, 'nor is a null hash');
SELECT is(pg_temp.changes(), '{}', 'what was not replaced is not recorded');
SELECT is(pg_temp.state(), 'press-7 $argon2id$v=19$m=1, press-8 $2b$10$eeeeeeeeeee', 'nothing else changed');
SELECT is(mqtt_auth.rehash(pg_temp.id_of('press-7'), :new, :newer), true, 'a second rehash');
SELECT is(pg_temp.changes(), '{client press-7}', 'is recorded too');

INSERT INTO attempts (statement, complaint)
SELECT format('SELECT mqtt_auth.rehash(%s, %L, %s)', pg_temp.id_of('press-8'), :old, new_secret), complaint
FROM (VALUES
    ('NULL', 'argon2id'), ($$''$$, 'argon2id'), ($$'s3cret'$$, 'argon2id'), ($$'$2b$04$' || repeat('.', 53)$$, 'argon2id'),
    ($$'$generated$sha256$AAECAwQFBgcICQoLDA0ODw$upqo7f9lhecXJ6akmXxaAd1dgeceub6PONQhwfvTrSU'$$, 'argon2id'),
    ($$'$argon2id$v=19$m=1,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27A'$$,
     'credentials.secret: this hash costs too much or too little to check: argon2id with m=1, t=1, p=1: use m from 8 per lane to 262144 (KiB), t 1 to 16, p 1 to 16, and m times t up to 1048576')
) AS t (new_secret, complaint);
UPDATE attempts SET complaint = 'mqtt_auth.rehash: the new secret is no argon2id: nothing else is made of an old one' WHERE complaint = 'argon2id';
SELECT pg_temp.attempt_all();

-- Not of what is no hash of a password, or needs none.
INSERT INTO mqtt_auth.credentials (username, method, secret, label) VALUES ('press-8', 'psk', 'psk:' || repeat('0f', 16), 'key');
SELECT is(mqtt_auth.rehash((SELECT id FROM mqtt_auth.credentials WHERE label = 'key'), 'psk:' || repeat('0f', 16), :new), false, 'a key stays a key');
SELECT lives_ok($$SELECT mqtt_auth.generate_secret('press-8', label => 'made')$$, 'a generated secret');
SELECT is((SELECT mqtt_auth.rehash(c.id, c.secret, :new) FROM mqtt_auth.credentials AS c WHERE c.label = 'made'), false, 'stays one');

SELECT lives_ok($$SELECT mqtt_auth.grant_password('press-8', label => 'scram', secret =>
                  'SCRAM-SHA-256$4096:CwDsE0YK9GJ2Cg/MldVLZQ==$iUU7cDiph3AhSWjJpaelXuJDyPiS/s6ZoyP86ujASVc=:Wo9Eg3wn9nRpUwZ9hxuMYIAq//2j64mIlOMFWssAWB0=')$$, 'a SCRAM verifier');
SELECT is((SELECT mqtt_auth.rehash(c.id, c.secret, :new) FROM mqtt_auth.credentials AS c WHERE c.label = 'scram'), false, 'stays one');

-- Another secret is another password, and wakes everybody up.
DELETE FROM mqtt_auth.changes;
SELECT lives_ok($$UPDATE mqtt_auth.credentials SET label = 'x' WHERE username = 'press-7'$$, 'an edit beside');
SELECT is((SELECT rehashed_from IS NOT NULL FROM mqtt_auth.credentials WHERE username = 'press-7'), true, 'keeps what it was made of');
SELECT lives_ok($$UPDATE mqtt_auth.credentials SET secret = '$2b$10$' || repeat('u', 53) WHERE username = 'press-7'$$, 'another secret');
SELECT is((SELECT rehashed_from FROM mqtt_auth.credentials WHERE username = 'press-7'), NULL, 'is made of none');
SELECT is(pg_temp.changes(), '{client press-7}', 'and recorded');
SELECT throws_ok($$UPDATE mqtt_auth.credentials SET rehashed_from = '$2b$10$' || repeat('u', 53)$$, '23514', NULL, 'what it was made of is a digest');

SELECT * FROM finish();
ROLLBACK;
