// What a million clients could lie in: the trie of replica/, beside the obvious alternatives.
//
//   ./tests/bench/containers
//
// `change` is what one edit costs while readers go on with the version before: copy, replace
// one, drop the copy. `find` is a look-up by username. `bytes` is what an element costs beside
// its rows, from mallinfo2().

#include <array>
#include <benchmark/benchmark.h>
#include <cstddef>
#include <malloc.h>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/text_hash.hpp"
#include "replica/packed_rows.hpp"
#include "replica/persistent_set.hpp"

namespace {

using namespace pgauth;

using Rows = Ref<PackedRows>;

struct KeyOfRows {
    std::string_view operator()(const PackedRows& rows) const { return rows.key(); }
};

std::string username(std::size_t i) {
    return "client-" + std::to_string(i);
}

Rows rows_of(std::size_t i) {
    const std::string name = username(i);
    const std::array<Field, 1> client{name};
    const std::array<Field, 1> credential{
        "$7$101$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="};
    return append(append({}, RowKind::client, client), RowKind::credential, credential);
}

class Trie {
  public:
    void put(Rows rows) { set_.put(std::move(rows)); }

    [[nodiscard]] const PackedRows* find(std::string_view key) const { return set_.find(key); }

  private:
    PersistentSet<PackedRows, KeyOfRows> set_;
};

// Copied as a whole.
class Table {
  public:
    void put(Rows rows) {
        const std::string key(rows->key());
        rows_.insert_or_assign(key, std::move(rows));
    }

    [[nodiscard]] const PackedRows* find(std::string_view key) const {
        const auto found = rows_.find(key);
        return found == rows_.end() ? nullptr : found->second.get();
    }

  private:
    std::unordered_map<std::string, Rows, TextHash, std::equal_to<>> rows_;
};

// A table of shards: the table and one shard are copied.
class Shards {
  public:
    void put(Rows rows) {
        auto& shard = shards_[place(rows->key())];
        if (shard == nullptr) {
            shard = std::make_shared<Table>();
        } else if (shard.use_count() > 1) {
            shard = std::make_shared<Table>(*shard);
        }
        shard->put(std::move(rows));
    }

    [[nodiscard]] const PackedRows* find(std::string_view key) const {
        const auto& shard = shards_[place(key)];
        return shard == nullptr ? nullptr : shard->find(key);
    }

  private:
    static constexpr std::size_t count = 4096;

    static std::size_t place(std::string_view key) { return TextHash{}(key) / 64 % count; }

    std::vector<std::shared_ptr<Table>> shards_{count};
};

template <typename Container>
Container filled(std::size_t size, std::vector<Rows>& kept) {
    Container container;
    for (std::size_t i = 0; i < size; ++i) {
        kept.push_back(rows_of(i));
        container.put(kept.back());
    }
    return container;
}

template <typename Container>
void change(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(0));
    std::vector<Rows> kept;
    Container current = filled<Container>(size, kept);
    std::minstd_rand random(1);
    for (auto step : state) {
        Container next = current;
        next.put(kept[random() % size]);
        current = std::move(next);
    }
}

template <typename Container>
void find(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(0));
    std::vector<Rows> kept;
    kept.reserve(size);
    for (std::size_t i = 0; i < size; ++i) {
        kept.push_back(rows_of(i));
    }
    const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    Container container;
    for (const Rows& rows : kept) {
        container.put(rows);
    }
    const std::size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
    state.counters["bytes"] = static_cast<double>(after - before) / static_cast<double>(size);
    std::vector<std::string> names;
    std::minstd_rand random(1);
    for (int i = 0; i < 4096; ++i) {
        names.push_back(username(random() % size));
    }
    std::size_t i = 0;
    for (auto step : state) {
        benchmark::DoNotOptimize(container.find(names[i++ % names.size()]));
    }
}

constexpr int thousand = 1000;
constexpr int million = 1'000'000;

BENCHMARK_TEMPLATE(change, Trie)->Arg(thousand)->Arg(million);
BENCHMARK_TEMPLATE(change, Shards)->Arg(thousand)->Arg(million);
BENCHMARK_TEMPLATE(change, Table)->Arg(thousand)->Arg(million)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(find, Trie)->Arg(thousand)->Arg(million);
BENCHMARK_TEMPLATE(find, Shards)->Arg(thousand)->Arg(million)->Iterations(million);
BENCHMARK_TEMPLATE(find, Table)->Arg(thousand)->Arg(million);

}  // namespace

BENCHMARK_MAIN();
