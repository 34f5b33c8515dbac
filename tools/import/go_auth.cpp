// mosquitto-go-auth and mosquitto-auth-plug on PostgreSQL. Both ask three queries of the
// administrator's about one user at a time: for the hash, whether it is a superuser, and for
// the topics to which it has an access. So do we, for everybody.
//
// The access is the broker's question: 1 to be delivered something, 2 to publish, 4 to
// subscribe. A `rw` of 3 is never asked for: it is a convention of the tables, which the
// queries know about.

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <fnmatch.h>
#include <map>
#include <optional>
#include <vector>

#include "base/quote.hpp"
#include "import/foreign.hpp"
#include "import/gathered_notes.hpp"
#include "import/go_auth_conf.hpp"
#include "import/names.hpp"
#include "import/source.hpp"
#include "topic/topic_pattern.hpp"

namespace pgauth::tool {

namespace {

constexpr std::size_t users_a_report = 100;
constexpr const char* deliver = "1";
constexpr const char* publish = "2";
constexpr const char* subscribe = "4";

// Topics as they are here, by what the broker asks about them.
struct Access {
    std::set<std::string> delivered;
    std::set<std::string> published;
    std::set<std::string> subscribed;
};

// Whether `wide` matches all that `narrow` does; placeholders match themselves.
bool covers(const std::string& wide, const std::string& narrow) {
    const auto pattern = TopicPattern::parse(wide);
    const auto filter = TopicFilter::parse(narrow);
    const PlaceholderValues themselves{.username = "%u", .client_id = "%c"};
    return pattern && filter &&
           pattern->covers(*filter, themselves, Unsatisfiable::never_matches);
}

bool any_covers(const std::set<std::string>& wide, const std::string& narrow) {
    return std::ranges::any_of(wide,
                               [&](const std::string& one) { return covers(one, narrow); });
}

class GoAuthReader {
  public:
    GoAuthReader(const GoAuthConf& conf, PgConnection& connection, Plan& plan)
        : conf_(conf), connection_(connection), plan_(plan), notes_(conf.place) {}

    Result<void> read(const std::string& users_query, const ReadProgress& progress) {
        note_what_is_passed_over();
        auto users = column_of(users_query, {});
        if (!users) {
            return tl::unexpected(users.error());
        }
        for (std::size_t i = 0; i < users->size(); ++i) {
            if (auto read = read_user((*users)[i]); !read) {
                return read;
            }
            if ((i + 1) % users_a_report == 0 || i + 1 == users->size()) {
                progress("users", i + 1, users->size());
            }
        }
        plan_rights();
        notes_.write_to(plan_);
        return {};
    }

  private:
    using Column = std::vector<std::string>;

    // The first column of each row; nulls are left out.
    Result<Column> column_of(const std::string& sql, const std::vector<std::string>& values) {
        Column column;
        const auto asked = connection_.query(sql, values, [&](const auto& row) {
            if (!row.empty() && row[0]) {
                column.emplace_back(*row[0]);
            }
        });
        if (!asked) {
            return fail(
                asked.error().kind,
                fmt::format("{}: {}: {}", conf_.place, quote(sql), asked.error().message));
        }
        return column;
    }

    Result<void> read_user(const std::string& username) {
        const auto hashes = column_of(conf_.user_query, {username});
        if (!hashes) {
            return tl::unexpected(hashes.error());
        }
        const bool is_known =
            conf_.plugin == OldPlugin::go_auth ? !hashes->empty() : hashes->size() == 1;
        if (!is_known) {
            notes_.add(Verdict::lost,
                       "left out: the user query finds no password, so it could not log in",
                       username);
            return {};
        }
        if (const auto why = why_no_username(username)) {
            notes_.add(Verdict::lost, "left out: its name " + *why, username);
            return {};
        }
        plan_client(username, hashes->front());
        return read_superuser(username).and_then([&](bool is_superuser) -> Result<void> {
            if (is_superuser) {
                add_superuser(plan_, username, 0);
            }
            return read_access(username);
        });
    }

