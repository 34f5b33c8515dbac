// PersistentSet: a set whose copies share what they have in common.
//
//   PersistentSet<PackedRows, KeyOfRows> clients = before;    // one pointer is copied
//   clients.put(rows);                                        // a path of some five nodes is
//   clients.find("press-7")                                   // null where there is none
//   PersistentSet<…>::of(std::move(many))                     // several times as fast as put()
//
// So a Replica is changed in a copy, at the cost of what changes, while readers go on with the
// one before. Elements are found by a text that lies in them.
//
// It is a hash array mapped trie (Bagwell 2001) with elements and nodes in one array, as in
// CHAMP (Steindorfer and Vinju 2015): each node takes five bits of the hash.
// tests/bench/containers puts it beside the alternatives.
//
// Where all bits of two hashes are alike the keys themselves are the path: any two keys part.
// Nodes that nobody else holds are changed in place, so filling an empty set copies nothing.
// Where memory runs out in put() or erase(), the set is of no more use.
//
// The mistake to avoid: keeping what find() gave for longer than the set that it came from.
// Thread safety: as a std::vector; copies may be used, and freed, in different threads.

#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text_hash.hpp"
#include "replica/counted.hpp"

namespace pgauth {

// REQUIRES: T is Counted; KeyOf{}(const T&) is a std::string_view that never changes.
template <typename T, typename KeyOf, typename Hash = TextHash>
class PersistentSet {
  public:
    using Hasher = Hash;

    struct Hashed {
        std::size_t hash = 0;  // of the element's key
        Ref<T> element;
    };

    // A set of these.
    // REQUIRES: no two of them have the same key, and none is null.
    [[nodiscard]] static PersistentSet of(std::vector<Hashed> elements) {
        PersistentSet set;
        set.size_ = elements.size();
        if (!elements.empty()) {
            std::vector<Hashed> sorted(elements.size());
            set.root_ = node_of(elements, sorted, 0);
        }
        return set;
    }

    // Null where there is none.
    [[nodiscard]] T* find(std::string_view key) const {
        const std::size_t hash = Hash{}(key);
        const Node* node = root_.get();
        for (unsigned depth = 0; node != nullptr; ++depth) {
            const std::uint32_t bit = bit_of(key, hash, depth);
            if ((node->elements & bit) != 0) {
                T* const element = node->element(node->element_index(bit));
                return KeyOf{}(*element) == key ? element : nullptr;
            }
            node = (node->children & bit) != 0 ? node->child(node->child_index(bit)) : nullptr;
        }
        return nullptr;
    }

    [[nodiscard]] bool contains(std::string_view key) const { return find(key) != nullptr; }

    // In the place of the element with the same key, if there is one.
    void put(Ref<T> element) {
        const std::string_view key = KeyOf{}(*element);
        const Place place{key, Hash{}(key), 0};
        const bool is_new = find(key) == nullptr;
        if (root_ == nullptr) {
            root_ = Node::make(0, 0);
        }
        root_ = put_in(std::move(root_), place, std::move(element));
        size_ += is_new ? 1 : 0;
    }

    // Puts what `change` makes of the element with this key in its place; the key stays. Nobody
    // else holds what `change` is given but other sets.
    // REQUIRES: there is one.
    template <typename Change>
    void update(std::string_view key, Change change) {
        root_ = update_in(std::move(root_), {key, Hash{}(key), 0}, change);
    }

