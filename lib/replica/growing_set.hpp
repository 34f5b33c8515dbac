// GrowingSet: a PersistentSet in the making, while nobody else sees it.
//
//   GrowingSet<PackedRows, KeyOfRows> clients;
//   clients.put(rows);
//   clients.update("press-7", [](Ref<PackedRows> rows) { … return rows; });
//   PersistentSet<PackedRows, KeyOfRows> all = std::move(clients).finish();
//
// A million clients are read in an order that has nothing to do with their hashes, so every
// step down a trie would wait for memory. Here a look-up waits for the table and for the
// element; and where elements are asked for in the order in which they came, as the rows of
// several tables often are, for neither. The trie is made at the end, each node at its final
// size.
//
// The table is open addressing with linear probing: nothing is ever erased.
// Where memory runs out the set is of no more use.
// Thread safety: none.

#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
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
        const std::size_t index = index_of(key, Hash{}(key));
        return index < elements_.size() ? elements_[index].element.get() : nullptr;
    }

    [[nodiscard]] bool contains(std::string_view key) const { return find(key) != nullptr; }

    // In the place of the element with the same key, if there is one.
    void put(Ref<T> element) {
        if (table_.size() < 2 * (elements_.size() + 1)) {
            grow();
        }
        const std::string_view key = KeyOf{}(*element);
        const std::size_t hash = Hash{}(key);
        const std::size_t index = index_of(key, hash);
        if (index < elements_.size()) {
            elements_[index].element = std::move(element);
        } else {
            elements_.push_back({hash, std::move(element)});
            enter(index);
        }
    }

    // As PersistentSet::update(). False where there is no such element.
    template <typename Change>
    bool update(std::string_view key, Change change) {
        const std::size_t index = index_of(key, Hash{}(key));
        if (index == elements_.size()) {
            return false;
        }
        Ref<T>& element = elements_[index].element;
        element = change(std::move(element));
        asked_next_ = index + 1;
        return true;
    }

    [[nodiscard]] std::size_t size() const noexcept { return elements_.size(); }

    // In the order in which they came.
    template <typename Handle>
    void for_each(Handle handle) const {
        for (const Hashed& one : elements_) {
            handle(one.element);
        }
    }

    [[nodiscard]] PersistentSet<T, KeyOf, Hash> finish() && {
        return PersistentSet<T, KeyOf, Hash>::of(std::move(elements_));
    }

  private:
    using Hashed = typename PersistentSet<T, KeyOf, Hash>::Hashed;
    using Index = std::uint32_t;

    static constexpr Index empty = 0xFFFFFFFF;

    [[nodiscard]] bool is_at(std::size_t index, std::string_view key, std::size_t hash) const {
        const Hashed& one = elements_[index];
        return one.hash == hash && KeyOf{}(*one.element) == key;
    }

    // As many as there are elements where there is none.
    [[nodiscard]] std::size_t index_of(std::string_view key, std::size_t hash) const {
        if (asked_next_ < elements_.size() && is_at(asked_next_, key, hash)) {
            return asked_next_;
        }
        if (table_.empty()) {
            return elements_.size();
        }
        std::size_t place = hash & (table_.size() - 1);
        while (table_[place] != empty && !is_at(table_[place], key, hash)) {
            place = (place + 1) & (table_.size() - 1);
        }
        return table_[place] == empty ? elements_.size() : table_[place];
    }

    // REQUIRES: the table has room.
    void enter(std::size_t index) {
        std::size_t place = elements_[index].hash & (table_.size() - 1);
        while (table_[place] != empty) {
            place = (place + 1) & (table_.size() - 1);
        }
        table_[place] = static_cast<Index>(index);
    }

    void grow() {
        constexpr std::size_t fewest = 64;
        if (elements_.size() >= empty / 2) {
            throw std::bad_alloc();
        }
        table_.assign(table_.empty() ? fewest : 2 * table_.size(), empty);
        for (std::size_t index = 0; index < elements_.size(); ++index) {
            enter(index);
        }
    }

    std::vector<Hashed> elements_;
    // Where they are. INVARIANT: a power of two, at least twice the elements; or none.
    std::vector<Index> table_;
    std::size_t asked_next_ = 0;  // a guess
};

}  // namespace pgauth
