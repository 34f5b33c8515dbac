// pgauth migrate: schema mqtt_auth to the newest version, all the way or not at all.

#include <CLI/CLI.hpp>
#include <charconv>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "base/quote.hpp"
#include "command.hpp"
#include "database.hpp"
#include "migrations.hpp"

namespace pgauth::tool {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  pgauth migrate --dry-run\n"
    "  pgauth migrate --connection postgresql://owner@db.example/mqtt\n\n"
    "As the owner of the schema. One transaction, which a second pgauth and the installer "
    "wait\n"
    "for. Nothing is installed where there is nothing yet: psql -f mqtt_auth.sql does that.";

struct Call {
    std::string migrations;
    bool dry_run = false;
    DatabaseChoice database;
};

Result<std::filesystem::path> folder_of(const Call& call) {
    if (!call.migrations.empty()) {
        return call.migrations;
    }
    const std::filesystem::path schema = schema_folder();
    if (schema.empty()) {
        return fail(
            ErrorKind::invalid_input,
            "migrate: no migrations were installed with this program: name their folder "
            "with --migrations");
    }
    return schema / "migrations";
}

// Whether there is something to migrate, and by whom.
Result<void> require_owner(PgConnection& connection) {
    const auto installed = ask(connection,
                               "SELECT true FROM pg_class WHERE relname = 'settings' AND "
                               "relnamespace = to_regnamespace('mqtt_auth')");
    if (!installed) {
        return tl::unexpected(installed.error());
    }
    if (*installed != "t") {
        return fail(
            ErrorKind::unusable,
            fmt::format("there is no schema mqtt_auth in this database: install it with "
                        "psql -f {}",
                        (schema_folder() / "mqtt_auth.sql").string()));
    }
    const auto other = ask(connection,
                           "SELECT nspowner::regrole FROM pg_namespace WHERE nspname = "
                           "'mqtt_auth' AND NOT pg_has_role(nspowner, 'USAGE')");
    if (!other) {
        return tl::unexpected(other.error());
    }
    if (!other->empty()) {
        return fail(
            ErrorKind::unusable,
            fmt::format("schema mqtt_auth is not this role's: connect as {}", quote(*other)));
    }
    return {};
}

Result<int> installed_version(PgConnection& connection, int newest) {
    const auto text =
        ask(connection, "SELECT value FROM mqtt_auth.settings WHERE key = 'schema_version'");
    if (!text) {
        return tl::unexpected(text.error());
    }
    int version = 0;
    const auto read = std::from_chars(text->data(), text->data() + text->size(), version);
    if (read.ec != std::errc() || read.ptr != text->data() + text->size() || version < 1) {
        return fail(
            ErrorKind::unusable,
            fmt::format("settings.schema_version is {}: use a number from 1 on", quote(*text)));
    }
    if (version > newest) {
        return fail(
            ErrorKind::unusable,
            fmt::format("schema mqtt_auth has version {}, newer than the newest that is "
                        "known here, {}: use the pgauth of the newer release",
                        version,
                        newest));
    }
    return version;
}

// REQUIRES: in a transaction.
Result<void> apply(PgConnection& connection, const Migration& migration) {
    const auto in_file = [&](const Error& error) {
        return fail(error.kind,
                    fmt::format("{}: {}: nothing was changed", migration.file, error.message));
    };
    if (const auto ran = connection.run_script(migration.statements); !ran) {
        return in_file(ran.error());
    }
    // An error where the file has ended the transaction after all.
    if (const auto open = connection.execute("SAVEPOINT pgauth_migrated"); !open) {
        return fail(open.error().kind,
                    fmt::format("{}: it has ended the transaction: look at what it did",
                                migration.file));
    }
    const auto noted = ask(connection,
                           "UPDATE mqtt_auth.settings SET value = $1 WHERE key = "
                           "'schema_version' RETURNING value",
                           {std::to_string(migration.version)});
    return noted ? Result<void>() : in_file(noted.error());
}

// `version`: what it was before.
Result<void> migrate(PgConnection& connection,
                     const std::vector<Migration>& all,
                     int newest,
                     int& version) {
    // The installer's lock: whoever comes second finds the work done.
    auto locked = connection.run_script(
        "BEGIN; SELECT pg_advisory_xact_lock(hashtext('mqtt_auth install'))");
    if (!locked) {
        return locked;
    }
    const auto found = installed_version(connection, newest);
    if (!found) {
        return tl::unexpected(found.error());
    }
    version = *found;
    for (const Migration& migration : all) {
        if (migration.version <= version) {
            continue;
        }
        if (auto applied = apply(connection, migration); !applied) {
            return applied;
        }
    }
    return connection.execute("COMMIT");
}

Result<ExitStatus> show(int version, int newest, const std::vector<Migration>& all) {
    for (const Migration& migration : all) {
        if (migration.version > version) {
            std::cout << fmt::format(
                "would run {}: version {}\n", migration.file, migration.version);
        }
    }
    if (version == newest) {
        std::cout << fmt::format("schema mqtt_auth has version {}, the newest\n", version);
    }
    return ExitStatus::good;
}

Result<ExitStatus> run(const Call& call) {
    const auto folder = folder_of(call);
    if (!folder) {
        return tl::unexpected(folder.error());
    }
    const auto all = read_migrations(*folder);
    if (!all) {
        return tl::unexpected(all.error());
    }
    auto connection = connect(call.database);
    if (!connection) {
        return tl::unexpected(connection.error());
    }
    if (const auto ours = require_owner(*connection); !ours) {
        return tl::unexpected(ours.error());
    }
    const int newest = static_cast<int>(all->size()) + 1;
    const auto before = installed_version(*connection, newest);
    if (!before) {
        return tl::unexpected(before.error());
    }
    if (call.dry_run || *before == newest) {
        return show(*before, newest, *all);
    }
    int version = *before;
    if (const auto done = migrate(*connection, *all, newest, version); !done) {
        return tl::unexpected(done.error());
    }
    for (const Migration& migration : *all) {
        if (migration.version > version) {
            std::cout << fmt::format("{}: version {}\n", migration.file, migration.version);
        }
    }
    std::cout << (version == newest
                      ? fmt::format("schema mqtt_auth has version {} by now\n", newest)
                      : fmt::format(
                            "schema mqtt_auth: from version {} to {}\n", version, newest));
    return ExitStatus::good;
}

}  // namespace

void add_migrate(CLI::App& pgauth, Chosen& chosen) {
    CLI::App* const command =
        pgauth.add_subcommand("migrate", "Brings schema mqtt_auth to the newest version");
    command->footer(examples);
    const auto call = std::make_shared<Call>();
    command->add_flag("--dry-run", call->dry_run, "Says what it would run, and runs nothing");
    command
        ->add_option("--migrations", call->migrations, "Their folder; else the one installed")
        ->type_name("FOLDER");
    add_database_options(*command, call->database);
    command->callback([&chosen, call] { chosen = [call] { return run(*call); }; });
}

}  // namespace pgauth::tool
