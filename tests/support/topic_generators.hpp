// Random topics, and filters that have a fair chance of matching them.

#pragma once

#include <rapidcheck.h>

#include "support/naive_topic_match.hpp"

namespace pgauth::test {

// A level of a topic: of every script, with spaces and percent signs, empty, with a `$`, long.
inline rc::Gen<std::string> any_topic_level() {
    return rc::gen::weightedOneOf<std::string>(
        {{4, rc::gen::elementOf(Words{"", "a", "b", "$s", "$SYS", "%u", "50%", " "})},
         {2, rc::gen::elementOf(Words{"größe", "温度", "🙂", "e\u0301", "\u00e9", "\u00a0"})},
         {2,
          rc::gen::nonEmpty(rc::gen::container<std::string>(
              rc::gen::elementOf(std::string("aZ0$%{}.-_*?\\"))))},
         {1, rc::gen::map(rc::gen::inRange<std::size_t>(1, 9000), [](std::size_t size) {
              return std::string(size, 'x');
          })}});
}

// One to seven levels: 64 KiB at the very most, and never the empty text.
inline rc::Gen<Words> any_topic() {
    const auto words = rc::gen::mapcat(rc::gen::inRange<std::size_t>(1, 8), [](std::size_t n) {
        return rc::gen::container<Words>(n, any_topic_level());
    });
    return rc::gen::suchThat(words, [](const Words& topic) { return !join(topic).empty(); });
}

// A filter made of `topic` by putting wildcards, or now and then another name, for levels.
inline rc::Gen<Words> any_filter_like(const Words& topic) {
    return rc::gen::exec([topic] {
        Words filter = topic;
        for (std::string& word : filter) {
            const int dice = *rc::gen::inRange(0, 10);
            word = dice < 3 ? "+" : dice == 3 ? *any_topic_level() : word;
        }
        const int ending = *rc::gen::inRange(0, 6);
        if (ending == 0) {
            filter.emplace_back("+");
        } else if (ending < 3) {
            filter.resize(*rc::gen::inRange<std::size_t>(0, filter.size() + 1));
            filter.emplace_back("#");
        }
        RC_PRE(!join(filter).empty());
        return filter;
    });
}

}  // namespace pgauth::test
