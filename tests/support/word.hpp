// Word: a counted element for tests of the sets in replica/, and what a set should hold.

#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "replica/counted.hpp"
#include "support/catch.hpp"

namespace pgauth {

struct Word final : Counted {
    Word(std::string the_key, int the_value) : key(std::move(the_key)), value(the_value) {
        ++alive;
    }

    ~Word() { --alive; }

    Word(const Word&) = delete;
    Word& operator=(const Word&) = delete;
    Word(Word&&) = delete;
    Word& operator=(Word&&) = delete;

    static void destroy(const Word* word) noexcept { delete word; }

    std::string key;
    int value;
    // NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables)
    static inline int alive = 0;
};

struct KeyOfWord {
    std::string_view operator()(const Word& word) const { return word.key; }
};

using Model = std::map<std::string, int>;

template <typename Set>
Model contents(const Set& set) {
    Model found;
    std::size_t count = 0;
    set.for_each([&](const Word& word) {
        found.emplace(word.key, word.value);
        ++count;
    });
    CHECK(count == set.size());
    return found;
}

inline Ref<Word> word(const std::string& key, int value) {
    return Ref<Word>(new Word(key, value));
}

}  // namespace pgauth
