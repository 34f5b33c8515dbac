// The reference answer for topic matching: MQTT 5.0 section 4.7 and the placeholder `%u` read
// aloud, with no cleverness. Slow on purpose. The library is tested against this, never the
// other way round.

#pragma once

#include <optional>
#include <string>
#include <vector>

namespace pgauth::test {

using Words = std::vector<std::string>;

// What `%u` is to the oracle. Without one, `%u` is a word like any other.
struct NaiveUser {
    std::optional<std::string> name;  // nothing: unsatisfiable, whatever the reason
    bool unsatisfiable_is_any_level;
};

inline bool naive_level_match(const std::string& word,
                              const std::string& level,
                              bool is_first,
                              const std::optional<NaiveUser>& user) {
    if (user && word == "%u") {
        const bool satisfiable = user->name && !(is_first && user->name->substr(0, 1) == "$");
        return satisfiable ? *user->name == level : user->unsatisfiable_is_any_level;
    }
    if (word == "+") {
        return !is_first || level.substr(0, 1) != "$";
    }
    return word == level;
}

// REQUIRES: `filter` and `topic` are well formed and have at least one word.
inline bool naive_match(const Words& filter,
                        const Words& topic,
                        const std::optional<NaiveUser>& user = std::nullopt,
                        std::size_t at = 0) {
    if (at == filter.size()) {
        return at == topic.size();
    }
    if (filter[at] == "#") {
        return at > 0 || topic[0].substr(0, 1) != "$";  // also the parent: `a/#` matches `a`
    }
    return at < topic.size() && naive_level_match(filter[at], topic[at], at == 0, user) &&
           naive_match(filter, topic, user, at + 1);
}

// Every list of 1 to `longest` words.
inline std::vector<Words> all_word_lists(const Words& alphabet, std::size_t longest) {
    std::vector<Words> all;
    std::vector<Words> of_this_length{{}};
    for (std::size_t length = 1; length <= longest; ++length) {
        std::vector<Words> longer;
        for (const Words& start : of_this_length) {
            for (const std::string& word : alphabet) {
                longer.push_back(start);
                longer.back().push_back(word);
            }
        }
        all.insert(all.end(), longer.begin(), longer.end());
        of_this_length = std::move(longer);
    }
    return all;
}

inline std::string join(const Words& words) {
    std::string text = words[0];
    for (std::size_t i = 1; i < words.size(); ++i) {
        text += '/' + words[i];
    }
    return text;
}

// Those that are a well-formed topic filter or name: not empty, `#` only at the end.
inline std::vector<Words> well_formed(std::vector<Words> lists) {
    std::erase_if(lists, [](const Words& words) {
        for (std::size_t i = 0; i + 1 < words.size(); ++i) {
            if (words[i] == "#") {
                return true;
            }
        }
        return join(words).empty();
    });
    return lists;
}

}  // namespace pgauth::test