    void plan_client(const std::string& username, const std::string& hash) {
        PlannedClient& client = plan_.client(username);
        if (const auto good = check_secret(hash); good) {
            client.secret = hash;
        } else {
            notes_.add(Verdict::lost, without_password(good.error()), username);
        }
    }

    Result<bool> read_superuser(const std::string& username) {
        if (!conf_.superusers.empty() &&
            fnmatch(conf_.superusers.c_str(), username.c_str(), 0) == 0) {
            return true;
        }
        if (conf_.super_query.empty()) {
            return false;
        }
        return column_of(conf_.super_query, {username}).map([&](const Column& column) {
            const bool is_one_row = conf_.plugin == OldPlugin::go_auth || column.size() == 1;
            return !column.empty() && is_one_row && means_superuser(column.front());
        });
    }

    // auth-plug wants 1, go-auth any number above 0.
    [[nodiscard]] bool means_superuser(const std::string& text) const {
        long number = 0;
        const char* const end = text.data() + text.size();
        const auto parsed = std::from_chars(text.data(), end, number);
        return parsed.ec == std::errc() &&
               (conf_.plugin == OldPlugin::go_auth ? parsed.ptr == end && number > 0
                                                   : number == 1);
    }

    Result<void> read_access(const std::string& username) {
        if (conf_.acl_query.empty() || !conf_.asks_acls) {
            if (conf_.plugin == OldPlugin::go_auth && conf_.asks_acls) {
                notes_.add(Verdict::carried,
                           "may do everything, since there is no `pg_aclquery`",
                           username);
                access_[username] = {{"#"}, {"#"}, {"#"}};
            }
            return {};
        }
        Access& access = access_[username];
        const std::array<std::pair<const char*, std::set<std::string>*>, 3> questions{
            {{deliver, &access.delivered},
             {publish, &access.published},
             {subscribe, &access.subscribed}}};
        for (const auto& [question, topics] : questions) {
            const auto old = column_of(conf_.acl_query, {username, question});
            if (!old) {
                return tl::unexpected(old.error());
            }
            for (const std::string& topic : *old) {
                plan_topic(username, topic, *topics);
            }
        }
        return {};
    }

    void plan_topic(const std::string& username,
                    const std::string& topic,
                    std::set<std::string>& topics) {
        const auto translated = translate_topic(topic, {{"%u", "%u"}, {"%c", "%c"}}, username);
        if (!translated) {
            notes_.add(
                Verdict::lost,
                fmt::format("may not use {}: {}", quote(topic), translated.error().message),
                username);
            return;
        }
        topics.insert(*translated);
        const bool begins_with_wildcard =
            translated->starts_with('#') || translated->starts_with('+');
        if (begins_with_wildcard && conf_.plugin == OldPlugin::go_auth) {
            notes_.add(Verdict::differs,
                       "a leading wildcard does not match `$SYS/…` here, as in MQTT: allow "
                       "`$SYS/#` where that is wanted",
                       username);
        }
    }

    void plan_rights() {
        const bool nobody_subscribes =
            std::ranges::all_of(
                access_, [](const auto& one) { return one.second.subscribed.empty(); }) &&
            std::ranges::any_of(access_,
                                [](const auto& one) { return !one.second.delivered.empty(); });
        for (const auto& [username, access] : access_) {
            std::set<std::string> readable = access.delivered;
            if (nobody_subscribes) {
                notes_.add(Verdict::differs,
                           "the access query gives nobody access 4 (subscribe): taken as one "
                           "that was never asked for it, where every subscription was let "
                           "through and deliveries were checked: use "
                           "`authorization.subscribe: overlapping`",
                           username);
                plan_.propose_overlapping();
            } else {
                readable = readable_topics(username, access);
            }
            add_rights(plan_,
                       username,
                       readable,
                       access.published,
                       fmt::format("{}, user {}", conf_.place, quote(username)));
        }
    }

