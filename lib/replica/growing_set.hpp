// GrowingSet: a PersistentSet in the making, while nobody else sees it.
//
//   GrowingSet<PackedRows, KeyOfRows> clients;
//   clients.put(rows);
//   clients.update("press-7", [](Ref<PackedRows> rows) { … return rows; });
//   PersistentSet<PackedRows, KeyOfRows> all = std::move(clients).finish();
//
// A million clients are read in an order that has nothing to do with their hashes, so every
// step down a trie would wait for memory. Here a look-up waits once for the table and once for
// the element, and the trie is made at the end, each node at its final size.
//
// The table is open addressing with linear probing: nothing is ever erased.
// Where memory runs out the set is of no more use.
// Thread safety: none.

#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "replica/persistent_set.hpp"

namespace pgauth {

// REQUIRES: as PersistentSet.
template <typename T, typename KeyOf, typename Hash = TextHash>
class GrowingSet {
  public:
    // Null where there is none.
    [[nodiscard]] T* find(std::string_view key) const {
        return slots_.empty() ? nullptr : slots_[place_of(key, Hash{}(key))].element.get();
    }

    [[nodiscard]] bool contains(std::string_view key) const { return find(key) != nullptr; }

    // In the place of the element with the same key, if there is one.
    void put(Ref<T> element) {
        if (slots_.size() <= 2 * size_) {
            grow();
        }
        const std::string_view key = KeyOf{}(*element);
        const std::size_t hash = Hash{}(key);
        Slot& slot = slots_[place_of(key, hash)];
        size_ += slot.element == nullptr ? 1U : 0U;
        slot = {hash, std::move(element)};
    }

    // As PersistentSet::update(). False where there is no such element.
    template <typename Change>
    bool update(std::string_view key, Change change) {
        if (!contains(key)) {
            return false;
        }
        Ref<T>& element = slots_[place_of(key, Hash{}(key))].element;
        element = change(std::move(element));
        return true;
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    // In no order.
    template <typename Handle>
    void for_each(Handle handle) const {
        for (const Slot& slot : slots_) {
            if (slot.element != nullptr) {
                handle(slot.element);
            }
        }
    }

    [[nodiscard]] PersistentSet<T, KeyOf, Hash> finish() && {
        std::erase_if(slots_, [](const Slot& slot) { return slot.element == nullptr; });
        return PersistentSet<T, KeyOf, Hash>::of(std::move(slots_));
    }

  private:
    using Slot = typename PersistentSet<T, KeyOf, Hash>::Hashed;  // null: empty

    // Where the element with this key is, or would be.
    // REQUIRES: there is an empty slot.
    [[nodiscard]] std::size_t place_of(std::string_view key, std::size_t hash) const {
        std::size_t place = hash & (slots_.size() - 1);
        for (;; place = (place + 1) & (slots_.size() - 1)) {
            const Slot& slot = slots_[place];
            if (slot.element == nullptr ||
                (slot.hash == hash && KeyOf{}(*slot.element) == key)) {
                return place;
            }
        }
    }

    void grow() {
        constexpr std::size_t fewest = 64;
        std::vector<Slot> before(slots_.empty() ? fewest : 2 * slots_.size());
        before.swap(slots_);
        for (Slot& slot : before) {
            if (slot.element != nullptr) {
                std::size_t place = slot.hash & (slots_.size() - 1);
                while (slots_[place].element != nullptr) {
                    place = (place + 1) & (slots_.size() - 1);
                }
                slots_[place] = std::move(slot);
            }
        }
    }

    std::vector<Slot> slots_;  // INVARIANT: a power of two, at most half of them taken; or none
    std::size_t size_ = 0;
};

}  // namespace pgauth
