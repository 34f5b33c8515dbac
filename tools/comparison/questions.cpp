#include "comparison/questions.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <random>
#include <set>
#include <string_view>
#include <utility>

#include "comparison/mqtt_client.hpp"
#include "topic/topic_filter.hpp"

namespace pgauth::tool {

namespace {

using Levels = std::vector<std::string>;
using Random = std::mt19937_64;

// A client is asked at least so many, or not at all.
constexpr std::size_t fewest_of_a_client = 60;
constexpr std::size_t kinds = 3;

const std::string& one_of(const std::vector<std::string>& some, Random& random) {
    return some[random() % some.size()];
}

Levels levels_of(std::string_view text) {
    Levels levels;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find('/', begin), text.size());
        levels.emplace_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return levels;
}

std::string joined(const Levels& levels) {
    return fmt::format("{}", fmt::join(levels, "/"));
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
    return text;
}

// What one client is asked, of each kind as many as there is room for, each once.
class Asker {
  public:
    Asker(ClientQuestions& questions,
          std::size_t most,
          std::vector<std::string> words,
          Random& random)
        : questions_(questions), most_(most), words_(std::move(words)), random_(random) {}

    [[nodiscard]] bool is_full() const {
        return questions_.publish.size() >= most_ && questions_.receive.size() >= most_ &&
               questions_.subscribe.size() >= most_;
    }

    [[nodiscard]] std::size_t size() const {
        return questions_.publish.size() + questions_.receive.size() +
               questions_.subscribe.size();
    }

    // All that is to be asked about a filter whose placeholders are filled in.
    void ask_about(const std::string& filter) {
        const Levels levels = levels_of(filter);
        const Levels topic = concrete(levels);
        ask_topic(topic);
        ask_filters(filter, levels, topic);
        ask_topic(concrete(levels));  // with other words
        ask_neighbours(topic);
        if (levels.back() == "#" && levels.size() > 1) {
            ask_topic({topic.begin(), topic.end() - 1});
            Levels deeper = topic;
            deeper.emplace_back("deeper");
            ask_topic(deeper);
        }
    }

    void ask_topic(const Levels& levels) {
        const std::string topic = joined(levels);
        if (!is_sendable_topic(topic) || topic.starts_with("$share/")) {
            return;
        }
        add(questions_.publish, published_, topic);
        if (is_anybodys(topic) || topic == own_topic_of_broker) {
            add(questions_.receive, received_, topic);
        }
    }

    void ask_filter(const std::string& filter) {
        if (is_sendable_filter(filter) && strip_share(filter)) {
            add(questions_.subscribe, subscribed_, filter);
        }
    }

  private:
    void add(std::vector<std::string>& list,
             std::set<std::string>& known,
             const std::string& text) {
        if (list.size() < most_ && known.insert(text).second) {
            list.push_back(text);
        }
    }

    // A topic that the filter matches.
    [[nodiscard]] Levels concrete(const Levels& filter) const {
        Levels topic;
        for (const std::string& level : filter) {
            topic.push_back(level == "+" || level == "#" ? any_level() : level);
        }
        return topic;
    }

    // Most are of words that filters name.
    [[nodiscard]] std::string any_level() const {
        constexpr unsigned numbers = 10000;
        return random_() % 3 == 0 ? std::to_string(random_() % numbers)
                                  : one_of(words_, random_);
    }

    void ask_neighbours(const Levels& topic) {
        Levels changed = topic;
        changed.emplace_back("more");
        ask_topic(changed);
        changed.back().clear();  // an empty level is one
        ask_topic(changed);
        changed = topic;
        changed[random_() % changed.size()] = any_level();
        ask_topic(changed);
        changed = topic;
        changed.back() += "x";
        ask_topic(changed);
        if (topic.size() > 1) {
            ask_topic({topic.begin(), topic.end() - 1});
        }
    }

    void ask_filters(const std::string& filter, const Levels& levels, const Levels& topic) {
        ask_filter(filter);
        ask_filter(joined(topic));
        Levels wider = topic;
        wider[random_() % wider.size()] = "+";
        ask_filter(joined(wider));
        wider = topic;
        wider.back() = "#";
        ask_filter(joined(wider));
        wider = levels;
        wider.back() = "+";
        ask_filter(joined(wider));
        constexpr unsigned one_in = 8;
        if (random_() % one_in == 0) {
            ask_filter(fmt::format("$share/workers/{}", filter));
        }
    }

