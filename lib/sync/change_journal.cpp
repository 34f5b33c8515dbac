#include "sync/change_journal.hpp"

#include <algorithm>
#include <utility>

#include "base/news.hpp"

namespace pgauth {

void ChangeJournal::append(Changes changes) noexcept {
    {
        const std::lock_guard lock(mutex_);
        const std::uint64_t version = version_ + 1;
        try {
            keep(version, std::move(changes));
        } catch (...) {
            forgotten_ = version;
        }
        version_.store(version, std::memory_order_release);
    }
    report_news();
}

void ChangeJournal::keep(std::uint64_t version, Changes changes) {
    for (Disconnect& disconnect : std::exchange(changes.disconnects, {})) {
        commands_.push_back({version, std::move(disconnect)});
        if (commands_.size() > max_disconnects) {
            commands_.pop_front();
        }
    }
    // Whoever is told everything need not be told the rest.
    if (changes.everything || changes.clients.size() > max_clients) {
        appended_.clear();
        clients_kept_ = 0;
        forgotten_ = version;
        return;
    }
    if (!changes.rules && changes.clients.empty()) {
        return;
    }
    const std::size_t clients = changes.clients.size();
    appended_.push_back({version, std::move(changes)});
    clients_kept_ += clients;
    while (appended_.size() > max_appended || clients_kept_ > max_clients) {
        forget_oldest();
    }
}

void ChangeJournal::forget_oldest() {
    forgotten_ = appended_.front().version;
    clients_kept_ -= appended_.front().changes.clients.size();
    appended_.pop_front();
}

ChangeJournal::Cursor ChangeJournal::now() const {
    Cursor cursor;
    cursor.version_ = version();
    return cursor;
}

Changes ChangeJournal::read(Cursor& cursor) const {
    Changes all;
    const std::lock_guard lock(mutex_);
    const auto is_old = [&](const auto& item) { return item.version <= cursor.version_; };
    const auto command = std::partition_point(commands_.begin(), commands_.end(), is_old);
    std::for_each(command, commands_.end(), [&](const Command& item) {
        all.disconnects.push_back(item.disconnect);
    });
    all.everything = cursor.version_ < forgotten_;
    if (!all.everything) {
        const auto first = std::partition_point(appended_.begin(), appended_.end(), is_old);
        std::for_each(first, appended_.end(), [&](const Appended& item) {
            const auto& [everything, rules, clients, disconnects] = item.changes;
            all.rules = all.rules || rules;
            all.clients.insert(all.clients.end(), clients.begin(), clients.end());
        });
        std::sort(all.clients.begin(), all.clients.end());
        all.clients.erase(std::unique(all.clients.begin(), all.clients.end()),
                          all.clients.end());
    }
    cursor.version_ = version();
    return all;
}

}  // namespace pgauth
