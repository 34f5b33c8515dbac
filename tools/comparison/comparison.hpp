// compare(): asks the old broker and a new one the same questions, and says where the answers
// differ.
//
//   const Result<Comparison> compared = compare(plan, files, options, progress);
//   compared->differences        // press-7 publish plant/x: old allowed, new denied
//
// Both are real: Mosquitto with copies of the old files, and Mosquitto with the plugin and the
// Plan. They live in a temporary directory, for seconds. Nobody else can connect to them, and
// neither the old broker nor a database is touched.
//
// A subscription that one of them refuses and under which nothing arrives in the other is no
// difference: a broker that checks deliveries grants anything. It is counted.
//
// The mistake to avoid: taking it for a proof. It asks many questions, not all.
// Thread safety: one at a time, in the main thread: it watches for signals.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "comparison/mqtt_client.hpp"
#include "comparison/old_access.hpp"
#include "import/plan.hpp"
#include "policy/request.hpp"

namespace pgauth::tool {

struct ComparisonOptions {
    std::size_t questions = 0;
    std::uint64_t seed = 0;
    std::string mosquitto;                // a path
    std::string plugin;                   // a path
    std::string dynamic_security_plugin;  // a path; only where there is such a file
    SubscribeMode subscribe = SubscribeMode::covered;
};

enum class Asked : std::uint8_t { login, other_login, publish, subscribe, receive };

struct Difference {
    Asked asked = Asked::login;
    Answer old_answer = Answer::denied;
    Answer new_answer = Answer::denied;
    std::optional<std::string> username;  // none: nameless
    std::string about;                    // a client id, a topic or a filter
    std::string why;                      // the new answer; empty: one of too many alike
};

// What was asked, and what was answered.
[[nodiscard]] bool is_alike(const Difference& one, const Difference& other);

// Of those that are alike, so many are explained.
inline constexpr std::size_t explained_of_a_kind = 20;

struct Comparison {
    std::size_t clients = 0;
    std::size_t questions = 0;            // that both were asked
    std::size_t empty_subscriptions = 0;  // granted by one, and nothing arrived
    std::vector<Difference> differences;  // those that are alike stand together
};

// `progress`: of how many clients how many are done; each is asked twice.
[[nodiscard]] Result<Comparison> compare(
    const Plan& plan,
    const OldFiles& files,
    const ComparisonOptions& options,
    const std::function<void(std::size_t done, std::size_t all)>& progress);

}  // namespace pgauth::tool
