-- mqtt_auth.sql: who may connect to the MQTT broker, and what each client may do there.
--
--   psql -d mqtt -f schema/mqtt_auth.sql
--   psql -d mqtt -f schema/mqtt_auth.sql -v broker_role=stage_broker -v admin_role=stage_admin
--
-- The whole current truth of schema `mqtt_auth`, version 1, from top to bottom:
--
--   0  Before anything is made         versions, the schema, pgcrypto
--   1  What may be stored              the functions behind the constraints and their messages
--   2  The tables                      what an administrator edits
--   3  The change feed                 how the plugin hears of an edit
--   4  The views that the plugin reads and nothing else of it
--   5  Everyday functions              one line for each everyday job
--   6  What people read                client_overview, permissions(), explain()
--   7  Roles and comments              who may do what
--
-- One transaction: all of it or nothing. Run it as the owner of the database; a superuser is not
-- needed. Run again, it changes nothing. README.md beside this file is the reference.
--
-- PostgreSQL 13 and later.


-- =============================================================================================
-- 0  Before anything is made
-- =============================================================================================

\set pgauth_saved_quiet :QUIET
\set pgauth_saved_stop :ON_ERROR_STOP
\set ON_ERROR_STOP on
\set QUIET on
\if :{?broker_role}
\else
    \set broker_role mqtt_auth_broker
\endif
\if :{?admin_role}
\else
    \set admin_role mqtt_auth_admin
\endif

BEGIN;

DO $$
BEGIN
    IF current_setting('server_version_num')::integer < 130000 THEN
        RAISE EXCEPTION 'mqtt_auth: PostgreSQL % is too old: use PostgreSQL 13 or later',
            current_setting('server_version');
    END IF;
    -- Two installers at once: the second waits and finds the work done.
    PERFORM pg_advisory_xact_lock(hashtext('mqtt_auth install'));
END
$$;

SELECT to_regclass('mqtt_auth.settings') IS NOT NULL AS pgauth_installed \gset
\if :pgauth_installed
DO $$
DECLARE
    installed text := (SELECT value FROM mqtt_auth.settings WHERE key = 'schema_version');
BEGIN
    IF installed IS NULL OR installed !~ '^[0-9]{1,9}$' THEN
        RAISE EXCEPTION 'mqtt_auth: there is a schema `mqtt_auth` here whose settings name no schema_version'
            USING HINT = 'it was made by something else, or that row was deleted';
    ELSIF installed::integer < 1 THEN
        RAISE EXCEPTION 'mqtt_auth: version % is installed, this file is version 1: upgrade with '
                        '`pgauth migrate`',
            installed;
    ELSIF installed::integer > 1 THEN
        RAISE EXCEPTION 'mqtt_auth: version % is installed, newer than this file, which is version 1',
            installed
            USING HINT = 'use the mqtt_auth.sql of the newer release';
    END IF;
END
$$;
ROLLBACK;
\set ON_ERROR_STOP :pgauth_saved_stop
\set QUIET :pgauth_saved_quiet
\echo 'mqtt_auth: version 1 is installed already, nothing was changed'
\quit
\endif

DO $$
DECLARE
    found regnamespace := to_regnamespace('mqtt_auth');
BEGIN
    IF getdatabaseencoding() <> 'UTF8' THEN
        RAISE WARNING 'mqtt_auth: the encoding of this database is %: names and topics of MQTT are UTF-8',
            getdatabaseencoding()
            USING HINT = 'better: CREATE DATABASE mqtt ENCODING ''UTF8'' TEMPLATE template0';
    END IF;
    IF found IS NULL THEN
        RETURN;
    END IF;
    -- Whoever owns the schema could exchange what is in it.
    IF NOT (SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE oid = found) THEN
        RAISE EXCEPTION 'mqtt_auth: a schema of this name belongs to another role, `%`',
            (SELECT nspowner::regrole FROM pg_namespace WHERE oid = found);
    END IF;
    IF EXISTS (SELECT FROM pg_class WHERE relnamespace = found)
        OR EXISTS (SELECT FROM pg_proc WHERE pronamespace = found) THEN
        RAISE EXCEPTION 'mqtt_auth: a schema of this name exists and holds other things'
            USING HINT = 'install into another database, or rename that schema';
    END IF;
END
$$;

SET LOCAL client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS mqtt_auth;
RESET client_min_messages;
COMMENT ON SCHEMA mqtt_auth IS
    'Clients of the MQTT broker, how they prove who they are, and what they may do '
    '(mosquitto-pgauth)';

-- pgcrypto hashes passwords that are given in SQL. Everything else works without it.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pgcrypto') THEN
        RETURN;
    END IF;
    IF to_regnamespace('public') IS NOT NULL AND has_schema_privilege('public', 'CREATE') THEN
        CREATE EXTENSION pgcrypto SCHEMA public;
    ELSE
        CREATE EXTENSION pgcrypto SCHEMA mqtt_auth;
    END IF;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'mqtt_auth: going on without pgcrypto, passwords cannot be hashed here: %', SQLERRM
        USING HINT = 'give hashes with secret => ''$y$…'' (from: mkpasswd), '
            'or let an administrator run CREATE EXTENSION pgcrypto at any time';
END
$$;


-- =============================================================================================
-- 1  What may be stored
-- =============================================================================================
--
-- Each check answers true or raises check_violation (23514) with one line: the place, the value
-- in backticks, what is accepted; the HINT shows a right one. NULL is never their business.
--
-- They are IMMUTABLE and pin their search_path, so that a dump can be restored: pg_restore loads
-- rows with an empty one.

