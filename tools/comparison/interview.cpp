#include "comparison/interview.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>

#include "base/quote.hpp"

namespace pgauth::tool {

namespace {

using Topics = std::vector<std::string>;

// Of deliveries that nobody reads yet.
constexpr std::size_t most_at_once = 100;

class Interviewer {
  public:
    explicit Interviewer(const Interviewed& broker) : broker_(broker) {}

    [[nodiscard]] Result<void> let_the_supervisor_in() {
        supervisor_login_ = login_of(broker_.supervisor, broker_.supervisor);
        const auto in = supervisor_.connect(broker_.socket, supervisor_login_);
        return !in ? Result<void>(tl::unexpected(in.error()))
               : *in == Answer::allowed
                   ? Result<void>()
                   : fail(ErrorKind::unusable,
                          "the supervisor of the comparison is not let in");
    }

    [[nodiscard]] Result<ClientAnswers> ask(const ClientQuestions& questions) {
        ClientAnswers answers;
        MqttClient client;
        const MqttClient::Login strange =
            login_of(questions.username, questions.other_client_id);
        const MqttClient::Login login = login_of(questions.username, questions.client_id);
        const auto asked = client.connect(broker_.socket, strange)
                               .and_then([&](Answer answer) {
                                   answers.other_login = answer;
                                   return client.connect(broker_.socket, login);
                               })
                               .and_then([&](Answer answer) -> Result<void> {
                                   answers.login = answer;
                                   return answer == Answer::allowed
                                              ? ask_inside(client, questions, answers)
                                              : Result<void>();
                               });
        return asked ? Result<ClientAnswers>(std::move(answers))
                     : tl::unexpected(asked.error());
    }

  private:
    [[nodiscard]] MqttClient::Login login_of(const std::optional<std::string>& username,
                                             const std::string& client_id) const {
        return {.client_id = client_id,
                .username = username,
                .password = Secret(broker_.stand_in.password.reveal())};
    }

    // It publishes while it is subscribed to nothing, so that nothing of its own arrives.
    [[nodiscard]] Result<void> ask_inside(MqttClient& client,
                                          const ClientQuestions& questions,
                                          ClientAnswers& answers) {
        return client.publish(questions.publish)
            .and_then([&](std::vector<Answer> published) {
                answers.publish = std::move(published);
                return client.subscribe(questions.subscribe);
            })
            .and_then([&](std::vector<Answer> subscribed) {
                answers.subscribe = std::move(subscribed);
                return client.subscribe(questions.receive);
            })
            .and_then([&](const std::vector<Answer>& subscribed) {
                const bool was_cut = std::ranges::count(answers.subscribe, Answer::cut) > 0 ||
                                     std::ranges::count(subscribed, Answer::cut) > 0;
                return was_cut
                           ? subscribe_again(client, questions, answers.subscribe, subscribed)
                           : Result<void>();
            })
            .and_then([&] { return ask_what_arrives(client, questions.receive, answers); });
    }

    // Subscriptions went with the connection that was cut.
    [[nodiscard]] static Result<void> subscribe_again(MqttClient& client,
                                                      const ClientQuestions& questions,
                                                      const std::vector<Answer>& to_filters,
                                                      const std::vector<Answer>& to_topics) {
        Topics granted;
        for (std::size_t index = 0; index < to_filters.size(); ++index) {
            if (to_filters[index] == Answer::allowed) {
                granted.push_back(questions.subscribe[index]);
            }
        }
        for (std::size_t index = 0; index < to_topics.size(); ++index) {
            if (to_topics[index] == Answer::allowed) {
                granted.push_back(questions.receive[index]);
            }
        }
        return client.subscribe(granted).map([](const auto&) {});
    }

    [[nodiscard]] Result<void> ask_what_arrives(MqttClient& client,
                                                const Topics& topics,
                                                ClientAnswers& answers) {
        Topics to_publish;
        std::ranges::copy_if(topics, std::back_inserter(to_publish), is_anybodys);
        for (std::size_t begin = 0; begin < to_publish.size(); begin += most_at_once) {
            const auto part =
                std::span(to_publish)
                    .subspan(begin, std::min(most_at_once, to_publish.size() - begin));
            auto done = publish_all({part.begin(), part.end()}).and_then([&] {
                return client.catch_up();
            });
            if (!done) {
                return done;
            }
        }
        for (const std::string& topic : topics) {
            answers.receive.push_back(client.arrived().contains(topic) ? Answer::allowed
                                                                       : Answer::denied);
        }
        return {};
    }

    [[nodiscard]] Result<void> publish_all(const Topics& topics) {
        const auto answers = supervisor_.publish(topics);
        if (!answers) {
            return tl::unexpected(answers.error());
        }
        const auto refused = std::ranges::find_if(
            *answers, [](Answer answer) { return answer != Answer::allowed; });
        if (refused == answers->end()) {
            return {};
        }
        const auto index = static_cast<std::size_t>(refused - answers->begin());
        return fail(ErrorKind::unusable,
                    fmt::format("the supervisor of the comparison may not publish {}",
                                quote(topics[index])));
    }

    const Interviewed& broker_;
    MqttClient::Login supervisor_login_;
    MqttClient supervisor_;
};

}  // namespace

Result<std::vector<ClientAnswers>> interview(const Interviewed& broker,
                                             const std::vector<ClientQuestions>& questions,
                                             const std::function<void()>& progress) {
    Interviewer interviewer(broker);
    const auto ready = interviewer.let_the_supervisor_in();
    if (!ready) {
        return tl::unexpected(ready.error());
    }
    std::vector<ClientAnswers> all;
    for (const ClientQuestions& of_client : questions) {
        auto answers = interviewer.ask(of_client);
        if (!answers) {
            return tl::unexpected(answers.error());
        }
        all.push_back(*std::move(answers));
        progress();
    }
    return all;
}

}  // namespace pgauth::tool
