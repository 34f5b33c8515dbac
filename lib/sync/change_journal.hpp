// ChangeJournal: what the newest Replica has that older ones had not, for whoever keeps
// something that was worked out from an older one.
//
//   journal.append({.clients = {"press-7"}});            // the sync thread, after publishing
//   auto cursor = journal.now();                         // a new reader
//   if (journal.has_more(cursor)) {                      // cheap: before each decision
//       const Changes changes = journal.read(cursor);
//       … feed.current() …
//   }
//
// It is bounded: a reader that has lagged too far behind is told that everything may have
// changed. Disconnects are commands and not changes, so those are kept whatever else is
// forgotten.
//
// The mistake to avoid: taking the Replica before read(): what is read may be newer than it.
// Thread safety: all of it; a Cursor belongs to one reader.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace pgauth {

// Whom mqtt_auth.disconnect() throws off. INVARIANT: one of the two is set.
struct Disconnect {
    std::optional<std::string> username = std::nullopt;
    std::optional<std::string> group_name = std::nullopt;

    bool operator==(const Disconnect&) const = default;
};

struct Changes {
    // The tables were read afresh: any client may have changed.
    bool everything = false;
    // Group rules, the names or existence of groups, or revoked certificates: the groups or the
    // standing of any client may be different.
    bool rules = false;
    std::vector<std::string> clients = {};  // usernames whose rows changed
    std::vector<Disconnect> disconnects = {};
};

class ChangeJournal {
  public:
    // So many usernames, and appended changes, are kept for readers that lag.
    static constexpr std::size_t max_clients = 100'000;
    static constexpr std::size_t max_appended = 10'000;
    static constexpr std::size_t max_disconnects = 100'000;

    class Cursor {
        friend class ChangeJournal;
        std::uint64_t version_ = 0;
    };

    // Reports news. Where memory runs out, every reader is told that everything may have
    // changed.
    void append(Changes changes) noexcept;

    // Past all that has been appended.
    [[nodiscard]] Cursor now() const;

    // Whether read() would give anything. Cheap: before each decision.
    [[nodiscard]] bool has_more(const Cursor& cursor) const noexcept {
        return version() != cursor.version_;
    }

    // All that was appended since `cursor`, as one; moves it on. Each username is named once,
    // and none beside `everything`. After an exception the cursor stands where it stood.
    [[nodiscard]] Changes read(Cursor& cursor) const;

    // Grows with every append().
    [[nodiscard]] std::uint64_t version() const noexcept {
        return version_.load(std::memory_order_acquire);
    }

  private:
    struct Appended {
        std::uint64_t version = 0;
        Changes changes;  // without its disconnects
    };

    struct Command {
        std::uint64_t version = 0;
        Disconnect disconnect;
    };

    void keep(std::uint64_t version, Changes changes);
    void forget_oldest();

    mutable std::mutex mutex_;  // guards all but version_; held for copies
    std::deque<Appended> appended_;
    std::deque<Command> commands_;
    std::size_t clients_kept_ = 0;
    std::uint64_t forgotten_ = 0;  // up to this version, not all is in appended_
    std::atomic<std::uint64_t> version_{0};
};

}  // namespace pgauth
