#include "import/go_auth_conf.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <initializer_list>
#include <map>
#include <optional>
#include <regex>
#include <string_view>
#include <utility>

#include "base/quote.hpp"
#include "mosquitto_conf.hpp"

namespace pgauth::tool {

namespace {

using OldOptions = std::map<std::string, std::string>;

struct Found {
    std::string place;
    OldOptions options;
};

std::string value_of(const OldOptions& options,
                     const std::string& key,
                     const std::string& otherwise = {}) {
    const auto found = options.find(key);
    return found == options.end() ? otherwise : found->second;
}

// Between commas, without blanks.
std::vector<std::string> words_of(std::string text) {
    text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
    std::vector<std::string> words;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        words.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return words;
}

bool holds(const std::vector<std::string>& words, std::string_view word) {
    return std::ranges::find(words, word) != words.end();
}

// The plugins with a backend `postgres`, each once however many listeners have it.
std::vector<Found> find_plugins(const MosquittoConf& conf) {
    std::vector<Found> found;
    const auto look = [&](const Security& security) {
        for (const PluginLoad& plugin : security.plugins) {
            OldOptions options;
            for (const PluginOption& option : plugin.options) {
                options[option.key] = option.value;
            }
            const bool is_new = std::ranges::none_of(
                found, [&](const Found& one) { return one.options == options; });
            if (is_new && holds(words_of(value_of(options, "backends")), "postgres")) {
                found.push_back({plugin.place, std::move(options)});
            }
        }
    };
    look(conf.security);
    for (const Listener& listener : conf.listeners) {
        look(listener.security);
    }
    return found;
}

std::string quoted_value(std::string_view value) {
    std::string made = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') {
            made += '\\';
        }
        made += c;
    }
    return made + "'";
}

using Keywords = std::initializer_list<std::pair<const char*, std::string>>;

DatabaseOptions database_of(Keywords keywords) {
    DatabaseOptions options;
    // What the file asks for is what the old plugin did with the same password.
    options.tls = DatabaseTls::unverified;
    for (const auto& [keyword, value] : keywords) {
        if (!value.empty()) {
            options.connection += fmt::format("{}={} ", keyword, quoted_value(value));
        }
    }
    return options;
}

void read_go_auth_options(const OldOptions& options, GoAuthConf& conf) {
    conf.plugin = OldPlugin::go_auth;
    conf.user_query = value_of(options, "pg_userquery");
    conf.super_query = value_of(options, "pg_superquery");
    conf.acl_query = value_of(options, "pg_aclquery");
    conf.has_prefixes = value_of(options, "check_prefix") == "true";
    conf.database = database_of({{"host", value_of(options, "pg_host", "localhost")},
                                 {"port", value_of(options, "pg_port", "5432")},
                                 {"dbname", value_of(options, "pg_dbname")},
                                 {"user", value_of(options, "pg_user")},
                                 {"password", value_of(options, "pg_password")},
                                 {"sslmode", value_of(options, "pg_sslmode", "disable")},
                                 {"sslrootcert", value_of(options, "pg_sslrootcert")},
                                 {"sslcert", value_of(options, "pg_sslcert")},
                                 {"sslkey", value_of(options, "pg_sslkey")}});
    bool asks_superusers = value_of(options, "disable_superuser") != "true";
    if (options.contains("pg_register")) {
        const std::vector<std::string> checks = words_of(value_of(options, "pg_register"));
        conf.asks_users = holds(checks, "user");
        conf.asks_acls = holds(checks, "acl");
        asks_superusers = asks_superusers && holds(checks, "superuser");
    }
    if (!asks_superusers) {
        conf.super_query.clear();
    }
}

void read_auth_plug_options(const OldOptions& options, GoAuthConf& conf) {
    conf.plugin = OldPlugin::auth_plug;
    conf.user_query = value_of(options, "userquery");
    conf.super_query = value_of(options, "superquery");
    conf.acl_query = value_of(options, "aclquery");
    conf.superusers = value_of(options, "superusers");
    conf.anonymous = value_of(options, "anonusername", "anonymous");
    conf.database = database_of({{"host", value_of(options, "host", "localhost")},
                                 {"port", value_of(options, "port", "5432")},
                                 {"dbname", value_of(options, "dbname")},
                                 {"user", value_of(options, "user")},
                                 {"password", value_of(options, "pass")}});
}

}  // namespace

Result<GoAuthConf> read_go_auth_conf(const std::string& path) {
    const auto mosquitto_conf = read_mosquitto_conf(path);
    if (!mosquitto_conf) {
        return tl::unexpected(mosquitto_conf.error());
    }
    const std::vector<Found> plugins = find_plugins(*mosquitto_conf);
    if (plugins.empty()) {
        return fail(
            ErrorKind::invalid_input,
            fmt::format("{}: no plugin in it has `auth_opt_backends postgres`: give the "
                        "file that configures mosquitto-go-auth or mosquitto-auth-plug",
                        quote(path)));
    }
    if (plugins.size() > 1) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("{}: {} and {} configure different plugins on PostgreSQL: "
                                "leave one of them in a copy of the file, and import that",
                                quote(path),
                                plugins[0].place,
                                plugins[1].place));
    }
    const auto& [place, options] = plugins.front();
    GoAuthConf conf;
    conf.place = place;
    if (options.contains("pg_userquery")) {
        read_go_auth_options(options, conf);
    } else if (options.contains("userquery")) {
        read_auth_plug_options(options, conf);
    } else {
        return fail(ErrorKind::invalid_input,
                    fmt::format("{}: there is no user query: mosquitto-go-auth has it in "
                                "`auth_opt_pg_userquery`, mosquitto-auth-plug in "
                                "`auth_opt_userquery`",
                                place));
    }
    conf.backends = words_of(value_of(options, "backends"));
    std::erase(conf.backends, "postgres");
    return conf;
}

std::string users_query_of(const std::string& user_query) {
    // One table, and one condition on a column of it that must be the username.
    static const std::regex from(
        R"re(\bfrom\s+((?:"[^"]+"|\w+)(?:\.(?:"[^"]+"|\w+))?(?:\s+(?:as\s+)?(?!where\b)\w+)?)\s+where\s)re",
        std::regex::icase);
    static const std::regex condition(R"re(((?:\w+\.)?(?:"[^"]+"|\b\w+))\s*=\s*\$1(?!\d))re",
                                      std::regex::icase);
    static const std::regex beyond(R"re(\b(?:from|join|union|or)\b)re", std::regex::icase);
    std::smatch table;
    std::smatch column;
    if (!std::regex_search(user_query, table, from)) {
        return {};
    }
    const std::string rest = table.suffix();
    const bool is_one_table =
        !std::regex_search(rest, beyond) && user_query.find('$') == user_query.rfind('$');
    if (!is_one_table || !std::regex_search(rest, column, condition)) {
        return {};
    }
    return fmt::format("SELECT DISTINCT {0}::text FROM {1} WHERE {0} IS NOT NULL ORDER BY 1",
                       column[1].str(),
                       table[1].str());
}

}  // namespace pgauth::tool
