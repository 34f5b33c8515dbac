// Scenario: one story about a set of tables, as tests/spec/*.yaml tell it.
//
//   for (const Scenario& scenario : read_scenarios("limits.yaml", text)) run(scenario);
//
// README.md beside this file has the language. Whatever it does not have is an error that names
// file and line: a story with a misspelt key would tell another story.

#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "authn/authn_options.hpp"
#include "authz/authz_options.hpp"
#include "base/clock.hpp"
#include "policy/request.hpp"

namespace pgauth::test {

class ScenarioError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// Column to text, or to null.
using SpecRow = std::map<std::string, std::optional<std::string>, std::less<>>;

// Table to rows; only those that were written down.
using SpecTables = std::map<std::string, std::vector<SpecRow>, std::less<>>;

struct Verdict {
    std::string outcome;  // accepted, refused, try again, handed on; allowed, denied
    std::string reason;   // as explained in README.md: `wrong password`, `entry 2`, `no entry`
};

struct LogInStep {
    std::string client_id;
    std::optional<std::string> username;
    std::optional<std::string> password;
    std::optional<std::string> from;
    Instant at;
    bool durable = false;
    Verdict verdict;
};

// A connection that never logged in here.
struct Stranger {
    std::string client_id;
    std::optional<std::string> username;
    bool has_address = true;
};

struct AccessStep {
    Action action = Action::publish;
    std::string topic;
    int qos = 0;
    bool retain = false;
    // The client id of a connection; none: the one that came last.
    std::variant<std::monostate, std::string, Stranger> by;
    std::optional<std::string> renamed_to;
    Verdict verdict;
};

struct DisconnectStep {
    std::string client_id;
};

struct EditStep {
    SpecTables tables;  // in the place of those that were there
};

struct Step {
    int line = 0;
    std::variant<LogInStep, AccessStep, DisconnectStep, EditStep> what;
};

struct Scenario {
    std::string file;
    int line = 0;
    std::string title;
    AuthnOptions authn;
    AuthzOptions authz;
    bool loaded = true;
    SpecTables tables;
    std::vector<std::string> defects;  // a part of each
    std::vector<Step> story;
};

// Throws ScenarioError: "limits.yaml:12: …".
[[nodiscard]] std::vector<Scenario> read_scenarios(const std::string& file,
                                                   const std::string& text);

}  // namespace pgauth::test
