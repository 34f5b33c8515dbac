// CSV files of clients or of ACL entries, with a header that says which. EMQX's file of users
// (user_id, password_hash, salt, is_superuser) is one of clients.

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <optional>
#include <regex>
#include <string_view>
#include <utility>
#include <vector>

#include "base/quote.hpp"
#include "import/csv_file.hpp"
#include "import/emqx_secret.hpp"
#include "import/foreign.hpp"
#include "import/gathered_notes.hpp"
#include "import/names.hpp"
#include "import/source.hpp"

namespace pgauth::tool {

namespace {

constexpr std::array<std::string_view, 8> columns_of_clients{"username",
                                                             "name",
                                                             "secret",
                                                             "fingerprint",
                                                             "client_id",
                                                             "enabled",
                                                             "groups",
                                                             "is_superuser"};
constexpr std::array<std::string_view, 8> columns_of_entries{"group",
                                                             "username",
                                                             "effect",
                                                             "permission",
                                                             "topic",
                                                             "priority",
                                                             "max_qos",
                                                             "allow_retain"};
// Other names of the same; `salt` makes EMQX's of it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> other_names{
    {{"user_id", "username"}, {"password_hash", "secret"}, {"group_name", "group"}}};

std::string_view name_of_column(std::string_view given) {
    const auto* const found = std::ranges::find(
        other_names, given, &std::pair<std::string_view, std::string_view>::first);
    return found == other_names.end() ? given : found->second;
}

std::optional<int> read_integer(std::string_view text) {
    int number = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    return !text.empty() && read.ec == std::errc() && read.ptr == end ? std::optional(number)
                                                                      : std::nullopt;
}

std::optional<Permission> read_permission(std::string_view text) {
    for (const Permission permission :
         {Permission::read, Permission::write, Permission::read_write}) {
        if (text == to_string(permission)) {
            return permission;
        }
    }
    return std::nullopt;
}

// Between semicolons, without blanks around them.
std::vector<std::string> groups_of(std::string_view text) {
    std::vector<std::string> groups;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(';'), text.size());
        std::string_view one = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        while (one.starts_with(' ')) {
            one.remove_prefix(1);
        }
        while (one.ends_with(' ')) {
            one.remove_suffix(1);
        }
        if (!one.empty()) {
            groups.emplace_back(one);
        }
    }
    return groups;
}

class CsvReader {
  public:
    CsvReader(const std::string& path,
              CsvFile& file,
              const std::optional<EmqxPbkdf2>& pbkdf2,
              Plan& plan)
        : path_(path), file_(file), pbkdf2_(pbkdf2), plan_(plan), notes_(path) {}

    Result<void> read() {
        if (auto known = read_header(); !known) {
            return known;
        }
        for (;;) {
            const auto row = file_.next();
            if (!row) {
                return tl::unexpected(row.error());
            }
            if (!*row) {
                break;
            }
            take(**row);
        }
        notes_.write_to(plan_);
        return {};
    }

  private:
    Result<void> read_header() {
        for (std::size_t i = 0; i < file_.header().size(); ++i) {
            const std::string& given = file_.header()[i];
            const std::string name(name_of_column(given));
            if (!columns_.emplace(name, i).second) {
                return fail(
                    ErrorKind::invalid_input,
                    fmt::format("{}: column {} is there twice", quote(path_), quote(name)));
            }
        }
        has_entries_ = columns_.contains("topic");
        if (!has_entries_ && columns_.contains("password")) {
            return fail(ErrorKind::invalid_input,
                        fmt::format("{}: column `password`: passwords in the clear are not "
                                    "imported: hash each with `pgauth hash`, into a column "
                                    "`secret`",
                                    quote(path_)));
        }
        for (const auto& [name, number] : columns_) {
            const bool is_known = has_entries_
                                      ? holds(columns_of_entries, name)
                                      : holds(columns_of_clients, name) || name == "salt";
            if (!is_known) {
                return fail(ErrorKind::invalid_input,
                            fmt::format("{}: column {} is not known: use {} for clients, or {} "
                                        "for ACL entries",
                                        quote(path_),
                                        quote(name),
                                        fmt::join(columns_of_clients, ", "),
                                        fmt::join(columns_of_entries, ", ")));
            }
        }
        return require_columns();
    }

