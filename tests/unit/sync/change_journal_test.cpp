#include "sync/change_journal.hpp"

#include <atomic>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"

using pgauth::ChangeJournal;
using pgauth::Changes;
using pgauth::Disconnect;

namespace {

using Names = std::vector<std::string>;

Disconnect of_client(std::string username) {
    return {.username = std::move(username)};
}

}  // namespace

TEST_CASE("a reader is told what was appended after its cursor, once", "[sync]") {
    ChangeJournal journal;
    journal.append({.clients = {"before"}});
    auto cursor = journal.now();
    journal.append({.clients = {"press-7"}});
    journal.append({.rules = true, .disconnects = {{.group_name = "presses"}}});

    const Changes changes = journal.read(cursor);
    CHECK(changes.clients == Names{"press-7"});
    CHECK(changes.rules);
    CHECK_FALSE(changes.everything);
    CHECK(changes.disconnects == std::vector{Disconnect{.group_name = "presses"}});

    const Changes again = journal.read(cursor);
    CHECK(again.clients.empty());
    CHECK_FALSE(again.rules);
    CHECK(again.disconnects.empty());
}

TEST_CASE("each reader has its own cursor", "[sync]") {
    ChangeJournal journal;
    auto slow = journal.now();
    auto quick = journal.now();
    journal.append({.clients = {"a"}});
    CHECK(journal.read(quick).clients == Names{"a"});
    journal.append({.clients = {"b"}});
    CHECK(journal.read(quick).clients == Names{"b"});
    CHECK(journal.read(slow).clients == Names{"a", "b"});
}

TEST_CASE("the version tells whether there is anything new", "[sync]") {
    ChangeJournal journal;
    const auto before = journal.version();
    CHECK(journal.version() == before);
    for (const Changes& changes :
         {Changes{}, Changes{.everything = true}, Changes{.clients = {"a"}}}) {
        const auto version = journal.version();
        journal.append(changes);
        CHECK(journal.version() > version);
    }
}

TEST_CASE("a client that changed several times is named once", "[sync]") {
    ChangeJournal journal;
    auto cursor = journal.now();
    journal.append({.clients = {"b", "a", "b"}});
    journal.append({.clients = {"a"}});
    CHECK(journal.read(cursor).clients == Names{"a", "b"});
}

TEST_CASE("everything is told to who was there before, without single clients", "[sync]") {
    ChangeJournal journal;
    auto before = journal.now();
    journal.append({.clients = {"a"}});
    journal.append({.everything = true, .clients = {"b"}});
    auto after = journal.now();
    journal.append({.clients = {"c"}});

    const Changes all = journal.read(before);
    CHECK(all.everything);
    CHECK(all.clients.empty());
    CHECK_FALSE(journal.read(before).everything);

    const Changes one = journal.read(after);
    CHECK_FALSE(one.everything);
    CHECK(one.clients == Names{"c"});
}

TEST_CASE("a reader that lags too far behind is told everything, and every disconnect",
          "[sync]") {
    struct Row {
        std::string name;
        std::size_t appends;
        std::size_t clients;
        bool everything;
    };

    const Row rows[] = {
        {"as many appends as are kept", ChangeJournal::max_appended, 1, false},
        {"one more", ChangeJournal::max_appended + 1, 1, true},
        {"as many clients as are kept", 1, ChangeJournal::max_clients, false},
        {"one client more", 1, ChangeJournal::max_clients + 1, true},
        {"many clients in several appends", 11, ChangeJournal::max_clients / 10, true},
    };
    for (const Row& row : rows) {
        CAPTURE(row.name);
        ChangeJournal journal;
        auto cursor = journal.now();
        journal.append({.disconnects = {of_client("first")}});
        for (std::size_t i = 0; i < row.appends; ++i) {
            Changes changes;
            for (std::size_t client = 0; client < row.clients; ++client) {
                changes.clients.push_back(std::to_string(client));
            }
            journal.append(changes);
        }
        const Changes changes = journal.read(cursor);
        CHECK(changes.everything == row.everything);
        CHECK(changes.clients.empty() == row.everything);
        CHECK(changes.disconnects == std::vector{of_client("first")});

        journal.append({.clients = {"next"}});
        CHECK(journal.read(cursor).clients == Names{"next"});
    }
}

TEST_CASE("the number of disconnects that are kept is bounded", "[sync]") {
    ChangeJournal journal;
    auto cursor = journal.now();
    for (std::size_t i = 0; i <= ChangeJournal::max_disconnects; ++i) {
        journal.append({.disconnects = {of_client(std::to_string(i))}});
    }
    const Changes changes = journal.read(cursor);
    CHECK(changes.disconnects.size() == ChangeJournal::max_disconnects);
    CHECK(changes.disconnects.front() == of_client("1"));
}

TEST_CASE("nothing is lost between a writer and a reader on two threads", "[sync][threads]") {
    ChangeJournal journal;
    auto cursor = journal.now();
    constexpr int count = 2000;
    std::thread writer([&] {
        for (int i = 0; i < count; ++i) {
            journal.append({.disconnects = {of_client(std::to_string(i))}});
        }
    });
    std::vector<Disconnect> read;
    std::uint64_t seen = 0;
    while (read.size() < count) {
        if (journal.version() != seen) {
            seen = journal.version();
            for (Disconnect& disconnect : journal.read(cursor).disconnects) {
                read.push_back(std::move(disconnect));
            }
        }
    }
    writer.join();
    CHECK(read.size() == count);
    for (int i = 0; i < count; ++i) {
        CHECK(read[static_cast<std::size_t>(i)] == of_client(std::to_string(i)));
    }
}
