// Mosquitto's acl_file, read as Mosquitto reads it (src/security_default.c).
//
// There a client's own `topic` lines are looked at first, then the `pattern` lines; in each of
// the two a deny that matches wins. So own entries have a higher priority here than patterns,
// which a group has that a rule puts everybody into.

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/quote.hpp"
#include "import/entry_topic.hpp"
#include "import/names.hpp"
#include "import/source.hpp"

namespace pgauth::tool {

namespace {

constexpr int own_priority = 1;
constexpr int pattern_priority = 0;
constexpr const char* everyone = "everyone";
constexpr const char* anonymous = "anonymous";

struct Line {
    std::string place;
    Effect effect = Effect::allow;
    Permission permission = Permission::read_write;
    std::string topic;
};

// The first word of `rest`, which loses it: as strtok_r(…, " ") takes it.
std::string_view take_word(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    return word;
}

// What stands behind `topic` or `pattern`. An error is why Mosquitto would not start with it.
Result<Line> read_access(std::string_view rest) {
    Line line;
    const std::string_view access = take_word(rest);
    if (access.empty()) {
        return fail(ErrorKind::invalid_input, "there is no topic");
    }
    if (rest.empty()) {
        line.topic = access;
        return line;
    }
    line.topic = trim(rest);
    if (access == "read") {
        line.permission = Permission::read;
    } else if (access == "write") {
        line.permission = Permission::write;
    } else if (access == "deny") {
        line.effect = Effect::deny;
    } else if (access != "readwrite") {
        return fail(
            ErrorKind::invalid_input,
            fmt::format("{} is no access: use read, write, readwrite or deny", quote(access)));
    }
    return line;
}

class AclFile {
  public:
    AclFile(const std::string& path, Plan& plan) : path_(path), plan_(plan) {}

    void read(const std::vector<std::string>& lines) {
        for (std::size_t number = 1; number <= lines.size(); ++number) {
            read_line(lines[number - 1], line_of(path_, number));
        }
        for (const Line& pattern : patterns_) {
            add_pattern(pattern);
        }
        note_clients();
        note_groups();
    }

  private:
    void read_line(std::string_view line, const std::string& place) {
        // Mosquitto looks for the `#` before it skips blanks.
        if (line.starts_with('#') || trim(line).empty()) {
            return;
        }
        line = line.substr(0, line.find_last_not_of(" \t\n\v\f\r") + 1);
        const std::string_view word = take_word(line);
        if (word == "user") {
            begin_user(std::string(trim(line)), place);
        } else if (word == "topic" || word == "pattern") {
            auto read = read_access(line);
            if (!read) {
                plan_.note(Verdict::lost, place, read.error().message);
                return;
            }
            read->place = place;
            if (word == "pattern") {
                patterns_.push_back(*read);
            } else {
                add_own(*read);
            }
        } else {
            plan_.note(Verdict::lost,
                       place,
                       fmt::format("{} begins no line that Mosquitto knows: use user, topic or "
                                   "pattern",
                                   quote(word)));
        }
    }

    void begin_user(std::string username, const std::string& place) {
        user_ = std::move(username);
        if (const auto why = why_no_username(*user_)) {
            plan_.note(Verdict::lost,
                       place,
                       fmt::format("username {} {}: its lines are lost", quote(*user_), *why));
            user_ = "";
        }
    }

    void add_own(const Line& line) {
        if (user_ == "") {
            return;  // said where it began
        }
        const EntryTopic topic = entry_topic(line.topic, line.effect, Meaning::literal);
        note_topic(line, topic);
        if (!topic.filter) {
            return;
        }
        if (user_) {
            plan_.client(*user_);
            if (users_.insert(*user_).second) {
                first_places_.emplace_back(*user_, line.place);
            }
            plan_.add({.username = *user_,
                       .effect = line.effect,
                       .permission = line.permission,
                       .topic = *topic.filter,
                       .priority = own_priority,
                       .from = line.place});
        } else {
            add_to_group(anonymous, line, *topic.filter, own_priority);
        }
    }

    void add_to_group(const char* group,
                      const Line& line,
                      const std::string& topic,
                      int priority) {
        plan_.add_group(group);
        plan_.add({.group_name = group,
                   .effect = line.effect,
                   .permission = line.permission,
                   .topic = topic,
                   .priority = priority,
                   .from = line.place});
    }

    void note_topic(const Line& line, const EntryTopic& topic) {
        if (!topic.note.empty()) {
            plan_.note(topic.verdict(), line.place, topic.note);
        }
    }

    // --- patterns: Mosquitto pastes username and client id wherever `%u` and `%c` stand ------

    void add_pattern(const Line& line) {
        const std::vector<std::string> levels = split_levels(line.topic);
        bool has_username = false;
        bool is_pasted = false;
        bool can_be_pasted = true;
        for (const std::string& level : levels) {
            const bool names = level.find("%u") != std::string::npos;
            has_username = has_username || names;
            is_pasted = is_pasted || (names && level != "%u");
            can_be_pasted =
                can_be_pasted && (level == "%c" || level.find("%c") == std::string::npos);
            client_ids_ = client_ids_ || level == "%c";
        }
        if (is_pasted && can_be_pasted) {
            write_out(line, levels);
            return;
        }
        const EntryTopic topic = entry_topic(line.topic, line.effect, Meaning::whole_level);
        note_topic(line, topic);
        if (!topic.filter) {
            return;
        }
        add_to_group(everyone, line, *topic.filter, pattern_priority);
        if (!has_username && plan_.groups().contains(anonymous)) {
            add_to_group(anonymous, line, *topic.filter, pattern_priority);
        }
        if (has_username) {
            add_unusual(line, levels);
        }
    }

