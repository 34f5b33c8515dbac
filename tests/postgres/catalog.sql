\ir support/begin.psql
RESET ROLE;
-- Everything has a comment.
SELECT is_empty($$SELECT 'schema' WHERE obj_description('mqtt_auth'::regnamespace, 'pg_namespace') IS NULL
    UNION ALL SELECT relname FROM pg_class WHERE relnamespace = 'mqtt_auth'::regnamespace AND relkind IN ('r', 'v') AND obj_description(oid, 'pg_class') IS NULL
    UNION ALL SELECT c.relname || '.' || a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
              WHERE c.relnamespace = 'mqtt_auth'::regnamespace AND c.relkind IN ('r', 'v') AND col_description(c.oid, a.attnum) IS NULL
    UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'mqtt_auth'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL
    UNION ALL SELECT rolname FROM pg_roles WHERE rolname IN ('mqtt_auth_broker', 'mqtt_auth_admin') AND shobj_description(oid, 'pg_authid') IS NULL$$,
    'everything has a comment');

-- Every argument can be given by name.
SELECT is_empty($$SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'mqtt_auth'::regnamespace AND pronargs > 0
                  AND (proargnames IS NULL OR '' = ANY (proargnames))$$, 'every argument has a name');

-- What the plugin relies on: names, order and types of the columns of its views.
SELECT is((SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
           FROM pg_attribute AS a WHERE a.attrelid = ('mqtt_auth.' || view_name)::regclass AND a.attnum > 0), columns, view_name)
FROM (VALUES
    ('broker_settings', 'key text, value text'),
    ('broker_clients', 'username text, name text, enabled boolean, client_id text, required_methods text[], networks cidr[], '
                       'valid_from timestamp with time zone, valid_until timestamp with time zone, attributes jsonb'),
    ('broker_credentials', 'id bigint, username text, method text, secret text, fingerprint text, label text, '
                           'valid_from timestamp with time zone, valid_until timestamp with time zone, rehashed_from text'),
    ('broker_revoked_certificates', 'fingerprint text'),
    ('broker_groups', 'id uuid, name text'),
    ('broker_members', 'group_name text, username text'),
    ('broker_rules', 'name text, enabled boolean, syntax text, client_name text, username text, client_id text, fingerprint text, '
                     'common_name text, subject_alt_name text, address cidr, method text, groups text[]'),
    ('broker_entries', 'id bigint, group_name text, username text, effect text, permission text, topic text, priority integer, '
                       'max_qos smallint, allow_retain boolean'),
    ('broker_changes', 'id bigint, xid xid8, token uuid, kind text, key text')
) AS t (view_name, columns);
SELECT is((SELECT value FROM mqtt_auth.broker_settings WHERE key = 'schema_version'), '1', 'schema_version');

-- schema/README.md is the reference: it names each table, column, view, function and role.
\set readme `cat schema/README.md`
CREATE TEMPORARY TABLE readme AS SELECT :'readme'::text AS body;
SELECT is_empty($$SELECT name FROM (
        SELECT relname::text FROM pg_class WHERE relnamespace = 'mqtt_auth'::regnamespace AND relkind IN ('r', 'v')
        UNION SELECT a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
              WHERE c.relnamespace = 'mqtt_auth'::regnamespace AND c.relkind IN ('r', 'v')
        UNION SELECT proname FROM pg_proc WHERE pronamespace = 'mqtt_auth'::regnamespace
        UNION SELECT unnest(proargnames) FROM pg_proc WHERE pronamespace = 'mqtt_auth'::regnamespace
                     AND proname !~ '^(check_|require_|record_|add_entry|add_credential|text_matches|quoted|has_control|normal_|login_state|groups_of|deciding_entry|level_|filter_|lies_in)'
        UNION SELECT key FROM mqtt_auth.settings
        UNION VALUES ('mqtt_auth_broker'), ('mqtt_auth_admin')) AS t (name), readme
    WHERE body !~ ('\m' || name || '\M')$$, 'schema/README.md names everything');
SELECT is_empty($$SELECT DISTINCT word[1] FROM readme, regexp_matches(body, 'mqtt_auth\.([a-z_]+)', 'g') AS word
    WHERE to_regclass('mqtt_auth.' || word[1]) IS NULL AND word[1] NOT IN ('sql', 'broker_')
      AND NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace = 'mqtt_auth'::regnamespace AND proname = word[1])$$,
    'and nothing that is not there');

SELECT * FROM finish();
ROLLBACK;
