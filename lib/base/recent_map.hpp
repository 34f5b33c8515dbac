// RecentMap: a map of bounded size that forgets what was not used for longest.
//
//   RecentMap<Bucket> buckets(100'000);
//   buckets.at(key).tokens -= 1;               // made where there is none
//   if (const Bucket* bucket = buckets.find(key)) …
//
// Each shard has two generations: what is used moves to the young one, and when that is full
// the old one goes, with whatever nobody has used for a generation. So the bound holds without
// a list of uses, and forgetting costs the broker's thread little at a time.
//
// Keys are 64 bits that nobody can choose: the first half of a KeyedMac::Tag.
//
// The mistake to avoid: counting on an entry. Any of them may be gone at the next call.
// Thread safety: none.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>

namespace pgauth {

template <typename Value>
class RecentMap {
  public:
    // At most `capacity` entries, at least half as many before one is forgotten.
    explicit RecentMap(std::size_t capacity) : most_young_(capacity / (2 * shard_count) + 1) {}

    // Null where there is none. Valid until the next call.
    [[nodiscard]] Value* find(std::uint64_t key) {
        Shard& shard = shards_[key % shard_count];
        if (const auto young = shard.young.find(key); young != shard.young.end()) {
            return &young->second;
        }
        const auto old = shard.old.find(key);
        if (old == shard.old.end()) {
            return nullptr;
        }
        Value value = std::move(old->second);
        shard.old.erase(old);
        return &put(shard, key, std::move(value));
    }

    [[nodiscard]] Value& at(std::uint64_t key) {
        Value* known = find(key);
        return known != nullptr ? *known : put(shards_[key % shard_count], key, Value{});
    }

    void erase(std::uint64_t key) {
        Shard& shard = shards_[key % shard_count];
        shard.young.erase(key);
        shard.old.erase(key);
    }

    [[nodiscard]] std::size_t size() const noexcept {
        std::size_t size = 0;
        for (const Shard& shard : shards_) {
            size += shard.young.size() + shard.old.size();
        }
        return size;
    }

  private:
    static constexpr std::size_t shard_count = 64;

    using Generation = std::unordered_map<std::uint64_t, Value>;

    struct Shard {
        Generation young;
        Generation old;
    };

    Value& put(Shard& shard, std::uint64_t key, Value value) {
        if (shard.young.size() >= most_young_) {
            shard.old = std::exchange(shard.young, {});
        }
        return shard.young.insert_or_assign(key, std::move(value)).first->second;
    }

    std::array<Shard, shard_count> shards_;
    std::size_t most_young_;
};

}  // namespace pgauth
