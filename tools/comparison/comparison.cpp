#include "comparison/comparison.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "base/quote.hpp"
#include "comparison/broker_process.hpp"
#include "comparison/interruption.hpp"
#include "comparison/interview.hpp"
#include "comparison/new_files.hpp"
#include "comparison/questions.hpp"
#include "config/options.hpp"
#include "explanation.hpp"
#include "policy/acl_entry.hpp"
#include "topic/topic_filter.hpp"

namespace pgauth::tool {

namespace {

using Questions = std::vector<ClientQuestions>;
using Answers = std::vector<ClientAnswers>;

// No name of the old broker's or of the Plan's.
std::string supervisor_name(const OldAccess& old, const Plan& plan) {
    std::string name = "pgauth-supervisor";
    while (old.usernames.contains(name) || plan.clients().contains(name) ||
           plan.groups().contains(name)) {
        name += "-";
    }
    return name;
}

// `#` matches no topic that starts with `$`.
std::vector<std::string> filters_over(const Questions& questions) {
    std::set<std::string> filters{"#"};
    for (const ClientQuestions& of_client : questions) {
        for (const std::string& topic : of_client.receive) {
            if (topic.starts_with('$') && is_anybodys(topic)) {
                filters.insert(topic.substr(0, topic.find('/')) + "/#");
            }
        }
    }
    return {filters.begin(), filters.end()};
}

using Kind = std::tuple<Asked, Answer, Answer>;

Kind kind_of(const Difference& one) {
    return {one.asked, one.old_answer, one.new_answer};
}

// --- what differs ---------------------------------------------------------------------------

// Whether anything arrived that this subscription covers.
bool brings_anything(const std::string& subscription,
                     const ClientQuestions& questions,
                     const ClientAnswers& answers) {
    const auto text = strip_share(subscription);
    const auto filter = text ? TopicFilter::parse(*text) : tl::unexpected(text.error());
    for (std::size_t index = 0; filter && index < questions.receive.size(); ++index) {
        if (answers.receive[index] == Answer::allowed &&
            filter->matches(questions.receive[index])) {
            return true;
        }
    }
    return !filter;
}

class Comparer {
  public:
    [[nodiscard]] Comparison compare(const Questions& questions,
                                     const Answers& old_answers,
                                     const Answers& new_answers) && {
        for (std::size_t index = 0; index < questions.size(); ++index) {
            compare_client(questions[index], old_answers[index], new_answers[index]);
        }
        result_.clients = questions.size();
        put_in_order();
        return std::move(result_);
    }

  private:
    // By kind, and in each the first of every client before the second of any: where some are
    // shown, no client is left out for another.
    void put_in_order() {
        std::map<std::pair<Kind, std::optional<std::string>>, std::size_t> counts;
        std::vector<std::pair<std::size_t, Difference>> numbered;
        for (Difference& one : result_.differences) {
            const std::size_t number = counts[{kind_of(one), one.username}]++;
            numbered.emplace_back(number, std::move(one));
        }
        std::ranges::stable_sort(numbered, {}, [](const auto& one) {
            return std::pair(kind_of(one.second), one.first);
        });
        result_.differences.clear();
        for (auto& [number, one] : numbered) {
            result_.differences.push_back(std::move(one));
        }
    }

    void compare_client(const ClientQuestions& questions,
                        const ClientAnswers& before,
                        const ClientAnswers& now) {
        username_ = questions.username;
        compare_one(Asked::login, questions.client_id, before.login, now.login);
        compare_one(
            Asked::other_login, questions.other_client_id, before.other_login, now.other_login);
        if (before.login != Answer::allowed || now.login != Answer::allowed) {
            return;
        }
        for (std::size_t index = 0; index < questions.publish.size(); ++index) {
            compare_one(Asked::publish,
                        questions.publish[index],
                        before.publish[index],
                        now.publish[index]);
        }
        for (std::size_t index = 0; index < questions.receive.size(); ++index) {
            compare_one(Asked::receive,
                        questions.receive[index],
                        before.receive[index],
                        now.receive[index]);
        }
        for (std::size_t index = 0; index < questions.subscribe.size(); ++index) {
            const std::string& filter = questions.subscribe[index];
            const Answer old_answer = before.subscribe[index];
            const Answer new_answer = now.subscribe[index];
            const bool differs = old_answer != new_answer;
            const ClientAnswers& granting = old_answer == Answer::allowed ? before : now;
            if (differs && !brings_anything(filter, questions, granting)) {
                ++result_.questions;
                ++result_.empty_subscriptions;
            } else {
                compare_one(Asked::subscribe, filter, old_answer, new_answer);
            }
        }
    }

    void compare_one(Asked asked,
                     const std::string& about,
                     Answer old_answer,
                     Answer new_answer) {
        ++result_.questions;
        if (old_answer != new_answer) {
            result_.differences.push_back({.asked = asked,
                                           .old_answer = old_answer,
                                           .new_answer = new_answer,
                                           .username = username_,
                                           .about = about,
                                           .why = {}});
        }
    }

