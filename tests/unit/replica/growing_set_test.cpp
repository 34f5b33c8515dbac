#include "replica/growing_set.hpp"

#include <random>
#include <string>

#include "support/catch.hpp"
#include "support/word.hpp"

using namespace pgauth;

namespace {

struct SameHash {
    std::size_t operator()(std::string_view) const { return 0; }
};

template <typename Set>
void fill_at_random(unsigned seed, int keys, int steps) {
    std::mt19937 random(seed);
    Set set;
    Model model;
    CHECK_FALSE(set.contains("press-0"));
    for (int step = 0; step < steps; ++step) {
        const std::string name =
            "press-" + std::to_string(std::uniform_int_distribution<int>(0, keys)(random));
        const bool is_known = model.contains(name);
        CHECK(set.contains(name) == is_known);
        if (step % 3 != 0) {
            set.put(word(name, step));
            model[name] = step;
            continue;
        }
        const bool changed = set.update(name, [&](const Ref<Word>& before) {
            CHECK(before->value == model.at(name));
            return word(name, -step);
        });
        CHECK(changed == is_known);
        if (is_known) {
            model[name] = -step;
        }
    }
    CHECK(contents(std::move(set).finish()) == model);
}

}  // namespace

TEST_CASE("a growing set becomes a set of all that was put and updated", "[replica]") {
    const int before = Word::alive;
    fill_at_random<GrowingSet<Word, KeyOfWord>>(1, 20, 500);
    fill_at_random<GrowingSet<Word, KeyOfWord>>(2, 20'000, 30'000);
    fill_at_random<GrowingSet<Word, KeyOfWord, SameHash>>(3, 50, 500);
    fill_at_random<GrowingSet<Word, KeyOfWord>>(4, 20, 0);
    CHECK(Word::alive == before);
}
