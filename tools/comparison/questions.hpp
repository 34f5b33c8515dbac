// Questions: what both brokers are asked, made of the topics that the old files and the Plan
// speak of.
//
//   const std::vector<ClientQuestions> all = make_questions(old, plan, {.most = 5000, .seed =
//   1}); all[0].username, all[0].publish …
//
// A topic filter gives topics that it matches and some that it barely does not: a level more, a
// level less, another level. Each client is asked about its own filters first, then about those
// of others, with its own name and with another's. The same input and seed give the same
// questions.
//
// The mistake to avoid: asking only what is allowed. What is denied is as much of an answer.
// Thread safety: pure.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "comparison/old_access.hpp"
#include "import/plan.hpp"

namespace pgauth::tool {

// Retained in every broker from its start: a topic of its own that can be asked about.
inline constexpr const char* own_topic_of_broker = "$SYS/broker/version";

struct QuestionLimits {
    std::size_t most = 0;  // about so many in all; 0: none
    std::uint64_t seed = 0;
};

// Of one client, that connects once with each client id.
struct ClientQuestions {
    std::optional<std::string> username;  // none: nameless
    std::string client_id;                // that it has, where it has to have one
    std::string other_client_id;
    std::vector<std::string> publish;    // topics
    std::vector<std::string> subscribe;  // filters
    std::vector<std::string> receive;    // topics
};

enum class Nameless : std::uint8_t { not_asked, asked };

// Where there are too many clients for the questions, some are asked.
[[nodiscard]] std::vector<ClientQuestions> make_questions(const OldAccess& old,
                                                          const Plan& plan,
                                                          Nameless nameless,
                                                          const QuestionLimits& limits);

// Whether a client can publish to it, so that there is something to receive: the broker's own
// topics it publishes itself.
[[nodiscard]] bool is_anybodys(const std::string& topic);

}  // namespace pgauth::tool
