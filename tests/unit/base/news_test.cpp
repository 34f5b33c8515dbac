#include "base/news.hpp"

#include <tuple>

#include "base/logger.hpp"
#include "support/catch.hpp"
#include "sync/change_journal.hpp"

using namespace pgauth;

TEST_CASE("a watch tells of each report once, and that it has not looked yet", "[news]") {
    NewsWatch watch;
    CHECK(watch.any());
    CHECK_FALSE(watch.any());
    report_news();
    report_news();
    NewsWatch other;
    CHECK(watch.any());
    CHECK_FALSE(watch.any());
    CHECK(other.any());
}

TEST_CASE("whoever leaves something for the broker's thread reports it", "[news]") {
    NewsWatch watch;
    std::ignore = watch.any();
    LogQueue queue;
    queue.log(LogLevel::notice, "a line");
    CHECK(watch.any());
    ChangeJournal journal;
    journal.append({.rules = true});
    CHECK(watch.any());
    CHECK_FALSE(watch.any());
}