    ClientQuestions& questions_;
    std::size_t most_;
    std::vector<std::string> words_;
    Random& random_;
    std::set<std::string> published_;
    std::set<std::string> subscribed_;
    std::set<std::string> received_;
};

using Topics = std::vector<std::string>;

// What the rows of the Plan say of each, as they say it: `%u`.
class PlannedTopics {
  public:
    explicit PlannedTopics(const Plan& plan) : plan_(plan) {
        for (const PlannedEntry& entry : plan.entries()) {
            auto& owner = entry.username.empty() ? of_group_[entry.group_name]
                                                 : of_client_[entry.username];
            owner.push_back(entry.topic);
            all_.push_back(entry.topic);
        }
    }

    [[nodiscard]] const Topics& all() const { return all_; }

    void add_of(const std::string& username, Topics& topics) const {
        add(of_client_, username, topics);
        const auto client = plan_.clients().find(username);
        if (client != plan_.clients().end()) {
            for (const std::string& group : client->second.groups) {
                add(of_group_, group, topics);
            }
        }
        for (const auto& [name, rule] : plan_.rules()) {
            for (const std::string& group : rule.groups) {
                add(of_group_, group, topics);
            }
        }
    }

  private:
    using Owners = std::map<std::string, Topics>;

    static void add(const Owners& owners, const std::string& owner, Topics& topics) {
        if (const auto found = owners.find(owner); found != owners.end()) {
            topics.insert(topics.end(), found->second.begin(), found->second.end());
        }
    }

    const Plan& plan_;
    Owners of_group_;
    Owners of_client_;
    Topics all_;
};

void sort_out(Topics& topics) {
    std::ranges::sort(topics);
    topics.erase(std::unique(topics.begin(), topics.end()), topics.end());
}

// Ordinary levels: some of those that filters name, and some that nobody has heard of.
std::vector<std::string> words_in(const Topics& topics) {
    constexpr std::size_t most = 200;
    std::set<std::string> words{"1", "x", "value"};
    for (const std::string& topic : topics) {
        for (std::string& level : levels_of(topic)) {
            if (words.size() < most && is_sendable_topic(level) && !level.starts_with('$') &&
                level.find('%') == std::string::npos) {
                words.insert(std::move(level));
            }
        }
    }
    return {words.begin(), words.end()};
}

class Maker {
  public:
    Maker(const OldAccess& old, const Plan& plan, const QuestionLimits& limits)
        : old_(old), planned_(plan), random_(limits.seed) {
        for (const auto& [username, topics] : old.topics) {
            all_topics_.insert(all_topics_.end(), topics.begin(), topics.end());
        }
        all_topics_.insert(
            all_topics_.end(), old.common_topics.begin(), old.common_topics.end());
        all_topics_.insert(all_topics_.end(), planned_.all().begin(), planned_.all().end());
        sort_out(all_topics_);
        words_ = words_in(all_topics_);
        std::set<std::string> usernames = old.usernames;
        for (const auto& [username, client] : plan.clients()) {
            usernames.insert(username);
        }
        usernames_.assign(usernames.begin(), usernames.end());
    }

    std::vector<ClientQuestions> make(Nameless nameless, std::size_t most) {
        std::vector<std::optional<std::string>> asked(usernames_.begin(), usernames_.end());
        std::ranges::shuffle(asked, random_);
        asked.resize(
            std::min(asked.size(), std::max<std::size_t>(1, most / fewest_of_a_client)));
        std::ranges::sort(asked);
        if (nameless == Nameless::asked) {
            asked.emplace_back();
        }
        std::vector<ClientQuestions> all;
        for (const std::optional<std::string>& username : asked) {
            ClientQuestions questions{.username = username,
                                      .client_id = fmt::format("device-{}", all.size()),
                                      .other_client_id = fmt::format("stranger-{}", all.size()),
                                      .publish = {},
                                      .subscribe = {},
                                      .receive = {}};
            fill(questions, most / asked.size() / kinds);
            all.push_back(std::move(questions));
        }
        return all;
    }