    static bool holds(const std::array<std::string_view, 8>& names, std::string_view name) {
        return std::ranges::find(names, name) != names.end();
    }

    [[nodiscard]] Result<void> require_columns() const {
        for (const char* name : {has_entries_ ? "permission" : "username", "topic"}) {
            if (!columns_.contains(name) &&
                (has_entries_ || std::string_view(name) != "topic")) {
                return fail(ErrorKind::invalid_input,
                            fmt::format("{}: there is no column `{}`: a file of clients has at "
                                        "least `username`, one of ACL entries `permission`, "
                                        "`topic`, and `group` or `username`",
                                        quote(path_),
                                        name));
            }
        }
        return {};
    }

    void take(const CsvFile::Row& row) {
        if (row.fields.size() != file_.header().size()) {
            notes_.add(Verdict::lost,
                       fmt::format("left out: it does not have the {} fields of the header",
                                   file_.header().size()),
                       row.place);
        } else if (const auto taken = has_entries_ ? take_entry(row) : take_client(row);
                   !taken) {
            notes_.add(Verdict::lost, "left out: " + taken.error().message, row.place);
        }
    }

    [[nodiscard]] std::string_view value(const CsvFile::Row& row,
                                         const std::string& name) const {
        const auto found = columns_.find(name);
        return found == columns_.end() ? std::string_view() : row.fields[found->second];
    }

    [[nodiscard]] Result<bool> switch_of(const CsvFile::Row& row,
                                         const std::string& name,
                                         bool otherwise) const {
        const std::string_view text = value(row, name);
        const auto on = text.empty() ? std::optional(otherwise) : read_switch(text);
        return on ? Result<bool>(*on)
                  : fail(ErrorKind::invalid_input,
                         fmt::format("{} {} is neither true nor false", name, quote(text)));
    }

    Result<void> take_client(const CsvFile::Row& row) {
        const std::string username(value(row, "username"));
        if (const auto why = why_no_username(username)) {
            return fail(ErrorKind::invalid_input,
                        fmt::format("username {} {}", quote(username), *why));
        }
        if (auto checked = check_names(row); !checked) {
            return checked;
        }
        const auto enabled = switch_of(row, "enabled", true);
        const auto is_superuser = switch_of(row, "is_superuser", false);
        if (!enabled || !is_superuser) {
            return tl::unexpected(enabled ? is_superuser.error() : enabled.error());
        }
        std::optional<std::string> secret;
        if (const std::string_view given = value(row, "secret"); !given.empty()) {
            auto made = emqx_secret(given, value(row, "salt"), pbkdf2_);
            if (!made) {
                return fail(
                    ErrorKind::invalid_input,
                    fmt::format("secret of {}: {}", quote(username), made.error().message));
            }
            secret = std::move(*made);
        }
        PlannedClient& client = plan_.client(username);
        client.enabled = *enabled;
        if (secret) {
            client.secret = std::move(secret);
        }
        set(client.name, value(row, "name"));
        set(client.client_id, value(row, "client_id"));
        set(client.fingerprint, value(row, "fingerprint"));
        for (const std::string& group : groups_of(value(row, "groups"))) {
            plan_.add_group(group);
            client.groups.insert(group);
        }
        if (*is_superuser) {
            add_superuser(plan_, username, 0);
        }
        return {};
    }

    [[nodiscard]] Result<void> check_names(const CsvFile::Row& row) const {
        const auto refused = [](const char* column, std::string_view text, const auto& why) {
            return fail(ErrorKind::invalid_input,
                        fmt::format("{} {} {}", column, quote(text), *why));
        };
        if (const auto name = value(row, "name"); !name.empty()) {
            if (const auto why = why_no_name(name)) {
                return refused("name", name, why);
            }
        }
        if (const auto why = why_no_client_id(value(row, "client_id"))) {
            return refused("client_id", value(row, "client_id"), why);
        }
        for (const std::string& group : groups_of(value(row, "groups"))) {
            if (const auto why = why_no_name(group)) {
                return refused("group", group, why);
            }
        }
        return check_fingerprint(value(row, "fingerprint"));
    }

