\ir support/begin.psql
INSERT INTO mqtt_auth.clients (username) VALUES ('press-7');

-- `good` secrets were made by crypt(3), libargon2, pgcrypto and mosquitto_passwd, or have their form.
INSERT INTO attempts (statement, complaint)
SELECT format('INSERT INTO mqtt_auth.credentials (username, secret) VALUES (''press-7'', %L)', secret), complaint
FROM (VALUES
    ('$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27A', NULL),
    ('$argon2id$v=19$m=262144,t=4,p=16$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27A', NULL),
    ('$argon2id$v=19$m=262145,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27A',
     'costs argon2id with m=262145, t=3, p=4: use m from 8 per lane to 262144 (KiB), t 1 to 16, p 1 to 16, and m times t up to 1048576'),
    ('$argon2id$v=19$m=65536,t=17,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27A',
     'costs argon2id with m=65536, t=17, p=4: use m from 8 per lane to 262144 (KiB), t 1 to 16, p 1 to 16, and m times t up to 1048576'),
    ('$argon2id$v=19$m=65536,t=1,p=17$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27A',
     'costs argon2id with m=65536, t=1, p=17: use m from 8 per lane to 262144 (KiB), t 1 to 16, p 1 to 16, and m times t up to 1048576'),
    ('$argon2id$v=19$m=31,t=1,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27A',
     'costs argon2id with m=31, t=1, p=4: use m from 8 per lane to 262144 (KiB), t 1 to 16, p 1 to 16, and m times t up to 1048576'),
    ('$argon2id$v=19$m=65536,t=0,p=0$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27A',
     'costs argon2id with m=65536, t=0, p=0: use m from 8 per lane to 262144 (KiB), t 1 to 16, p 1 to 16, and m times t up to 1048576'),
    ('$argon2id$v=16$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27A', 'kind'),
    ('$argon2id$v=19$m=99999999999,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27A', 'kind'),
    ('$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA==$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27A', 'kind'),
    ('$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$Rdes', 'kind'),
    ('$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA', 'kind'),
    ('$argon2i$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27A', 'kind'),
    ('x$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27A', 'plain'),

    ('$2a$10$' || repeat('e', 53), NULL),
    ('$2b$04$' || repeat('.', 53), NULL),
    ('$2y$14$' || repeat('O', 53), NULL),
    ('$2b$15$' || repeat('e', 53), 'costs bcrypt with cost 15: use 4 to 14'),
    ('$2b$03$' || repeat('e', 53), 'costs bcrypt with cost 03: use 4 to 14'),
    ('$2b$10$' || repeat('a', 52), 'kind'),
    ('$2x$10$' || repeat('e', 53), 'kind'),
    ('$2b$10$' || repeat('+', 53), 'kind'),

    ('$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7', NULL),
    ('$y$jDT$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7', NULL),
    ('$y$jET$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7', 'costs yescrypt with `jET`: use what mkpasswd writes for cost 1 to 9, `j75` to `jDT` (256 MiB)'),
    ('$y$j9U$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7', 'costs yescrypt with `j9U`: use what mkpasswd writes for cost 1 to 9, `j75` to `jDT` (256 MiB)'),
    ('$y$j9T$$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7', 'kind'),

    ('$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc8', NULL),
    ('$5$rounds=10000$saltstringsaltst$3xv.VbSCBX41eDL9L3voZredPAu.KZAQ6rDZk6MgBd4', NULL),
    ('$6$rounds=1000000$salt$' || repeat('1', 86), NULL),
    ('$6$salt$' || repeat('1', 86), NULL),
    ('$6$rounds=1000001$salt$' || repeat('1', 86), 'costs sha-crypt with rounds=1000001: use 1000 to 1000000'),
    ('$6$rounds=999$salt$' || repeat('1', 86), 'costs sha-crypt with rounds=999: use 1000 to 1000000'),
    ('$6$rounds=01000$salt$' || repeat('1', 86), 'kind'),
    ('$6$saltsaltsaltsalts$' || repeat('1', 86), 'kind'),
    ('$5$salt$' || repeat('1', 86), 'kind'),

    ('$7$101$wP0pq/7D9ECbUE5F$JWlTj2CbSUcHxs+iVRrF6QYoSl9bkYGbT9bUSEiMZqlN5S0UaMyjT5Qm+eC0E31hfFGMtWTHCv2IRn1XGlWeBg==', NULL),
    ('$7$2000000$' || repeat('A', 86) || '==$' || repeat('A', 86) || '==', NULL),
    ('$7$2000001$wP0pq/7D9ECbUE5F$' || repeat('A', 86) || '==', 'costs PBKDF2 with 2000001 iterations: use 1 to 2000000'),
    ('$7$0$wP0pq/7D9ECbUE5F$' || repeat('A', 86) || '==', 'kind'),
    ('$7$101$wP0pq/7D9ECbUE5$' || repeat('A', 86) || '==', 'kind'),
    ('$7$101$wP0pq/7D9ECbUE5F$' || repeat('A', 84) || '==', 'kind'),
    ('$6$wP0pq/7D9ECbUE5F$' || repeat('A', 86) || '==', NULL),
    ('$6$wP0pq/7D9ECb$x$' || repeat('A', 86) || '==', 'kind'),

    -- What asks for too much in all, and hashes whose last digit cannot be: cut short or mistyped.
    ('$argon2id$v=19$m=262144,t=5,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27A',
     'costs argon2id with m=262144, t=5, p=4: use m from 8 per lane to 262144 (KiB), t 1 to 16, p 1 to 16, and m times t up to 1048576'),
    ('$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27B', 'kind'),
    ('$2b$10$' || repeat('a', 53), 'kind'),
    ('$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQz', 'kind'),
    ('$6$salt$' || repeat('a', 86), 'kind'),
    ('$7$101$wP0pq/7D9ECbUE5F$' || repeat('B', 86) || '==', 'kind'),
    -- scrypt
    ('$scrypt$ln=16,r=8,p=1$E4IwBiCEUEqpVYqx1ro3Rg$lDwkrBHcpRJX5iCDI31/QNcIFAQSmRtzhf4HdG+Jrt8', NULL),
    ('$scrypt$ln=18,r=8,p=2$E4IwBiCEUEqpVYqx1ro3Rg$lDwkrBHcpRJX5iCDI31/QNcIFAQSmRtzhf4HdG+Jrt8', NULL),
    ('$scrypt$ln=18,r=8,p=3$E4IwBiCEUEqpVYqx1ro3Rg$lDwkrBHcpRJX5iCDI31/QNcIFAQSmRtzhf4HdG+Jrt8',
     'costs scrypt with ln=18, r=8, p=3: use ln 1 to 18, r 8 to 32, p 1 to 16, 2^ln times r up to 2^21 and that times p up to 2^22'),
    ('$scrypt$ln=999999999,r=999999999,p=999999999$E4IwBiCEUEqpVYqx1ro3Rg$lDwkrBHcpRJX5iCDI31/QNcIFAQSmRtzhf4HdG+Jrt8',
     'costs scrypt with ln=999999999, r=999999999, p=999999999: use ln 1 to 18, r 8 to 32, p 1 to 16, 2^ln times r up to 2^21 and that times p up to 2^22'),
    ('$scrypt$ln=16,r=8,p=1$E4IwBiCEUEqpVYqx1ro3Rh$lDwkrBHcpRJX5iCDI31/QNcIFAQSmRtzhf4HdG+Jrt8', 'kind'),
    ('$7$CU..../....En1E0U7Vl8cz/274OtNh60$ZVmptgaTZrov7f0aiQS3VFt2OpA0kvX7Z2UYJ/J.qa5', NULL),
    ('$7$FU..../....En1E0U7Vl8cz/274OtNh60$ZVmptgaTZrov7f0aiQS3VFt2OpA0kvX7Z2UYJ/J.qa5',
     'costs scrypt with `FU..../....`: use what mkpasswd writes for cost 6 to 9, `BU..../....` to `EU..../....` (256 MiB)'),
    ('$7$CU..../....En1E0U7Vl8cz/274OtNh60$ZVmptgaTZrov7f0aiQS3VFt2OpA0kvX7Z2UYJ/J.qaz', 'kind'),

    -- PBKDF2 of go-auth and auth-plug, SCRAM of PostgreSQL
    ('PBKDF2$sha512$100000$AAECAwQFBgcICQoLDA0ODw==$Cydfp1z9RwhFbZBlUPGEUbm90YYIzLkDEOiu/l8ZkFWdvi9oLM8GozOKTYJ8WKZJkm3CNbSBItnsIxvYurqNAw==', NULL),
    ('PBKDF2$sha256$901$AAECAwQFBgcICQoL$CIyg2eJX9kqMhfUwUg9+pcphW2M3Xm8P', NULL),
    ('PBKDF2$sha256$1000001$AAECAwQFBgcICQoL$CIyg2eJX9kqMhfUwUg9+pcphW2M3Xm8P', 'costs PBKDF2 with 1000001 iterations: use 1 to 1000000'),
    ('PBKDF2$sha256$500001$AAECAwQFBgcICQoL$' || repeat('A', 86) || '==', 'costs PBKDF2 with 500001 iterations: use 1 to 500000'),
    ('PBKDF2$sha1$901$AAECAwQFBgcICQoL$CIyg2eJX9kqMhfUwUg9+pcphW2M3Xm8P', 'kind'),
    ('PBKDF2$sha512$100000$salt$hash', 'kind'),
    ('SCRAM-SHA-256$4096:CwDsE0YK9GJ2Cg/MldVLZQ==$iUU7cDiph3AhSWjJpaelXuJDyPiS/s6ZoyP86ujASVc=:Wo9Eg3wn9nRpUwZ9hxuMYIAq//2j64mIlOMFWssAWB0=', NULL),
    ('SCRAM-SHA-256$2000001:CwDsE0YK9GJ2Cg/MldVLZQ==$iUU7cDiph3AhSWjJpaelXuJDyPiS/s6ZoyP86ujASVc=:Wo9Eg3wn9nRpUwZ9hxuMYIAq//2j64mIlOMFWssAWB0=',
     'costs SCRAM-SHA-256 with 2000001 iterations: use 1 to 2000000'),
    ('SCRAM-SHA-256$4096:CwDsE0YK9GJ2Cg/MldVLZQ==$iUU7cDiph3AhSWjJpaelXuJDyPiS/s6ZoyP86ujASVc=', 'kind'),
    ('$generated$sha256$AAECAwQFBgcICQoLDA0ODw$upqo7f9lhecXJ6akmXxaAd1dgeceub6PONQhwfvTrSU', NULL),
    ('$generated$sha256$AAECAwQFBgcICQoLDA0ODw$upqo7f9lhecXJ6akmXxaAd1dgeceub6PONQhwfvTrSV', 'kind'),
    ('$generated$sha512$AAECAwQFBgcICQoLDA0ODw$upqo7f9lhecXJ6akmXxaAd1dgeceub6PONQhwfvTrSU', 'kind'),
    ('psk:00112233445566778899aabbccddeeff', 'kind'),
    ('', 'plain'),
    ('s3cret-of-press-7', 'plain'),
    ('$ecret', 'plain'),
    ('pa$$word', 'plain'),
    ('''; DROP TABLE mqtt_auth.clients; --', 'plain')
) AS t (secret, complaint);
UPDATE attempts SET complaint = CASE
    WHEN complaint = 'plain' THEN 'credentials.secret: that is not a hash: use mqtt_auth.set_password, or a hash from mkpasswd'
    WHEN complaint = 'kind' THEN 'credentials.secret: this hash is damaged, or of a kind that is not accepted: use argon2id, bcrypt, yescrypt, scrypt, sha-crypt, SCRAM-SHA-256 or what mosquitto_passwd, go-auth and auth-plug write'
    ELSE replace(complaint, 'costs ', 'credentials.secret: this hash costs too much or too little to check: ') END;
SELECT pg_temp.attempt_all();

INSERT INTO attempts (statement, complaint)
SELECT format('INSERT INTO mqtt_auth.credentials (username, method, secret, fingerprint) VALUES (''press-7'', %L, %L, %L)',
              method, secret, fingerprint), complaint
FROM (VALUES
    ('passwd', NULL, NULL, 'credentials.method: `passwd` is not a method: use password, certificate or psk'),
    ('password', NULL, NULL, 'credentials.secret: a password needs a secret'),
    ('password', '$2b$10$' || repeat('e', 53), 'SHA256:' || repeat('0', 64), 'credentials.fingerprint: a password has no fingerprint: only a certificate has one'),
    ('psk', 'psk:' || repeat('0f', 16), NULL, NULL),
    ('psk', 'psk:' || repeat('AF', 64), NULL, NULL),
    ('psk', NULL, NULL, 'credentials.secret: a psk needs a secret'),
    ('psk', 'psk:' || repeat('0f', 15), NULL, 'credentials.secret: that is not a pre-shared key: use `psk:` and 32 to 128 hex digits'),
    ('psk', 'psk:' || repeat('0f', 65), NULL, 'credentials.secret: that is not a pre-shared key: use `psk:` and 32 to 128 hex digits'),
    ('psk', 'psk:0' || repeat('0f', 16), NULL, 'credentials.secret: that is not a pre-shared key: use `psk:` and 32 to 128 hex digits'),
    ('psk', 'psk:' || repeat('xy', 16), NULL, 'credentials.secret: that is not a pre-shared key: use `psk:` and 32 to 128 hex digits'),
    ('certificate', NULL, NULL, NULL),
    ('certificate', NULL, 'SHA256:' || repeat('0f', 32), NULL),
    ('certificate', '$2b$10$' || repeat('e', 53), NULL, 'credentials.secret: a certificate has no secret: leave it null'),
    ('certificate', NULL, repeat('0f', 32), 'credentials.fingerprint: `' || repeat('0f', 32) || '` is not a fingerprint: use `SHA256:` and 64 lower-case hex digits'),
    ('certificate', NULL, 'SHA256:' || repeat('0F', 32), 'credentials.fingerprint: `SHA256:' || repeat('0F', 32) || '` is not a fingerprint: use `SHA256:` and 64 lower-case hex digits'),
    ('certificate', NULL, 'SHA256:' || repeat('0g', 32), 'credentials.fingerprint: `SHA256:' || repeat('0g', 32) || '` is not a fingerprint: use `SHA256:` and 64 lower-case hex digits'),
    ('certificate', NULL, '', 'credentials.fingerprint: `` is not a fingerprint: use `SHA256:` and 64 lower-case hex digits')
) AS t (method, secret, fingerprint, complaint);
SELECT pg_temp.attempt_all();
SELECT is(pg_temp.hint_of(format($$INSERT INTO mqtt_auth.revoked_certificates VALUES (%L)$$, repeat('0F:', 31) || '0F')),
          format('for example: %L', 'SHA256:' || repeat('0f', 32)), 'the hint shows the same fingerprint, written right');
SELECT throws_ok($$INSERT INTO mqtt_auth.credentials (username, method, fingerprint) VALUES ('press-7', 'certificate', 'SHA256:' || repeat('0f', 32))$$,
                 '23505', NULL, 'a fingerprint is pinned once');
SET LOCAL timezone = 'UTC';
SELECT throws_ok($$UPDATE mqtt_auth.credentials SET valid_from = '2024-01-02', valid_until = '2024-01-01'$$, '23514',
                 'credentials.valid_until: `2024-01-01 00:00:00+00` is not after valid_from, `2024-01-02 00:00:00+00`: a window ends after it begins',
                 'a window ends after it begins');

-- No part of an error gives the secret away.
CREATE FUNCTION pg_temp.whole_error(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    a text; b text; c text; d text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS a = MESSAGE_TEXT, b = PG_EXCEPTION_DETAIL, c = PG_EXCEPTION_HINT, d = PG_EXCEPTION_CONTEXT;
    RETURN concat(a, b, c, d);
END
$$;
SELECT unalike(pg_temp.whole_error(statement), '%' || 'SeCrEt' || '%', 'kept: ' || left(statement, 60))
FROM (VALUES
    ($$SELECT mqtt_auth.create_client('c' || 1, secret => chr(83) || 'eCrEt')$$),
    ($$SELECT mqtt_auth.create_client('c' || 1, secret => '$2b$10$' || chr(83) || 'eCrEt')$$),
    ($$SELECT mqtt_auth.set_password('nobody', chr(83) || 'eCrEt')$$),
    ($$SELECT mqtt_auth.set_password('press-7', repeat(chr(83) || 'eCrEt', 20))$$),
    ($$SELECT mqtt_auth.grant_password('press-7', repeat(chr(83) || 'eCrEt', 20))$$),
    ($$SELECT mqtt_auth.grant_password('press-7', secret => chr(83) || 'eCrEt')$$),
    ($$SELECT mqtt_auth.grant_password('press-7', chr(83) || 'eCrEt', valid_from => '2024-01-02', valid_until => '2024-01-01')$$),
    ($$SELECT mqtt_auth.grant_psk('press-7', chr(83) || 'eCrEt')$$),
    ($$SELECT mqtt_auth.grant_psk('nobody', chr(83) || 'eCrEt')$$),
    ($$INSERT INTO mqtt_auth.credentials (username, method, secret) VALUES ('press-7', 'psk', 'psk:' || chr(83) || 'eCrEt')$$),
    ($$INSERT INTO mqtt_auth.credentials (username, secret) VALUES ('press-7', chr(83) || 'eCrEt')$$)
) AS t (statement);

-- Nor of a key that is well-formed.
SELECT unalike(lower(pg_temp.whole_error(statement)), '%0f0f%', 'kept: ' || left(statement, 60))
FROM (VALUES
    ($$SELECT mqtt_auth.grant_psk('press-7', repeat('0f', 15))$$),
    ($$SELECT mqtt_auth.grant_psk('press-7', repeat('0F', 65))$$),
    ($$SELECT mqtt_auth.grant_psk('press-7', repeat('0f', 16), label => '')$$),
    ($$SELECT mqtt_auth.grant_psk('press-7', repeat('0f', 16), valid_from => '2024-01-02', valid_until => '2024-01-01')$$)
) AS t (statement);

SELECT * FROM finish();
ROLLBACK;