    // For the clients that are known, a pattern that pastes the username into a level.
    void write_out(const Line& line, const std::vector<std::string>& levels) {
        for (const std::string& username : usernames()) {
            add_pasted(line, levels, username);
        }
        plan_.note(
            Verdict::differs,
            line.place,
            fmt::format("{}: placeholders stand for whole levels here: each client that is "
                        "known by now has an entry of its own; one that comes later needs "
                        "its own too",
                        quote(line.topic)));
    }

    // `%u` here stands for one level, and never for one of the broker's own.
    void add_unusual(const Line& line, const std::vector<std::string>& levels) {
        for (const std::string& username : usernames()) {
            const bool is_unusual = username.find('/') != std::string::npos ||
                                    (levels.front() == "%u" && username.starts_with('$'));
            if (!is_unusual) {
                continue;
            }
            add_pasted(line, levels, username);
            if (line.effect == Effect::deny) {
                plan_.note(
                    Verdict::differs,
                    line.place,
                    fmt::format("{} denies client {} any level in the place of `%u`, which "
                                "its username cannot stand for here",
                                quote(line.topic),
                                quote(username)));
            }
        }
    }

    void add_pasted(const Line& line,
                    const std::vector<std::string>& levels,
                    const std::string& username) {
        std::string pasted;
        for (const std::string& level : levels) {
            pasted += &level == &levels.front() ? "" : "/";
            for (std::size_t at = 0; at < level.size(); ++at) {
                if (level.compare(at, 2, "%u") == 0) {
                    pasted += username;
                    ++at;
                } else {
                    pasted += level[at];
                }
            }
        }
        const bool has_client_id = line.topic.find("%c") != std::string::npos;
        const EntryTopic topic =
            entry_topic(pasted,
                        line.effect,
                        has_client_id && !holds_placeholder(username) ? Meaning::whole_level
                                                                      : Meaning::literal);
        note_topic(line, topic);
        if (!topic.filter) {
            return;
        }
        plan_.add({.username = username,
                   .effect = line.effect,
                   .permission = line.permission,
                   .topic = *topic.filter,
                   .priority = pattern_priority,
                   .from = line.place});
        if (line.effect == Effect::allow && username.find('/') != std::string::npos) {
            plan_.note(Verdict::differs,
                       line.place,
                       fmt::format("client {} may do here what Mosquitto 2.0 lets it; 2.1 "
                                   "gives nobody anything by `%u` whose username holds `/`",
                                   quote(username)));
        }
    }

    [[nodiscard]] std::vector<std::string> usernames() const {
        std::vector<std::string> names;
        for (const auto& [username, client] : plan_.clients()) {
            names.push_back(username);
        }
        return names;
    }

    // --- what the reader of the report has to know ----------------------------------------

    void note_clients() {
        std::erase_if(first_places_, [&](const auto& client) {
            return plan_.clients().at(client.first).secret.has_value();
        });
        constexpr std::size_t named = 20;
        constexpr const char* advice =
            "where it has none yet, use pgauth passwd or mqtt_auth.grant_certificate(...)";
        if (first_places_.size() > named) {
            plan_.note(
                Verdict::carried,
                name_of_file(path_),
                fmt::format("{} clients get no credential: {}", first_places_.size(), advice));
            return;
        }
        for (const auto& [username, place] : first_places_) {
            plan_.note(
                Verdict::carried,
                place,
                fmt::format("client {} gets no credential: {}", quote(username), advice));
        }
    }

    void note_groups() {
        const auto& groups = plan_.groups();
        const std::string place = name_of_file(path_);
        if (groups.contains(everyone)) {
            PlannedRule& rule = plan_.rule(everyone);
            rule.username = "*";
            rule.groups.insert(everyone);
            plan_.note(
                Verdict::carried,
                place,
                "`pattern` lines are entries of group `everyone`; the group rule of this "
                "name puts every client into it, also those that come later");
        }
        if (groups.contains(anonymous)) {
            plan_.note(Verdict::carried,
                       place,
                       "`topic` lines before any `user` are entries of group `anonymous`: for "
                       "clients without a username, which get in only where pgauth.yaml says "
                       "`authentication: {anonymous_group: anonymous}`");
        }
        if (client_ids_) {
            plan_.note(
                Verdict::differs,
                place,
                "`%c` never stands for a client id that holds `/`, or, as the first level, "
                "begins with `$`");
        }
    }

    const std::string& path_;
    Plan& plan_;
    std::optional<std::string> user_;  // none: before any; empty: one that cannot be here
    std::vector<Line> patterns_;
    std::set<std::string> users_;
    std::vector<std::pair<std::string, std::string>> first_places_;
    bool client_ids_ = false;
};

}  // namespace

Result<void> read_acl_file(const std::string& path, Plan& plan) {
    const auto lines = read_lines("acl_file", path);
    if (!lines) {
        return tl::unexpected(lines.error());
    }
    AclFile(path, plan).read(*lines);
    plan.propose_overlapping();
    return {};
}

}  // namespace pgauth::tool
