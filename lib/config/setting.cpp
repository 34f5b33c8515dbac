#include "config/setting.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "config/duration.hpp"
#include "config/text.hpp"
#include "store/connection_parameters.hpp"

namespace pgauth {

namespace {

using std::chrono::milliseconds;

// A member of Options or of one of its rooms.
template <typename T>
using Field = std::function<T&(Options&)>;

template <typename T>
Field<T> at(T Options::*member) {
    return [=](Options& options) -> T& { return options.*member; };
}

template <typename Room, typename T>
Field<T> at(Room Options::*room, T Room::*member) {
    return [=](Options& options) -> T& { return (options.*room).*member; };
}

template <typename T>
Field<T> in_password(T PasswordOptions::*member) {
    return [=](Options& options) -> T& { return options.authn.password.*member; };
}

template <typename T>
Field<T> in_attempts(T AttemptOptions::*member) {
    return [=](Options& options) -> T& { return options.authn.password.attempts.*member; };
}

tl::unexpected<Error> refuse(const Value& value, std::string_view problem) {
    return fail(ErrorKind::invalid_input, fmt::format("{}: {}", value.place, problem));
}

constexpr std::string_view connection_strings = "a libpq URI or key=value string";

// Never repeats the value: it may hold a password.
Result<void> set_connection(const Value& value,
                            std::string& connection,
                            std::string_view when_missing) {
    if (value.text.empty()) {
        return refuse(
            value,
            fmt::format("a value is missing: use {}, or {}", connection_strings, when_missing));
    }
    if (find_flaw(value.text, Layout::one_line)) {
        return refuse(value,
                      "a connection string is one line of UTF-8 without control "
                      "characters: percent-encode them in a URI");
    }
    if (const auto readable = check_connection_string(value.text); !readable) {
        return refuse(value, readable.error().message);
    }
    connection = value.text;
    return {};
}

Setting connection(std::string path, Field<std::string> field) {
    const auto set = [field = std::move(field)](const Value& value, Options& options) {
        return set_connection(value,
                              field(options),
                              "leave the key out where PG* environment variables say it all");
    };
    return {std::move(path), {Shape::word}, std::string(connection_strings), set};
}

Setting connection_or_null(std::string path, Field<std::string> field) {
    const auto set = [field = std::move(field)](const Value& value,
                                                Options& options) -> Result<void> {
        if (value.shape == Shape::null) {
            field(options).clear();
            return {};
        }
        return set_connection(value, field(options), "null");
    };
    return {std::move(path),
            {Shape::word, Shape::null},
            std::string(connection_strings) + ", or null",
            set};
}

template <typename T>
Setting choice(std::string path,
               Field<T> field,
               std::vector<std::pair<std::string_view, T>> words) {
    std::string accepted;
    for (const auto& [word, meaning] : words) {
        accepted += (accepted.empty() ? "" : ", ") + std::string(word);
    }
    const auto set = [field = std::move(field), words = std::move(words), accepted](
                         const Value& value, Options& options) -> Result<void> {
        for (const auto& [word, meaning] : words) {
            if (value.text == word) {
                field(options) = meaning;
                return {};
            }
        }
        return refuse(value,
                      fmt::format("{} is not accepted: use {}", shown(value.text), accepted));
    };
    return {std::move(path), {Shape::word}, accepted, set};
}

Setting duration(std::string path, Field<milliseconds> field, DurationRange range) {
    const auto set = [field = std::move(field), range](const Value& value,
                                                       Options& options) -> Result<void> {
        const Result<milliseconds> parsed = parse_duration(value.text, range);
        if (!parsed) {
            return refuse(value, parsed.error().message);
        }
        field(options) = *parsed;
        return {};
    };
    return {std::move(path), {Shape::word}, to_string(range), set};
}

struct NumberBounds {
    unsigned least;
    unsigned most;
};

Setting number(std::string path, Field<unsigned> field, NumberBounds bounds) {
    const std::string accepted =
        fmt::format("a whole number from {} to {}", bounds.least, bounds.most);
    const auto set = [field = std::move(field), bounds, accepted](
                         const Value& value, Options& options) -> Result<void> {
        unsigned parsed = 0;
        const char* const end = value.text.data() + value.text.size();
        const auto read = std::from_chars(value.text.data(), end, parsed);
        if (read.ec != std::errc{} || read.ptr != end || parsed < bounds.least ||
            parsed > bounds.most) {
            return refuse(
                value, fmt::format("{} is not accepted: use {}", shown(value.text), accepted));
        }
        field(options) = parsed;
        return {};
    };
    return {std::move(path), {Shape::word}, accepted, set};
}

Setting duration_or_unlimited(std::string path,
                              Field<std::optional<milliseconds>> field,
                              DurationRange range) {
    const auto set = [field = std::move(field), range](const Value& value,
                                                       Options& options) -> Result<void> {
        if (value.text == "unlimited") {
            field(options) = std::nullopt;
            return {};
        }
        const Result<milliseconds> parsed = parse_duration(value.text, range);
        if (!parsed) {
            return refuse(value, parsed.error().message + ", or unlimited");
        }
        field(options) = *parsed;
        return {};
    };
    return {std::move(path), {Shape::word}, to_string(range) + ", or unlimited", set};
}

Setting group_or_null(std::string path, Field<std::optional<std::string>> field) {
    const std::string accepted = "the name of a group, or null";
    const auto set = [field = std::move(field), accepted](const Value& value,
                                                          Options& options) -> Result<void> {
        if (value.shape == Shape::null) {
            field(options) = std::nullopt;
            return {};
        }
        if (value.text.empty() || find_flaw(value.text, Layout::one_line)) {
            return refuse(value,
                          fmt::format("{} is not a name: use {}", shown(value.text), accepted));
        }
        field(options) = value.text;
        return {};
    };
    return {std::move(path), {Shape::word, Shape::null}, accepted, set};
}

Setting path_or_null(std::string path, Field<std::string> field) {
    const std::string accepted = "an absolute path, or null";
    const auto set = [field = std::move(field), accepted](const Value& value,
                                                          Options& options) -> Result<void> {
        if (value.shape == Shape::null) {
            field(options).clear();
            return {};
        }
        if (!value.text.starts_with('/') || value.text.ends_with('/') ||
            find_flaw(value.text, Layout::one_line)) {
            return refuse(
                value,
                fmt::format("{} is no path of a file: use {}", shown(value.text), accepted));
        }
        field(options) = value.text;
        return {};
    };
    return {std::move(path), {Shape::word, Shape::null}, accepted, set};
}

Setting methods(std::string path, Field<MethodSet> field) {
    const std::string names =
        to_string(MethodSet{all_methods[0], all_methods[1], all_methods[2]});
    const auto set = [field = std::move(field), names](const Value& value,
                                                       Options& options) -> Result<void> {
        MethodSet chosen;
        for (const Value& item : value.items) {
            const std::optional<Method> method = parse_method(item.text);
            if (!method) {
                const std::string name =
                    item.shape == Shape::word ? shown(item.text) : "what is listed";
                return refuse(item, fmt::format("{} is not a method: use {}", name, names));
            }
            chosen.insert(*method);
        }
        if (chosen.empty()) {
            return refuse(value, "an empty list lets nobody in: use " + names);
        }
        field(options) = chosen;
        return {};
    };
    return {std::move(path), {Shape::list}, "a list of " + names, set};
}

// The one word that there is so far, or null.
Setting hash_target_or_null(std::string path, Field<std::optional<HashTarget>> field) {
    const std::string accepted = "argon2id, or null";
    const auto set = [field = std::move(field), accepted](const Value& value,
                                                          Options& options) -> Result<void> {
        if (value.shape == Shape::null) {
            field(options) = std::nullopt;
            return {};
        }
        if (value.text != "argon2id") {
            return refuse(
                value, fmt::format("{} is not accepted: use {}", shown(value.text), accepted));
        }
        field(options) = HashTarget::argon2id;
        return {};
    };
    return {std::move(path), {Shape::word, Shape::null}, accepted, set};
}

std::string_view describe(Shape shape) {
    switch (shape) {
        case Shape::null:
            return "nothing";
        case Shape::word:
            return "a single word";
        case Shape::list:
            return "a list";
        case Shape::map:
            return "a map";
    }
    return "this";
}

std::vector<Setting> make_settings() {
    using std::chrono::days;
    using std::chrono::hours;
    using std::chrono::minutes;
    using std::chrono::seconds;
    // Ages are compared in nanoseconds, of which 64 bits hold 292 years.
    const milliseconds longest = days(36500);
    return {
        connection("database.connection", at(&Options::database, &DatabaseOptions::connection)),
        choice("database.tls",
               at(&Options::database, &DatabaseOptions::tls),
               {{"verify_full", DatabaseTls::verify_full},
                {"unverified", DatabaseTls::unverified}}),
        connection_or_null("database.write_connection",
                           at(&Options::database, &DatabaseOptions::write_connection)),
        duration("database.poll_interval",
                 at(&Options::database, &DatabaseOptions::poll_interval),
                 {.least = milliseconds(100), .most = hours(1)}),
        duration("replica.start_wait",
                 at(&Options::start_wait),
                 {.least = milliseconds(0), .most = minutes(5)}),
        path_or_null("replica.file", at(&Options::database, &DatabaseOptions::replica_file)),
        duration_or_unlimited("replica.max_age",
                              at(&Options::authn, &AuthnOptions::max_age),
                              {.least = seconds(1), .most = longest}),
        methods("authentication.methods", at(&Options::authn, &AuthnOptions::methods)),
        choice("authentication.unknown",
               at(&Options::authn, &AuthnOptions::unknown),
               {{"deny", UnknownUsers::deny}, {"defer", UnknownUsers::defer}}),
        group_or_null("authentication.anonymous_group",
                      at(&Options::authn, &AuthnOptions::anonymous_group)),
        choice("authentication.certificate.username_from",
               at(&Options::authn, &AuthnOptions::username_from),
               {{"common_name", UsernameFrom::common_name},
                {"san_dns", UsernameFrom::san_dns},
                {"san_uri", UsernameFrom::san_uri},
                {"san_email", UsernameFrom::san_email},
                {"subject", UsernameFrom::subject}}),
        number("authentication.password.threads",
               in_password(&PasswordOptions::threads),
               {.least = 1, .most = 64}),
        duration("authentication.password.remember",
                 in_password(&PasswordOptions::remember),
                 {.least = minutes(1), .most = days(30)}),
        duration("authentication.password.blocking_budget",
                 in_password(&PasswordOptions::blocking_budget),
                 {.least = milliseconds(0), .most = seconds(1)}),
        hash_target_or_null("authentication.password.rehash",
                            in_password(&PasswordOptions::rehash)),
        choice("authentication.attempts.limits",
               in_attempts(&AttemptOptions::limits),
               {{"on", AttemptLimiting::on}, {"off", AttemptLimiting::off}}),
        number("authentication.attempts.per_client",
               in_attempts(&AttemptOptions::per_client),
               {.least = 1, .most = 1'000'000}),
        number("authentication.attempts.per_address",
               in_attempts(&AttemptOptions::per_address),
               {.least = 1, .most = 1'000'000}),
        duration("authentication.attempts.back_off",
                 in_attempts(&AttemptOptions::back_off),
                 {.least = seconds(1), .most = hours(1)}),
        choice(
            "authorization.subscribe",
            at(&Options::authz, &AuthzOptions::subscribe),
            {{"covered", SubscribeMode::covered}, {"overlapping", SubscribeMode::overlapping}}),
        choice("authorization.client_ids",
               at(&Options::authz, &AuthzOptions::client_ids),
               {{"believed", ClientIdTrust::believed}, {"bound", ClientIdTrust::bound}}),
        choice("sessions.apply_changes",
               at(&Options::authz, &AuthzOptions::apply_changes),
               {{"reconnect", ApplyChanges::reconnect},
                {"immediately", ApplyChanges::immediately}}),
        choice("sessions.takeover",
               at(&Options::authn, &AuthnOptions::takeover),
               {{"same_client", Takeover::same_client}, {"any", Takeover::any}}),
    };
}

}  // namespace

bool Setting::takes(Shape shape) const {
    return std::find(shapes.begin(), shapes.end(), shape) != shapes.end();
}

Result<void> Setting::apply(const Value& value, Options& options) const {
    if (takes(value.shape)) {
        return set(value, options);
    }
    if (value.shape == Shape::null) {
        return refuse(value, "a value is missing: use " + accepted);
    }
    return refuse(value,
                  fmt::format("{} is not accepted: use {}", describe(value.shape), accepted));
}

const std::vector<Setting>& settings() {
    static const std::vector<Setting> table = make_settings();
    return table;
}

const Setting* find_setting(std::string_view path) {
    for (const Setting& setting : settings()) {
        if (setting.path == path) {
            return &setting;
        }
    }
    return nullptr;
}

}  // namespace pgauth
