#include "base/logger.hpp"

#include <fmt/format.h>
#include <utility>

#include "base/news.hpp"

namespace pgauth {

void LogQueue::log(LogLevel level, std::string line) {
    {
        const std::lock_guard lock(mutex_);
        if (lines_.size() == max_lines) {
            lines_.pop_front();
            ++dropped_;
        }
        lines_.push_back({level, std::move(line)});
        any_ = true;
    }
    report_news();
}

void LogQueue::drain(const std::function<void(LogLevel, const std::string&)>& write) {
    if (!any_) {
        return;
    }
    std::deque<Line> lines;
    std::size_t dropped = 0;
    {
        const std::lock_guard lock(mutex_);
        any_ = false;
        lines.swap(lines_);
        std::swap(dropped, dropped_);
    }
    if (dropped > 0) {
        write(
            LogLevel::warning,
            fmt::format(
                "{} older log lines were dropped: the log queue holds {}", dropped, max_lines));
    }
    for (const Line& line : lines) {
        write(line.level, line.text);
    }
}

}  // namespace pgauth