    Comparison result_;
    std::optional<std::string> username_;
};

// Without a password_file nobody is asked for one.
HasPassword who_has_passwords(const OldFiles& files) {
    return files.password_file.empty() && files.dynamic_security.empty()
               ? HasPassword::everybody
               : HasPassword::as_planned;
}

// --- why ------------------------------------------------------------------------------------

std::optional<Action> action_of(Asked asked) {
    switch (asked) {
        case Asked::publish:
            return Action::publish;
        case Asked::subscribe:
            return Action::subscribe;
        case Asked::receive:
            return Action::receive;
        case Asked::login:
        case Asked::other_login:
            break;
    }
    return std::nullopt;
}

// By the code that answers in the plugin. An entry is named by what it says: it has no id yet.
std::string why(const Difference& difference,
                const std::string& client_id,
                const Replica& replica,
                const Options& options) {
    const std::optional<Action> action = action_of(difference.asked);
    const Explanation told =
        explain(replica,
                options,
                {.username = difference.username,
                 .client_id = action ? client_id : difference.about,
                 .address = std::nullopt,
                 .certificate = std::nullopt,
                 .methods = difference.username ? MethodSet{Method::password} : MethodSet{},
                 .action = action,
                 .topic = action ? difference.about : ""},
                std::chrono::system_clock::now());
    if (!action) {
        return std::string(pgauth::explain(told.login.cause));
    }
    return told.entry ? fmt::format("{}: {} {} {}",
                                    told.entry->owner,
                                    to_string(told.entry->effect),
                                    to_string(told.entry->permission),
                                    quote(told.entry->topic.text()))
                      : told.reason.substr(told.reason.find(": ") + 2);
}

void explain_all(std::vector<Difference>& differences,
                 const Questions& questions,
                 const Replica& replica,
                 const NewOptions& chosen) {
    Options options;
    options.authz.subscribe = chosen.subscribe;
    if (!chosen.anonymous_group.empty()) {
        options.authn.anonymous_group = chosen.anonymous_group;
    }
    std::size_t of_a_kind = 0;
    for (std::size_t index = 0; index < differences.size(); ++index) {
        Difference& one = differences[index];
        of_a_kind = index > 0 && is_alike(one, differences[index - 1]) ? of_a_kind + 1 : 1;
        if (of_a_kind <= explained_of_a_kind) {
            const auto asked =
                std::ranges::find(questions, one.username, &ClientQuestions::username);
            one.why = why(one, asked->client_id, replica, options);
        }
    }
}

// --- the two brokers ------------------------------------------------------------------------

class Experiment {
  public:
    // REQUIRES: all outlive it.
    Experiment(const Plan& plan,
               const OldFiles& files,
               const ComparisonOptions& options,
               const OldAccess& old,
               const TemporaryDirectory& directory)
        : files_(files),
          options_(options),
          old_(old),
          directory_(directory),
          questions_(make_questions(
              old,
              plan,
              old.anonymous_group.empty() ? Nameless::not_asked : Nameless::asked,
              {.most = options.questions, .seed = options.seed})),
          supervisor_{supervisor_name(old, plan), filters_over(questions_)},
          stand_in_(StandIn::make()),
          replica_(planned_replica(plan, stand_in_, supervisor_, who_has_passwords(files))),
          new_options_{.plugin = options.plugin,
                       .subscribe = options.subscribe,
                       .anonymous_group = plan.groups().contains(old.anonymous_group)
                                              ? old.anonymous_group
                                              : ""} {}

    [[nodiscard]] Result<Comparison> run(
        const std::function<void(std::size_t, std::size_t)>& progress) const {
        std::size_t done = 0;
        const auto told = [&] { progress(++done / 2, questions_.size()); };
        const auto old_answers = ask("old", old_settings(), told);
        if (!old_answers) {
            return tl::unexpected(old_answers.error());
        }
        const auto new_answers =
            ask("new", write_new_files(*replica_, new_options_, directory_), told);
        if (!new_answers) {
            return tl::unexpected(new_answers.error());
        }
        Comparison compared = Comparer().compare(questions_, *old_answers, *new_answers);
        explain_all(compared.differences, questions_, *replica_, new_options_);
        return compared;
    }

  private:
    [[nodiscard]] Result<std::string> old_settings() const {
        const std::string allow_anonymous = fmt::format(
            "allow_anonymous {}\n", old_.anonymous_group.empty() ? "false" : "true");
        return write_old_files(files_,
                               old_,
                               stand_in_,
                               supervisor_,
                               options_.dynamic_security_plugin,
                               directory_)
            .map([&](const std::string& settings) { return allow_anonymous + settings; });
    }

    [[nodiscard]] Result<Answers> ask(const std::string& name,
                                      const Result<std::string>& settings,
                                      const std::function<void()>& progress) const {
        if (!settings) {
            return tl::unexpected(settings.error());
        }
        const auto broker = BrokerProcess::start(
            {.program = options_.mosquitto, .name = name, .settings = *settings}, directory_);
        if (!broker) {
            return tl::unexpected(broker.error());
        }
        return interview(
                   {broker->socket(), stand_in_, supervisor_.username}, questions_, progress)
            .map_error([&](Error error) {
                if (!Interruption::is_wanted()) {
                    error.message = fmt::format("the {} broker: {}", name, error.message);
                }
                return error;
            });
    }

    const OldFiles& files_;
    const ComparisonOptions& options_;
    const OldAccess& old_;
    const TemporaryDirectory& directory_;
    Questions questions_;
    Supervisor supervisor_;
    StandIn stand_in_;
    std::shared_ptr<const Replica> replica_;
    NewOptions new_options_;
};

}  // namespace

bool is_alike(const Difference& one, const Difference& other) {
    return kind_of(one) == kind_of(other);
}

Result<Comparison> compare(const Plan& plan,
                           const OldFiles& files,
                           const ComparisonOptions& options,
                           const std::function<void(std::size_t, std::size_t)>& progress) {
    const Interruption interruption;
    const auto old = read_old_access(files);
    const auto directory = TemporaryDirectory::make();
    if (!old || !directory) {
        return tl::unexpected(old ? directory.error() : old.error());
    }
    return Experiment(plan, files, options, *old, *directory).run(progress);
}

}  // namespace pgauth::tool
