// The statements of store_plan.cpp, one a kind of row. Each takes arrays, a column of the rows
// each, adds what is not there, and answers with `n` and a text for each row that was there
// before: empty where it is equal, else what is different about it there.
//
// Rows that are there are left out before the INSERT, whose constraints cost more than looking;
// ON CONFLICT is for those that somebody else adds meanwhile.
//
// The SELECT of each sees the tables as they were before its INSERT: PostgreSQL runs both on
// one snapshot (section 7.8.2, data-modifying statements in WITH).
// Thread safety: constants.

#pragma once

namespace pgauth::tool::statements {

// username, enabled, name, client_id
inline constexpr const char* add_clients = R"(
    WITH given AS (
        SELECT * FROM unnest($1::text[], $2::boolean[], $3::text[], $4::text[])
            WITH ORDINALITY AS g (username, enabled, name, client_id, n)),
    added AS (
        INSERT INTO mqtt_auth.clients (username, enabled, name, client_id)
        SELECT username, enabled, name, client_id FROM given AS g
        WHERE NOT EXISTS (SELECT FROM mqtt_auth.clients AS c WHERE c.username = g.username)
        ORDER BY n
        ON CONFLICT (username) DO NOTHING)
    SELECT g.n, concat_ws(', ',
        CASE WHEN c.enabled <> g.enabled
             THEN CASE WHEN c.enabled THEN 'it is enabled' ELSE 'it is disabled' END END,
        CASE WHEN c.client_id IS DISTINCT FROM g.client_id
             THEN coalesce('its client id must match ' || mqtt_auth.quoted(c.client_id),
                           'it may have any client id') END,
        CASE WHEN g.name IS NOT NULL AND coalesce(c.name, c.username) <> g.name
             THEN 'its name is ' || mqtt_auth.quoted(coalesce(c.name, c.username)) END)
    FROM given AS g JOIN mqtt_auth.clients AS c USING (username))";

inline constexpr const char* replace_clients = R"(
    UPDATE mqtt_auth.clients AS c
    SET enabled = g.enabled, name = coalesce(g.name, c.name), client_id = g.client_id
    FROM unnest($1::text[], $2::boolean[], $3::text[], $4::text[])
        AS g (username, enabled, name, client_id)
    WHERE c.username = g.username)";

// username, secret. One that was rehashed at a login is still the same password.
inline constexpr const char* add_passwords = R"(
    WITH given AS (
        SELECT * FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS g (username, secret, n)),
    there AS (
        SELECT g.n, bool_or(c.secret = g.secret OR c.rehashed_from =
                   'SHA256:' || encode(sha256(convert_to(g.secret, 'UTF8')), 'hex')) AS same
        FROM given AS g JOIN mqtt_auth.credentials AS c USING (username)
        WHERE c.method = 'password' GROUP BY g.n),
    added AS (
        INSERT INTO mqtt_auth.credentials (username, method, secret)
        SELECT username, 'password', secret FROM given
        WHERE n NOT IN (SELECT n FROM there) ORDER BY n)
    SELECT n, CASE WHEN same THEN '' ELSE 'it has another password' END FROM there)";

inline constexpr const char* replace_passwords = R"(
    WITH given AS (
        SELECT * FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS g (username, secret, n)),
    gone AS (
        DELETE FROM mqtt_auth.credentials AS c USING given AS g
        WHERE c.username = g.username AND c.method = 'password')
    INSERT INTO mqtt_auth.credentials (username, method, secret)
    SELECT username, 'password', secret FROM given ORDER BY n)";

// username, fingerprint
inline constexpr const char* add_certificates = R"(
    WITH given AS (
        SELECT * FROM unnest($1::text[], $2::text[])
            WITH ORDINALITY AS g (username, fingerprint, n)),
    added AS (
        INSERT INTO mqtt_auth.credentials (username, method, fingerprint)
        SELECT username, 'certificate', fingerprint FROM given ORDER BY n
        ON CONFLICT (fingerprint) DO NOTHING)
    SELECT g.n, CASE WHEN c.username = g.username THEN ''
                     ELSE 'its certificate is that of ' || mqtt_auth.quoted(c.username) END
    FROM given AS g JOIN mqtt_auth.credentials AS c USING (fingerprint))";

// name, description
inline constexpr const char* add_groups = R"(
    WITH given AS (
        SELECT * FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS g (name, description, n)),
    added AS (
        INSERT INTO mqtt_auth.groups (name, description)
        SELECT name, description FROM given ORDER BY n
        ON CONFLICT (name) DO NOTHING)
    SELECT g.n, '' FROM given AS g JOIN mqtt_auth.groups USING (name))";

// group_name, username
inline constexpr const char* add_members = R"(
    WITH given AS (
        SELECT * FROM unnest($1::text[], $2::text[])
            WITH ORDINALITY AS g (group_name, username, n)),
    added AS (
        INSERT INTO mqtt_auth.group_members (group_name, username)
        SELECT group_name, username FROM given AS g
        WHERE NOT EXISTS (SELECT FROM mqtt_auth.group_members AS m
                          WHERE m.group_name = g.group_name AND m.username = g.username)
        ORDER BY n
        ON CONFLICT DO NOTHING)
    SELECT g.n, '' FROM given AS g JOIN mqtt_auth.group_members USING (group_name, username))";