    static Result<void> check_fingerprint(std::string_view text) {
        static const std::regex form("SHA256:[0-9a-f]{64}");
        return text.empty() || std::regex_match(text.begin(), text.end(), form)
                   ? Result<void>()
                   : fail(ErrorKind::invalid_input,
                          fmt::format("fingerprint {} is none: it is `SHA256:` and 64 "
                                      "hexadecimal digits",
                                      quote(text)));
    }

    static void set(std::optional<std::string>& field, std::string_view text) {
        if (!text.empty()) {
            field = text;
        }
    }

    Result<void> take_entry(const CsvFile::Row& row) {
        const std::string group(value(row, "group"));
        const std::string username(value(row, "username"));
        if (group.empty() == username.empty()) {
            return fail(ErrorKind::invalid_input,
                        "an entry belongs to a group or to a username: give one of them");
        }
        if (const auto why = why_no_name(group.empty() ? username : group)) {
            return fail(ErrorKind::invalid_input,
                        fmt::format("{} {}", quote(group.empty() ? username : group), *why));
        }
        PlannedEntry entry{.group_name = group,
                           .username = username,
                           .topic = std::string(value(row, "topic")),
                           .from = row.place};
        const auto permission = read_permission(value(row, "permission"));
        if (!permission) {
            return fail(ErrorKind::invalid_input,
                        fmt::format("permission {} is none: use read, write or readWrite",
                                    quote(value(row, "permission"))));
        }
        entry.permission = *permission;
        return set_effect(row, entry)
            .and_then([&] { return set_numbers(row, entry); })
            .and_then([&] { return translate_topic(entry.topic, {}, std::nullopt); })
            .and_then([&](const std::string&) -> Result<void> {
                if (!group.empty()) {
                    plan_.add_group(group);
                }
                plan_.add(std::move(entry));
                return {};
            });
    }

    Result<void> set_effect(const CsvFile::Row& row, PlannedEntry& entry) const {
        const std::string_view effect = value(row, "effect");
        if (effect == "deny") {
            entry.effect = Effect::deny;
        } else if (!effect.empty() && effect != "allow") {
            return fail(ErrorKind::invalid_input,
                        fmt::format("effect {} is none: use allow or deny", quote(effect)));
        }
        return {};
    }

    Result<void> set_numbers(const CsvFile::Row& row, PlannedEntry& entry) const {
        if (const std::string_view text = value(row, "priority"); !text.empty()) {
            const auto priority = read_integer(text);
            if (!priority) {
                return fail(ErrorKind::invalid_input,
                            fmt::format("priority {} is no whole number", quote(text)));
            }
            entry.priority = *priority;
        }
        if (const std::string_view text = value(row, "max_qos"); !text.empty()) {
            entry.max_qos = read_integer(text);
            if (!entry.max_qos || *entry.max_qos < 0 || *entry.max_qos > 2) {
                return fail(ErrorKind::invalid_input,
                            fmt::format("max_qos {} is none: use 0, 1 or 2", quote(text)));
            }
        }
        const auto allow_retain = switch_of(row, "allow_retain", true);
        if (!allow_retain) {
            return tl::unexpected(allow_retain.error());
        }
        entry.allow_retain = *allow_retain;
        const bool has_limit = entry.max_qos || !entry.allow_retain;
        return entry.effect == Effect::deny && has_limit
                   ? fail(ErrorKind::invalid_input,
                          "a deny has no limits: leave max_qos and allow_retain empty")
                   : Result<void>();
    }

    const std::string& path_;
    CsvFile& file_;
    const std::optional<EmqxPbkdf2>& pbkdf2_;
    Plan& plan_;
    GatheredNotes notes_;
    std::map<std::string, std::size_t> columns_;
    bool has_entries_ = false;
};

}  // namespace

Result<void> read_csv(const std::string& path, const std::string& pbkdf2, Plan& plan) {
    const auto made_by = EmqxPbkdf2::parse(pbkdf2);
    if (!made_by) {
        return tl::unexpected(made_by.error());
    }
    auto file = CsvFile::open(path);
    if (!file) {
        return tl::unexpected(file.error());
    }
    return CsvReader(path, *file, *made_by, plan).read();
}

}  // namespace pgauth::tool