CREATE FUNCTION mqtt_auth.quoted(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    shown text := '';
    letter text;
    code integer;
BEGIN
    FOREACH letter IN ARRAY string_to_array(left(value, 200), NULL) LOOP
        code := ascii(letter);
        IF code < 32 OR code IN (92, 96, 127)
            OR (code BETWEEN 128 AND 159 AND getdatabaseencoding() = 'UTF8') THEN
            shown := shown || '\x' || lpad(to_hex(code), 2, '0');
        ELSE
            shown := shown || letter;
        END IF;
    END LOOP;
    RETURN '`' || shown || '`'
        || CASE WHEN length(value) > 200
                THEN format('... (%s bytes)', octet_length(value)) ELSE '' END;
END
$$;
COMMENT ON FUNCTION mqtt_auth.quoted(text) IS
    'A value fit for one line of an error message: in backticks, control characters as \xHH, long '
    'ones cut';

CREATE FUNCTION mqtt_auth.has_control_characters(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT has_control_characters.value ~ '[\u0001-\u001f\u007f]'
        OR (getdatabaseencoding() = 'UTF8' AND has_control_characters.value ~ '[\u0080-\u009f]')
$$;
COMMENT ON FUNCTION mqtt_auth.has_control_characters(text) IS
    'Whether a text holds U+0001 to U+001F or U+007F to U+009F, which no MQTT name may hold (MQTT '
    '5.0, 1.5.4)';

CREATE FUNCTION mqtt_auth.check_word(place text, value text, noun text, choices text[])
    RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    meant text := coalesce((SELECT c FROM unnest(choices) AS c WHERE lower(c) = lower(value)), choices[1]);
BEGIN
    IF value = ANY (choices) THEN
        RETURN true;
    END IF;
    RAISE EXCEPTION '%: % is not %: use %', place, mqtt_auth.quoted(value), noun,
        array_to_string(choices[1 : cardinality(choices) - 1], ', ') || ' or ' || choices[cardinality(choices)]
        USING ERRCODE = 'check_violation', HINT = format('for example: %L', meant);
END
$$;
COMMENT ON FUNCTION mqtt_auth.check_word(text, text, text, text[]) IS
    'Constraint: the value is one of a few words';

CREATE FUNCTION mqtt_auth.check_name(place text, value text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF value = '' THEN
        RAISE EXCEPTION '%: `` is empty: a name has 1 to 1024 bytes', place
            USING ERRCODE = 'check_violation', HINT = 'for example: ''press-7''';
    ELSIF octet_length(value) > 1024 THEN
        RAISE EXCEPTION '%: % is too long: a name has 1 to 1024 bytes', place, mqtt_auth.quoted(value)
            USING ERRCODE = 'check_violation', HINT = 'for example: ''press-7''';
    ELSIF mqtt_auth.has_control_characters(value) THEN
        RAISE EXCEPTION '%: % holds a control character: use printable characters',
            place, mqtt_auth.quoted(value)
            USING ERRCODE = 'check_violation', HINT = 'for example: ''press-7''';
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION mqtt_auth.check_name(text, text) IS
    'Constraint: a name of 1 to 1024 bytes (an index holds no more) without control characters';

CREATE FUNCTION mqtt_auth.check_username(place text, value text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF value ~ '[+#]' THEN
        RAISE EXCEPTION '%: % holds a wildcard of MQTT: a username has no `+` and no `#`',
            place, mqtt_auth.quoted(value)
            USING ERRCODE = 'check_violation', HINT = 'for example: ''press-7''';
    END IF;
    RETURN mqtt_auth.check_name(place, value);
END
$$;
COMMENT ON FUNCTION mqtt_auth.check_username(text, text) IS
    'Constraint: a name that cannot widen a topic filter when it stands for %u';

CREATE FUNCTION mqtt_auth.check_topic(place text, value text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    complaint text;
    example text := 'plant/1/%u/#';
    level text;
    after_hash boolean := false;
BEGIN
    IF value = '' THEN
        complaint := 'is empty: a topic filter has 1 to 65535 bytes';
    ELSIF octet_length(value) > 65535 THEN
        complaint := 'is too long: a topic filter has 1 to 65535 bytes';
    ELSIF mqtt_auth.has_control_characters(value) THEN
        complaint := 'holds a control character: MQTT topics have none';
    ELSIF value LIKE '$share/%' THEN
        complaint := 'is a shared subscription: write the filter itself, it holds for shared '
                     'subscriptions too';
        example := coalesce(nullif(substring(value FROM '^\$share/[^/]*/(.*)$'), ''), example);
    ELSE
        FOREACH level IN ARRAY string_to_array(value, '/') LOOP
            IF after_hash THEN
                complaint := 'has levels after `#`: `#` is the last level';
                example := 'plant/1/#';
            ELSIF level ~ '[+#]' AND level NOT IN ('+', '#') THEN
                complaint := format('has a wildcard inside the level %s: `+` and `#` stand for whole levels',
                                    mqtt_auth.quoted(level));
                example := 'plant/+/state';
            ELSIF (strpos(level, '%u') > 0 OR strpos(level, '%c') > 0 OR strpos(level, '%{') > 0)
                AND level NOT IN ('%u', '%c') AND level !~ '^%\{[A-Za-z0-9_.-]+\}$' THEN
                complaint := format('has a placeholder inside the level %s: placeholders stand for '
                                    'whole levels: '
                                    'use %%u, %%c or %%{key}, where a key has letters, digits, `_`, '
                                    '`.` and `-`',
                                    mqtt_auth.quoted(level));
            END IF;
            EXIT WHEN complaint IS NOT NULL;
            after_hash := level = '#';
        END LOOP;
    END IF;
    IF complaint IS NULL THEN
        RETURN true;
    END IF;
    RAISE EXCEPTION '%: % %', place, mqtt_auth.quoted(value), complaint
        USING ERRCODE = 'check_violation', HINT = format('for example: %L', example);
END
$$;
COMMENT ON FUNCTION mqtt_auth.check_topic(text, text) IS
    'Constraint: an MQTT topic filter, in which %u, %c and %{key} may stand for whole levels';

CREATE FUNCTION mqtt_auth.check_client_id(place text, value text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    complaint text := CASE
        WHEN value = '' THEN 'is empty: leave it null to allow any client id'
        WHEN octet_length(value) > 65535 THEN 'is too long: a client id has at most 65535 bytes'
        WHEN value ~ '[+#]' THEN 'holds `+` or `#`, which no client id may hold: wildcards here are '
                                 '`*` and `?`'
        WHEN mqtt_auth.has_control_characters(value) THEN 'holds a control character, which no '
                                                          'client id may hold'
        WHEN strpos(value, '%c') > 0 OR strpos(value, '%{') > 0
            THEN 'holds another placeholder than %u: only the username can stand in a client id pattern'
        END;
BEGIN
    IF complaint IS NULL THEN
        RETURN true;
    END IF;
    RAISE EXCEPTION '%: % %', place, mqtt_auth.quoted(value), complaint
        USING ERRCODE = 'check_violation', HINT = 'for example: ''%u'', ''%u-*'' or ''press-7''';
END
$$;
COMMENT ON FUNCTION mqtt_auth.check_client_id(text, text) IS
    'Constraint: a pattern for MQTT client ids: * any characters, ? one, %u the username';

CREATE FUNCTION mqtt_auth.check_methods(place text, value text[]) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    methods CONSTANT text[] := ARRAY['password', 'certificate', 'psk'];
    method text;
BEGIN
    FOREACH method IN ARRAY value LOOP
        IF method IS NULL THEN
            RAISE EXCEPTION '%: a method is null: use password, certificate or psk', place
                USING ERRCODE = 'check_violation', HINT = 'for example: ARRAY[''password'', ''certificate'']';
        END IF;
        PERFORM mqtt_auth.check_word(place, method, 'a method', methods);
    END LOOP;
    IF array_ndims(value) > 1
        OR cardinality(value) <> (SELECT count(DISTINCT m) FROM unnest(value) AS m) THEN
        RAISE EXCEPTION '%: `%` names a method twice: name each once', place, value
            USING ERRCODE = 'check_violation', HINT = 'for example: ARRAY[''password'', ''certificate'']';
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION mqtt_auth.check_methods(text, text[]) IS
    'Constraint: a list of authentication methods, each at most once';

CREATE FUNCTION mqtt_auth.check_networks(place text, value cidr[]) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF cardinality(value) = 0 THEN
        RAISE EXCEPTION '%: `{}` names no network: leave it null to allow any address', place
            USING ERRCODE = 'check_violation',
                  HINT = 'for example: ARRAY[''10.1.0.0/16'', ''fd00::/8'']::cidr[]';
    ELSIF array_ndims(value) > 1 OR array_position(value, NULL) IS NOT NULL THEN
        RAISE EXCEPTION '%: `%` is not a plain list of networks', place, value
            USING ERRCODE = 'check_violation',
                  HINT = 'for example: ARRAY[''10.1.0.0/16'', ''fd00::/8'']::cidr[]';
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION mqtt_auth.check_networks(text, cidr[]) IS
    'Constraint: a list of at least one network, without nulls';

CREATE FUNCTION mqtt_auth.check_window(place text, valid_from timestamptz, valid_until timestamptz)
    RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF valid_from < valid_until THEN
        RETURN true;
    END IF;
    RAISE EXCEPTION '%.valid_until: `%` is not after valid_from, `%`: a window ends after it begins',
        place, valid_until, valid_from
        USING ERRCODE = 'check_violation',
              HINT = 'for example: valid_from => now(), valid_until => now() + interval ''1 year''';
END
$$;
COMMENT ON FUNCTION mqtt_auth.check_window(text, timestamptz, timestamptz) IS
    'Constraint: a window of time ends after it begins';

CREATE FUNCTION mqtt_auth.check_attributes(place text, value jsonb) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    attribute record;
BEGIN
    IF jsonb_typeof(value) <> 'object' THEN
        RAISE EXCEPTION '%: % is not a JSON object: use keys and values', place, mqtt_auth.quoted(value::text)
            USING ERRCODE = 'check_violation', HINT = 'for example: ''{"line": "3", "hall": "north"}''';
    END IF;
    FOR attribute IN SELECT each.key, each.value FROM jsonb_each(value) AS each LOOP
        IF jsonb_typeof(attribute.value) IN ('object', 'array') THEN
            RAISE EXCEPTION '%: the value of % is an %: use a string, a number or a boolean',
                place, mqtt_auth.quoted(attribute.key), jsonb_typeof(attribute.value)
                USING ERRCODE = 'check_violation', HINT = 'for example: ''{"line": "3", "hall": "north"}''';
        END IF;
    END LOOP;
    RETURN true;
END
$$;
COMMENT ON FUNCTION mqtt_auth.check_attributes(text, jsonb) IS
    'Constraint: a JSON object of plain values, which %{key} in a topic can stand for';

CREATE FUNCTION mqtt_auth.normal_fingerprint(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN length(digits) = 64 AND digits ~ '^[0-9a-f]+$' THEN 'SHA256:' || digits
                ELSE normal_fingerprint.value END
    FROM lower(regexp_replace(
             regexp_replace(normal_fingerprint.value,
                            '^\s*(sha-?256)?\s*(fingerprint)?\s*[:=]?\s*', '', 'i'),
             '[:[:space:]]', '', 'g')) AS digits
$$;
COMMENT ON FUNCTION mqtt_auth.normal_fingerprint(text) IS
    'A SHA-256 fingerprint as it is stored, from that form, bare hex, or what openssl x509 '
    '-fingerprint -sha256 prints; anything else unchanged';

CREATE FUNCTION mqtt_auth.check_fingerprint(place text, value text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    right_one text := mqtt_auth.normal_fingerprint(value);
BEGIN
    IF length(value) = 71 AND value ~ '^SHA256:[0-9a-f]+$' THEN
        RETURN true;
    END IF;
    IF NOT (length(right_one) = 71 AND right_one ~ '^SHA256:[0-9a-f]+$') THEN
        right_one := 'SHA256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
    END IF;
    RAISE EXCEPTION '%: % is not a fingerprint: use `SHA256:` and 64 lower-case hex digits',
        place, mqtt_auth.quoted(value)
        USING ERRCODE = 'check_violation', HINT = format('for example: %L', right_one);
END
$$;
COMMENT ON FUNCTION mqtt_auth.check_fingerprint(text, text) IS
    'Constraint: SHA256: and 64 lower-case hex digits';

CREATE FUNCTION mqtt_auth.base64_bytes(value text) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT length(digits) * 3 / 4
    FROM rtrim(base64_bytes.value, '=') AS digits
    WHERE length(base64_bytes.value) % 4 = 0 AND length(base64_bytes.value) - length(digits) <= 2
      AND digits ~ '^[A-Za-z0-9+/]+$'
      -- Nothing in the bits behind the last byte.
      AND (length(digits) % 4 = 0 OR digits ~ CASE length(digits) % 4 WHEN 2 THEN '[AQgw]$'
                                                                    ELSE '[AEIMQUYcgkosw048]$' END)
$$;
COMMENT ON FUNCTION mqtt_auth.base64_bytes(text) IS
    'How many bytes a text is in base64 with padding; null where it is none, or not in the one form '
    'that encoding gives';

-- Lengths are counted apart from the regular expressions: a repetition such as {22,171} in them
-- costs PostgreSQL milliseconds for each row of a bulk load.
CREATE FUNCTION mqtt_auth.check_password_secret(place text, value text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part CONSTANT text[] := string_to_array(value, '$');
    parts CONSTANT integer := cardinality(part);
    -- The digits of crypt(3) and of base64. The last one holds only part of a digit's bits: which may
    -- stand there depends on how many stand before it (by length modulo 4; a length of 1 is none).
    crypt64 CONSTANT text := '^[./0-9A-Za-z]+$';
    base64 CONSTANT text := '^[A-Za-z0-9+/]+$';
    crypt64_end CONSTANT text[] := ARRAY['.', '^$', '[./01]$', '[./0-9A-D]$'];
    base64_end CONSTANT text[] := ARRAY['.', '^$', '[AQgw]$', '[AEIMQUYcgkosw048]$'];
    base64_of_64 CONSTANT text := '^[A-Za-z0-9+/]+[AQgw]==$';
    good boolean;
    number text[];
    limit_of_cost integer;
    cost text;      -- what is wrong with the cost of a well-formed hash
BEGIN
    IF part[1] = 'PBKDF2' THEN                              -- PBKDF2$sha512$iterations$salt$hash
        good := parts = 5 AND part[2] IN ('sha256', 'sha512') AND part[3] ~ '^[1-9][0-9]{0,8}$'
            AND mqtt_auth.base64_bytes(part[4]) BETWEEN 8 AND 64
            AND mqtt_auth.base64_bytes(part[5]) IN (24, 32, 48, 64);
        limit_of_cost := CASE WHEN part[2] = 'sha256' AND length(part[5]) > 44 THEN 500000 ELSE 1000000 END;
        IF good AND part[3]::integer > limit_of_cost THEN
            cost := format('PBKDF2 with %s iterations: use 1 to %s', part[3], limit_of_cost);
        END IF;
    ELSIF part[1] = 'SCRAM-SHA-256' THEN                    -- SCRAM-SHA-256$iterations:salt$key:key
        number := regexp_match(part[2], '^([1-9][0-9]{0,8}):([^:]+)$');
        good := parts = 3 AND number IS NOT NULL
            AND mqtt_auth.base64_bytes(number[2]) BETWEEN 8 AND 64
            AND length(part[3]) = 89 AND substr(part[3], 45, 1) = ':'
            AND mqtt_auth.base64_bytes(left(part[3], 44)) = 32 AND mqtt_auth.base64_bytes(right(part[3], 44)) = 32;
        IF good AND number[1]::integer > 2000000 THEN
            cost := format('SCRAM-SHA-256 with %s iterations: use 1 to 2000000', number[1]);
        END IF;
    ELSIF part[1] <> '' THEN
        good := false;
    ELSIF part[2] = 'generated' THEN                        -- $generated$sha256$salt$hash
        good := parts = 5 AND part[3] = 'sha256'
            AND length(part[4]) = 22 AND part[4] ~ base64 AND part[4] ~ base64_end[3]
            AND length(part[5]) = 43 AND part[5] ~ base64 AND part[5] ~ base64_end[4];
    ELSIF part[2] = 'scrypt' THEN                           -- $scrypt$ln=…,r=…,p=…$salt$hash
        number := regexp_match(part[3], '^ln=([0-9]{1,9}),r=([0-9]{1,9}),p=([0-9]{1,9})$');
        good := parts = 5 AND number IS NOT NULL
            AND length(part[4]) BETWEEN 11 AND 86 AND part[4] ~ base64 AND part[4] ~ base64_end[length(part[4]) % 4 + 1]
            AND length(part[5]) = 43 AND part[5] ~ base64 AND part[5] ~ base64_end[4];
        IF (CASE WHEN number[1]::integer NOT BETWEEN 1 AND 18 OR number[2]::integer NOT BETWEEN 8 AND 32
                  OR number[3]::integer NOT BETWEEN 1 AND 16 OR part[3] ~ '=0' THEN true
                ELSE (1 << number[1]::integer) * number[2]::integer > 1 << 21
                  OR (1 << number[1]::integer) * number[2]::bigint * number[3]::integer > 1 << 22 END) THEN
            cost := format('scrypt with ln=%s, r=%s, p=%s: use ln 1 to 18, r 8 to 32, p 1 to 16, 2^ln times r up '
                           'to 2^21 and that times p up to 2^22', number[1], number[2], number[3]);
        END IF;
    ELSIF part[2] = '7' AND substr(part[3], 2, 10) = 'U..../....' THEN     -- scrypt of crypt(3): $7$CU..../....salt$hash
        good := parts = 4
            AND length(part[3]) BETWEEN 22 AND 97 AND part[3] ~ crypt64 AND part[3] ~ crypt64_end[(length(part[3]) - 11) % 4 + 1]
            AND length(part[4]) = 43 AND part[4] ~ crypt64 AND part[4] ~ crypt64_end[4];
        IF part[3] !~ '^[BCDE]' THEN
            cost := format('scrypt with `%s`: use what mkpasswd writes for cost 6 to 9, `BU..../....` to '
                           '`EU..../....` (256 MiB)', left(part[3], 11));
        END IF;
    ELSIF part[2] = 'argon2id' THEN                         -- $argon2id$v=19$m=…,t=…,p=…$salt$hash
        number := regexp_match(part[4], '^m=([0-9]{1,9}),t=([0-9]{1,9}),p=([0-9]{1,9})$');
        good := parts = 6 AND part[3] = 'v=19' AND number IS NOT NULL
            AND length(part[5]) BETWEEN 11 AND 86 AND part[5] ~ base64 AND part[5] ~ base64_end[length(part[5]) % 4 + 1]
            AND length(part[6]) BETWEEN 22 AND 86 AND part[6] ~ base64 AND part[6] ~ base64_end[length(part[6]) % 4 + 1];
        IF number[3]::integer NOT BETWEEN 1 AND 16 OR number[2]::integer NOT BETWEEN 1 AND 16
            OR number[1]::integer NOT BETWEEN 8 * number[3]::bigint AND 262144
            OR number[1]::bigint * number[2]::bigint > 1048576 OR part[4] ~ '=0' THEN
            cost := format('argon2id with m=%s, t=%s, p=%s: use m from 8 per lane to 262144 (KiB), '
                           't 1 to 16, p 1 to 16, and m times t up to 1048576', number[1], number[2], number[3]);
        END IF;
    ELSIF part[2] IN ('2a', '2b', '2y') THEN                -- bcrypt: $2b$10$salt and hash
        good := parts = 4 AND part[3] ~ '^[0-9][0-9]$' AND length(part[4]) = 53 AND part[4] ~ crypt64
            -- Salt and hash fill their last digits only in part.
            AND substr(part[4], 22, 1) ~ '[.Oeu]' AND part[4] ~ '[.CGKOSWaeimquy26]$';
        IF good AND part[3]::integer NOT BETWEEN 4 AND 14 THEN
            cost := format('bcrypt with cost %s: use 4 to 14', part[3]);
        END IF;
    ELSIF part[2] = 'y' THEN                                -- yescrypt: $y$j9T$salt$hash
        good := parts = 5 AND length(part[3]) = 3 AND part[3] ~ '^j[./0-9A-Za-z]+$'
            AND length(part[4]) BETWEEN 11 AND 86 AND part[4] ~ crypt64 AND part[4] ~ crypt64_end[length(part[4]) % 4 + 1]
            AND length(part[5]) = 43 AND part[5] ~ crypt64 AND part[5] ~ crypt64_end[4];
        IF part[3] !~ '^j(75|85|[789A-D]T)$' THEN
            cost := format('yescrypt with `%s`: use what mkpasswd writes for cost 1 to 9, `j75` to `jDT` '
                           '(256 MiB)', part[3]);
        END IF;
    ELSIF part[2] IN ('5', '6') AND part[parts] !~ '=$' THEN    -- sha-crypt: $6$[rounds=…$]salt$hash
        number := regexp_match(part[3], '^rounds=([1-9][0-9]{0,8})$');
        good := parts = CASE WHEN number IS NULL THEN 4 ELSE 5 END
            AND length(part[parts - 1]) BETWEEN 1 AND 16 AND part[parts - 1] ~ crypt64
            AND length(part[parts]) = CASE part[2] WHEN '5' THEN 43 ELSE 86 END AND part[parts] ~ crypt64
            AND part[parts] ~ crypt64_end[length(part[parts]) % 4 + 1];
        IF number[1]::integer NOT BETWEEN 1000 AND 1000000 THEN
            cost := format('sha-crypt with rounds=%s: use 1000 to 1000000', number[1]);
        END IF;
    ELSIF part[2] IN ('6', '7') THEN        -- Mosquitto: $7$iterations$salt$hash, $6$salt$hash
        good := parts = CASE part[2] WHEN '7' THEN 5 ELSE 4 END
            AND (part[2] = '6' OR part[3] ~ '^[1-9][0-9]{0,8}$')
            -- Salts of 12 and of 64 bytes are what there is; the hash has 64.
            AND (length(part[parts - 1]) = 16 AND part[parts - 1] ~ base64 OR part[parts - 1] ~ base64_of_64
                AND length(part[parts - 1]) = 88)
            AND length(part[parts]) = 88 AND part[parts] ~ base64_of_64;
        IF good AND part[2] = '7' AND part[3]::integer > 2000000 THEN
            cost := format('PBKDF2 with %s iterations: use 1 to 2000000', part[3]);
        END IF;
    END IF;

    -- The value itself stays out of every message: it may be a password.
    IF good AND cost IS NULL THEN
        RETURN true;
    ELSIF good THEN
        RAISE EXCEPTION '%: this hash costs too much or too little to check: %', place, cost
            USING ERRCODE = 'check_violation', HINT = 'make one with: mkpasswd';
    ELSIF value ~ '^(\$[0-9a-z]+\$|PBKDF2\$|SCRAM-SHA-256\$|psk:)' THEN
        RAISE EXCEPTION '%: this hash is damaged, or of a kind that is not accepted: use argon2id, '
            'bcrypt, yescrypt, scrypt, sha-crypt, SCRAM-SHA-256 or what mosquitto_passwd, go-auth and '
            'auth-plug write', place
            USING ERRCODE = 'check_violation',
                  HINT = 'accepted: $argon2id$v=19$m=…,t=…,p=…$salt$hash, $2b$10$…, $y$j9T$salt$hash, '
                         '$scrypt$ln=…,r=…,p=…$salt$hash, $7$CU..../....salt$hash, $5$salt$hash, '
                         '$6$salt$hash, $7$iterations$salt$hash, PBKDF2$sha512$iterations$salt$hash, '
                         'SCRAM-SHA-256$iterations:salt$key:key; make one with: mkpasswd';
    END IF;
    RAISE EXCEPTION '%: that is not a hash: use mqtt_auth.set_password, or a hash from mkpasswd', place
        USING ERRCODE = 'check_violation',
              HINT = 'for example: SELECT mqtt_auth.set_password(''press-7'', secret => ''$argon2id$…'')';
END
$$;
COMMENT ON FUNCTION mqtt_auth.check_password_secret(text, text) IS
    'Constraint: a password hash of a known kind, within bounds of what checking it may cost; '
    'never prints it';

CREATE FUNCTION mqtt_auth.check_credential(method text, secret text, fingerprint text)
    RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF fingerprint IS NOT NULL AND method <> 'certificate' THEN
        RAISE EXCEPTION 'credentials.fingerprint: a % has no fingerprint: only a certificate has one', method
            USING ERRCODE = 'check_violation',
                  HINT = 'for example: SELECT mqtt_auth.grant_certificate(''press-7'', ''SHA256:9f86d0…'')';
    ELSIF method = 'certificate' AND secret IS NOT NULL THEN
        RAISE EXCEPTION 'credentials.secret: a certificate has no secret: leave it null'
            USING ERRCODE = 'check_violation',
                  HINT = 'for example: SELECT mqtt_auth.grant_certificate(''press-7'')';
    ELSIF method IN ('password', 'psk') AND secret IS NULL THEN
        RAISE EXCEPTION 'credentials.secret: a % needs a secret', method
            USING ERRCODE = 'check_violation',
                  HINT = CASE method
                      WHEN 'psk' THEN 'for example: ''psk:'' and 64 hex digits (openssl rand -hex 32), '
                           'or use mqtt_auth.grant_psk'
                      ELSE 'for example: SELECT mqtt_auth.set_password(''press-7'', secret => '
                           '''$argon2id$…'')'
                  END;
    ELSIF method = 'password' THEN
        RETURN mqtt_auth.check_password_secret('credentials.secret', secret);
    ELSIF method = 'psk' AND NOT (
        length(secret) BETWEEN 36 AND 132 AND length(secret) % 2 = 0 AND secret ~ '^psk:[0-9A-Fa-f]+$') THEN
        RAISE EXCEPTION 'credentials.secret: that is not a pre-shared key: use `psk:` and 32 to 128 '
                        'hex digits'
            USING ERRCODE = 'check_violation',
                  HINT = 'for example: ''psk:'' and 64 hex digits (openssl rand -hex 32)';
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION mqtt_auth.check_credential(text, text, text) IS
    'Constraint: a password has a hash, a psk has a key, a certificate has neither and may have a '
    'fingerprint';

CREATE FUNCTION mqtt_auth.check_entry(
    group_name text, username text, effect text, max_qos integer, allow_retain boolean)
    RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF num_nonnulls(group_name, username) <> 1 THEN
        RAISE EXCEPTION 'acls: an entry belongs to a group or to a client: give group_name or username%',
            CASE WHEN group_name IS NULL THEN '' ELSE ', not both' END
            USING ERRCODE = 'check_violation',
                  HINT = 'for example: SELECT mqtt_auth.allow(''presses'', ''write'', ''plant/1/%u/#'')';
    ELSIF effect = 'deny' AND num_nonnulls(max_qos, allow_retain) > 0 THEN
        RAISE EXCEPTION 'acls.%: a deny has no limits: it denies at any quality of service, retained or not',
            CASE WHEN max_qos IS NULL THEN 'allow_retain' ELSE 'max_qos' END
            USING ERRCODE = 'check_violation', HINT = 'leave it null, or set the limit on the allow';
    ELSIF max_qos NOT BETWEEN 0 AND 2 THEN
        RAISE EXCEPTION 'acls.max_qos: `%` is not a quality of service: use 0, 1 or 2', max_qos
            USING ERRCODE = 'check_violation', HINT = 'for example: max_qos => 1';
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION mqtt_auth.check_entry(text, text, text, integer, boolean) IS
    'Constraint: an ACL entry belongs to a group or to a client, and only an allow has limits';

-- Regular expressions. The plugin reads them with RE2, explain() with PostgreSQL; what is stored
-- must mean the same to both. So only what both read alike: literals, `.`, classes of
-- characters and ranges, groups, `|`, `* + ? {m,n}`, and a backslash before punctuation.
CREATE FUNCTION mqtt_auth.check_regex(place text, value text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    letters CONSTANT text[] := string_to_array(value, NULL);
    letter text;
    at integer := 1;
    class_begin integer;
    bounds text[];
    complaint text;
    branch_empty boolean := true;   -- nothing yet since the beginning, `(` or `|`
    -- What the expression would be when written out, {m,n} multiplied: RE2 refuses large ones.
    atom_size integer := 0;         -- of the atom just read; 0: nothing to repeat here
    atom_counted boolean := false;  -- it holds a {m,n}
    sizes integer[] := ARRAY[0];    -- per open group, outermost first
    counted boolean[] := ARRAY[false];
    depth integer := 1;
BEGIN
    IF length(value) > 1000 THEN
        complaint := 'is too long: a regular expression has at most 1000 characters';
    END IF;
    WHILE complaint IS NULL AND at <= cardinality(letters) LOOP
        letter := letters[at];
        CASE
        WHEN letter IN ('*', '+', '?', '{') THEN
            IF atom_size = 0 THEN
                complaint := format('has `%s` with nothing before it to repeat: write `\%1$s` for '
                                    'the character', letter);
            ELSIF letter = '{' THEN
                bounds := regexp_match(substr(value, at), '^\{([0-9]{1,3})(,([0-9]{1,3})?)?\}');
                IF bounds IS NULL OR bounds[1]::integer > 255
                    OR coalesce(bounds[3], bounds[1])::integer NOT BETWEEN greatest(bounds[1]::integer, 1) AND 255 THEN
                    complaint := 'has a bad repetition: use `{m}`, `{m,}` or `{m,n}` up to 255, or '
                                 '`\{` for the character';
                ELSIF atom_counted THEN
                    complaint := 'has a `{m,n}` inside another: count once';
                ELSE
                    sizes[depth] := sizes[depth] + atom_size * coalesce(bounds[3], bounds[1])::integer;
                    counted[depth] := true;
                    at := at + strpos(substr(value, at), '}') - 1;
                END IF;
            END IF;
            atom_size := 0;         -- no repetition of a repetition: `a**`, `a+?`
            IF complaint IS NULL AND letters[at + 1] IN ('*', '+', '?', '{') THEN
                complaint := 'has two repetitions in a row: leave one out, or write `\*` for the character';
            END IF;
        WHEN letter = '(' THEN
            IF letters[at + 1] = '?' THEN
                complaint := 'has `(?`: only plain groups are accepted';
            END IF;
            depth := depth + 1;
            sizes[depth] := 0;
            counted[depth] := false;
            atom_size := 0;
        WHEN letter IN (')', '|') AND branch_empty THEN
            complaint := 'has an empty alternative: use `(...)?` for what may be missing';
        WHEN letter = '|' THEN
            atom_size := 0;
        WHEN letter = ')' THEN
            IF depth = 1 THEN
                complaint := 'has `)` without `(`: write `\)` for the character';
            ELSE
                atom_size := greatest(sizes[depth], 1);
                atom_counted := counted[depth];
                depth := depth - 1;
                sizes[depth] := sizes[depth] + atom_size;
                counted[depth] := counted[depth] OR atom_counted;
            END IF;
        WHEN letter = '[' THEN
            at := at + 1;
            IF letters[at] = '^' THEN
                at := at + 1;
            END IF;
            class_begin := at;
            WHILE complaint IS NULL AND letters[at] IS DISTINCT FROM ']' LOOP
                IF letters[at] IS NULL THEN
                    complaint := 'has `[` without `]`: write `\[` for the character';
                ELSIF letters[at] IN ('[', '\') THEN
                    complaint := 'has a `[` or a backslash inside `[...]`: list plain characters and '
                                 'ranges there';
                ELSIF letters[at] = '-' AND at > class_begin AND letters[at + 1] <> ']' THEN
                    complaint := 'has a `-` in the midst of `[...]`: put it first or last';
                ELSIF letters[at + 1] = '-' AND letters[at + 2] <> ']' THEN
                    IF letters[at] = '-' OR letters[at + 2] IN ('[', '\', '-') OR ascii(letters[at]) > ascii(letters[at + 2]) THEN
                        complaint := 'has a bad range in `[...]`: use one such as `0-9`';
                    END IF;
                    at := at + 3;
                ELSE
                    at := at + 1;
                END IF;
            END LOOP;
            IF complaint IS NULL AND at = class_begin THEN
                complaint := 'has an empty `[]`: list the characters in it';
            END IF;
            atom_size := 1;
            atom_counted := false;
            sizes[depth] := sizes[depth] + 1;
        WHEN letter = '\' THEN
            at := at + 1;
            IF coalesce(letters[at], '') !~ '^[!-/:-@\[-^`{-~]$' THEN
                complaint := 'has a backslash before something else than punctuation: use `[0-9]` '
                             'for a digit';
            END IF;
            atom_size := 1;
            atom_counted := false;
            sizes[depth] := sizes[depth] + 1;
        WHEN letter IN ('^', '$') THEN
            complaint := format('has `%s`: leave it out, the whole text must match anyway', letter);
        WHEN letter IN (']', '}') THEN
            complaint := format('has `%s` by itself: write `\%1$s` for the character', letter);
        ELSE
            atom_size := 1;
            atom_counted := false;
            sizes[depth] := sizes[depth] + 1;
        END CASE;
        branch_empty := letter IN ('(', '|');
        at := at + 1;
    END LOOP;

    IF complaint IS NULL AND depth > 1 THEN
        complaint := 'has `(` without `)`: write `\(` for the character';
    ELSIF complaint IS NULL AND branch_empty THEN
        complaint := 'has an empty alternative: use `(...)?` for what may be missing';
    ELSIF complaint IS NULL AND sizes[1] > 1000 THEN
        complaint := 'is too large when its repetitions are written out: at most 1000 characters';
    END IF;
    IF complaint IS NULL THEN
        RETURN true;
    END IF;
    RAISE EXCEPTION '%: % %', place, mqtt_auth.quoted(value), complaint
        USING ERRCODE = 'check_violation', HINT = 'for example: ''press-[0-9]+'' or ''(press|robot)-.*''';
END
$$;
COMMENT ON FUNCTION mqtt_auth.check_regex(text, text) IS
    'Constraint: a regular expression of the kind that RE2 and PostgreSQL read alike';

CREATE FUNCTION mqtt_auth.check_condition(place text, syntax text, value text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    complaint text := CASE
        WHEN value = '' THEN 'is empty: leave it null where it does not matter'
        WHEN octet_length(value) > 65535 THEN 'is too long: a condition has at most 65535 bytes'
        WHEN mqtt_auth.has_control_characters(value) THEN 'holds a control character: use printable '
                                                          'characters'
        END;
BEGIN
    IF complaint IS NOT NULL THEN
        RAISE EXCEPTION '%: % %', place, mqtt_auth.quoted(value), complaint
            USING ERRCODE = 'check_violation', HINT = 'for example: ''press-*''';
    ELSIF syntax = 'regex' THEN
        RETURN mqtt_auth.check_regex(place, value);
    ELSIF place = 'group_rules.fingerprint' AND (syntax = 'exact' OR value !~ '[*?]') THEN
        RETURN mqtt_auth.check_fingerprint(place, value);
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION mqtt_auth.check_condition(text, text, text) IS
    'Constraint: one condition of a group rule, read by the rule''s syntax';

CREATE FUNCTION mqtt_auth.check_conditions(conditions integer) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF conditions > 0 THEN
        RETURN true;
    END IF;
    RAISE EXCEPTION 'group_rules: a rule without a condition would take in everybody: set at least one of'
        ' client_name, username, client_id, fingerprint, common_name, subject_alt_name, address, method'
        USING ERRCODE = 'check_violation',
              HINT = 'for example: SELECT mqtt_auth.add_group_rule(''all presses'', '
                     'ARRAY[''presses''], client_id => ''press-*'')';
END
$$;
COMMENT ON FUNCTION mqtt_auth.check_conditions(integer) IS
    'Constraint: a group rule has at least one condition';

CREATE FUNCTION mqtt_auth.check_setting(key text, value text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET intervalstyle = postgres
AS $$
BEGIN
    CASE key
    WHEN 'schema_version' THEN
        IF value !~ '^[1-9][0-9]{0,8}$' THEN
            RAISE EXCEPTION 'settings.schema_version: % is not a version', mqtt_auth.quoted(value)
                USING ERRCODE = 'check_violation', HINT = 'leave it to mqtt_auth.sql and pgauth migrate';
        END IF;
    WHEN 'notify' THEN
        PERFORM mqtt_auth.check_word('settings.notify', value, 'a switch', ARRAY['on', 'off']);
    WHEN 'changes_keep' THEN
        BEGIN
            IF value::interval >= interval '1 minute' AND value::interval <= interval '1 year' THEN
                RETURN true;
            END IF;
        EXCEPTION WHEN data_exception THEN
            NULL;
        END;
        RAISE EXCEPTION 'settings.changes_keep: % is not a time to keep changes: use 1 minute to 1 year',
            mqtt_auth.quoted(value)
            USING ERRCODE = 'check_violation', HINT = 'for example: ''1 day''';
    WHEN 'password_policy_min', 'password_policy_lower', 'password_policy_upper',
         'password_policy_numeric', 'password_policy_symbol' THEN
        IF value !~ '^([0-9]|[1-6][0-9]|7[0-2])$' THEN
            RAISE EXCEPTION 'settings.%: % is not a number of characters: use 0 to 72', key, mqtt_auth.quoted(value)
                USING ERRCODE = 'check_violation', HINT = 'for example: ''12'', or ''0'' for none';
        END IF;
    WHEN 'broker_role', 'admin_role' THEN
        PERFORM mqtt_auth.check_name('settings.' || key, value);
    ELSE
        RAISE EXCEPTION 'settings.key: % is not a setting: use schema_version, notify, changes_keep,'
            ' password_policy_min, password_policy_lower, password_policy_upper, password_policy_numeric,'
            ' password_policy_symbol, broker_role or admin_role', mqtt_auth.quoted(key)
            USING ERRCODE = 'check_violation',
                  HINT = 'for example: UPDATE mqtt_auth.settings SET value = ''off'' WHERE key = ''notify''';
    END CASE;
    RETURN true;
END
$$;
COMMENT ON FUNCTION mqtt_auth.check_setting(text, text) IS
    'Constraint: a known setting with a value that it accepts';


-- =============================================================================================
-- 2  The tables
-- =============================================================================================
--
-- Rows are keyed by names, so a permission is one INSERT and no look-up. Renaming cascades,
-- deleting too.

CREATE TABLE mqtt_auth.clients (
    username         text PRIMARY KEY
                     CONSTRAINT clients_username CHECK (mqtt_auth.check_username('clients.username', username)),
    name             text
                     CONSTRAINT clients_name CHECK (mqtt_auth.check_name('clients.name', name)),
    enabled          boolean NOT NULL DEFAULT true,
    client_id        text
                     CONSTRAINT clients_client_id CHECK (mqtt_auth.check_client_id('clients.client_id', client_id)),
    required_methods text[] NOT NULL DEFAULT '{}'
                     CONSTRAINT clients_required_methods
                     CHECK (mqtt_auth.check_methods('clients.required_methods', required_methods)),
    networks         cidr[]
                     CONSTRAINT clients_networks CHECK (mqtt_auth.check_networks('clients.networks', networks)),
    valid_from       timestamptz,
    valid_until      timestamptz,
    attributes       jsonb NOT NULL DEFAULT '{}'
                     CONSTRAINT clients_attributes CHECK (mqtt_auth.check_attributes('clients.attributes', attributes)),
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT clients_window CHECK (mqtt_auth.check_window('clients', valid_from, valid_until))
);
COMMENT ON TABLE mqtt_auth.clients IS
    'Registered identities that may connect, one row each. A row is not a connection';
COMMENT ON COLUMN mqtt_auth.clients.username IS
    'The name that the client logs in with; stands for %u in topics';
COMMENT ON COLUMN mqtt_auth.clients.name IS 'A name for people; where it is null, the username';
COMMENT ON COLUMN mqtt_auth.clients.enabled IS 'Whether it may connect at all';
COMMENT ON COLUMN mqtt_auth.clients.client_id IS
    'Pattern that the MQTT client id must match: * any characters, ? one character, %u the '
    'username; null: any client id';
COMMENT ON COLUMN mqtt_auth.clients.required_methods IS
    'Every one of these must be proven (password, certificate, psk); empty: any one credential is '
    'enough';
COMMENT ON COLUMN mqtt_auth.clients.networks IS 'Networks that it may connect from; null: anywhere';
COMMENT ON COLUMN mqtt_auth.clients.valid_from IS 'Refused before this time; null: no beginning';
COMMENT ON COLUMN mqtt_auth.clients.valid_until IS 'Refused from this time on; null: no end';
COMMENT ON COLUMN mqtt_auth.clients.attributes IS
    'A JSON object of plain values; %{key} in a topic stands for the value of that key';
COMMENT ON COLUMN mqtt_auth.clients.created_at IS 'When the row was made';
COMMENT ON COLUMN mqtt_auth.clients.updated_at IS
    'When the row was last changed; kept by a trigger';

CREATE TABLE mqtt_auth.credentials (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username    text NOT NULL
                REFERENCES mqtt_auth.clients ON UPDATE CASCADE ON DELETE CASCADE,
    method      text NOT NULL DEFAULT 'password'
                CONSTRAINT credentials_method
                CHECK (mqtt_auth.check_word('credentials.method', method, 'a method',
                                            ARRAY['password', 'certificate', 'psk'])),
    secret      text,
    fingerprint text UNIQUE
                CONSTRAINT credentials_fingerprint
                CHECK (mqtt_auth.check_fingerprint('credentials.fingerprint', fingerprint)),
    label       text
                CONSTRAINT credentials_label CHECK (mqtt_auth.check_name('credentials.label', label)),
    valid_from  timestamptz,
    valid_until timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    rehashed_from text
                CONSTRAINT credentials_rehashed_from
                CHECK (mqtt_auth.check_fingerprint('credentials.rehashed_from', rehashed_from)),
    CONSTRAINT credentials_proof CHECK (mqtt_auth.check_credential(method, secret, fingerprint)),
    CONSTRAINT credentials_window CHECK (mqtt_auth.check_window('credentials', valid_from, valid_until))
);
CREATE INDEX credentials_username ON mqtt_auth.credentials (username);
COMMENT ON TABLE mqtt_auth.credentials IS
    'How clients prove who they are. Several of one method are alternatives: old and new are both '
    'good while one is rotated out';
COMMENT ON COLUMN mqtt_auth.credentials.id IS 'Number of the credential';
COMMENT ON COLUMN mqtt_auth.credentials.username IS 'The client that it belongs to';
COMMENT ON COLUMN mqtt_auth.credentials.method IS 'password, certificate or psk';
COMMENT ON COLUMN mqtt_auth.credentials.secret IS
    'For a password its hash, which says how it was made; for a psk psk: and the key in hex; for a '
    'certificate null';
COMMENT ON COLUMN mqtt_auth.credentials.fingerprint IS
    'For a certificate SHA256: and 64 hex digits: exactly this one; null: any whose name is the '
    'username';
COMMENT ON COLUMN mqtt_auth.credentials.label IS
    'A note for people, such as which device or which rotation';
COMMENT ON COLUMN mqtt_auth.credentials.valid_from IS
    'Not accepted before this time; null: no beginning';
COMMENT ON COLUMN mqtt_auth.credentials.valid_until IS
    'Not accepted from this time on; null: no end';
COMMENT ON COLUMN mqtt_auth.credentials.created_at IS 'When the row was made';
COMMENT ON COLUMN mqtt_auth.credentials.rehashed_from IS
    'SHA256: and 64 hex digits of the secret that rehash() replaced by this one, of the same '
    'password; null once somebody sets another secret';

CREATE TABLE mqtt_auth.revoked_certificates (
    fingerprint text PRIMARY KEY
                CONSTRAINT revoked_certificates_fingerprint
                CHECK (mqtt_auth.check_fingerprint('revoked_certificates.fingerprint', fingerprint)),
    reason      text,
    revoked_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE mqtt_auth.revoked_certificates IS
    'Certificates that are refused whatever else holds';
COMMENT ON COLUMN mqtt_auth.revoked_certificates.fingerprint IS
    'SHA256: and 64 lower-case hex digits';
COMMENT ON COLUMN mqtt_auth.revoked_certificates.reason IS 'Why, for people';
COMMENT ON COLUMN mqtt_auth.revoked_certificates.revoked_at IS
    'Since when, for people; it acts at once';

CREATE TABLE mqtt_auth.groups (
    id          uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    name        text PRIMARY KEY
                CONSTRAINT groups_name CHECK (mqtt_auth.check_name('groups.name', name)),
    description text
);
COMMENT ON TABLE mqtt_auth.groups IS 'Named sets of permissions that clients inherit';
COMMENT ON COLUMN mqtt_auth.groups.id IS
    'What live sessions remember, so that renaming a group takes no rights away; leave it alone';
COMMENT ON COLUMN mqtt_auth.groups.name IS 'Name of the group';
COMMENT ON COLUMN mqtt_auth.groups.description IS 'What it is for, for people';

CREATE TABLE mqtt_auth.group_members (
    group_name text NOT NULL REFERENCES mqtt_auth.groups (name) ON UPDATE CASCADE ON DELETE CASCADE,
    username   text NOT NULL REFERENCES mqtt_auth.clients ON UPDATE CASCADE ON DELETE CASCADE,
    PRIMARY KEY (group_name, username)
);
CREATE INDEX group_members_username ON mqtt_auth.group_members (username);
COMMENT ON TABLE mqtt_auth.group_members IS
    'Which clients belong to which groups, whatever they connect with';
COMMENT ON COLUMN mqtt_auth.group_members.group_name IS 'The group';
COMMENT ON COLUMN mqtt_auth.group_members.username IS 'The client that belongs to it';

CREATE TABLE mqtt_auth.group_rules (
    name             text PRIMARY KEY
                     CONSTRAINT group_rules_name CHECK (mqtt_auth.check_name('group_rules.name', name)),
    enabled          boolean NOT NULL DEFAULT true,
    syntax           text NOT NULL DEFAULT 'glob'
                     CONSTRAINT group_rules_syntax
                     CHECK (mqtt_auth.check_word('group_rules.syntax', syntax, 'a syntax',
                                                 ARRAY['exact', 'glob', 'regex'])),
    client_name      text
                     CONSTRAINT group_rules_client_name
                     CHECK (mqtt_auth.check_condition('group_rules.client_name', syntax, client_name)),
    username         text
                     CONSTRAINT group_rules_username
                     CHECK (mqtt_auth.check_condition('group_rules.username', syntax, username)),
    client_id        text
                     CONSTRAINT group_rules_client_id
                     CHECK (mqtt_auth.check_condition('group_rules.client_id', syntax, client_id)),
    fingerprint      text
                     CONSTRAINT group_rules_fingerprint
                     CHECK (mqtt_auth.check_condition('group_rules.fingerprint', syntax, fingerprint)),
    common_name      text
                     CONSTRAINT group_rules_common_name
                     CHECK (mqtt_auth.check_condition('group_rules.common_name', syntax, common_name)),
    subject_alt_name text
                     CONSTRAINT group_rules_subject_alt_name
                     CHECK (mqtt_auth.check_condition('group_rules.subject_alt_name', syntax, subject_alt_name)),
    address          cidr,
    method           text
                     CONSTRAINT group_rules_method
                     CHECK (mqtt_auth.check_word('group_rules.method', method, 'a method',
                                                 ARRAY['password', 'certificate', 'psk'])),
    CONSTRAINT group_rules_conditions
    CHECK (mqtt_auth.check_conditions(num_nonnulls(client_name, username, client_id, fingerprint,
                                                   common_name, subject_alt_name, address, method)))
);
COMMENT ON TABLE mqtt_auth.group_rules IS
    'Conditions on a connecting client: where every one that is set holds, it belongs to the '
    'groups of the rule';
COMMENT ON COLUMN mqtt_auth.group_rules.name IS 'Name of the rule';
COMMENT ON COLUMN mqtt_auth.group_rules.enabled IS 'Whether the rule counts';
COMMENT ON COLUMN mqtt_auth.group_rules.syntax IS
    'How its texts are read: exact, glob (* any characters, ? one, nothing else is special) or '
    'regex (of the whole text)';
COMMENT ON COLUMN mqtt_auth.group_rules.client_name IS 'Condition on the client''s name for people';
COMMENT ON COLUMN mqtt_auth.group_rules.username IS 'Condition on the username';
COMMENT ON COLUMN mqtt_auth.group_rules.client_id IS
    'Condition on the MQTT client id: what the device says it is, unless clients.client_id binds it';
COMMENT ON COLUMN mqtt_auth.group_rules.fingerprint IS
    'Condition on the certificate''s fingerprint, SHA256:…';
COMMENT ON COLUMN mqtt_auth.group_rules.common_name IS
    'Condition on the certificate''s Common Name';
COMMENT ON COLUMN mqtt_auth.group_rules.subject_alt_name IS
    'Condition on the certificate''s Subject Alternative Names: one of them matches';
COMMENT ON COLUMN mqtt_auth.group_rules.address IS
    'Condition on the peer''s address: it lies in this network';
COMMENT ON COLUMN mqtt_auth.group_rules.method IS
    'Condition on how the client proved itself: this method was among those satisfied';

CREATE TABLE mqtt_auth.group_rule_groups (
    rule_name  text NOT NULL REFERENCES mqtt_auth.group_rules ON UPDATE CASCADE ON DELETE CASCADE,
    group_name text NOT NULL REFERENCES mqtt_auth.groups (name) ON UPDATE CASCADE ON DELETE CASCADE,
    PRIMARY KEY (rule_name, group_name)
);
CREATE INDEX group_rule_groups_group_name ON mqtt_auth.group_rule_groups (group_name);
COMMENT ON TABLE mqtt_auth.group_rule_groups IS 'Which groups a rule puts its clients into';
COMMENT ON COLUMN mqtt_auth.group_rule_groups.rule_name IS 'The rule';
COMMENT ON COLUMN mqtt_auth.group_rule_groups.group_name IS
    'The group that its clients then belong to';

CREATE TABLE mqtt_auth.acls (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_name   text REFERENCES mqtt_auth.groups (name) ON UPDATE CASCADE ON DELETE CASCADE,
    username     text REFERENCES mqtt_auth.clients ON UPDATE CASCADE ON DELETE CASCADE,
    effect       text NOT NULL DEFAULT 'allow'
                 CONSTRAINT acls_effect
                 CHECK (mqtt_auth.check_word('acls.effect', effect, 'an effect', ARRAY['allow', 'deny'])),
    permission   text NOT NULL
                 CONSTRAINT acls_permission
                 CHECK (mqtt_auth.check_word('acls.permission', permission, 'a permission',
                                             ARRAY['read', 'write', 'readWrite'])),
    topic        text NOT NULL
                 CONSTRAINT acls_topic CHECK (mqtt_auth.check_topic('acls.topic', topic)),
    priority     integer NOT NULL DEFAULT 0,
    max_qos      smallint,
    allow_retain boolean,
    CONSTRAINT acls_entry CHECK (mqtt_auth.check_entry(group_name, username, effect, max_qos, allow_retain))
);
CREATE INDEX acls_group_name ON mqtt_auth.acls (group_name);
CREATE INDEX acls_username ON mqtt_auth.acls (username);
COMMENT ON TABLE mqtt_auth.acls IS
    'What groups and clients may do. The matching entries of the highest priority decide; among '
    'them deny overrides allow; none: denied';
COMMENT ON COLUMN mqtt_auth.acls.id IS 'Number of the entry; logs and permissions() name it';
COMMENT ON COLUMN mqtt_auth.acls.group_name IS
    'The group that it belongs to, or null where it belongs to a client';
COMMENT ON COLUMN mqtt_auth.acls.username IS
    'The client that it belongs to, or null where it belongs to a group';
COMMENT ON COLUMN mqtt_auth.acls.effect IS 'allow or deny';
COMMENT ON COLUMN mqtt_auth.acls.permission IS
    'read (subscribe and receive), write (publish) or readWrite (both)';
COMMENT ON COLUMN mqtt_auth.acls.topic IS
    'MQTT topic filter; %u the username, %c the client id, %{key} an attribute of the client, each '
    'a whole level';
COMMENT ON COLUMN mqtt_auth.acls.priority IS 'Higher decides over lower';
COMMENT ON COLUMN mqtt_auth.acls.max_qos IS
    'An allow for publishing and subscribing only up to this quality of service; null: any';
COMMENT ON COLUMN mqtt_auth.acls.allow_retain IS
    'false: an allow for publishing only what is not retained; null or true: either';

CREATE TABLE mqtt_auth.settings (
    key   text PRIMARY KEY,
    value text NOT NULL,
    CONSTRAINT settings_value CHECK (mqtt_auth.check_setting(key, value))
);
COMMENT ON TABLE mqtt_auth.settings IS
    'schema_version; notify (on, off); changes_keep (how long the change feed is kept); '
    'password_policy_… (what new passwords must have); the names of the two roles';
COMMENT ON COLUMN mqtt_auth.settings.key IS 'Name of the setting';
COMMENT ON COLUMN mqtt_auth.settings.value IS 'Its value';
INSERT INTO mqtt_auth.settings (key, value)
VALUES ('schema_version', '1'), ('notify', 'on'), ('changes_keep', '1 day'),
       ('password_policy_min', '0'), ('password_policy_lower', '0'), ('password_policy_upper', '0'),
       ('password_policy_numeric', '0'), ('password_policy_symbol', '0');

CREATE TABLE mqtt_auth.changes (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    token      uuid NOT NULL DEFAULT gen_random_uuid(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    horizon    xid8 NOT NULL DEFAULT pg_snapshot_xmin(pg_current_snapshot()),
    kind       text NOT NULL
               CONSTRAINT changes_kind
               CHECK (mqtt_auth.check_word('changes.kind', kind, 'a kind of change',
                   ARRAY['client', 'group', 'rule', 'revoked_certificate', 'setting', 'everything',
                         'disconnect_client', 'disconnect_group'])),
    key        text
);
CREATE INDEX changes_xid ON mqtt_auth.changes (xid);
CREATE INDEX changes_changed_at ON mqtt_auth.changes (changed_at);
COMMENT ON TABLE mqtt_auth.changes IS
    'The change feed: what triggers saw change, for the plugin to read again, and whom it is to '
    'disconnect. Prunes itself';
COMMENT ON COLUMN mqtt_auth.changes.id IS
    'Number of the change; not the order in which transactions commit';
COMMENT ON COLUMN mqtt_auth.changes.xid IS 'The transaction that made it';
COMMENT ON COLUMN mqtt_auth.changes.token IS
    'Random: after a fail-over to a server that lagged, the same id and xid come again, the token '
    'does not';
COMMENT ON COLUMN mqtt_auth.changes.changed_at IS 'When the trigger ran';
COMMENT ON COLUMN mqtt_auth.changes.horizon IS
    'At that time, all transactions below this one had ended; for pruning';
COMMENT ON COLUMN mqtt_auth.changes.kind IS
    'client, group, rule, revoked_certificate, setting or everything; disconnect_client and '
    'disconnect_group are commands';
COMMENT ON COLUMN mqtt_auth.changes.key IS
    'Username, group name, rule name, fingerprint or key of the setting; null with everything';

CREATE FUNCTION mqtt_auth.keep_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.updated_at := OLD.updated_at;
    IF NEW IS DISTINCT FROM OLD THEN
        NEW.updated_at := now();
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION mqtt_auth.keep_updated_at() IS
    'Trigger: sets updated_at where the row really changes';

CREATE TRIGGER keep_updated_at BEFORE UPDATE ON mqtt_auth.clients
    FOR EACH ROW EXECUTE FUNCTION mqtt_auth.keep_updated_at();

CREATE FUNCTION mqtt_auth.forget_rehash() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.rehashed_from := NULL;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION mqtt_auth.forget_rehash() IS
    'Trigger: a secret that anything but rehash() sets is of another password';

CREATE TRIGGER forget_rehash BEFORE UPDATE ON mqtt_auth.credentials
    FOR EACH ROW
    WHEN (OLD.secret IS DISTINCT FROM NEW.secret AND OLD.rehashed_from IS NOT DISTINCT FROM NEW.rehashed_from)
    EXECUTE FUNCTION mqtt_auth.forget_rehash();


-- =============================================================================================
-- 3  The change feed
-- =============================================================================================
--
-- Each edit leaves a row in `changes` that names what to read again, and wakes the plugin up with
-- NOTIFY mqtt_auth. Under its old name and its new one, where it was renamed. Nothing is left by an
-- UPDATE after which the plugin would see what it saw before.
--
-- Commit order is not the order of `id`. A reader reads again from the oldest transaction that was
-- still running: WHERE xid >= pg_snapshot_xmin(pg_current_snapshot()) as of its last read.

CREATE FUNCTION mqtt_auth.record_change(kind text, key text, wake boolean DEFAULT true) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
BEGIN
    INSERT INTO mqtt_auth.changes (kind, key) VALUES (record_change.kind, record_change.key);
    -- A transaction that is to be prepared (XA) cannot notify; the plugin's polling covers it.
    IF record_change.wake
        AND NOT EXISTS (SELECT FROM mqtt_auth.settings AS s WHERE s.key = 'notify' AND s.value = 'off') THEN
        PERFORM pg_notify('mqtt_auth', '');
    END IF;
END
$$;
COMMENT ON FUNCTION mqtt_auth.record_change(text, text, boolean) IS
    'Writes one row of the change feed and notifies, unless it is not to wake anybody up or the '
    'setting notify is off';

CREATE FUNCTION mqtt_auth.record_row() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    old_row CONSTANT jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    new_row CONSTANT jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    -- What the plugin itself writes wakes nobody up: whoever has the old hash is in no hurry.
    wake CONSTANT boolean := TG_NAME <> 'record_rehash';
    old_key text;
    new_key text;
BEGIN
    -- The arguments are pairs: a kind, and the column that holds the key.
    FOR i IN 0 .. TG_NARGS - 2 BY 2 LOOP
        old_key := old_row ->> TG_ARGV[i + 1];
        new_key := new_row ->> TG_ARGV[i + 1];
        IF old_key IS NOT NULL THEN
            PERFORM mqtt_auth.record_change(TG_ARGV[i], old_key, wake);
        END IF;
        IF new_key IS NOT NULL AND new_key IS DISTINCT FROM old_key THEN
            PERFORM mqtt_auth.record_change(TG_ARGV[i], new_key, wake);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION mqtt_auth.record_row() IS
    'Trigger: records what a changed row is about, under its old key and its new one; arguments: '
    'kind, column, …';

CREATE FUNCTION mqtt_auth.record_truncate() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM mqtt_auth.record_change('everything', NULL);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION mqtt_auth.record_truncate() IS
    'Trigger: after TRUNCATE everything is to be read again';

-- Each table with what record_row() is told of it (pairs of a kind and the column of its key) and the
-- columns that the plugin sees; null: all. Triggers: for rows that come and go, for rows that change
-- in one of those columns, for TRUNCATE.
DO $$
DECLARE
    t record;
BEGIN
    FOR t IN SELECT watched.*,
                    (SELECT string_agg(format('%L', k.word), ', ' ORDER BY k.place)
                     FROM unnest(watched.keys) WITH ORDINALITY AS k (word, place)) AS arguments,
                    (SELECT coalesce(string_agg(format('OLD.%1$I IS DISTINCT FROM NEW.%1$I', c.name), ' OR ' ORDER BY c.place),
                                     'OLD IS DISTINCT FROM NEW')
                     FROM unnest(watched.seen) WITH ORDINALITY AS c (name, place)) AS differs
             FROM (VALUES
        ('clients', '{client,username}'::text[],
         '{username,name,enabled,client_id,required_methods,networks,valid_from,valid_until,attributes}'::text[]),
        ('credentials', '{client,username}',
         '{id,username,method,secret,fingerprint,label,valid_from,valid_until,rehashed_from}'),
        ('revoked_certificates', '{revoked_certificate,fingerprint}', '{fingerprint}'),
        ('groups', '{group,name}', '{id,name}'),
        -- The members of a renamed group are recorded too: its name is in their memberships.
        ('group_members', '{client,username}', '{group_name,username}'),
        ('group_rules', '{rule,name}', NULL),
        ('group_rule_groups', '{rule,rule_name}', NULL),
        ('acls', '{group,group_name,client,username}', NULL),
        ('settings', '{setting,key}', NULL)) AS watched (name, keys, seen)
    LOOP
        EXECUTE format('CREATE TRIGGER record_row AFTER INSERT OR DELETE ON mqtt_auth.%I '
                       'FOR EACH ROW EXECUTE FUNCTION mqtt_auth.record_row(%s)', t.name, t.arguments);
        EXECUTE format('CREATE TRIGGER record_update AFTER UPDATE ON mqtt_auth.%I '
                       'FOR EACH ROW WHEN (%s) EXECUTE FUNCTION mqtt_auth.record_row(%s)', t.name,
                       CASE t.name WHEN 'credentials'
                           THEN format('(%s) AND (NEW.rehashed_from IS NULL OR NEW.rehashed_from IS NOT DISTINCT FROM '
                                       'OLD.rehashed_from)', t.differs)
                           ELSE t.differs END, t.arguments);
        EXECUTE format('CREATE TRIGGER record_truncate AFTER TRUNCATE ON mqtt_auth.%I '
                       'FOR EACH STATEMENT EXECUTE FUNCTION mqtt_auth.record_truncate()', t.name);
    END LOOP;
END
$$;

-- What rehash() does is told by a trigger of its own, which wakes nobody up.
CREATE TRIGGER record_rehash AFTER UPDATE ON mqtt_auth.credentials
    FOR EACH ROW
    WHEN (NEW.rehashed_from IS NOT NULL AND OLD.rehashed_from IS DISTINCT FROM NEW.rehashed_from)
    EXECUTE FUNCTION mqtt_auth.record_row('client', 'username');

-- The feed prunes itself: every 64th change deletes up to 500 old ones. A change goes when it is
-- older than the setting changes_keep and its transaction had already ended that long ago, so that
-- one which was a day in the making is not gone before anybody could read it. The newest of the old
-- ones stays: a reader checks that the last row it has read is still there.
CREATE FUNCTION mqtt_auth.prune_changes() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    keep_from timestamptz;
    ended_below xid8;
    next_xid CONSTANT xid8 := pg_snapshot_xmax(pg_current_snapshot());
BEGIN
    -- Under a stricter isolation a concurrent pruning would fail this transaction. Others prune.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RETURN NULL;
    END IF;
    SELECT clock_timestamp() - s.value::interval INTO keep_from
        FROM mqtt_auth.settings AS s WHERE s.key = 'changes_keep';
    keep_from := coalesce(keep_from, clock_timestamp() - interval '1 day');
    -- Rows with ids of transactions that are still to come were restored from a dump.
    SELECT c.horizon INTO ended_below
        FROM mqtt_auth.changes AS c
        WHERE c.changed_at < keep_from AND c.xid < next_xid
        ORDER BY c.changed_at DESC LIMIT 1;
    DELETE FROM mqtt_auth.changes AS c
        USING (SELECT stale.id FROM mqtt_auth.changes AS stale
               WHERE stale.changed_at < keep_from
                 AND (stale.xid < ended_below OR stale.xid >= next_xid)
                 AND stale.xid <> pg_current_xact_id()
               ORDER BY stale.changed_at LIMIT 500
               FOR UPDATE SKIP LOCKED) AS gone
        WHERE c.id = gone.id;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION mqtt_auth.prune_changes() IS
    'Trigger: deletes up to 500 changes that are older than the setting changes_keep; waits for '
    'nobody';

CREATE TRIGGER prune_changes AFTER INSERT ON mqtt_auth.changes
    FOR EACH ROW WHEN (NEW.id % 64 = 0)
    EXECUTE FUNCTION mqtt_auth.prune_changes();

-- Also for rows that logical replication or a restore brings.
DO $$
DECLARE
    t record;
BEGIN
    FOR t IN SELECT c.relname, g.tgname
             FROM pg_trigger AS g JOIN pg_class AS c ON c.oid = g.tgrelid
             WHERE c.relnamespace = 'mqtt_auth'::regnamespace
               AND g.tgname IN ('record_row', 'record_update', 'record_rehash', 'record_truncate', 'prune_changes') LOOP
        EXECUTE format('ALTER TABLE mqtt_auth.%I ENABLE ALWAYS TRIGGER %I', t.relname, t.tgname);
    END LOOP;
END
$$;

CREATE FUNCTION mqtt_auth.touch(username text DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF touch.username IS NULL THEN
        PERFORM mqtt_auth.record_change('everything', NULL);
    ELSE
        PERFORM mqtt_auth.record_change('client', touch.username);
    END IF;
END
$$;
COMMENT ON FUNCTION mqtt_auth.touch(text) IS
    'Has the plugin read one client again, or everything where no name is given: for own tables '
    'behind the broker_ views';


-- =============================================================================================
-- 4  The views that the plugin reads
-- =============================================================================================
--
-- It reads these and no table, columns by name. A site with user tables of its own replaces a
-- view (CREATE OR REPLACE VIEW) and calls mqtt_auth.touch(username) when a row changes.

CREATE VIEW mqtt_auth.broker_settings AS
    SELECT key, value FROM mqtt_auth.settings;
COMMENT ON VIEW mqtt_auth.broker_settings IS 'What the plugin reads of settings';

CREATE VIEW mqtt_auth.broker_clients AS
    SELECT username, coalesce(name, username) AS name, enabled, client_id, required_methods,
           networks, valid_from, valid_until, attributes
    FROM mqtt_auth.clients;
COMMENT ON VIEW mqtt_auth.broker_clients IS 'What the plugin reads of clients';

CREATE VIEW mqtt_auth.broker_credentials AS
    SELECT id, username, method, secret, fingerprint, label, valid_from, valid_until, rehashed_from
    FROM mqtt_auth.credentials;
COMMENT ON VIEW mqtt_auth.broker_credentials IS 'What the plugin reads of credentials';

CREATE VIEW mqtt_auth.broker_revoked_certificates AS
    SELECT fingerprint FROM mqtt_auth.revoked_certificates;
COMMENT ON VIEW mqtt_auth.broker_revoked_certificates IS
    'What the plugin reads of revoked certificates';

CREATE VIEW mqtt_auth.broker_groups AS
    SELECT id, name FROM mqtt_auth.groups;
COMMENT ON VIEW mqtt_auth.broker_groups IS 'What the plugin reads of groups';

CREATE VIEW mqtt_auth.broker_members AS
    SELECT group_name, username FROM mqtt_auth.group_members;
COMMENT ON VIEW mqtt_auth.broker_members IS 'What the plugin reads of explicit memberships';

CREATE VIEW mqtt_auth.broker_rules AS
    SELECT r.name, r.enabled, r.syntax, r.client_name, r.username, r.client_id, r.fingerprint,
           r.common_name, r.subject_alt_name, r.address, r.method,
           ARRAY(SELECT g.group_name FROM mqtt_auth.group_rule_groups AS g
                 WHERE g.rule_name = r.name ORDER BY g.group_name) AS groups
    FROM mqtt_auth.group_rules AS r;
COMMENT ON VIEW mqtt_auth.broker_rules IS
    'What the plugin reads of group rules, with the groups of each';

CREATE VIEW mqtt_auth.broker_entries AS
    SELECT id, group_name, username, effect, permission, topic, priority, max_qos, allow_retain
    FROM mqtt_auth.acls;
COMMENT ON VIEW mqtt_auth.broker_entries IS 'What the plugin reads of ACL entries';

CREATE VIEW mqtt_auth.broker_changes AS
    SELECT id, xid, token, kind, key FROM mqtt_auth.changes;
COMMENT ON VIEW mqtt_auth.broker_changes IS 'What the plugin reads of the change feed';


-- =============================================================================================
-- 5  Everyday functions
-- =============================================================================================
--
-- One line for each everyday job. Tables may be edited directly just as well; the constraints are
-- the same. A parameter is always written function.parameter, so that none is taken for a column.

CREATE FUNCTION mqtt_auth.require_client(username text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
BEGIN
    IF NOT EXISTS (SELECT FROM mqtt_auth.clients AS c WHERE c.username = require_client.username) THEN
        RAISE EXCEPTION 'client % does not exist: create it with mqtt_auth.create_client(...)',
            coalesce(mqtt_auth.quoted(require_client.username), 'null')
            USING ERRCODE = 'foreign_key_violation',
                  HINT = 'for example: SELECT mqtt_auth.create_client(''Press 7'', username => '
                         '''press-7'', secret => ''$argon2id$…'')';
    END IF;
END
$$;
COMMENT ON FUNCTION mqtt_auth.require_client(text) IS
    'Raises an error that helps where there is no such client';

CREATE FUNCTION mqtt_auth.require_group(group_name text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
BEGIN
    IF NOT EXISTS (SELECT FROM mqtt_auth.groups AS g WHERE g.name = require_group.group_name) THEN
        RAISE EXCEPTION 'group % does not exist: create it with mqtt_auth.create_group(...)',
            coalesce(mqtt_auth.quoted(require_group.group_name), 'null')
            USING ERRCODE = 'foreign_key_violation',
                  HINT = 'for example: SELECT mqtt_auth.create_group(''presses'')';
    END IF;
END
$$;
COMMENT ON FUNCTION mqtt_auth.require_group(text) IS
    'Raises an error that helps where there is no such group';

-- Letters of ASCII, whatever the locale of the database takes for one. pgauth passwd, which lets nobody
-- else see a password, judges by the same rows: a rule is stated here and nowhere else.
CREATE VIEW mqtt_auth.password_policy AS
    SELECT rule.place,
           policy.least,
           rule.letters,
           concat(policy.least, ' ', rule.noun, CASE WHEN policy.least <> 1 THEN 's' END) AS demand
    FROM (VALUES (1, 'min', NULL, 'character'),
                 (2, 'lower', 'abcdefghijklmnopqrstuvwxyz', 'lower-case letter'),
                 (3, 'upper', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'upper-case letter'),
                 (4, 'numeric', '0123456789', 'digit'),
                 (5, 'symbol', ' !"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', 'symbol')) AS rule (place, word, letters, noun)
    JOIN mqtt_auth.settings AS s ON s.key = 'password_policy_' || rule.word
    -- Other settings are no numbers, and a condition on `least` may be looked at before the join.
    CROSS JOIN LATERAL (
        SELECT CASE WHEN starts_with(s.key, 'password_policy_') THEN s.value::integer END AS least) AS policy;
COMMENT ON VIEW mqtt_auth.password_policy IS
    'What a new password must have: the settings password_policy_… as rules';
COMMENT ON COLUMN mqtt_auth.password_policy.place IS 'The order in which they are named';
COMMENT ON COLUMN mqtt_auth.password_policy.least IS 'How many characters of the kind it must have';
COMMENT ON COLUMN mqtt_auth.password_policy.letters IS 'The characters of the kind; null: all';
COMMENT ON COLUMN mqtt_auth.password_policy.demand IS 'The rule in words';

CREATE FUNCTION mqtt_auth.require_strength(password text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
    lacking text;
BEGIN
    SELECT string_agg(p.demand, ', ' ORDER BY p.place) INTO lacking
        FROM mqtt_auth.password_policy AS p
        WHERE char_length(require_strength.password)
              - coalesce(char_length(translate(require_strength.password, p.letters, '')), 0) < p.least;
    -- The password itself stays out of the message.
    IF lacking IS NOT NULL THEN
        RAISE EXCEPTION 'the password is too weak for the password policy: it needs at least %', lacking
            USING ERRCODE = 'check_violation',
                  HINT = 'the policy is in mqtt_auth.settings; SELECT mqtt_auth.generate_secret(''press-7'') '
                         'makes a password that is always strong enough';
    END IF;
END
$$;
COMMENT ON FUNCTION mqtt_auth.require_strength(text) IS
    'Raises an error that names what a password lacks of the settings password_policy_…';

CREATE FUNCTION mqtt_auth.hash_password(password text) RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    home name;      -- the schema that pgcrypto is installed in
    secret text;
BEGIN
    IF password = '' THEN
        RAISE EXCEPTION 'the password is empty: use 1 to 72 bytes'
            USING ERRCODE = 'check_violation', HINT = 'leave it out for a client without a password';
    ELSIF octet_length(password) > 72 THEN
        RAISE EXCEPTION 'the password has % bytes: use 1 to 72, bcrypt would ignore the rest',
            octet_length(password)
            USING ERRCODE = 'check_violation', HINT = 'hash longer ones with mkpasswd and give secret =>';
    END IF;
    PERFORM mqtt_auth.require_strength(password);
    SELECT n.nspname INTO home
        FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
        WHERE e.extname = 'pgcrypto';
    IF home IS NULL THEN
        RAISE EXCEPTION 'passwords cannot be hashed here, the extension pgcrypto is not installed: '
                        'use secret => with a hash'
            USING ERRCODE = 'feature_not_supported',
                  HINT = 'for example: secret => ''$y$…'' (from: mkpasswd), or CREATE '
                         'EXTENSION pgcrypto';
    ELSIF NOT has_schema_privilege(home, 'USAGE') THEN
        RAISE EXCEPTION 'passwords cannot be hashed here, pgcrypto is in schema `%`, which `%` may '
                        'not use: use secret => with a hash',
            home, current_user
            USING ERRCODE = 'insufficient_privilege',
                  HINT = format('for example: secret => ''$y$…'' (from: mkpasswd), or '
                                'GRANT USAGE ON SCHEMA %I TO %I',
                                home, current_user);
    END IF;
    EXECUTE format('SELECT %1$I.crypt($1::text, %1$I.gen_salt(''bf''::text, 10::integer))', home)
        INTO secret USING password;
    RETURN secret;
END
$$;
COMMENT ON FUNCTION mqtt_auth.hash_password(text) IS
    'A password that satisfies the policy as bcrypt of cost 10, by pgcrypto in whichever schema it is';

CREATE FUNCTION mqtt_auth.create_client(
    name             text,
    username         text DEFAULT NULL,
    password         text DEFAULT NULL,
    secret           text DEFAULT NULL,
    client_id        text DEFAULT NULL,
    networks         cidr[] DEFAULT NULL,
    attributes       jsonb DEFAULT '{}',
    required_methods text[] DEFAULT '{}',
    valid_from       timestamptz DEFAULT NULL,
    valid_until      timestamptz DEFAULT NULL,
    enabled          boolean DEFAULT true,
    groups           text[] DEFAULT '{}',
    certificate      boolean DEFAULT false,
    fingerprint      text DEFAULT NULL,
    generate         boolean DEFAULT false)
    RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
    new_username CONSTANT text := coalesce(create_client.username, create_client.name);
    wanted_group text;
BEGIN
    IF new_username IS NULL THEN
        RAISE EXCEPTION 'a client needs a name or a username'
            USING ERRCODE = 'check_violation',
                  HINT = 'for example: SELECT mqtt_auth.create_client(''Press 7'', username => '
                         '''press-7'', secret => ''$argon2id$…'')';
    ELSIF create_client.generate AND num_nonnulls(create_client.password, create_client.secret) > 0 THEN
        RAISE EXCEPTION 'give a password, or a secret (a ready-made hash), or generate => true: one of them'
            USING ERRCODE = 'check_violation',
                  HINT = 'for example: SELECT mqtt_auth.create_client(''Press 7'', username => '
                         '''press-7'', generate => true)';
    END IF;
    BEGIN
        INSERT INTO mqtt_auth.clients
            (username, name, enabled, client_id, required_methods, networks,
             valid_from, valid_until, attributes)
        VALUES
            (new_username, nullif(create_client.name, new_username), create_client.enabled,
             create_client.client_id, coalesce(create_client.required_methods, '{}'), create_client.networks,
             create_client.valid_from, create_client.valid_until, coalesce(create_client.attributes, '{}'));
    EXCEPTION WHEN unique_violation THEN
        RAISE EXCEPTION 'client % exists already', mqtt_auth.quoted(new_username)
            USING ERRCODE = 'unique_violation',
                  HINT = 'change it with mqtt_auth.set_password(...) or UPDATE mqtt_auth.clients';
    END;
    IF num_nonnulls(create_client.password, create_client.secret) > 0 THEN
        PERFORM mqtt_auth.set_password(new_username, create_client.password, create_client.secret);
    END IF;
    IF create_client.certificate OR create_client.fingerprint IS NOT NULL THEN
        PERFORM mqtt_auth.grant_certificate(new_username, create_client.fingerprint);
    END IF;
    FOREACH wanted_group IN ARRAY coalesce(create_client.groups, '{}') LOOP
        PERFORM mqtt_auth.add_to_group(new_username, wanted_group);
    END LOOP;
    IF create_client.generate THEN
        RETURN mqtt_auth.generate_secret(new_username);
    END IF;
    RETURN new_username;
END
$$;
COMMENT ON FUNCTION mqtt_auth.create_client(text, text, text, text, text, cidr[], jsonb, text[], timestamptz, timestamptz, boolean, text[], boolean, text, boolean) IS
    'Registers a client and returns its username, the name where none is given. It logs in with a '
    'password, or secret, a ready-made hash; with certificate => true by any certificate whose name '
    'is the username, with a fingerprint by exactly that one; with generate => true by a password '
    'that is made here and returned this once instead of the username. With none of them it has no '
    'credential yet';

CREATE FUNCTION mqtt_auth.require_secret(caller text, password text, secret text) RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
BEGIN
    IF num_nonnulls(require_secret.password, require_secret.secret) <> 1 THEN
        RAISE EXCEPTION 'give either a password or a secret (a ready-made hash)%',
            CASE WHEN require_secret.password IS NULL THEN '' ELSE ', not both' END
            USING ERRCODE = 'check_violation',
                  HINT = format('for example: SELECT mqtt_auth.%s(''press-7'', secret => ''$argon2id$…'')',
                                require_secret.caller);
    END IF;
    RETURN coalesce(require_secret.secret, mqtt_auth.hash_password(require_secret.password));
END
$$;
COMMENT ON FUNCTION mqtt_auth.require_secret(text, text, text) IS
    'The hash to store, from a password or a ready-made hash; raises an error that helps unless '
    'exactly one of them is given';

CREATE FUNCTION mqtt_auth.add_credential(
    username text, method text, secret text, fingerprint text, label text,
    valid_from timestamptz, valid_until timestamptz)
    RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
    credential bigint;
BEGIN
    -- Granted before: the same credential, with the new label and window.
    UPDATE mqtt_auth.credentials AS c
        SET label = add_credential.label, valid_from = add_credential.valid_from,
            valid_until = add_credential.valid_until
        WHERE c.id = (SELECT same.id FROM mqtt_auth.credentials AS same
                      WHERE same.username = add_credential.username AND same.method = add_credential.method
                        AND same.secret IS NOT DISTINCT FROM add_credential.secret
                        AND same.fingerprint IS NOT DISTINCT FROM add_credential.fingerprint
                      ORDER BY same.id LIMIT 1)
        RETURNING c.id INTO credential;
    IF credential IS NULL THEN
        INSERT INTO mqtt_auth.credentials AS c
            (username, method, secret, fingerprint, label, valid_from, valid_until)
            VALUES (add_credential.username, add_credential.method, add_credential.secret,
                    add_credential.fingerprint, add_credential.label, add_credential.valid_from,
                    add_credential.valid_until)
            RETURNING c.id INTO credential;
    END IF;
    RETURN credential;
END
$$;
COMMENT ON FUNCTION mqtt_auth.add_credential(text, text, text, text, text, timestamptz, timestamptz) IS
    'What the grant_ functions share: adds a credential, or gives the same one a new label and '
    'window, and returns its id';

CREATE FUNCTION mqtt_auth.set_password(username text, password text DEFAULT NULL, secret text DEFAULT NULL)
    RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
    hash text;
BEGIN
    PERFORM mqtt_auth.require_client(set_password.username);
    hash := mqtt_auth.require_secret('set_password', set_password.password, set_password.secret);
    DELETE FROM mqtt_auth.credentials AS c
        WHERE c.username = set_password.username AND c.method = 'password';
    PERFORM mqtt_auth.add_credential(set_password.username, 'password', hash, NULL, NULL, NULL, NULL);
END
$$;
COMMENT ON FUNCTION mqtt_auth.set_password(text, text, text) IS
    'Gives a client one password in place of all that it had: as password, or as secret, a '
    'ready-made hash';

CREATE FUNCTION mqtt_auth.grant_password(
    username    text,
    password    text DEFAULT NULL,
    secret      text DEFAULT NULL,
    label       text DEFAULT NULL,
    valid_from  timestamptz DEFAULT NULL,
    valid_until timestamptz DEFAULT NULL)
    RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
BEGIN
    PERFORM mqtt_auth.require_client(grant_password.username);
    RETURN mqtt_auth.add_credential(
        grant_password.username, 'password',
        mqtt_auth.require_secret('grant_password', grant_password.password, grant_password.secret),
        NULL, grant_password.label, grant_password.valid_from, grant_password.valid_until);
END
$$;
COMMENT ON FUNCTION mqtt_auth.grant_password(text, text, text, text, timestamptz, timestamptz) IS
    'Lets a client in with one more password, beside those that it has: to change it without '
    'downtime. As password, or as secret, a ready-made hash. Returns the credential';

CREATE FUNCTION mqtt_auth.generate_secret(
    username    text,
    label       text DEFAULT NULL,
    valid_from  timestamptz DEFAULT NULL,
    valid_until timestamptz DEFAULT NULL)
    RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
    -- A random UUID has 122 bits of the server's strong random numbers: four fill 256.
    random CONSTANT bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
                                    || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
    salt CONSTANT bytea := uuid_send(gen_random_uuid());
    made CONSTANT text := 'pgauth_' || translate(encode(random, 'base64'), '+/=', '-_');
BEGIN
    PERFORM mqtt_auth.require_client(generate_secret.username);
    PERFORM mqtt_auth.add_credential(
        generate_secret.username, 'password',
        '$generated$sha256$' || rtrim(encode(salt, 'base64'), '=')
            || '$' || rtrim(encode(sha256(salt || convert_to(made, 'UTF8')), 'base64'), '='),
        NULL, generate_secret.label, generate_secret.valid_from, generate_secret.valid_until);
    RETURN made;
END
$$;
COMMENT ON FUNCTION mqtt_auth.generate_secret(text, text, timestamptz, timestamptz) IS
    'Gives a client one more password, beside those that it has: 256 random bits, returned this '
    'once and kept as a fast hash, which only such secrets satisfy. Needs no pgcrypto';

CREATE FUNCTION mqtt_auth.rehash(id bigint, old_secret text, new_secret text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
BEGIN
    IF rehash.new_secret IS NULL OR rehash.new_secret NOT LIKE '$argon2id$%' THEN
        RAISE EXCEPTION 'mqtt_auth.rehash: the new secret is no argon2id: nothing else is made of an old one'
            USING ERRCODE = 'check_violation', HINT = 'use mqtt_auth.set_password for another password';
    END IF;
    -- Changed, deleted or rehashed by another meanwhile: no row, and no harm.
    UPDATE mqtt_auth.credentials AS c
        SET secret = rehash.new_secret,
            rehashed_from = 'SHA256:' || encode(sha256(convert_to(rehash.old_secret, 'UTF8')), 'hex')
        WHERE c.id = rehash.id AND c.method = 'password' AND c.secret = rehash.old_secret
          AND rehash.old_secret <> rehash.new_secret
          -- The one is as good as it gets; without the other its clients could not log in by SCRAM.
          AND rehash.old_secret NOT LIKE '$generated$%' AND rehash.old_secret NOT LIKE 'SCRAM-SHA-256$%';
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION mqtt_auth.rehash(bigint, text, text) IS
    'For the plugin, where allow_rehash lets it: replaces one hash of a password by another of the '
    'same, an argon2id, and says whether the old one was still there. Runs as the owner: whoever '
    'may call it and read hashes can set passwords';

CREATE FUNCTION mqtt_auth.grant_certificate(
    username    text,
    fingerprint text DEFAULT NULL,
    label       text DEFAULT NULL,
    valid_from  timestamptz DEFAULT NULL,
    valid_until timestamptz DEFAULT NULL)
    RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
    pinned CONSTANT text := mqtt_auth.normal_fingerprint(grant_certificate.fingerprint);
    other text;
BEGIN
    PERFORM mqtt_auth.require_client(grant_certificate.username);
    SELECT c.username INTO other FROM mqtt_auth.credentials AS c
        WHERE c.fingerprint = pinned AND c.username <> grant_certificate.username;
    IF other IS NOT NULL THEN
        RAISE EXCEPTION 'certificate % belongs to client % already', mqtt_auth.quoted(pinned), mqtt_auth.quoted(other)
            USING ERRCODE = 'unique_violation', HINT = 'a certificate identifies one client';
    ELSIF EXISTS (SELECT FROM mqtt_auth.revoked_certificates AS r WHERE r.fingerprint = pinned) THEN
        RAISE WARNING 'certificate % is revoked: it stays refused', mqtt_auth.quoted(pinned)
            USING HINT = format('take that back with: SELECT mqtt_auth.unrevoke_certificate(%L)', pinned);
    END IF;
    RETURN mqtt_auth.add_credential(grant_certificate.username, 'certificate', NULL, pinned,
                                    grant_certificate.label, grant_certificate.valid_from,
                                    grant_certificate.valid_until);
END
$$;
COMMENT ON FUNCTION mqtt_auth.grant_certificate(text, text, text, timestamptz, timestamptz) IS
    'Lets a client in with a certificate: exactly the one of this fingerprint (as stored, bare '
    'hex, or as openssl prints it), or any whose name is the username. Returns the credential';

CREATE FUNCTION mqtt_auth.grant_psk(
    username    text,
    key         text,
    label       text DEFAULT NULL,
    valid_from  timestamptz DEFAULT NULL,
    valid_until timestamptz DEFAULT NULL)
    RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
    digits CONSTANT text := lower(regexp_replace(grant_psk.key, '^psk:', ''));
BEGIN
    PERFORM mqtt_auth.require_client(grant_psk.username);
    -- The key itself stays out of the message.
    IF digits IS NULL OR length(digits) NOT BETWEEN 32 AND 128 OR length(digits) % 2 <> 0
        OR digits !~ '^[0-9a-f]+$' THEN
        RAISE EXCEPTION 'that is not a pre-shared key: use 32 to 128 hex digits, two for each byte'
            USING ERRCODE = 'check_violation', HINT = 'make one with: openssl rand -hex 32';
    END IF;
    RETURN mqtt_auth.add_credential(grant_psk.username, 'psk', 'psk:' || digits, NULL,
                                    grant_psk.label, grant_psk.valid_from, grant_psk.valid_until);
END
$$;
COMMENT ON FUNCTION mqtt_auth.grant_psk(text, text, text, timestamptz, timestamptz) IS
    'Lets a client in with a pre-shared key of TLS, given in hex; its PSK identity is the '
    'username. Returns the credential';

CREATE FUNCTION mqtt_auth.revoke(
    username    text,
    method      text,
    fingerprint text DEFAULT NULL,
    label       text DEFAULT NULL,
    id          bigint DEFAULT NULL)
    RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
    pinned CONSTANT text := mqtt_auth.normal_fingerprint(revoke.fingerprint);
    removed bigint;
    pinned_removed bigint;
    present text;
    other text;
BEGIN
    PERFORM mqtt_auth.require_client(revoke.username);
    IF revoke.method IS NULL THEN
        RAISE EXCEPTION 'mqtt_auth.revoke: method is missing'
            USING ERRCODE = 'check_violation',
                  HINT = 'for example: SELECT mqtt_auth.revoke(''press-7'', ''certificate'')';
    END IF;
    PERFORM mqtt_auth.check_word('mqtt_auth.revoke.method', revoke.method, 'a method',
                                 ARRAY['password', 'certificate', 'psk']);
    PERFORM mqtt_auth.check_fingerprint('mqtt_auth.revoke.fingerprint', pinned);
    IF pinned IS NOT NULL AND revoke.method <> 'certificate' THEN
        RAISE EXCEPTION 'mqtt_auth.revoke.fingerprint: a % has no fingerprint: only a certificate has one',
            revoke.method
            USING ERRCODE = 'check_violation',
                  HINT = 'for example: SELECT mqtt_auth.revoke(''press-7'', ''certificate'', ''SHA256:9f86d0…'')';
    END IF;
    WITH gone AS (
        DELETE FROM mqtt_auth.credentials AS c
        WHERE c.username = revoke.username AND c.method = revoke.method
          AND (pinned IS NULL OR c.fingerprint = pinned)
          AND (revoke.label IS NULL OR c.label = revoke.label)
          AND (revoke.id IS NULL OR c.id = revoke.id)
        RETURNING c.fingerprint)
    SELECT count(*), count(gone.fingerprint) INTO removed, pinned_removed FROM gone;

    IF removed = 0 THEN
        SELECT string_agg(c.words, ', ' ORDER BY c.place) FILTER (WHERE c.place <= 10)
               || CASE WHEN count(*) > 10 THEN ', …' ELSE '' END INTO present
            FROM (SELECT row_number() OVER (ORDER BY h.id) AS place,
                         concat(h.method, ' ', h.id, ' of ' || h.fingerprint,
                                ' labelled ' || mqtt_auth.quoted(h.label)) AS words
                  FROM mqtt_auth.credentials AS h WHERE h.username = revoke.username) AS c;
        SELECT c.username INTO other FROM mqtt_auth.credentials AS c
            WHERE c.fingerprint = pinned AND c.username <> revoke.username;
        RAISE EXCEPTION 'client % has no %', mqtt_auth.quoted(revoke.username),
            concat(revoke.method, ' of fingerprint ' || mqtt_auth.quoted(pinned),
                   ' labelled ' || mqtt_auth.quoted(revoke.label), ' with id ' || revoke.id)
            USING ERRCODE = 'foreign_key_violation',
                  HINT = concat('that certificate belongs to client ' || mqtt_auth.quoted(other) || '; ',
                                mqtt_auth.quoted(revoke.username),
                                coalesce(' has: ' || present, ' has no credential at all'));
    ELSIF pinned_removed > 0 AND EXISTS (
        SELECT FROM mqtt_auth.credentials AS c
        WHERE c.username = revoke.username AND c.method = 'certificate' AND c.fingerprint IS NULL) THEN
        RAISE NOTICE 'client % may still come in with any certificate whose name is its username',
            mqtt_auth.quoted(revoke.username)
            USING HINT = 'to refuse one certificate whatever else holds: SELECT '
                         'mqtt_auth.revoke_certificate(''SHA256:9f86d0…'')';
    END IF;
    RETURN removed;
END
$$;
COMMENT ON FUNCTION mqtt_auth.revoke(text, text, text, text, bigint) IS
    'Takes credentials of one method from a client: all of them, or only those of this '
    'fingerprint, label or id. Returns how many';

CREATE FUNCTION mqtt_auth.revoke_certificate(fingerprint text, reason text DEFAULT NULL) RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
    refused CONSTANT text := mqtt_auth.normal_fingerprint(revoke_certificate.fingerprint);
BEGIN
    IF refused IS NULL THEN
        RAISE EXCEPTION 'mqtt_auth.revoke_certificate: fingerprint is missing'
            USING ERRCODE = 'check_violation',
                  HINT = 'from: openssl x509 -noout -fingerprint -sha256 -in press-7.crt';
    END IF;
    INSERT INTO mqtt_auth.revoked_certificates AS r (fingerprint, reason)
        VALUES (refused, revoke_certificate.reason)
        ON CONFLICT ON CONSTRAINT revoked_certificates_pkey
        DO UPDATE SET reason = coalesce(excluded.reason, r.reason);
    RETURN refused;
END
$$;
COMMENT ON FUNCTION mqtt_auth.revoke_certificate(text, text) IS
    'Refuses the certificate of this fingerprint (as stored, bare hex, or as openssl prints it), '
    'whatever else holds; again: with the new reason. Returns the fingerprint as stored';

CREATE FUNCTION mqtt_auth.unrevoke_certificate(fingerprint text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
    refused CONSTANT text := mqtt_auth.normal_fingerprint(unrevoke_certificate.fingerprint);
BEGIN
    PERFORM mqtt_auth.check_fingerprint('mqtt_auth.unrevoke_certificate', refused);
    DELETE FROM mqtt_auth.revoked_certificates AS r WHERE r.fingerprint = refused;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'certificate % is not revoked: see TABLE mqtt_auth.revoked_certificates',
            coalesce(mqtt_auth.quoted(refused), 'null')
            USING ERRCODE = 'foreign_key_violation',
                  HINT = 'for example: SELECT mqtt_auth.unrevoke_certificate(r.fingerprint) FROM '
                         'mqtt_auth.revoked_certificates AS r WHERE r.reason = ''lost''';
    END IF;
END
$$;
COMMENT ON FUNCTION mqtt_auth.unrevoke_certificate(text) IS
    'Takes back revoke_certificate: credentials and permissions decide again';

CREATE FUNCTION mqtt_auth.enable_client(username text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
BEGIN
    PERFORM mqtt_auth.require_client(enable_client.username);
    UPDATE mqtt_auth.clients AS c SET enabled = true WHERE c.username = enable_client.username;
END
$$;
COMMENT ON FUNCTION mqtt_auth.enable_client(text) IS 'Lets a client connect again';

CREATE FUNCTION mqtt_auth.disable_client(username text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
BEGIN
    PERFORM mqtt_auth.require_client(disable_client.username);
    UPDATE mqtt_auth.clients AS c SET enabled = false WHERE c.username = disable_client.username;
END
$$;
COMMENT ON FUNCTION mqtt_auth.disable_client(text) IS
    'Refuses a client from its next connection on, and keeps all that belongs to it; at once where '
    'the plugin applies changes immediately';

CREATE FUNCTION mqtt_auth.rename_client(username text, new_username text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
BEGIN
    PERFORM mqtt_auth.require_client(rename_client.username);
    UPDATE mqtt_auth.clients AS c SET username = rename_client.new_username
        WHERE c.username = rename_client.username;
EXCEPTION WHEN unique_violation THEN
    RAISE EXCEPTION 'client % exists already', mqtt_auth.quoted(rename_client.new_username)
        USING ERRCODE = 'unique_violation', HINT = 'choose another name, or delete that client first';
END
$$;
COMMENT ON FUNCTION mqtt_auth.rename_client(text, text) IS
    'Gives a client another username; credentials, memberships and permissions follow';

CREATE FUNCTION mqtt_auth.disconnect(username text DEFAULT NULL, group_name text DEFAULT NULL)
    RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
BEGIN
    IF (disconnect.username IS NULL) = (disconnect.group_name IS NULL) THEN
        RAISE EXCEPTION 'disconnect: give a username or a group_name, one of the two'
            USING ERRCODE = 'check_violation',
                  HINT = 'for example: SELECT mqtt_auth.disconnect(''press-7''), or '
                         'SELECT mqtt_auth.disconnect(group_name => ''presses'')';
    END IF;
    -- Also those that only a view of the site knows.
    IF disconnect.username IS NOT NULL THEN
        IF NOT EXISTS (SELECT FROM mqtt_auth.broker_clients AS c
                       WHERE c.username = disconnect.username) THEN
            PERFORM mqtt_auth.require_client(disconnect.username);
        END IF;
        PERFORM mqtt_auth.record_change('disconnect_client', disconnect.username);
    ELSE
        IF NOT EXISTS (SELECT FROM mqtt_auth.broker_groups AS g
                       WHERE g.name = disconnect.group_name) THEN
            PERFORM mqtt_auth.require_group(disconnect.group_name);
        END IF;
        PERFORM mqtt_auth.record_change('disconnect_group', disconnect.group_name);
    END IF;
END
$$;
COMMENT ON FUNCTION mqtt_auth.disconnect(text, text) IS
    'Throws off the connections of a client, or of everybody whose connection is in a group, '
    'explicitly or by rule; who may log in may come back';

CREATE FUNCTION mqtt_auth.delete_client(username text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
BEGIN
    PERFORM mqtt_auth.require_client(delete_client.username);
    DELETE FROM mqtt_auth.clients AS c WHERE c.username = delete_client.username;
END
$$;
COMMENT ON FUNCTION mqtt_auth.delete_client(text) IS
    'Deletes a client with its credentials, memberships and own permissions';

CREATE FUNCTION mqtt_auth.create_group(name text, description text DEFAULT NULL) RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
BEGIN
    INSERT INTO mqtt_auth.groups (name, description)
        VALUES (create_group.name, create_group.description);
    RETURN create_group.name;
EXCEPTION WHEN unique_violation THEN
    RAISE EXCEPTION 'group % exists already', mqtt_auth.quoted(create_group.name)
        USING ERRCODE = 'unique_violation', HINT = 'give it permissions with mqtt_auth.allow(...)';
END
$$;
COMMENT ON FUNCTION mqtt_auth.create_group(text, text) IS
    'Makes a group, without members and permissions, and returns its name';

CREATE FUNCTION mqtt_auth.delete_group(name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
BEGIN
    PERFORM mqtt_auth.require_group(delete_group.name);
    DELETE FROM mqtt_auth.groups AS g WHERE g.name = delete_group.name;
END
$$;
COMMENT ON FUNCTION mqtt_auth.delete_group(text) IS
    'Deletes a group with its memberships and permissions; its clients stay';

CREATE FUNCTION mqtt_auth.add_to_group(username text, group_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
BEGIN
    PERFORM mqtt_auth.require_client(add_to_group.username);
    PERFORM mqtt_auth.require_group(add_to_group.group_name);
    INSERT INTO mqtt_auth.group_members (group_name, username)
        VALUES (add_to_group.group_name, add_to_group.username)
        ON CONFLICT ON CONSTRAINT group_members_pkey DO NOTHING;
END
$$;
COMMENT ON FUNCTION mqtt_auth.add_to_group(text, text) IS
    'Makes a client a member of a group; no harm if it is one';

CREATE FUNCTION mqtt_auth.remove_from_group(username text, group_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
BEGIN
    PERFORM mqtt_auth.require_client(remove_from_group.username);
    PERFORM mqtt_auth.require_group(remove_from_group.group_name);
    DELETE FROM mqtt_auth.group_members AS m
        WHERE m.group_name = remove_from_group.group_name AND m.username = remove_from_group.username;
    IF NOT FOUND THEN
        RAISE NOTICE 'client % is no explicit member of %: nothing to remove',
            mqtt_auth.quoted(remove_from_group.username), mqtt_auth.quoted(remove_from_group.group_name);
    END IF;
END
$$;
COMMENT ON FUNCTION mqtt_auth.remove_from_group(text, text) IS
    'Ends the explicit membership of a client; a group rule may still put it into the group';

CREATE FUNCTION mqtt_auth.add_entry(
    effect text, group_name text, username text, permission text, topic text, priority integer,
    max_qos integer, allow_retain boolean)
    RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
    entry bigint;
BEGIN
    IF add_entry.permission IS NULL OR add_entry.topic IS NULL THEN
        RAISE EXCEPTION 'mqtt_auth.%: % is missing', add_entry.effect,
            CASE WHEN add_entry.permission IS NULL THEN 'permission' ELSE 'topic' END
            USING ERRCODE = 'check_violation',
                  HINT = format('for example: SELECT mqtt_auth.%s(''presses'', ''write'', '
                                '''plant/1/%%u/#'')', add_entry.effect);
    END IF;
    IF add_entry.group_name IS NOT NULL THEN
        PERFORM mqtt_auth.require_group(add_entry.group_name);
    END IF;
    IF add_entry.username IS NOT NULL THEN
        PERFORM mqtt_auth.require_client(add_entry.username);
    END IF;
    -- Before max_qos is made a smallint.
    PERFORM mqtt_auth.check_entry(add_entry.group_name, add_entry.username, add_entry.effect,
                                  add_entry.max_qos, add_entry.allow_retain);
    SELECT a.id INTO entry FROM mqtt_auth.acls AS a
        WHERE (a.group_name = add_entry.group_name OR a.username = add_entry.username)
          AND a.effect = add_entry.effect AND a.permission = add_entry.permission
          AND a.topic = add_entry.topic AND a.priority = add_entry.priority
          AND a.max_qos IS NOT DISTINCT FROM add_entry.max_qos
          AND a.allow_retain IS NOT DISTINCT FROM add_entry.allow_retain
        ORDER BY a.id LIMIT 1;
    IF entry IS NULL THEN
        INSERT INTO mqtt_auth.acls AS a
            (group_name, username, effect, permission, topic, priority, max_qos, allow_retain)
            VALUES (add_entry.group_name, add_entry.username, add_entry.effect, add_entry.permission,
                    add_entry.topic, coalesce(add_entry.priority, 0), add_entry.max_qos, add_entry.allow_retain)
            RETURNING a.id INTO entry;
    END IF;
    RETURN entry;
END
$$;
COMMENT ON FUNCTION mqtt_auth.add_entry(text, text, text, text, text, integer, integer, boolean) IS
    'What allow() and deny() share: adds an ACL entry, or finds the same one, and returns its id';

CREATE FUNCTION mqtt_auth.allow(
    group_name   text DEFAULT NULL,
    permission   text DEFAULT NULL,
    topic        text DEFAULT NULL,
    username     text DEFAULT NULL,
    priority     integer DEFAULT 0,
    max_qos      integer DEFAULT NULL,
    allow_retain boolean DEFAULT NULL)
    RETURNS bigint
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT mqtt_auth.add_entry('allow', allow.group_name, allow.username, allow.permission, allow.topic,
                               allow.priority, allow.max_qos, allow.allow_retain)
$$;
COMMENT ON FUNCTION mqtt_auth.allow(text, text, text, text, integer, integer, boolean) IS
    'Allows a group, or a client with username =>, to read, write or readWrite a topic filter. '
    'Returns the entry';

CREATE FUNCTION mqtt_auth.deny(
    group_name text DEFAULT NULL,
    permission text DEFAULT NULL,
    topic      text DEFAULT NULL,
    username   text DEFAULT NULL,
    priority   integer DEFAULT 0)
    RETURNS bigint
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT mqtt_auth.add_entry('deny', deny.group_name, deny.username, deny.permission, deny.topic,
                               deny.priority, NULL, NULL)
$$;
COMMENT ON FUNCTION mqtt_auth.deny(text, text, text, text, integer) IS
    'Denies a group, or a client with username =>, to read, write or readWrite a topic filter. '
    'Returns the entry';

CREATE FUNCTION mqtt_auth.add_group_rule(
    name             text,
    groups           text[],
    client_name      text DEFAULT NULL,
    username         text DEFAULT NULL,
    client_id        text DEFAULT NULL,
    fingerprint      text DEFAULT NULL,
    common_name      text DEFAULT NULL,
    subject_alt_name text DEFAULT NULL,
    address          cidr DEFAULT NULL,
    method           text DEFAULT NULL,
    syntax           text DEFAULT 'glob',
    enabled          boolean DEFAULT true)
    RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
    wanted_group text;
BEGIN
    IF coalesce(cardinality(add_group_rule.groups), 0) = 0 THEN
        RAISE EXCEPTION 'group rule %: names no group', mqtt_auth.quoted(coalesce(add_group_rule.name, ''))
            USING ERRCODE = 'check_violation',
                  HINT = 'for example: SELECT mqtt_auth.add_group_rule(''all presses'', '
                         'ARRAY[''presses''], client_id => ''press-*'')';
    END IF;
    BEGIN
        INSERT INTO mqtt_auth.group_rules
            (name, enabled, syntax, client_name, username, client_id, fingerprint, common_name,
             subject_alt_name, address, method)
        VALUES
            (add_group_rule.name, add_group_rule.enabled, add_group_rule.syntax, add_group_rule.client_name,
             add_group_rule.username, add_group_rule.client_id,
             CASE WHEN add_group_rule.syntax = 'regex' THEN add_group_rule.fingerprint
                  ELSE mqtt_auth.normal_fingerprint(add_group_rule.fingerprint) END,
             add_group_rule.common_name, add_group_rule.subject_alt_name, add_group_rule.address,
             add_group_rule.method);
    EXCEPTION WHEN unique_violation THEN
        RAISE EXCEPTION 'group rule % exists already', mqtt_auth.quoted(add_group_rule.name)
            USING ERRCODE = 'unique_violation',
                  HINT = 'change it with UPDATE mqtt_auth.group_rules, or '
                         'mqtt_auth.delete_group_rule(...) first';
    END;
    FOREACH wanted_group IN ARRAY add_group_rule.groups LOOP
        PERFORM mqtt_auth.require_group(wanted_group);
        INSERT INTO mqtt_auth.group_rule_groups (rule_name, group_name)
            VALUES (add_group_rule.name, wanted_group)
            ON CONFLICT ON CONSTRAINT group_rule_groups_pkey DO NOTHING;
    END LOOP;
    RETURN add_group_rule.name;
END
$$;
COMMENT ON FUNCTION mqtt_auth.add_group_rule(text, text[], text, text, text, text, text, text, cidr, text, text, boolean) IS
    'Puts connecting clients for which every given condition holds into groups. Returns the name '
    'of the rule';

CREATE FUNCTION mqtt_auth.delete_group_rule(name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
BEGIN
    DELETE FROM mqtt_auth.group_rules AS r WHERE r.name = delete_group_rule.name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'group rule % does not exist: see TABLE mqtt_auth.group_rules',
            coalesce(mqtt_auth.quoted(delete_group_rule.name), 'null')
            USING ERRCODE = 'foreign_key_violation',
                  HINT = 'for example: SELECT mqtt_auth.delete_group_rule(''all presses'')';
    END IF;
END
$$;
COMMENT ON FUNCTION mqtt_auth.delete_group_rule(text) IS 'Deletes a group rule; its groups stay';


-- =============================================================================================
-- 6  What people read
-- =============================================================================================
--
-- From the same views as the plugin, so that both tell the same story where a site replaced one.

CREATE VIEW mqtt_auth.client_overview AS
    SELECT c.name,
           c.username,
           CASE WHEN cardinality(required.methods) > 0 THEN array_to_string(required.methods, ' and ')
                WHEN cardinality(live.methods) > 0 THEN array_to_string(live.methods, ' or ')
                ELSE 'none' END AS authentication,
           ARRAY(SELECT m.group_name FROM mqtt_auth.broker_members AS m
                 WHERE m.username = c.username ORDER BY m.group_name) AS groups,
           CASE WHEN NOT c.enabled THEN 'disabled'
                WHEN c.valid_from > now() THEN 'not yet valid'
                WHEN c.valid_until <= now() THEN 'expired'
                WHEN cardinality(live.methods) = 0 THEN 'no credential'
                WHEN NOT required.methods <@ live.methods THEN 'no ' || array_to_string(
                    ARRAY(SELECT lacking.method
                          FROM unnest(required.methods) WITH ORDINALITY AS lacking (method, place)
                          WHERE lacking.method <> ALL (live.methods) ORDER BY lacking.place),
                    ', no ')
                ELSE 'enabled' END AS state
    FROM mqtt_auth.broker_clients AS c
    -- In one order, so that the same types read the same.
    CROSS JOIN LATERAL (
        SELECT ARRAY(SELECT r.method FROM unnest(c.required_methods) AS r (method)
                     ORDER BY array_position(ARRAY['password', 'certificate', 'psk'], r.method))
               AS methods) AS required
    CROSS JOIN LATERAL (
        SELECT ARRAY(SELECT p.method FROM mqtt_auth.broker_credentials AS p
                     WHERE p.username = c.username
                       AND (p.valid_from IS NULL OR p.valid_from <= now())
                       AND (p.valid_until IS NULL OR p.valid_until > now())
                       AND (p.fingerprint IS NULL OR NOT EXISTS (
                            SELECT FROM mqtt_auth.broker_revoked_certificates AS refused
                            WHERE refused.fingerprint = p.fingerprint))
                     GROUP BY p.method
                     ORDER BY array_position(ARRAY['password', 'certificate', 'psk'], p.method))
               AS methods) AS live;
COMMENT ON VIEW mqtt_auth.client_overview IS
    'Every client: how it logs in, its explicit groups, and whether it can';

CREATE FUNCTION mqtt_auth.text_matches(syntax text, pattern text, value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE text_matches.syntax
        WHEN 'exact' THEN text_matches.value = text_matches.pattern
        WHEN 'regex' THEN text_matches.value ~ ('^(?:' || text_matches.pattern || ')$')
        ELSE text_matches.value LIKE translate(
            regexp_replace(text_matches.pattern, '([\\%_])', '\\\1', 'g'), '*?', '%_')
        END
$$;
COMMENT ON FUNCTION mqtt_auth.text_matches(text, text, text) IS
    'Whether a text satisfies a condition of a group rule: exact, glob or regex, the whole of it';

CREATE FUNCTION mqtt_auth.permissions(username text)
    RETURNS TABLE (effect text, permission text, topic text, priority integer, max_qos smallint,
                   allow_retain boolean, source text, entry bigint)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
BEGIN
    IF NOT EXISTS (SELECT FROM mqtt_auth.broker_clients AS c WHERE c.username = permissions.username) THEN
        PERFORM mqtt_auth.require_client(permissions.username);
    END IF;
    RETURN QUERY
    WITH client AS (
        SELECT c.username, c.name FROM mqtt_auth.broker_clients AS c
        WHERE c.username = permissions.username
    ), member AS (
        SELECT m.group_name FROM mqtt_auth.broker_members AS m
        WHERE m.username = permissions.username
    ), rule AS (
        -- What the row of the client decides is decided here; the rest is said in words.
        SELECT r.name, r.groups, concat_ws(' and ',
                   'client_id ' || verb.is || ' ' || mqtt_auth.quoted(r.client_id),
                   'fingerprint ' || verb.is || ' ' || mqtt_auth.quoted(r.fingerprint),
                   'common_name ' || verb.is || ' ' || mqtt_auth.quoted(r.common_name),
                   'subject_alt_name ' || verb.is || ' ' || mqtt_auth.quoted(r.subject_alt_name),
                   'address is in `' || r.address || '`',
                   'method is `' || r.method || '`') AS condition
        FROM mqtt_auth.broker_rules AS r
        CROSS JOIN client AS c
        CROSS JOIN LATERAL (SELECT CASE r.syntax WHEN 'glob' THEN 'is like'
                                                 WHEN 'regex' THEN 'matches' ELSE 'is' END AS is) AS verb
        WHERE r.enabled
          AND coalesce(mqtt_auth.text_matches(r.syntax, r.client_name, c.name), true)
          AND coalesce(mqtt_auth.text_matches(r.syntax, r.username, c.username), true)
    ), way AS (
        SELECT m.group_name, format('group %s', mqtt_auth.quoted(m.group_name)) AS words
        FROM member AS m
        UNION ALL
        SELECT g.group_name,
               format('group %s by rule %s', mqtt_auth.quoted(g.group_name), mqtt_auth.quoted(r.name))
               || CASE WHEN r.condition = '' THEN '' ELSE ', if ' || r.condition END
        FROM rule AS r CROSS JOIN LATERAL unnest(r.groups) AS g (group_name)
        WHERE g.group_name NOT IN (SELECT m.group_name FROM member AS m)
    )
    SELECT e.effect, e.permission, e.topic, e.priority, e.max_qos, e.allow_retain,
           coalesce(w.words, 'own'), e.id
    FROM mqtt_auth.broker_entries AS e
    LEFT JOIN way AS w ON w.group_name = e.group_name
    WHERE w.group_name IS NOT NULL OR e.username = permissions.username
    ORDER BY e.priority DESC, e.effect DESC, e.topic, e.id, w.words;
END
$$;
COMMENT ON FUNCTION mqtt_auth.permissions(text) IS
    'What a client may do, the deciding entries first, and which entry says so: its own, a '
    'group''s, or a group''s by a rule, with what the rule asks of the connection';

-- explain() answers as the plugin does (lib/topic, lib/policy, lib/authz); a test compares the two
-- over random policies. A filter is taken apart into what may stand in each of its levels: `=name`
-- that name, `+` any that does not begin with `$`, `*` any, `!` none; a `#` at the end: any levels
-- may follow.

CREATE FUNCTION mqtt_auth.is_filter(filter text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT is_filter.filter <> '' AND octet_length(is_filter.filter) <= 65535
        AND is_filter.filter !~ '[^/][+#]|[+#][^/]|#/'
$$;
COMMENT ON FUNCTION mqtt_auth.is_filter(text) IS
    'Whether a text is a topic filter: wildcards alone in their levels, `#` last';

CREATE FUNCTION mqtt_auth.filter_levels(filter text, placeholders jsonb, denies boolean) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    levels text[] := '{}';
    level text;
    value text;
BEGIN
    FOREACH level IN ARRAY string_to_array(filter, '/') LOOP
        IF level = '#' THEN
            -- It stands for the level before it too, but no topic is empty: `#` is one level or
            -- more, as `+/#` is, and `/#` two or more.
            RETURN levels || CASE WHEN levels = '{}' THEN ARRAY['+', '#']
                                  WHEN levels = '{=}' THEN ARRAY['*', '#'] ELSE ARRAY['#'] END;
        ELSIF level = '+' THEN
            levels := levels || CASE WHEN levels = '{}' THEN '+' ELSE '*' END;
        ELSIF placeholders IS NOT NULL AND level ~ '^%([uc]|\{[A-Za-z0-9_.-]+\})$' THEN
            value := placeholders ->> level;
            levels := levels || CASE
                WHEN value IS NOT NULL AND NOT (levels = '{}' AND value LIKE '$%') THEN '=' || value
                WHEN denies THEN '*' ELSE '!' END;
        ELSE
            levels := levels || ('=' || level);
        END IF;
    END LOOP;
    RETURN levels;
END
$$;
COMMENT ON FUNCTION mqtt_auth.filter_levels(text, jsonb, boolean) IS
    'A topic filter as what may stand in each level. A placeholder stands for its value; without '
    'one for any level in a deny, for none in an allow';

CREATE FUNCTION mqtt_auth.placeholder_values(username text, client_id text, attributes jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_object_agg(p.placeholder, p.value), '{}')
    FROM (SELECT '%u', placeholder_values.username
          UNION ALL SELECT '%c', placeholder_values.client_id
          UNION ALL SELECT '%{' || a.key || '}', a.value FROM jsonb_each_text(placeholder_values.attributes) AS a)
         AS p (placeholder, value)
    -- What could not be a level of a topic stands for nothing.
    WHERE p.value <> '' AND p.value !~ '[/+#]' AND NOT mqtt_auth.has_control_characters(p.value)
$$;
COMMENT ON FUNCTION mqtt_auth.placeholder_values(text, text, jsonb) IS
    'What %u, %c and %{key} stand for; those that are not there stand for nothing';

CREATE FUNCTION mqtt_auth.level_covers(wide text, narrow text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE level_covers.wide
        WHEN '*' THEN true
        WHEN '+' THEN level_covers.narrow = '+'
            OR left(level_covers.narrow, 1) = '=' AND left(level_covers.narrow, 2) <> '=$'
        WHEN '!' THEN false
        ELSE level_covers.wide = level_covers.narrow
        END
$$;
COMMENT ON FUNCTION mqtt_auth.level_covers(text, text) IS
    'Whether every name that may stand in one level may stand in another';

CREATE FUNCTION mqtt_auth.filter_covers(wide text[], narrow text[]) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    level text;
    place integer := 0;
BEGIN
    FOREACH level IN ARRAY wide LOOP
        IF level = '#' THEN
            RETURN true;
        END IF;
        place := place + 1;
        IF narrow[place] IS NULL OR narrow[place] = '#' OR NOT mqtt_auth.level_covers(level, narrow[place]) THEN
            RETURN false;
        END IF;
    END LOOP;
    RETURN place = cardinality(narrow);
END
$$;
COMMENT ON FUNCTION mqtt_auth.filter_covers(text[], text[]) IS
    'Whether one filter, or topic, matches every topic that another matches; both taken apart';

CREATE FUNCTION mqtt_auth.filter_overlaps(one text[], other text[]) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    one_end CONSTANT integer := cardinality(one) - (one[cardinality(one)] = '#')::integer;
    other_end CONSTANT integer := cardinality(other) - (other[cardinality(other)] = '#')::integer;
    bytes integer := 0;     -- of the shortest topic that both match, with a slash after each level
    a text;
    b text;
BEGIN
    FOR place IN 1 .. greatest(one_end, other_end) LOOP
        a := CASE WHEN place <= one_end THEN one[place] WHEN one_end < cardinality(one) THEN '*' ELSE '!' END;
        b := CASE WHEN place <= other_end THEN other[place] WHEN other_end < cardinality(other) THEN '*' ELSE '!' END;
        IF '!' IN (a, b) OR NOT (mqtt_auth.level_covers(a, b) OR mqtt_auth.level_covers(b, a)) THEN
            RETURN false;
        END IF;
        bytes := bytes + 1 + CASE WHEN left(a, 1) = '=' THEN octet_length(a) - 1
                                  WHEN left(b, 1) = '=' THEN octet_length(b) - 1 ELSE 0 END;
    END LOOP;
    RETURN bytes <= 65536;
END
$$;
COMMENT ON FUNCTION mqtt_auth.filter_overlaps(text[], text[]) IS
    'Whether some topic is matched by both filters; both taken apart';

CREATE FUNCTION mqtt_auth.plain_address(value inet) RETURNS inet
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN family(plain_address.value) = 6 AND plain_address.value <<= '::ffff:0:0/96'
                THEN set_masklen('0.0.0.0'::inet + (set_masklen(plain_address.value, 128) - '::ffff:0:0'::inet),
                                 masklen(plain_address.value) - 96)
                ELSE plain_address.value END
$$;
COMMENT ON FUNCTION mqtt_auth.plain_address(inet) IS
    'An address or network of IPv4 that is written as IPv6 (::ffff:10.1.2.3) as one of IPv4';

CREATE FUNCTION mqtt_auth.lies_in(address inet, network inet) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT mqtt_auth.plain_address(host(lies_in.address)::inet) <<= mqtt_auth.plain_address(lies_in.network)
$$;
COMMENT ON FUNCTION mqtt_auth.lies_in(inet, inet) IS
    'Whether an address lies in a network, however either is written';

CREATE FUNCTION mqtt_auth.client_id_fits(pattern text, username text, client_id text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT client_id_fits.client_id LIKE replace(
        translate(regexp_replace(client_id_fits.pattern, '([\\%_])', '\\\1', 'g'), '*?', '%_'),
        '\%u', regexp_replace(client_id_fits.username, '([\\%_])', '\\\1', 'g'))
$$;
COMMENT ON FUNCTION mqtt_auth.client_id_fits(text, text, text) IS
    'Whether an MQTT client id satisfies clients.client_id: a glob, in which %u is the username as it is';

CREATE FUNCTION mqtt_auth.groups_of(
    username text, client_id text, address inet, methods text[], fingerprint text, common_name text,
    subject_alt_names text[])
    RETURNS TABLE (group_name text, way text)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
BEGIN
    -- A rule of a site's own view has met no constraint. What PostgreSQL and the plugin may read
    -- differently is an error here, and never two answers.
    PERFORM mqtt_auth.check_regex('broker_rules.' || c.place, c.value)
        FROM mqtt_auth.broker_rules AS r
        CROSS JOIN LATERAL (VALUES
            ('client_name', r.client_name), ('username', r.username), ('client_id', r.client_id),
            ('fingerprint', r.fingerprint), ('common_name', r.common_name),
            ('subject_alt_name', r.subject_alt_name)) AS c (place, value)
        WHERE r.enabled AND r.syntax = 'regex' AND NOT EXISTS (
            SELECT FROM mqtt_auth.group_rules AS stored
            WHERE stored.name = r.name AND stored.syntax = 'regex'
              AND (stored.client_name, stored.username, stored.client_id, stored.fingerprint,
                   stored.common_name, stored.subject_alt_name) IS NOT DISTINCT FROM
                  (r.client_name, r.username, r.client_id, r.fingerprint, r.common_name, r.subject_alt_name));
    IF getdatabaseencoding() = 'SQL_ASCII' AND EXISTS (
        SELECT FROM mqtt_auth.broker_clients AS c
        WHERE c.username = groups_of.username
          AND concat(c.username, c.name, groups_of.client_id, groups_of.common_name, groups_of.subject_alt_names)
              ~ '[^\u0001-\u007f]') THEN
        RAISE WARNING 'mqtt_auth: this database has no encoding: `?`, `.` and `[...]` in group rules stand for bytes '
                      'here and for characters in the plugin'
            USING HINT = 'the groups in this answer may be others than the plugin''s';
    END IF;
    RETURN QUERY
    WITH ways AS (
        SELECT m.group_name, 0 AS place, 'member' AS words
        FROM mqtt_auth.broker_members AS m
        WHERE m.username = groups_of.username
        UNION ALL
        SELECT unnest(r.groups), 1, 'rule ' || mqtt_auth.quoted(r.name)
        FROM mqtt_auth.broker_rules AS r
        JOIN mqtt_auth.broker_clients AS c ON c.username = groups_of.username
        WHERE r.enabled AND r.syntax IN ('exact', 'glob', 'regex')
          AND num_nonnulls(r.client_name, r.username, r.client_id, r.fingerprint, r.common_name,
                           r.subject_alt_name, r.address, r.method) > 0
          -- What the connection does not have satisfies no condition.
          AND (r.client_name IS NULL
               OR mqtt_auth.text_matches(r.syntax, r.client_name, coalesce(c.name, c.username)))
          AND (r.username IS NULL OR mqtt_auth.text_matches(r.syntax, r.username, c.username))
          AND (r.client_id IS NULL OR mqtt_auth.text_matches(r.syntax, r.client_id, groups_of.client_id))
          AND (r.fingerprint IS NULL OR mqtt_auth.text_matches(r.syntax, r.fingerprint, groups_of.fingerprint))
          AND (r.common_name IS NULL
               OR mqtt_auth.text_matches(r.syntax, r.common_name, nullif(groups_of.common_name, '')))
          AND (r.subject_alt_name IS NULL OR EXISTS (
                   SELECT FROM unnest(groups_of.subject_alt_names) AS n (name)
                   WHERE mqtt_auth.text_matches(r.syntax, r.subject_alt_name, n.name)))
          AND (r.address IS NULL OR mqtt_auth.lies_in(groups_of.address, r.address))
          AND (r.method IS NULL OR r.method = ANY (groups_of.methods)))
    SELECT w.group_name, string_agg(w.words, ', ' ORDER BY w.place, w.words)
    FROM ways AS w JOIN mqtt_auth.broker_groups AS g ON g.name = w.group_name
    GROUP BY w.group_name;
END
$$;
COMMENT ON FUNCTION mqtt_auth.groups_of(text, text, inet, text[], text, text, text[]) IS
    'The groups of a client that connects like this, and what puts it into each';

CREATE FUNCTION mqtt_auth.deciding_entry(
    username text, groups text[], placeholders jsonb, action text, asked text[], qos integer,
    retain boolean, overlapping boolean)
    RETURNS TABLE (id bigint, group_name text, effect text, permission text, topic text, priority integer)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
BEGIN
    RETURN QUERY
    SELECT e.id, e.group_name, e.effect, e.permission, e.topic, e.priority
    FROM (
        -- An entry of a site's own view may make no sense: an allow is then worth nothing, and a
        -- deny denies all that it may have meant.
        SELECT b.id, b.group_name, b.username, b.max_qos, b.allow_retain, sane.yes AS sane,
               CASE WHEN b.effect = 'allow' THEN 'allow' ELSE 'deny' END AS effect,
               CASE WHEN b.permission IN ('read', 'write') THEN b.permission ELSE 'readWrite' END AS permission,
               CASE WHEN sane.yes THEN b.topic END AS topic,
               coalesce(b.priority, 2147483647) AS priority
        FROM mqtt_auth.broker_entries AS b
        CROSS JOIN LATERAL (SELECT coalesce(
            b.effect IN ('allow', 'deny') AND b.permission IN ('read', 'write', 'readWrite')
            AND b.priority IS NOT NULL AND num_nonnulls(b.group_name, b.username) = 1
            AND (b.max_qos IS NULL OR b.max_qos BETWEEN 0 AND 2)
            AND mqtt_auth.is_filter(b.topic) AND b.topic NOT LIKE '$share/%'
            AND b.topic !~ '(^|/)(?!(%[uc]|%\{[A-Za-z0-9_.-]+\})(/|$))[^/]*%[uc{]', false) AS yes) AS sane
        WHERE b.group_name = ANY (deciding_entry.groups) OR b.username = deciding_entry.username) AS e
    WHERE (e.sane OR e.effect = 'deny')
      AND e.permission IN ('readWrite', CASE deciding_entry.action WHEN 'publish' THEN 'write' ELSE 'read' END)
      -- An allow outside its limits is not relevant. They limit what is sent, not what is received.
      AND (e.effect = 'deny' OR deciding_entry.action = 'receive'
           OR (e.max_qos IS NULL OR deciding_entry.qos <= e.max_qos)
              AND (deciding_entry.action = 'subscribe' OR NOT deciding_entry.retain
                   OR coalesce(e.allow_retain, true)))
      AND CASE WHEN NOT e.sane THEN true
               WHEN deciding_entry.overlapping AND e.effect = 'allow' THEN mqtt_auth.filter_overlaps(
                   mqtt_auth.filter_levels(e.topic, deciding_entry.placeholders, false), deciding_entry.asked)
               ELSE mqtt_auth.filter_covers(
                   mqtt_auth.filter_levels(e.topic, deciding_entry.placeholders, e.effect = 'deny'),
                   deciding_entry.asked) END
    ORDER BY e.priority DESC, e.effect = 'deny' DESC, e.id LIMIT 1;
END
$$;
COMMENT ON FUNCTION mqtt_auth.deciding_entry(text, text[], jsonb, text, text[], integer, boolean, boolean) IS
    'Of the entries of these groups and of this client, the one that decides; no row where none is '
    'relevant';

CREATE FUNCTION mqtt_auth.login_state(
    username text, client_id text, address inet, methods text[], fingerprint text, anonymous_group text)
    RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
    client record;
BEGIN
    IF EXISTS (SELECT FROM mqtt_auth.broker_revoked_certificates AS r
               WHERE r.fingerprint = login_state.fingerprint) THEN
        RETURN 'refused: its certificate is revoked';
    ELSIF login_state.client_id ~ '[+#]' OR mqtt_auth.has_control_characters(login_state.client_id) THEN
        RETURN 'refused: its client id holds `+`, `#` or a control character';
    ELSIF login_state.username IS NULL THEN
        RETURN CASE WHEN login_state.anonymous_group IS NULL
                    THEN 'refused: without a username it needs anonymous_group' ELSE 'possible' END;
    END IF;
    SELECT c.client_id, c.networks, c.required_methods, o.state INTO client
        FROM mqtt_auth.broker_clients AS c JOIN mqtt_auth.client_overview AS o ON o.username = c.username
        WHERE c.username = login_state.username;
    RETURN CASE
        WHEN NOT FOUND THEN 'refused: no client has this username'
        WHEN client.state <> 'enabled' THEN 'refused: ' || client.state
        WHEN NOT mqtt_auth.client_id_fits(client.client_id, login_state.username, login_state.client_id)
            THEN 'refused: its client id is not like ' || mqtt_auth.quoted(client.client_id)
        WHEN NOT EXISTS (SELECT FROM unnest(client.networks) AS n (network)
                         WHERE mqtt_auth.lies_in(login_state.address, n.network) IS NOT FALSE)
            AND client.networks IS NOT NULL THEN 'refused: its address lies in none of its networks'
        WHEN cardinality(login_state.methods) > 0 AND NOT client.required_methods <@ login_state.methods
            THEN 'refused: it must prove ' || array_to_string(client.required_methods, ' and ')
        ELSE 'possible' END;
END
$$;
COMMENT ON FUNCTION mqtt_auth.login_state(text, text, inet, text[], text, text) IS
    'Whether a client that connects like this can log in, as far as its rows say, or why not';

CREATE FUNCTION mqtt_auth.explain(
    username          text,
    action            text,
    topic             text,
    client_id         text DEFAULT NULL,
    qos               integer DEFAULT 0,
    retain            boolean DEFAULT false,
    address           inet DEFAULT NULL,
    methods           text[] DEFAULT '{}',
    fingerprint       text DEFAULT NULL,
    common_name       text DEFAULT NULL,
    subject_alt_names text[] DEFAULT '{}',
    subscribe         text DEFAULT 'covered',
    client_ids        text DEFAULT 'believed',
    anonymous_group   text DEFAULT NULL,
    OUT allowed       boolean,
    OUT reason        text,
    OUT login         text,
    OUT entry         bigint,
    OUT source        text,
    OUT effect        text,
    OUT permission    text,
    OUT filter        text,
    OUT priority      integer,
    OUT groups        jsonb)
    RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
    pinned CONSTANT text := mqtt_auth.normal_fingerprint(explain.fingerprint);
    client record;
    counted_id text := explain.client_id;
    asked text := explain.topic;
    decided record;
BEGIN
    IF explain.action IS NULL OR explain.topic IS NULL THEN
        RAISE EXCEPTION 'mqtt_auth.explain: % is missing',
            CASE WHEN explain.action IS NULL THEN 'action' ELSE 'topic' END
            USING ERRCODE = 'check_violation',
                  HINT = 'for example: SELECT * FROM mqtt_auth.explain(''press-7'', ''publish'', '
                         '''plant/1/press-7/temp'')';
    ELSIF explain.qos NOT BETWEEN 0 AND 2 THEN
        RAISE EXCEPTION 'mqtt_auth.explain.qos: `%` is not a quality of service: use 0, 1 or 2', explain.qos
            USING ERRCODE = 'check_violation', HINT = 'for example: qos => 1';
    END IF;
    PERFORM mqtt_auth.check_word('mqtt_auth.explain.action', explain.action, 'an action',
                                 ARRAY['publish', 'subscribe', 'receive']),
            mqtt_auth.check_word('mqtt_auth.explain.subscribe', explain.subscribe, 'a way to judge subscriptions',
                                 ARRAY['covered', 'overlapping']),
            mqtt_auth.check_word('mqtt_auth.explain.client_ids', explain.client_ids, 'a way to take client ids',
                                 ARRAY['believed', 'bound']),
            mqtt_auth.check_methods('mqtt_auth.explain.methods', explain.methods),
            mqtt_auth.check_fingerprint('mqtt_auth.explain.fingerprint', pinned);
    SELECT c.username, c.client_id, c.attributes INTO client
        FROM mqtt_auth.broker_clients AS c WHERE c.username = explain.username;
    PERFORM mqtt_auth.check_attributes('broker_clients.attributes', client.attributes);
    -- Where client ids are bound, one counts only for a client whose row says which it may use.
    IF explain.client_ids = 'bound' AND client.client_id IS NULL THEN
        counted_id := NULL;
    END IF;

    login := mqtt_auth.login_state(explain.username, explain.client_id, explain.address, explain.methods, pinned,
                                   explain.anonymous_group);
    SELECT coalesce(jsonb_object_agg(g.group_name, g.way), '{}') INTO groups
        FROM mqtt_auth.groups_of(client.username, counted_id, explain.address, explain.methods, pinned,
                                 explain.common_name, explain.subject_alt_names) AS g;
    IF explain.username IS NULL THEN
        SELECT coalesce(jsonb_object_agg(g.name, 'anonymous_group'), '{}') INTO groups
            FROM mqtt_auth.broker_groups AS g WHERE g.name = explain.anonymous_group;
    END IF;

    -- A shared subscription is judged by its filter.
    IF explain.action = 'subscribe' AND asked ~ '^\$share(/|$)' THEN
        asked := substring(asked FROM '^\$share/[^/+#]+/(.+)$');
    END IF;
    allowed := false;
    reason := CASE
        WHEN explain.client_id ~ '[+#]' OR mqtt_auth.has_control_characters(explain.client_id)
            THEN 'denied: client ids with `+`, `#` or control characters have no rights'
        WHEN asked IS NULL OR NOT mqtt_auth.is_filter(asked) OR (explain.action <> 'subscribe' AND asked ~ '[+#]')
            THEN 'denied: not a valid topic'
        WHEN explain.username IS NOT NULL AND client.username IS NULL
            THEN 'denied: no client has this username' END;
    IF reason IS NOT NULL THEN
        RETURN;
    END IF;

    SELECT d.* INTO decided FROM mqtt_auth.deciding_entry(
        explain.username, ARRAY(SELECT jsonb_object_keys(groups)),
        mqtt_auth.placeholder_values(explain.username, counted_id, client.attributes), explain.action,
        mqtt_auth.filter_levels(asked, NULL, false), explain.qos, explain.retain,
        explain.action = 'subscribe' AND explain.subscribe = 'overlapping') AS d;
    IF decided.id IS NULL THEN
        reason := 'denied: no entry allows it';
        RETURN;
    END IF;
    allowed := decided.effect = 'allow';
    entry := decided.id;
    effect := decided.effect;
    permission := decided.permission;
    filter := decided.topic;
    priority := decided.priority;
    source := CASE WHEN decided.group_name IS NULL THEN 'own'
                   ELSE 'group ' || mqtt_auth.quoted(decided.group_name)
                       || coalesce(' by ' || substring(groups ->> decided.group_name FROM '^rule .*$'), '') END;
    reason := format('%s by entry %s of %s: %s %s %s, priority %s',
                     CASE WHEN allowed THEN 'allowed' ELSE 'denied' END, entry,
                     CASE WHEN decided.group_name IS NULL THEN 'client ' || mqtt_auth.quoted(explain.username)
                          ELSE 'group ' || mqtt_auth.quoted(decided.group_name) END,
                     effect, permission, coalesce(mqtt_auth.quoted(filter), 'every topic'), priority);
END
$$;
COMMENT ON FUNCTION mqtt_auth.explain(text, text, text, text, integer, boolean, inet, text[], text, text, text[], text, text, text) IS
    'May a client publish, subscribe to or receive a topic, and which entry says so: the plugin''s '
    'answer, for a connection of this client id, address, methods and certificate; what is not '
    'given it does not have. login: whether it could connect at all; groups: what put it into each';


-- =============================================================================================
-- 7  Roles and comments
-- =============================================================================================

CREATE FUNCTION mqtt_auth.allow_rehash(allowed boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    broker CONSTANT text := (SELECT s.value FROM mqtt_auth.settings AS s WHERE s.key = 'broker_role');
BEGIN
    IF allow_rehash.allowed IS NULL THEN
        RAISE EXCEPTION 'mqtt_auth.allow_rehash: say true or false'
            USING ERRCODE = 'check_violation', HINT = 'for example: SELECT mqtt_auth.allow_rehash(true)';
    ELSIF broker IS NULL THEN
        RAISE EXCEPTION 'mqtt_auth.allow_rehash: there is no role for the plugin yet'
            USING ERRCODE = 'undefined_object',
                  HINT = 'for example: SELECT mqtt_auth.grant_roles(broker_role => ''mqtt_auth_broker'')';
    ELSIF allow_rehash.allowed THEN
        EXECUTE format('GRANT EXECUTE ON FUNCTION mqtt_auth.rehash(bigint, text, text) TO %I', broker);
    ELSE
        EXECUTE format('REVOKE EXECUTE ON FUNCTION mqtt_auth.rehash(bigint, text, text) FROM %I', broker);
    END IF;
END
$$;
COMMENT ON FUNCTION mqtt_auth.allow_rehash(boolean) IS
    'For the owner: whether the plugin may replace the hash of a password that it has just seen by '
    'a stronger one. Not allowed unless said so: it gives whoever has the plugin''s role the power '
    'to set passwords';

CREATE FUNCTION mqtt_auth.grant_roles(
    broker_role text DEFAULT NULL, admin_role text DEFAULT NULL)
    RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict error
DECLARE
    wanted record;
    object record;
BEGIN
    IF grant_roles.broker_role = grant_roles.admin_role THEN
        RAISE EXCEPTION 'broker_role and admin_role are both `%`: the plugin must not be able to '
                        'change a client',
            grant_roles.broker_role
            USING ERRCODE = 'check_violation', HINT = 'choose two names';
    END IF;
    FOR wanted IN VALUES
        (grant_roles.broker_role, 'broker_role', 'The mosquitto-pgauth plugin: reads the broker_ '
                                                 'views of schema mqtt_auth; grant it to the role '
                                                 'that the broker logs in as'),
        (grant_roles.admin_role, 'admin_role', 'Administrators of schema mqtt_auth: change clients, '
                                               'groups and permissions; grant it to people')
    LOOP
        CONTINUE WHEN wanted.column1 IS NULL;
        IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = wanted.column1) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted.column1);
                EXECUTE format('COMMENT ON ROLE %I IS %L', wanted.column1, wanted.column3);
            EXCEPTION WHEN insufficient_privilege THEN
                RAISE WARNING 'mqtt_auth: role `%` does not exist and `%` may not create roles: '
                              'going on without it',
                    wanted.column1, current_user
                    USING HINT = format('when it exists: SELECT mqtt_auth.grant_roles(%s => %L)', wanted.column2, wanted.column1);
                CONTINUE;
            END;
        END IF;
        INSERT INTO mqtt_auth.settings (key, value) VALUES (wanted.column2, wanted.column1)
            ON CONFLICT ON CONSTRAINT settings_pkey DO UPDATE SET value = excluded.value;
        EXECUTE format('GRANT USAGE ON SCHEMA mqtt_auth TO %I', wanted.column1);
        FOR object IN
            SELECT c.oid::regclass AS name, c.relkind, c.relname FROM pg_class AS c
            WHERE c.relnamespace = 'mqtt_auth'::regnamespace AND c.relkind IN ('r', 'v')
        LOOP
            IF wanted.column2 = 'broker_role' AND object.relkind = 'v' AND object.relname LIKE 'broker\_%'
                OR wanted.column2 = 'admin_role' AND object.relkind = 'v' THEN
                EXECUTE format('GRANT SELECT ON %s TO %I', object.name, wanted.column1);
            ELSIF wanted.column2 = 'admin_role' THEN
                EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %I', object.name, wanted.column1);
            END IF;
        END LOOP;
        IF wanted.column2 = 'admin_role' THEN
            EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA mqtt_auth TO %I', wanted.column1);
            EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA mqtt_auth TO %I', wanted.column1);
            EXECUTE format('REVOKE EXECUTE ON FUNCTION mqtt_auth.grant_roles(text, text), '
                           'mqtt_auth.allow_rehash(boolean) FROM %I', wanted.column1);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION mqtt_auth.grant_roles(text, text) IS
    'For the owner: makes the roles that are named where they are missing and it may, and grants '
    'them what they need; run it again when a role came later';

-- A database may have default privileges that say otherwise.
REVOKE ALL ON SCHEMA mqtt_auth FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA mqtt_auth FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA mqtt_auth FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA mqtt_auth FROM PUBLIC;

SELECT mqtt_auth.grant_roles(:'broker_role', :'admin_role') AS pgauth_granted \gset

-- The columns of a view say what the columns behind them say.
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN
        SELECT v.relname AS view_name, a.attname, coalesce(words.text, col_description(t.oid, b.attnum)) AS text
        FROM (VALUES ('broker_settings', 'settings'), ('broker_clients', 'clients'),
                     ('broker_credentials', 'credentials'),
                     ('broker_revoked_certificates', 'revoked_certificates'),
                     ('broker_groups', 'groups'), ('broker_members', 'group_members'),
                     ('broker_rules', 'group_rules'), ('broker_entries', 'acls'),
                     ('broker_changes', 'changes'), ('client_overview', 'clients')) AS pair (view_name, table_name)
        JOIN pg_class AS v ON v.relname = pair.view_name AND v.relnamespace = 'mqtt_auth'::regnamespace
        JOIN pg_class AS t ON t.relname = pair.table_name AND t.relnamespace = 'mqtt_auth'::regnamespace
        JOIN pg_attribute AS a ON a.attrelid = v.oid AND a.attnum > 0
        LEFT JOIN pg_attribute AS b ON b.attrelid = t.oid AND b.attname = a.attname AND b.attnum > 0
        LEFT JOIN (VALUES
            ('broker_rules', 'groups', 'The groups that the rule puts its clients into'),
            ('broker_clients', 'name', 'A name for people; the username where none is given'),
            ('client_overview', 'name', 'A name for people; the username where none is given'),
            ('client_overview', 'authentication', 'Methods of its live credentials, any of which is '
                                                  'enough; with `and`: all are required'),
            ('client_overview', 'groups', 'Its explicit groups; group rules may add some at each connection'),
            ('client_overview', 'state', 'enabled, disabled, not yet valid, expired, or which '
                                         'credential it lacks')
        ) AS words (view_name, attname, text) ON words.view_name = v.relname AND words.attname = a.attname
    LOOP
        EXECUTE format('COMMENT ON COLUMN mqtt_auth.%I.%I IS %L', c.view_name, c.attname, c.text);
    END LOOP;
END
$$;

COMMIT;
\set ON_ERROR_STOP :pgauth_saved_stop
\set QUIET :pgauth_saved_quiet
\echo 'mqtt_auth: version 1 is installed'
