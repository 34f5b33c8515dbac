// GoAuthConf: what a mosquitto.conf says of mosquitto-go-auth or mosquitto-auth-plug, as far as
// their PostgreSQL backend goes.
//
//   const auto conf = read_go_auth_conf("/etc/mosquitto/mosquitto.conf");
//   auto connection = open_foreign(conf->place, conf->database);
//
// Which of the two it is shows in the options: `pg_userquery` is go-auth's, `userquery` that of
// auth-plug. Both may be written `auth_opt_…` or `plugin_opt_…`.
//
// The mistake to avoid: the password, which is in `database`, in a message.
// Thread safety: a value.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "store/database_options.hpp"

namespace pgauth::tool {

enum class OldPlugin : std::uint8_t { go_auth, auth_plug };

struct GoAuthConf {
    OldPlugin plugin = OldPlugin::go_auth;
    std::string place;  // `mosquitto.conf:12`
    // With the password of the file, and with TLS as it is asked for there.
    DatabaseOptions database;
    std::string user_query;
    std::string super_query;  // empty: no superusers
    std::string acl_query;    // empty: everything is allowed (go-auth), or nothing (auth-plug)
    // What go-auth asks the backend for: pg_register.
    bool asks_users = true;
    bool asks_acls = true;
    std::string superusers;             // auth-plug: a glob for usernames, or empty
    std::string anonymous;              // auth-plug: the username that stands for none
    std::vector<std::string> backends;  // the others
    bool has_prefixes = false;          // go-auth: check_prefix
};

// Fails where the file cannot be read, or where it is not the one or the other on PostgreSQL.
[[nodiscard]] Result<GoAuthConf> read_go_auth_conf(const std::string& path);

// `SELECT DISTINCT name …` for all whom `user_query` may know; empty where that cannot be told.
// It may find too many: the user query itself is asked for each.
[[nodiscard]] std::string users_query_of(const std::string& user_query);

}  // namespace pgauth::tool
