#include "service/config_reloader.hpp"

#include <exception>

#include "base/news.hpp"
#include "base/thread.hpp"

namespace pgauth {

ConfigReloader::~ConfigReloader() {
    if (thread_.joinable()) {
        thread_.join();
    }
}

void ConfigReloader::request() {
    {
        const std::lock_guard lock(mutex_);
        requested_ = true;
        if (running_) {
            return;
        }
        running_ = true;
    }
    if (thread_.joinable()) {
        thread_.join();  // it has nothing left to do: it set running_ last
    }
    thread_ = start_thread("pgauth-config", {}, [this] { run(); });
}

void ConfigReloader::run() {
    for (;;) {
        {
            const std::lock_guard lock(mutex_);
            if (!requested_) {
                running_ = false;
                return;
            }
            requested_ = false;
        }
        std::optional<Result<Options>> outcome;
        try {
            outcome = load_options(plugin_options_);
        } catch (const std::exception& problem) {
            outcome = fail(ErrorKind::unavailable, problem.what());
        }
        const std::lock_guard lock(mutex_);
        outcome_ = std::move(outcome);
        has_outcome_ = true;
        report_news();
    }
}

std::optional<Result<Options>> ConfigReloader::take() {
    if (!has_outcome_) {
        return std::nullopt;
    }
    const std::lock_guard lock(mutex_);
    has_outcome_ = false;
    return std::exchange(outcome_, std::nullopt);
}

}  // namespace pgauth
