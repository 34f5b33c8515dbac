// Plan: what another access control becomes here, before anything is written.
//
//   Plan plan;
//   const Result<void> read = read_acl_file("/etc/mosquitto/acl", plan);
//   plan.client("press-7").groups.insert("presses");
//   plan.note(Verdict::differs, "acl_file:12", "`pattern` with `%c` …");
//
// Sources (source.hpp) fill one, the report shows it, writing stores it, the comparison asks
// it. A Plan holds what the tables will hold, by name, and in order: the same input gives the
// same Plan, so that a second import finds everything there.
//
// The mistake to avoid: dropping what cannot be expressed without a note that says so.
// Thread safety: none needed.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "policy/acl_entry.hpp"

namespace pgauth::tool {

// As in table clients; `secret` and `fingerprint` are its credentials.
struct PlannedClient {
    bool enabled = true;
    std::optional<std::string> name;
    std::optional<std::string> client_id;  // the pattern that its client id must match
    std::optional<std::string> secret;     // as in credentials.secret, method password
    std::optional<std::string> fingerprint;
    std::set<std::string> groups;
};

// As in table acls. Of a group or of a client, never of both.
struct PlannedEntry {
    std::string group_name = {};
    std::string username = {};
    Effect effect = Effect::allow;
    Permission permission = Permission::read;
    std::string topic = {};
    int priority = 0;
    std::optional<int> max_qos = {};  // of an allow alone, as allow_retain
    bool allow_retain = true;
    std::string from = {};  // the place that it was read from, for the report
};

// A rule that puts whoever fulfils its condition into groups: as in table group_rules.
struct PlannedRule {
    std::string syntax = "glob";
    std::optional<std::string> username;
    std::optional<std::string> client_id;
    std::set<std::string> groups;
};

enum class Verdict : std::uint8_t {
    carried,  // it becomes what the note says
    differs,  // it will answer otherwise here, and when
    lost,     // it cannot be expressed, and why
};

struct Note {
    Verdict verdict = Verdict::carried;
    std::string place;  // `acl_file:12`, `roles[3].acls[0]`
    std::string text;   // never a secret
};

class Plan {
  public:
    // The one of that name, made where there is none yet.
    PlannedClient& client(const std::string& username) { return clients_[username]; }

    PlannedRule& rule(const std::string& name) { return rules_[name]; }

    // `description` may be empty.
    void add_group(const std::string& name, const std::string& description = {});
    // Once, from wherever it is added again.
    void add(PlannedEntry entry);
    void note(Verdict verdict, std::string place, std::string text);

    // The old one let every subscription through and filtered deliveries.
    void propose_overlapping() { overlapping_ = true; }

    [[nodiscard]] const std::map<std::string, PlannedClient>& clients() const {
        return clients_;
    }

    [[nodiscard]] const std::map<std::string, std::string>& groups() const { return groups_; }

    [[nodiscard]] const std::map<std::string, PlannedRule>& rules() const { return rules_; }

    [[nodiscard]] const std::vector<PlannedEntry>& entries() const { return entries_; }

    [[nodiscard]] const std::vector<Note>& notes() const { return notes_; }

    [[nodiscard]] bool proposes_overlapping() const { return overlapping_; }

  private:
    std::map<std::string, PlannedClient> clients_;
    std::map<std::string, std::string> groups_;  // name: description
    std::map<std::string, PlannedRule> rules_;
    std::vector<PlannedEntry> entries_;
    // All of an entry but the place.
    std::set<std::tuple<std::string,
                        std::string,
                        Effect,
                        Permission,
                        std::string,
                        int,
                        std::optional<int>,
                        bool>>
        known_;
    std::vector<Note> notes_;
    bool overlapping_ = false;
};

}  // namespace pgauth::tool
