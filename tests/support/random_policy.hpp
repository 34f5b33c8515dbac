// Random policies as SQL, and questions about them, for tests that ask two implementations the
// same.
//
//   Dice dice(20240229);
//   database.sql(any_policy(dice));
//   const Question question = any_question(dice);
//
// Names hold what patterns, topics and SQL can trip over. What is made can be stored: no
// constraint refuses it. Thread safety: none.

#pragma once

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "authz/authz_options.hpp"
#include "policy/request.hpp"

namespace pgauth::testing {

using Words = std::vector<std::string>;
using Text = std::optional<std::string>;

class Dice {
  public:
    // The same policies and questions each time.
    // NOLINTNEXTLINE(cert-msc32-c,cert-msc51-cpp)
    explicit Dice(unsigned seed) : random_(seed) {}

    std::size_t below(std::size_t bound) { return random_() % bound; }

    bool once_in(std::size_t times) { return below(times) == 0; }

    [[nodiscard]] std::string of(const Words& choices) {
        return choices[below(choices.size())];
    }

    Text maybe(const Words& choices) { return once_in(2) ? Text(of(choices)) : std::nullopt; }

    // One to `longest` of them, in any order, and perhaps again.
    Words some(const Words& choices, std::size_t longest) {
        Words chosen(below(longest) + 1);
        std::generate(chosen.begin(), chosen.end(), [&] { return of(choices); });
        return chosen;
    }

  private:
    std::mt19937 random_;
};

// With `between` between them.
[[nodiscard]] std::string join(const Words& words, const char* between);

// As SQL: NULL where there is none; an array.
[[nodiscard]] std::string literal(const Text& text);
[[nodiscard]] std::string array_of(const Words& words);

// A regular expression that may be stored, `depth` groups deep at most.
[[nodiscard]] std::string any_regex(Dice& dice, int depth);

// Statements that put it in the place of whatever is in the tables.
[[nodiscard]] std::string any_policy(Dice& dice);

struct Question {
    Text username;
    Action action = Action::publish;
    std::string topic;
    std::string client_id;
    int qos = 0;
    bool retain = false;
    Text address;
    Words methods;
    Text fingerprint;
    Text common_name;
    Words subject_alt_names;
    AuthzOptions authz;
    Text anonymous_group;
};

[[nodiscard]] Question any_question(Dice& dice);

}  // namespace pgauth::testing