  private:
    void fill(ClientQuestions& questions, std::size_t most) {
        std::vector<std::string> words = words_;
        Topics own;
        if (questions.username) {
            const std::string& username = *questions.username;
            if (const auto bound = old_.client_ids.find(username);
                bound != old_.client_ids.end()) {
                questions.client_id = bound->second;
            }
            if (const auto found = old_.topics.find(username); found != old_.topics.end()) {
                own = found->second;
            }
            planned_.add_of(username, own);
            words.push_back(username);
            words.push_back(questions.client_id);
        }
        sort_out(own);
        std::ranges::shuffle(own, random_);
        Asker asker(questions, most, std::move(words), random_);
        ask_in_general(asker);
        ask(asker, questions, own, others_of(own, most));
    }

    static void ask_in_general(Asker& asker) {
        for (const char* const filter : {"#", "+", "+/#", "$SYS/#", own_topic_of_broker}) {
            asker.ask_filter(filter);
        }
        for (const char* const topic :
             {"unrelated", "unrelated/topic", "/", own_topic_of_broker}) {
            asker.ask_about(topic);
        }
    }

    // As long as there is room, and each round brings something new.
    void ask(Asker& asker,
             const ClientQuestions& questions,
             const Topics& own,
             const Topics& others) {
        constexpr int most_rounds = 100;
        std::size_t before = 0;
        for (int round = 0; round < most_rounds && asker.size() > before; ++round) {
            before = asker.size();
            ask_round(asker, questions, own, others);
        }
    }

    // Two of its own, one of somebody else's, and so on.
    void ask_round(Asker& asker,
                   const ClientQuestions& questions,
                   const Topics& own,
                   const Topics& others) {
        std::size_t next_own = 0;
        std::size_t next_other = 0;
        while (!asker.is_full() && (next_own < own.size() || next_other < others.size())) {
            for (int count = 0; count < 2 && next_own < own.size(); ++count) {
                ask_about(asker, questions, own[next_own++]);
            }
            if (next_other < others.size()) {
                ask_about(asker, questions, others[next_other++]);
            }
        }
    }

    // A placeholder filled in as it is for this client, and for somebody else, and as it is
    // spelled: not every kind of line has placeholders.
    void ask_about(Asker& asker, const ClientQuestions& questions, const std::string& topic) {
        const std::string stranger =
            usernames_.empty() ? "stranger" : one_of(usernames_, random_);
        const std::string own =
            replaced(replaced(topic, "%u", questions.username.value_or("nobody")),
                     "%c",
                     questions.client_id);
        asker.ask_about(own);
        if (own != topic) {
            asker.ask_about(replaced(replaced(topic, "%u", stranger), "%c", stranger));
            asker.ask_about(topic);
        }
    }

    // Drawn, not shuffled: there may be a hundred thousand.
    Topics others_of(const Topics& own, std::size_t most) {
        Topics others;
        for (std::size_t index = 0; index < std::min(most, all_topics_.size()); ++index) {
            std::swap(all_topics_[index],
                      all_topics_[index + random_() % (all_topics_.size() - index)]);
            if (std::ranges::find(own, all_topics_[index]) == own.end()) {
                others.push_back(all_topics_[index]);
            }
        }
        return others;
    }

    const OldAccess& old_;
    PlannedTopics planned_;
    Random random_;
    Topics all_topics_;
    std::vector<std::string> words_;
    std::vector<std::string> usernames_;
};

}  // namespace

std::vector<ClientQuestions> make_questions(const OldAccess& old,
                                            const Plan& plan,
                                            Nameless nameless,
                                            const QuestionLimits& limits) {
    return Maker(old, plan, limits).make(nameless, limits.most);
}

// Mosquitto looks at the first characters alone: `$SYSx` is its own too.
bool is_anybodys(const std::string& topic) {
    constexpr std::array<std::string_view, 3> not_anybodys{"$SYS", "$CONTROL", "$share"};
    return std::ranges::none_of(
        not_anybodys, [&](std::string_view start) { return topic.starts_with(start); });
}

}  // namespace pgauth::tool
