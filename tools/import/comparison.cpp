#include "import/comparison.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <set>
#include <tuple>
#include <utility>

#include "base/quote.hpp"
#include "config/options.hpp"
#include "explanation.hpp"
#include "import/broker_process.hpp"
#include "import/interruption.hpp"
#include "import/interview.hpp"
#include "import/new_files.hpp"
#include "import/questions.hpp"
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

StandIns stand_ins_for(const OldAccess& old, const Plan& plan, const Supervisor& supervisor) {
    StandIns stand_ins;
    stand_ins.emplace(supervisor.username, StandIn::make());
    for (const std::string& username : old.usernames) {
        stand_ins.emplace(username, StandIn::make());
    }
    for (const auto& [username, client] : plan.clients()) {
        stand_ins.emplace(username, StandIn::make());
    }
    return stand_ins;
}

auto kind_of(const Difference& one) {
    return std::tuple(one.asked, one.old_answer, one.new_answer);
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
        std::ranges::stable_sort(result_.differences, {}, kind_of);
        return std::move(result_);
    }

  private:
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

// --- the two brokers ------------------------------------------------------------------------

// The settings come from one of write_old_files() and write_new_files().
Result<Answers> run(const std::string& name,
                    const Result<std::string>& settings,
                    const ComparisonOptions& options,
                    const TemporaryDirectory& directory,
                    const std::function<Result<Answers>(const std::string& socket)>& ask) {
    if (!settings) {
        return tl::unexpected(settings.error());
    }
    const std::string allow_anonymous =
        fmt::format("allow_anonymous {}\n", options.anonymous_group.empty() ? "false" : "true");
    const auto broker = BrokerProcess::start(
        {.program = options.mosquitto, .name = name, .settings = allow_anonymous + *settings},
        directory);
    if (!broker) {
        return tl::unexpected(broker.error());
    }
    return ask(broker->socket()).map_error([&](Error error) {
        error.message = fmt::format("comparison, the {} broker: {}", name, error.message);
        return error;
    });
}

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
                 const ComparisonOptions& chosen) {
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
    const Questions questions =
        make_questions(*old,
                       plan,
                       options.anonymous_group.empty() ? Nameless::not_asked : Nameless::asked,
                       {.most = options.questions, .seed = options.seed});
    const Supervisor supervisor{supervisor_name(*old, plan), filters_over(questions)};
    const StandIns stand_ins = stand_ins_for(*old, plan, supervisor);
    std::size_t done = 0;
    const auto ask = [&](const std::string& socket) {
        return interview({socket, stand_ins, supervisor.username}, questions, [&] {
            progress(++done / 2, questions.size());
        });
    };
    const auto old_answers =
        run("old",
            write_old_files(
                files, stand_ins, supervisor, options.dynamic_security_plugin, *directory),
            options,
            *directory,
            ask);
    if (!old_answers) {
        return tl::unexpected(old_answers.error());
    }
    const auto replica = planned_replica(plan, stand_ins, supervisor, who_has_passwords(files));
    const auto new_answers = run("new",
                                 write_new_files(*replica,
                                                 {.plugin = options.plugin,
                                                  .subscribe = options.subscribe,
                                                  .anonymous_group = options.anonymous_group},
                                                 *directory),
                                 options,
                                 *directory,
                                 ask);
    if (!new_answers) {
        return tl::unexpected(new_answers.error());
    }
    Comparison compared = Comparer().compare(questions, *old_answers, *new_answers);
    explain_all(compared.differences, questions, *replica, options);
    return compared;
}

}  // namespace pgauth::tool