    // False where there is none.
    bool erase(std::string_view key) {
        if (find(key) == nullptr) {
            return false;
        }
        root_ = erase_in(std::move(root_), {key, Hash{}(key), 0});
        --size_;
        return true;
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    // In no order.
    template <typename Handle>
    void for_each(Handle handle) const {
        if (root_ != nullptr) {
            for_each_in(*root_, handle);
        }
    }

  private:
    static constexpr unsigned bits_a_level = 5;
    static constexpr unsigned hashed_levels = 12;

    struct Place {
        std::string_view key;
        std::size_t hash = 0;
        unsigned depth = 0;

        [[nodiscard]] Place below() const { return {key, hash, depth + 1}; }
    };

    static std::uint32_t bit_of(std::string_view key, std::size_t hash, unsigned depth) {
        constexpr std::size_t level = (1U << bits_a_level) - 1;
        if (depth < hashed_levels) {
            return std::uint32_t{1} << ((hash >> (depth * bits_a_level)) & level);
        }
        // Half a byte of the key a level, and whether it is there.
        const unsigned half = depth - hashed_levels;
        if (half / 2 >= key.size()) {
            return 1;
        }
        const unsigned byte = static_cast<unsigned char>(key[half / 2]);
        return std::uint32_t{1} << (16U + (half % 2 == 0 ? byte & 15U : byte >> 4U));
    }

    static std::uint32_t bit_of(const Place& place) {
        return bit_of(place.key, place.hash, place.depth);
    }

    // INVARIANT: `elements` and `children` have no bit in common. After the node itself come
    // the elements, then the children, in the order of their bits: counted pointers.
    struct alignas(void*) Node final : Counted {
        std::uint32_t elements;
        std::uint32_t children;

        [[nodiscard]] static Ref<Node> make(std::uint32_t elements, std::uint32_t children) {
            const auto count = static_cast<std::size_t>(std::popcount(elements)) +
                               static_cast<std::size_t>(std::popcount(children));
            void* place = ::operator new(sizeof(Node) + count * sizeof(void*));
            Ref<Node> node(new (place) Node(elements, children));
            std::memset(static_cast<void*>(node->slots()), 0, count * sizeof(void*));
            return node;
        }

        [[nodiscard]] std::size_t element_count() const {
            return static_cast<std::size_t>(std::popcount(elements));
        }

        [[nodiscard]] std::size_t child_count() const {
            return static_cast<std::size_t>(std::popcount(children));
        }

        [[nodiscard]] std::size_t element_index(std::uint32_t bit) const {
            return static_cast<std::size_t>(std::popcount(elements & (bit - 1)));
        }

        [[nodiscard]] std::size_t child_index(std::uint32_t bit) const {
            return element_count() +
                   static_cast<std::size_t>(std::popcount(children & (bit - 1)));
        }

        [[nodiscard]] void** slots() const {
            return reinterpret_cast<void**>(const_cast<Node*>(this) + 1);
        }

        [[nodiscard]] T* element(std::size_t index) const {
            return static_cast<T*>(slots()[index]);
        }

        [[nodiscard]] Node* child(std::size_t index) const {
            return static_cast<Node*>(slots()[index]);
        }

        // Puts a counted pointer into a slot, and gives the one that was there to the caller.
        template <typename U>
        Ref<U> exchange(std::size_t index, Ref<U> value) {
            return Ref<U>::adopt(static_cast<U*>(std::exchange(slots()[index], value.leave())));
        }

        static void destroy(Node* node) noexcept {
            const std::size_t elements = node->element_count();
            for (std::size_t i = 0; i < elements + node->child_count(); ++i) {
                if (i < elements) {
                    node->template exchange<T>(i, Ref<T>());
                } else {
                    node->template exchange<Node>(i, Ref<Node>());
                }
            }
            node->~Node();
            ::operator delete(node);
        }

      private:
        Node(std::uint32_t the_elements, std::uint32_t the_children)
            : elements(the_elements), children(the_children) {}
    };

    // A node with these bits, and in its slots what `node` has for them; the rest is null.
    [[nodiscard]] static Ref<Node> with_bits(const Node& node,
                                             std::uint32_t elements,
                                             std::uint32_t children) {
        Ref<Node> copy = Node::make(elements, children);
        for (std::uint32_t left = elements & node.elements; left != 0; left &= left - 1) {
            const std::uint32_t bit = left & (~left + 1);
            copy->exchange(copy->element_index(bit),
                           Ref<T>(node.element(node.element_index(bit))));
        }
        for (std::uint32_t left = children & node.children; left != 0; left &= left - 1) {
            const std::uint32_t bit = left & (~left + 1);
            copy->exchange(copy->child_index(bit),
                           Ref<Node>(node.child(node.child_index(bit))));
        }
        return copy;
    }

    // The node itself where nobody else holds it.
    static Ref<Node> own(Ref<Node> node) {
        return node.is_only() ? std::move(node)
                              : with_bits(*node, node->elements, node->children);
    }

    // The node at `depth` above all of `elements`, which it takes. Both spans are of one size.
    static Ref<Node> node_of(std::span<Hashed> elements,
                             std::span<Hashed> sorted,
                             unsigned depth) {
        constexpr std::size_t branches = std::size_t{1} << bits_a_level;
        const auto branch_of = [depth](const Hashed& one) {
            // Elements lie all over the memory: they are not looked at for nothing.
            const std::string_view key =
                depth < hashed_levels ? std::string_view() : KeyOf{}(*one.element);
            return static_cast<std::size_t>(std::countr_zero(bit_of(key, one.hash, depth)));
        };
        std::array<std::size_t, branches> end{};
        for (const Hashed& one : elements) {
            ++end[branch_of(one)];
        }
        std::uint32_t alone = 0;
        std::uint32_t crowds = 0;
        for (std::size_t branch = 0, before = 0; branch < branches; ++branch) {
            const std::uint32_t bit = std::uint32_t{1} << branch;
            alone |= end[branch] == 1 ? bit : 0;
            crowds |= end[branch] > 1 ? bit : 0;
            before += std::exchange(end[branch], before);
        }
        for (Hashed& one : elements) {
            sorted[end[branch_of(one)]++] = std::move(one);
        }
        Ref<Node> node = Node::make(alone, crowds);
        for (std::size_t branch = 0, begin = 0; branch < branches; begin = end[branch++]) {
            const std::uint32_t bit = std::uint32_t{1} << branch;
            const std::size_t count = end[branch] - begin;
            if (count == 1) {
                node->exchange(node->element_index(bit), std::move(sorted[begin].element));
            } else if (count > 1) {
                node->exchange(node->child_index(bit),
                               node_of(sorted.subspan(begin, count),
                                       elements.subspan(begin, count),
                                       depth + 1));
            }
        }
        return node;
    }

    static Ref<Node> put_in(Ref<Node> node, const Place& place, Ref<T> element) {
        const std::uint32_t bit = bit_of(place);
        if ((node->children & bit) != 0) {
            Ref<Node> mine = own(std::move(node));
            change_child(*mine, bit, [&](Ref<Node> child) {
                return put_in(std::move(child), place.below(), std::move(element));
            });
            return mine;
        }
        if ((node->elements & bit) == 0) {
            Ref<Node> grown = with_bits(*node, node->elements | bit, node->children);
            grown->exchange(grown->element_index(bit), std::move(element));
            return grown;
        }
        Ref<T> there(node->element(node->element_index(bit)));
        if (KeyOf{}(*there) == place.key) {
            Ref<Node> mine = own(std::move(node));
            mine->exchange(mine->element_index(bit), std::move(element));
            return mine;
        }
        const std::string_view other = KeyOf{}(*there);
        const Place other_below{other, Hash{}(other), place.depth + 1};
        Ref<Node> child = Node::make(bit_of(other_below), 0);
        child->exchange(0, std::move(there));
        child = put_in(std::move(child), place.below(), std::move(element));
        Ref<Node> deeper = with_bits(*node, node->elements & ~bit, node->children | bit);
        deeper->exchange(deeper->child_index(bit), std::move(child));
        return deeper;
    }

    template <typename Change>
    static Ref<Node> update_in(Ref<Node> node, const Place& place, Change& change) {
        const std::uint32_t bit = bit_of(place);
        Ref<Node> mine = own(std::move(node));
        if ((mine->children & bit) != 0) {
            change_child(*mine, bit, [&](Ref<Node> child) {
                return update_in(std::move(child), place.below(), change);
            });
        } else {
            const std::size_t index = mine->element_index(bit);
            mine->exchange(index, change(mine->exchange(index, Ref<T>())));
        }
        return mine;
    }

    // REQUIRES: an element with this key is below `node`.
    static Ref<Node> erase_in(Ref<Node> node, const Place& place) {
        const std::uint32_t bit = bit_of(place);
        if ((node->elements & bit) != 0) {
            return with_bits(*node, node->elements & ~bit, node->children);
        }
        Ref<Node> mine = own(std::move(node));
        change_child(*mine, bit, [&](Ref<Node> child) {
            return erase_in(std::move(child), place.below());
        });
        const Node& child = *mine->child(mine->child_index(bit));
        if (child.children != 0 || child.element_count() != 1) {
            return mine;
        }
        // One element needs no node of its own.
        Ref<T> last(child.element(0));
        Ref<Node> shallower = with_bits(*mine, mine->elements | bit, mine->children & ~bit);
        shallower->exchange(shallower->element_index(bit), std::move(last));
        return shallower;
    }

    // REQUIRES: `node` is held by the caller alone.
    template <typename Change>
    static void change_child(Node& node, std::uint32_t bit, Change change) {
        const std::size_t index = node.child_index(bit);
        Ref<Node> child = node.exchange(index, Ref<Node>());
        node.exchange(index, change(std::move(child)));
    }

    template <typename Handle>
    static void for_each_in(const Node& node, Handle& handle) {
        const std::size_t elements = node.element_count();
        for (std::size_t i = 0; i < elements; ++i) {
            handle(*node.element(i));
        }
        for (std::size_t i = 0; i < node.child_count(); ++i) {
            for_each_in(*node.child(elements + i), handle);
        }
    }

    Ref<Node> root_;
    std::size_t size_ = 0;
};

}  // namespace pgauth