// name, syntax, username, client_id
inline constexpr const char* add_rules = R"(
    WITH given AS (
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
            WITH ORDINALITY AS g (name, syntax, username, client_id, n)),
    added AS (
        INSERT INTO mqtt_auth.group_rules (name, syntax, username, client_id)
        SELECT name, syntax, username, client_id FROM given ORDER BY n
        ON CONFLICT (name) DO NOTHING)
    SELECT g.n, CASE WHEN r.enabled AND num_nonnulls(
            r.client_name, r.fingerprint, r.common_name, r.subject_alt_name, r.address, r.method) = 0
        AND (r.syntax, r.username, r.client_id) IS NOT DISTINCT FROM (g.syntax, g.username, g.client_id)
        THEN '' ELSE 'it has other conditions, or is disabled' END
    FROM given AS g JOIN mqtt_auth.group_rules AS r USING (name))";

inline constexpr const char* replace_rules = R"(
    UPDATE mqtt_auth.group_rules AS r
    SET enabled = true, syntax = g.syntax, username = g.username, client_id = g.client_id,
        client_name = NULL, fingerprint = NULL, common_name = NULL, subject_alt_name = NULL,
        address = NULL, method = NULL
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
        AS g (name, syntax, username, client_id)
    WHERE r.name = g.name)";

// rule_name, group_name
inline constexpr const char* add_rule_groups = R"(
    WITH given AS (
        SELECT * FROM unnest($1::text[], $2::text[])
            WITH ORDINALITY AS g (rule_name, group_name, n)),
    added AS (
        INSERT INTO mqtt_auth.group_rule_groups (rule_name, group_name)
        SELECT rule_name, group_name FROM given ORDER BY n
        ON CONFLICT DO NOTHING)
    SELECT g.n, '' FROM given AS g JOIN mqtt_auth.group_rule_groups USING (rule_name, group_name))";

// owner, effect, permission, topic, priority, max_qos, allow_retain. {0}: the owner's column.
inline constexpr const char* add_entries = R"(
    WITH given AS (
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[],
                             $6::smallint[], $7::boolean[])
            WITH ORDINALITY AS g (owner, effect, permission, topic, priority, max_qos,
                                  allow_retain, n)),
    there AS (
        SELECT g.n FROM given AS g WHERE EXISTS (
            SELECT FROM mqtt_auth.acls AS a
            WHERE a.{0} = g.owner AND a.effect = g.effect AND a.permission = g.permission
              AND a.topic = g.topic AND a.priority = g.priority
              AND coalesce(a.max_qos, 2) = coalesce(g.max_qos, 2)
              AND coalesce(a.allow_retain, true) = coalesce(g.allow_retain, true))),
    added AS (
        INSERT INTO mqtt_auth.acls ({0}, effect, permission, topic, priority, max_qos, allow_retain)
        SELECT owner, effect, permission, topic, priority, max_qos, allow_retain FROM given
        WHERE n NOT IN (SELECT n FROM there) ORDER BY n)
    SELECT n, '' FROM there)";

// username, and how many entries, memberships and credentials the Plan has for it; below 0: it
// does not speak of these.
inline constexpr const char* compare_clients = R"(
    SELECT g.n, concat_ws(', ',
        CASE WHEN g.entries >= 0 AND e.number > g.entries
             THEN e.number - g.entries || ' more entries' END,
        CASE WHEN g.groups >= 0 AND m.number > g.groups
             THEN m.number - g.groups || ' more groups' END,
        CASE WHEN g.credentials >= 0 AND k.number > g.credentials
             THEN k.number - g.credentials || ' more credentials' END,
        CASE WHEN num_nonnulls(c.networks, c.valid_from, c.valid_until) > 0
                  OR c.required_methods <> '{}'
             THEN 'networks, required methods or a window' END)
    FROM unnest($1::text[], $2::integer[], $3::integer[], $4::integer[])
        WITH ORDINALITY AS g (username, entries, groups, credentials, n)
    JOIN mqtt_auth.clients AS c USING (username)
    LEFT JOIN (
        SELECT username, count(*) AS number FROM mqtt_auth.acls
        WHERE username IN (SELECT unnest($1::text[])) GROUP BY username) AS e USING (username)
    LEFT JOIN (
        SELECT username, count(*) AS number FROM mqtt_auth.group_members
        WHERE username IN (SELECT unnest($1::text[])) GROUP BY username) AS m USING (username)
    LEFT JOIN (
        SELECT username, count(*) AS number FROM mqtt_auth.credentials
        WHERE username IN (SELECT unnest($1::text[])) GROUP BY username) AS k USING (username))";

// group_name, and how many entries, members and rules the Plan has for it.
inline constexpr const char* compare_groups = R"(
    SELECT g.n, concat_ws(', ',
        CASE WHEN e.number > g.entries THEN e.number - g.entries || ' more entries' END,
        CASE WHEN m.number > g.members THEN m.number - g.members || ' more members' END,
        CASE WHEN r.number > g.rules THEN r.number - g.rules || ' more rules' END)
    FROM unnest($1::text[], $2::integer[], $3::integer[], $4::integer[])
        WITH ORDINALITY AS g (group_name, entries, members, rules, n)
    LEFT JOIN (
        SELECT group_name, count(*) AS number FROM mqtt_auth.acls
        WHERE group_name IN (SELECT unnest($1::text[])) GROUP BY group_name) AS e USING (group_name)
    LEFT JOIN (
        SELECT group_name, count(*) AS number FROM mqtt_auth.group_members
        WHERE group_name IN (SELECT unnest($1::text[])) GROUP BY group_name) AS m USING (group_name)
    LEFT JOIN (
        SELECT group_name, count(*) AS number FROM mqtt_auth.group_rule_groups
        WHERE group_name IN (SELECT unnest($1::text[])) GROUP BY group_name) AS r USING (group_name))";

}  // namespace pgauth::tool::statements
