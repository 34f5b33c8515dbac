// The reference answer to "may it": DESIGN 3.3 read aloud, with no cleverness and none of the
// library's code. Slow on purpose. The library is tested against this, never the other way
// round.
//
// Topics are lists of words. A subscription is covered if every topic of a small universe that
// it matches is matched, which is exact for filters of up to `longest_filter` words out of the
// universe's alphabet (support/topic_sets.hpp).

#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "support/topic_sets.hpp"

namespace pgauth::test {

struct PlainEntry {
    bool denies = false;
    std::string permission = "readWrite";
    Words topic;
    int priority = 0;
    std::optional<int> max_qos = std::nullopt;
    bool allow_retain = true;
};

struct PlainSession {
    std::optional<std::string> username = std::nullopt;
    std::string client_id;
    std::map<std::string, std::string> attributes;
};

struct PlainRequest {
    std::string verb;  // publish, subscribe, receive
    Words topic;
    int qos = 0;
    bool retain = false;
    bool overlapping_is_enough = false;
};

// What `word` stands for, if it is a placeholder that can be satisfied.
inline std::optional<std::string> value_of(const std::string& word,
                                           const PlainSession& session,
                                           bool is_first) {
    std::optional<std::string> value;
    if (word == "%u") {
        value = session.username;
    } else if (word == "%c") {
        value = session.client_id;
    } else if (session.attributes.contains(word.substr(2, word.size() - 3))) {
        value = session.attributes.at(word.substr(2, word.size() - 3));
    }
    const bool is_no_level =
        !value || value->empty() || value->find_first_of("/+#\n") != std::string::npos;
    const bool is_dollar = value && is_first && value->substr(0, 1) == "$";
    return is_no_level || is_dollar ? std::nullopt : value;
}

// The topics that the entry is about. A placeholder without a value stands for no level in an
// allow, and for any level in a deny.
inline TopicSet topics_of(const PlainEntry& entry, const PlainSession& session) {
    Words filter;
    for (const std::string& word : entry.topic) {
        if (word.substr(0, 1) != "%") {
            filter.push_back(word);
            continue;
        }
        const auto value = value_of(word, session, filter.empty());
        if (!value && !entry.denies) {
            return {};
        }
        filter.push_back(value.value_or("%u"));
    }
    return topics_of(filter, NaiveUser{std::nullopt, true});
}

inline bool is_relevant(const PlainEntry& entry,
                        const PlainSession& session,
                        const PlainRequest& request) {
    const std::string needed = request.verb == "publish" ? "write" : "read";
    if (entry.permission != needed && entry.permission != "readWrite") {
        return false;
    }
    if (!entry.denies && request.verb != "receive" && entry.max_qos &&
        request.qos > *entry.max_qos) {
        return false;
    }
    if (!entry.denies && request.verb == "publish" && request.retain && !entry.allow_retain) {
        return false;
    }
    const TopicSet has = topics_of(entry, session);
    const TopicSet asked = topics_of(request.topic);
    if (request.overlapping_is_enough && request.verb == "subscribe" && !entry.denies) {
        return (asked & has).any();
    }
    return (asked & ~has).none();
}

inline bool is_allowed(const std::vector<PlainEntry>& entries,
                       const PlainSession& session,
                       const PlainRequest& request) {
    std::vector<PlainEntry> relevant;
    for (const PlainEntry& entry : entries) {
        if (is_relevant(entry, session, request)) {
            relevant.push_back(entry);
        }
    }
    int highest = relevant.empty() ? 0 : relevant[0].priority;
    for (const PlainEntry& entry : relevant) {
        highest = std::max(highest, entry.priority);
    }
    bool allowed = false;
    for (const PlainEntry& entry : relevant) {
        if (entry.priority == highest && entry.denies) {
            return false;
        }
        allowed = allowed || entry.priority == highest;
    }
    return allowed;
}

// What shows in a failure.

inline std::ostream& operator<<(std::ostream& out, const PlainEntry& entry) {
    out << (entry.denies ? "deny " : "allow ") << entry.permission << ' ' << join(entry.topic)
        << " priority " << entry.priority;
    if (entry.max_qos) {
        out << " max_qos " << *entry.max_qos;
    }
    return out << (entry.allow_retain ? "" : " no retain");
}

inline std::ostream& operator<<(std::ostream& out, const PlainSession& session) {
    out << "username " << session.username.value_or("(none)") << " client id "
        << session.client_id;
    for (const auto& [key, value] : session.attributes) {
        out << ' ' << key << '=' << value;
    }
    return out;
}

inline std::ostream& operator<<(std::ostream& out, const PlainRequest& request) {
    return out << request.verb << ' ' << join(request.topic) << " qos " << request.qos
               << (request.retain ? " retained" : "")
               << (request.overlapping_is_enough ? " overlapping" : "");
}

}  // namespace pgauth::test
