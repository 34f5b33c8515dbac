// RecentDecisions: what was decided lately, found again without deciding it.
//
//   const RecentDecisions::Question question(rights.asker(), generation, request);
//   if (const Decision* known = recent.find(question)) return *known;
//   recent.remember(question, decision);
//
// A device says the same few topics all day, and a message to a hundred receivers is the same
// question for all whom the same entries are about. What the kernel and the broker do between
// two messages displaces the policy from the processor's caches: to walk through it again costs
// more than to decide, and an answer lies in one or two lines.
//
// The table has a fixed size, and a question has one place in it, which it takes from whoever
// was there. So it needs no upkeep, and what is asked once only costs a look and a copy.
// Whoever makes topics collide there gets no wrong answer, and none that takes longer than a
// decision and that look.
//
// The mistake to avoid: asking with an asker or a generation that may come back, as the address
// of something does: both are numbers that mean the same whenever they are met again. A table
// takes half a megabyte, once for each plugin in the broker's configuration.
// Thread safety: none; for the broker's thread.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "policy/decision.hpp"
#include "policy/request.hpp"

namespace pgauth {

// Those who get the same answer to every question have the same one.
using Asker = std::uint64_t;

// One that nobody has had. From any thread.
[[nodiscard]] Asker new_asker() noexcept;

class RecentDecisions {
  public:
    static constexpr std::size_t places = 4096;
    static constexpr std::size_t longest_topic = 93;  // of which answers are kept, in bytes

    class Question {
      public:
        // `generation`: of what the answer is worked out from, beside the asker.
        // REQUIRES: request.action is publish or receive.
        Question(Asker asker, std::uint64_t generation, const Request& request) noexcept;

      private:
        friend class RecentDecisions;

        Asker asker_;
        std::uint64_t generation_;
        std::string_view topic_;
        std::uint8_t kind_;
        std::size_t place_;
    };

    RecentDecisions() : places_(places) {}

    // Null where it is not known.
    [[nodiscard]] const Decision* find(const Question& question) const noexcept;

    // Does nothing where the topic is too long.
    void remember(const Question& question, const Decision& decision) noexcept;

  private:
    // Two lines of the processor's cache, and most topics end in the first.
    struct alignas(64) Place {
        Asker asker = 0;  // 0: nobody
        std::uint64_t generation = 0;
        Decision decision;
        std::uint8_t kind = 0;
        std::uint8_t topic_size = 0;
        std::array<char, longest_topic> topic = {};
    };

    static_assert(sizeof(Place) == 128);

    std::vector<Place> places_;
};

}  // namespace pgauth
