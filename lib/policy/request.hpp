// Request: one thing that a session wants to do, as the rights see it.
//
//   Request::publish("plant/1/temp", 1, false)
//   Request::subscribe(*TopicFilter::parse("plant/#"), 1, SubscribeMode::covered)
//   Request::receive("plant/1/temp")
//
// What was asked of `$share/<name>/F` is asked here of F (topic/topic_filter.hpp strips it).
// Thread safety: a value; refers to the topic or filter that it was made from.

#pragma once

#include <cstdint>
#include <string_view>

#include "topic/topic_filter.hpp"

namespace pgauth {

enum class Action : std::uint8_t { publish, subscribe, receive };

[[nodiscard]] std::string_view to_string(Action action) noexcept;

// Which subscriptions are granted: only those that lie wholly inside what is allowed, or all
// that overlap it, every delivery being checked in either case.
enum class SubscribeMode : std::uint8_t { covered, overlapping };

struct Request {
    Action action;
    std::string_view topic;               // publish and receive: a topic name
    const TopicFilter* filter = nullptr;  // subscribe
    SubscribeMode mode = SubscribeMode::covered;
    int qos = 0;
    bool retain = false;

    [[nodiscard]] static Request publish(std::string_view topic, int qos, bool retain) {
        return {.action = Action::publish, .topic = topic, .qos = qos, .retain = retain};
    }

    [[nodiscard]] static Request receive(std::string_view topic) {
        return {.action = Action::receive, .topic = topic};
    }

    // REQUIRES: `filter` outlives the request.
    [[nodiscard]] static Request subscribe(const TopicFilter& filter,
                                           int qos,
                                           SubscribeMode mode) {
        return {.action = Action::subscribe,
                .topic = {},
                .filter = &filter,
                .mode = mode,
                .qos = qos};
    }
};

}  // namespace pgauth