    // What it may subscribe to and is then delivered: all that both answers agree on.
    std::set<std::string> readable_topics(const std::string& username, const Access& access) {
        std::set<std::string> readable;
        for (const std::string& topic : access.subscribed) {
            if (any_covers(access.delivered, topic)) {
                readable.insert(topic);
            }
        }
        for (const std::string& topic : access.delivered) {
            if (any_covers(readable, topic)) {
                continue;
            }
            if (any_covers(access.subscribed, topic)) {
                readable.insert(topic);
                plan_.propose_overlapping();
                notes_.add(Verdict::differs,
                           "could subscribe to more than it was delivered: use "
                           "`authorization.subscribe: overlapping`, or such subscriptions are "
                           "refused",
                           username);
            } else if (!any_covers_part(topic, access.subscribed)) {
                notes_.add(Verdict::lost,
                           fmt::format("was delivered {} without being able to subscribe to it "
                                       "(access 1 without 4): not allowed here",
                                       quote(topic)),
                           username);
            }
        }
        for (const std::string& topic : access.subscribed) {
            if (!any_covers(readable, topic) && !any_covers_part(topic, readable)) {
                notes_.add(Verdict::differs,
                           fmt::format("could subscribe to {}, and was delivered nothing "
                                       "(access 4 without 1): refused here",
                                       quote(topic)),
                           username);
            }
        }
        return readable;
    }

    static bool any_covers_part(const std::string& wide, const std::set<std::string>& narrow) {
        return std::ranges::any_of(narrow,
                                   [&](const std::string& one) { return covers(wide, one); });
    }

    void note_what_is_passed_over() {
        for (const std::string& backend : conf_.backends) {
            plan_.note(Verdict::lost,
                       conf_.place,
                       fmt::format("backend {}: whom it knows is not imported: only "
                                   "`postgres` is read",
                                   quote(backend)));
        }
        if (conf_.has_prefixes) {
            plan_.note(Verdict::differs,
                       conf_.place,
                       "`check_prefix`: usernames are taken as the user query knows them, "
                       "whatever their prefix");
        }
        if (conf_.plugin == OldPlugin::auth_plug) {
            plan_.note(
                Verdict::differs,
                conf_.place,
                "mosquitto-auth-plug refused or let through subscriptions with wildcards "
                "whatever the topics: here they are allowed where a topic covers them");
            plan_.note(Verdict::lost,
                       conf_.place,
                       fmt::format("clients without a username were asked about as {}: give "
                                   "them a group with `authentication.anonymous_group`",
                                   quote(conf_.anonymous)));
        }
        if (!conf_.asks_acls) {
            plan_.note(Verdict::lost,
                       conf_.place,
                       "`pg_register` has no `acl`: nothing is allowed to whom it knows");
        }
    }

    const GoAuthConf& conf_;
    PgConnection& connection_;
    Plan& plan_;
    GatheredNotes notes_;
    std::map<std::string, Access> access_;
};

}  // namespace

Result<void> read_go_auth(const std::string& mosquitto_conf,
                          const std::string& users_query,
                          Plan& plan,
                          const ReadProgress& progress) {
    const auto conf = read_go_auth_conf(mosquitto_conf);
    if (!conf) {
        return tl::unexpected(conf.error());
    }
    if (!conf->asks_users) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("{}: `pg_register` has no `user`: PostgreSQL knows no user, so "
                                "there is nobody to import",
                                conf->place));
    }
    const std::string users =
        users_query.empty() ? users_query_of(conf->user_query) : users_query;
    if (users.empty()) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("{}: whom the user query knows cannot be told from {}: say it "
                                "with --go-auth-users 'SELECT username FROM users'",
                                conf->place,
                                quote(conf->user_query)));
    }
    plan.note(
        Verdict::carried, conf->place, fmt::format("the users are those of {}", quote(users)));
    auto connection = open_foreign(conf->place, conf->database);
    if (!connection) {
        return tl::unexpected(connection.error());
    }
    return GoAuthReader(*conf, *connection, plan).read(users, progress);
}

}  // namespace pgauth::tool
