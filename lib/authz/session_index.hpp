// SessionIndex: sessions in the order of something that they have, and of their serials.
//
//   SessionIndex<&username_or_empty> by_username;
//   by_username.insert(session);
//   Session* next = by_username.after("press-7", serial);     // of press-7, or of who follows
//
// Going on after a serial, and not from an iterator, lets sessions come and go between two
// steps. Costs what a balanced tree costs; only insert() needs memory.
//
// The mistake to avoid: changing what a session is ordered by while it is in: erase() it first,
// or take it out and put it back with change().
// Thread safety: none; for the broker's thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>

namespace pgauth {

struct Session;

[[nodiscard]] std::uint64_t serial_of(const Session& session) noexcept;

template <auto key_of>
class SessionIndex {
  public:
    using Key = decltype(key_of(std::declval<const Session&>()));

    // Does nothing where it is in already.
    void insert(Session& session) { sessions_.insert(&session); }

    void erase(Session& session) noexcept { sessions_.erase(&session); }

    // Changes what it is ordered by. Needs no memory.
    // REQUIRES: it is in, and `change` does not throw.
    template <typename Change>
    void change(Session& session, Change change) noexcept {
        auto node = sessions_.extract(&session);
        change();
        sessions_.insert(std::move(node));
    }

    // The first with this key and a greater serial, or with a greater key. Null: none.
    [[nodiscard]] Session* after(const Key& key, std::uint64_t serial) const {
        const auto next = sessions_.upper_bound(Place{key, serial});
        return next == sessions_.end() ? nullptr : *next;
    }

    [[nodiscard]] std::size_t size() const noexcept { return sessions_.size(); }

  private:
    using Place = std::pair<Key, std::uint64_t>;

    struct Order {
        using is_transparent = void;  // NOLINT(readability-identifier-naming)

        static Place place(const Session* session) {
            return {key_of(*session), serial_of(*session)};
        }

        static const Place& place(const Place& place) { return place; }

        template <typename One, typename Other>
        bool operator()(const One& one, const Other& other) const {
            return place(one) < place(other);
        }
    };

    std::set<Session*, Order> sessions_;
};

}  // namespace pgauth
