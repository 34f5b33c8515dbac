#include "authz/recent_decisions.hpp"

#include <algorithm>
#include <atomic>

#include "base/words.hpp"

namespace pgauth {

namespace {

// What of a request matters beside its topic.
std::uint8_t kind_of(const Request& request) noexcept {
    if (request.action == Action::receive) {
        return 1;
    }
    constexpr int highest_qos = 2;
    const int qos = std::clamp(request.qos, 0, highest_qos);
    return static_cast<std::uint8_t>(2 + 2 * qos + (request.retain ? 1 : 0));
}

}  // namespace

Asker new_asker() noexcept {
    static std::atomic<Asker> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

RecentDecisions::Question::Question(Asker asker,
                                    std::uint64_t generation,
                                    const Request& request) noexcept
    : asker_(asker),
      generation_(generation),
      topic_(request.topic),
      kind_(kind_of(request)),
      place_(word_hash(asker * 8 + kind_, topic_) % places) {}

const Decision* RecentDecisions::find(const Question& question) const noexcept {
    const Place& place = places_[question.place_];
    const bool is_there = place.asker == question.asker_ &&
                          place.generation == question.generation_ &&
                          place.kind == question.kind_ &&
                          same_words({place.topic.data(), place.topic_size}, question.topic_);
    return is_there ? &place.decision : nullptr;
}

void RecentDecisions::remember(const Question& question, const Decision& decision) noexcept {
    if (question.topic_.size() > longest_topic) {
        return;
    }
    Place& place = places_[question.place_];
    place.asker = question.asker_;
    place.generation = question.generation_;
    place.decision = decision;
    place.kind = question.kind_;
    place.topic_size = static_cast<std::uint8_t>(question.topic_.size());
    std::copy(question.topic_.begin(), question.topic_.end(), place.topic.begin());
}

}  // namespace pgauth
