// interview(): asks one running broker all the questions.
//
//   auto answers = interview({.socket = old.socket(), .stand_in = …}, questions, progress);
//   (*answers)[3].publish[17]                  // to questions[3].publish[17]
//
// Clients come one after the other, so that nobody answers for another one. What may be
// received is found out by receiving it: the client subscribes to the filters of its questions
// and to each topic by itself, and the supervisor publishes.
//
// The mistake to avoid: reading `receive` as a right alone. It is what arrives, and nothing
// arrives at who may not subscribe.
// Thread safety: none needed.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "comparison/mqtt_client.hpp"
#include "comparison/questions.hpp"
#include "comparison/stand_in.hpp"

namespace pgauth::tool {

struct ClientAnswers {
    Answer login = Answer::denied;
    Answer other_login = Answer::denied;
    // As the questions; empty where it was not let in.
    std::vector<Answer> publish;
    std::vector<Answer> subscribe;
    std::vector<Answer> receive;
};

struct Interviewed {
    std::string socket;
    const StandIn& stand_in;
    std::string supervisor;
};

// `progress` is told of every client that is done.
[[nodiscard]] Result<std::vector<ClientAnswers>> interview(
    const Interviewed& broker,
    const std::vector<ClientQuestions>& questions,
    const std::function<void()>& progress);

}  // namespace pgauth::tool
