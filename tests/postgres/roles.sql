\ir support/begin.psql
SELECT mqtt_auth.create_client('press-7', secret => '$2b$10$' || repeat('e', 53));
RESET ROLE;

-- The broker's role reads its views and nothing else.
SELECT is_empty($$SELECT relname FROM pg_class WHERE relnamespace = 'mqtt_auth'::regnamespace AND relkind IN ('r', 'v', 'S')
                  AND (relkind <> 'v' OR relname NOT LIKE 'broker\_%')
                  AND (relkind = 'S' AND has_sequence_privilege('mqtt_auth_broker', oid, 'USAGE, SELECT, UPDATE')
                       OR relkind <> 'S' AND (has_table_privilege('mqtt_auth_broker', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
                                              OR has_any_column_privilege('mqtt_auth_broker', oid, 'SELECT, INSERT, UPDATE, REFERENCES')))$$,
                'the broker''s role has nothing on tables, sequences and other views');
SELECT is_empty($$SELECT relname FROM pg_class WHERE relnamespace = 'mqtt_auth'::regnamespace AND relkind = 'v' AND relname LIKE 'broker\_%'
                  AND (NOT has_table_privilege('mqtt_auth_broker', oid, 'SELECT')
                       OR has_table_privilege('mqtt_auth_broker', oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER'))$$,
                'and only SELECT on its own');
SELECT is_empty($$SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'mqtt_auth'::regnamespace AND has_function_privilege('mqtt_auth_broker', oid, 'EXECUTE')$$,
                'and no function');
SELECT is(has_schema_privilege('mqtt_auth_broker', 'mqtt_auth', 'USAGE'), true, 'it may use the schema');
SELECT is(has_schema_privilege('mqtt_auth_broker', 'mqtt_auth', 'CREATE'), false, 'and make nothing in it');

-- PUBLIC has nothing: seen through a role without grants.
SELECT is_empty($$SELECT 'schema' FROM pg_namespace AS n, aclexplode(n.nspacl) AS a WHERE n.nspname = 'mqtt_auth' AND a.grantee = 0
                  UNION ALL
                  SELECT c.relname FROM pg_class AS c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) AS a
                  WHERE c.relnamespace = 'mqtt_auth'::regnamespace AND c.relkind IN ('r', 'v', 'S') AND a.grantee = 0
                  UNION ALL
                  SELECT p.proname FROM pg_proc AS p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
                  WHERE p.pronamespace = 'mqtt_auth'::regnamespace AND a.grantee = 0$$, 'PUBLIC has nothing');

-- The administrators' role does everything through tables and functions, and owns nothing.
SELECT is_empty($$SELECT relname FROM pg_class WHERE relnamespace = 'mqtt_auth'::regnamespace AND relkind = 'r'
                  AND NOT (has_table_privilege('mqtt_auth_admin', oid, 'SELECT') AND has_table_privilege('mqtt_auth_admin', oid, 'INSERT')
                           AND has_table_privilege('mqtt_auth_admin', oid, 'UPDATE') AND has_table_privilege('mqtt_auth_admin', oid, 'DELETE'))$$,
                'administrators edit every table');
SELECT bag_eq($$SELECT proname::text FROM pg_proc WHERE pronamespace = 'mqtt_auth'::regnamespace AND NOT has_function_privilege('mqtt_auth_admin', oid, 'EXECUTE')$$,
                  $$VALUES ('grant_roles'), ('allow_rehash')$$, 'and call every function but grant_roles and allow_rehash');
SELECT is(has_schema_privilege('mqtt_auth_admin', 'mqtt_auth', 'CREATE'), false, 'and make nothing in the schema');

SELECT bag_eq($$SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'mqtt_auth'::regnamespace AND prosecdef$$,
                  $$VALUES ('mqtt_auth.rehash(bigint,text,text)')$$, 'functions run as their caller, but rehash');
SELECT is_empty($$SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'mqtt_auth'::regnamespace
                  AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false)$$, 'and pin their search_path');
SELECT is_empty($$SELECT rolname FROM pg_roles WHERE rolname IN ('mqtt_auth_broker', 'mqtt_auth_admin') AND (rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb)$$,
                'both roles cannot log in');

-- All that anybody but the owner was granted: a new object that gives something to somebody else fails here.
SELECT is_empty($$
    SELECT g.grantee, g.privilege_type, g.name FROM (
        SELECT a.grantee::regrole::text, a.privilege_type, 'schema' AS kind, n.nspname::text AS name, n.nspowner AS owner, a.grantee AS id
        FROM pg_namespace AS n, aclexplode(n.nspacl) AS a WHERE n.nspname = 'mqtt_auth'
        UNION ALL
        SELECT a.grantee::regrole::text, a.privilege_type, c.relkind::text, c.relname, c.relowner, a.grantee
        FROM pg_class AS c, aclexplode(c.relacl) AS a WHERE c.relnamespace = 'mqtt_auth'::regnamespace
        UNION ALL
        SELECT a.grantee::regrole::text, a.privilege_type, 'function', p.oid::regprocedure::text, p.proowner, a.grantee
        FROM pg_proc AS p, aclexplode(p.proacl) AS a WHERE p.pronamespace = 'mqtt_auth'::regnamespace) AS g
    WHERE g.id <> g.owner
      AND NOT (g.grantee = 'mqtt_auth_broker' AND (g.kind = 'schema' AND g.privilege_type = 'USAGE'
                                                   OR g.kind = 'v' AND g.name LIKE 'broker\_%' AND g.privilege_type = 'SELECT'))
      AND NOT (g.grantee = 'mqtt_auth_admin' AND (g.kind, g.privilege_type) IN (
               ('schema', 'USAGE'), ('function', 'EXECUTE'), ('v', 'SELECT'), ('S', 'USAGE'), ('S', 'SELECT'),
               ('r', 'SELECT'), ('r', 'INSERT'), ('r', 'UPDATE'), ('r', 'DELETE')))$$, 'only administrators can change anything');
SELECT is_empty($$SELECT attrelid::regclass, attname FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid
                  WHERE c.relnamespace = 'mqtt_auth'::regnamespace AND attacl IS NOT NULL$$, 'and no column has grants of its own');

-- Secrets stand in one table and in the one view that the plugin checks them by.
SELECT bag_eq($$SELECT c.relname::text FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
                WHERE c.relnamespace = 'mqtt_auth'::regnamespace AND c.relkind IN ('r', 'v') AND a.attname IN ('secret', 'password', 'key', 'rehashed_from')
                  AND NOT (c.relname IN ('settings', 'broker_settings', 'changes', 'broker_changes') AND a.attname = 'key')$$,
              $$VALUES ('credentials'), ('credentials'), ('broker_credentials'), ('broker_credentials')$$, 'no other view has a column for secrets');
SELECT is_empty($$
    SELECT seen.line FROM (SELECT v::text FROM mqtt_auth.client_overview AS v UNION ALL SELECT v::text FROM mqtt_auth.broker_clients AS v
                           UNION ALL SELECT v::text FROM mqtt_auth.broker_changes AS v UNION ALL SELECT v::text FROM mqtt_auth.broker_settings AS v
                           UNION ALL SELECT p::text FROM mqtt_auth.permissions('press-7') AS p
                           UNION ALL SELECT e::text FROM mqtt_auth.explain('press-7', 'publish', 'a') AS e) AS seen (line)
    WHERE strpos(seen.line, 'eeee') > 0$$, 'nor shows one');

-- Tried out
SET LOCAL ROLE mqtt_auth_broker;
SELECT is((SELECT count(*) FROM mqtt_auth.broker_credentials), 1::bigint, 'the broker reads credentials through its view');
SELECT throws_ok(statement, '42501', NULL, 'not for the broker: ' || statement)
FROM unnest(ARRAY[
    'SELECT * FROM mqtt_auth.clients', 'SELECT * FROM mqtt_auth.credentials', 'SELECT * FROM mqtt_auth.client_overview',
    'INSERT INTO mqtt_auth.clients (username) VALUES (''x'')', 'UPDATE mqtt_auth.broker_clients SET enabled = false',
    'DELETE FROM mqtt_auth.broker_clients', 'UPDATE mqtt_auth.credentials SET label = ''x''', 'DELETE FROM mqtt_auth.changes',
    'TRUNCATE mqtt_auth.clients CASCADE', 'SELECT mqtt_auth.create_client(''x'')', 'SELECT mqtt_auth.disable_client(''press-7'')',
    'SELECT mqtt_auth.disconnect(''press-7'')', 'SELECT mqtt_auth.record_change(''disconnect_client'', ''press-7'')',
    'SELECT mqtt_auth.grant_password(''press-7'', ''x'')', 'SELECT mqtt_auth.grant_certificate(''press-7'')', 'SELECT mqtt_auth.grant_psk(''press-7'', ''x'')',
    'SELECT mqtt_auth.revoke(''press-7'', ''password'')', 'SELECT mqtt_auth.revoke_certificate(''x'')', 'SELECT mqtt_auth.unrevoke_certificate(''x'')',
    'SELECT mqtt_auth.touch()', 'SELECT mqtt_auth.generate_secret(''press-7'')', 'SELECT mqtt_auth.explain(''press-7'', ''publish'', ''a'')', 'SELECT mqtt_auth.rehash(1, ''x'', ''y'')', 'SELECT mqtt_auth.allow_rehash(true)',
    'SELECT mqtt_auth.grant_roles(''mqtt_auth_broker'')', 'CREATE TABLE mqtt_auth.x ()', 'DROP TABLE mqtt_auth.clients'
]) AS statement;
SET LOCAL ROLE mqtt_auth_admin;
SELECT throws_ok(statement, '42501', NULL, 'not for administrators: ' || statement)
FROM unnest(ARRAY['CREATE TABLE mqtt_auth.x ()', 'DROP VIEW mqtt_auth.broker_clients', 'ALTER TABLE mqtt_auth.clients DISABLE TRIGGER ALL',
                  'SELECT mqtt_auth.grant_roles(''mqtt_auth_broker'')', 'SELECT mqtt_auth.allow_rehash(true)']) AS statement;

-- The owner lets the broker rehash, which is all that it then may.
RESET ROLE;
SELECT lives_ok($$SELECT mqtt_auth.allow_rehash(true), mqtt_auth.allow_rehash(true)$$, 'allow_rehash');
SELECT bag_eq($$SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'mqtt_auth'::regnamespace AND has_function_privilege('mqtt_auth_broker', oid, 'EXECUTE')$$,
              $$VALUES ('mqtt_auth.rehash(bigint,text,text)')$$, 'lets the broker call rehash and nothing else');
SELECT is_empty($$SELECT p.proname FROM pg_proc AS p, aclexplode(p.proacl) AS a WHERE p.proname = 'rehash' AND a.grantee = 0$$, 'and nobody else');
SET LOCAL ROLE mqtt_auth_broker;
SELECT is((SELECT mqtt_auth.rehash(c.id, c.secret, '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b27dWRdescudvJCsgt3ub+b27A')
           FROM mqtt_auth.broker_credentials AS c), true, 'which works');
SELECT throws_ok($$UPDATE mqtt_auth.credentials SET label = 'x'$$, '42501', NULL, 'and no more than that');
RESET ROLE;
SELECT lives_ok($$SELECT mqtt_auth.allow_rehash(false)$$, 'allow_rehash, taken back');
SET LOCAL ROLE mqtt_auth_broker;
SELECT throws_ok($$SELECT mqtt_auth.rehash(1, 'x', 'y')$$, '42501', NULL, 'forbids it again');
RESET ROLE;
SELECT throws_ok($$SELECT mqtt_auth.allow_rehash(NULL)$$, '23514', 'mqtt_auth.allow_rehash: say true or false', 'null is neither');
DELETE FROM mqtt_auth.settings WHERE key = 'broker_role';
SELECT throws_ok($$SELECT mqtt_auth.allow_rehash(true)$$, '42704', 'mqtt_auth.allow_rehash: there is no role for the plugin yet', 'without a role there is nobody to allow it');

SELECT * FROM finish();
ROLLBACK;
