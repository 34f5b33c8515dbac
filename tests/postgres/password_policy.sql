\ir support/begin.psql
-- The password policy holds wherever SQL sees a password, says what is missing and never the password.
SELECT lives_ok($$SELECT mqtt_auth.create_client('press-7', password => 'x')$$, 'there is no policy unless somebody sets one');
SELECT mqtt_auth.create_client('press-8');
CREATE FUNCTION pg_temp.policy(VARIADIC counts text[]) RETURNS void LANGUAGE sql AS $$
    UPDATE mqtt_auth.settings AS s SET value = counts[p.place]
    FROM unnest('{min,lower,upper,numeric,symbol}'::text[]) WITH ORDINALITY AS p (word, place) WHERE s.key = 'password_policy_' || p.word
$$;

SELECT pg_temp.policy('12', '1', '2', '1', '1');
INSERT INTO attempts (statement, complaint)
SELECT format(call, password), 'the password is too weak for the password policy: it needs at least ' || lacking
FROM unnest(ARRAY['SELECT mqtt_auth.set_password(''press-7'', %L)', 'SELECT mqtt_auth.grant_password(''press-7'', %L)',
                  'SELECT mqtt_auth.create_client(''a'', password => %L)', 'SELECT mqtt_auth.hash_password(%L)']) AS call
CROSS JOIN (VALUES
    ('short', '12 characters, 2 upper-case letters, 1 digit, 1 symbol'), ('lower-case-1-PRESS', NULL), ('UPPER-CASE-12', '1 lower-case letter'),
    ('oneUpper-case-1', '2 upper-case letters'), ('No-DIGITS-AT-ALL', '1 digit'), ('NoSymbols12345', '1 symbol'),
    ('With Spaces 12', NULL), ('ÄÖÜ-äöü-12345', '1 lower-case letter, 2 upper-case letters'), ('Ab1-ÄÖÜäöüßéB', NULL)
) AS t (password, lacking);
-- Those that succeed are undone, for the next call.
CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    said text;
    context text;
BEGIN
    EXECUTE statement;
    RAISE EXCEPTION USING ERRCODE = 'P0099';
EXCEPTION
    WHEN SQLSTATE 'P0099' THEN RETURN NULL;
    WHEN check_violation THEN
        GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, context = PG_EXCEPTION_HINT;
        RETURN CASE WHEN context LIKE '%mqtt_auth.generate_secret(%' THEN said ELSE 'a hint that does not help: ' || context END;
END
$$;
SELECT is(pg_temp.outcome(statement), complaint, statement) FROM attempts ORDER BY id;
TRUNCATE attempts;

SELECT pg_temp.policy('0', '0', '0', '2', '0');
SELECT is((SELECT array_agg(demand) FROM mqtt_auth.password_policy WHERE least > 0), '{2 digits}', 'the view shows what is asked for');
SELECT throws_ok($$SELECT mqtt_auth.set_password('press-7', 'a1')$$, '23514', 'the password is too weak for the password policy: it needs at least 2 digits', 'each rule stands alone');
SELECT lives_ok($$SELECT mqtt_auth.set_password('press-7', '12')$$, 'and asks for nothing else');
SELECT is((SELECT count(*) FROM mqtt_auth.credentials WHERE username = 'press-8'), 0::bigint, 'of one client');
DELETE FROM mqtt_auth.settings WHERE key LIKE 'password_policy_%';
SELECT lives_ok($$SELECT mqtt_auth.set_password('press-7', 'x')$$, 'a policy that was deleted asks for nothing');
INSERT INTO mqtt_auth.settings VALUES ('password_policy_min', '72');
SELECT lives_ok($$SELECT mqtt_auth.set_password('press-7', secret => '$2b$10$' || repeat('e', 53))$$, 'a hash tells nothing of its password');
SELECT lives_ok($$SELECT mqtt_auth.generate_secret('press-7')$$, 'a generated secret is strong enough');
SELECT lives_ok($$SELECT mqtt_auth.create_client('press-9', generate => true)$$, 'also in create_client');

SELECT * FROM finish();
ROLLBACK;
