#include "replica/persistent_set.hpp"

#include <random>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/word.hpp"

using namespace pgauth;

namespace {

// Makes every path as long as it can be.
struct SameHash {
    std::size_t operator()(std::string_view) const { return 0; }
};

// Few values, so that some keys share all bits of the hash and some the first ones.
struct PoorHash {
    std::size_t operator()(std::string_view key) const {
        return key.empty() ? 0
                           : std::size_t{static_cast<unsigned char>(key.back()) % 3U} << 58U;
    }
};

// Random edits of several sets that are copied from each other, beside std::maps.
template <typename Set>
void edit_at_random(unsigned seed, int keys) {
    std::mt19937 random(seed);
    const auto below = [&](int limit) {
        return std::uniform_int_distribution<int>(0, limit - 1)(random);
    };
    std::vector<std::pair<Set, Model>> versions(4);
    for (int step = 0; step < 3000; ++step) {
        auto& [set, model] = versions[static_cast<std::size_t>(below(4))];
        const std::string key(static_cast<std::size_t>(below(4)), 'k');
        const std::string name = key + std::to_string(below(keys));
        switch (below(8)) {
            case 0:
            case 1:
            case 2:
                set.put(word(name, step));
                model[name] = step;
                break;
            case 3:
            case 4:
                CHECK(set.erase(name) == (model.erase(name) == 1));
                break;
            case 5:
                if (model.contains(name)) {
                    set.update(name, [&](const Ref<Word>& before) {
                        CHECK(before->value == model.at(name));
                        return word(name, step);
                    });
                    model[name] = step;
                }
                break;
            case 6:
                versions[static_cast<std::size_t>(below(4))] = versions[0];
                break;
            default: {
                const Word* found = set.find(name);
                CHECK((found != nullptr) == model.contains(name));
                CHECK((found == nullptr || found->value == model.at(name)));
            }
        }
    }
    for (const auto& [set, model] : versions) {
        CHECK(contents(set) == model);
    }
}

}  // namespace

TEST_CASE("a persistent set holds what a map holds, and so does each of its copies",
          "[replica]") {
    const int before = Word::alive;
    edit_at_random<PersistentSet<Word, KeyOfWord>>(1, 10);
    edit_at_random<PersistentSet<Word, KeyOfWord>>(2, 500);
    CHECK(Word::alive == before);
}

TEST_CASE("keys whose hashes are alike are told apart all the same", "[replica]") {
    const int before = Word::alive;
    edit_at_random<PersistentSet<Word, KeyOfWord, SameHash>>(3, 50);
    edit_at_random<PersistentSet<Word, KeyOfWord, PoorHash>>(4, 300);
    CHECK(Word::alive == before);
}

TEST_CASE("keys that differ only in their length or in NUL bytes are told apart", "[replica]") {
    PersistentSet<Word, KeyOfWord, SameHash> set;
    const std::vector<std::string> keys{
        "", "a", "aa", std::string("a\0", 2), std::string("\0", 1), std::string("\0\0", 2)};
    for (std::size_t i = 0; i < keys.size(); ++i) {
        set.put(word(keys[i], static_cast<int>(i)));
    }
    CHECK(set.size() == keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
        REQUIRE(set.find(keys[i]) != nullptr);
        CHECK(set.find(keys[i])->value == static_cast<int>(i));
    }
}

TEST_CASE("what changes in a copy does not change in the set that it was copied from",
          "[replica]") {
    PersistentSet<Word, KeyOfWord> before;
    for (int i = 0; i < 1000; ++i) {
        before.put(word("press-" + std::to_string(i), i));
    }
    const Word* kept = before.find("press-7");
    PersistentSet<Word, KeyOfWord> after = before;
    after.put(word("press-8", -1));
    after.erase("press-9");
    CHECK(before.find("press-8")->value == 8);
    CHECK(before.find("press-9") != nullptr);
    CHECK(after.find("press-8")->value == -1);
    CHECK(after.find("press-9") == nullptr);
    CHECK(after.find("press-7") == kept);
    CHECK(before.size() == 1000);
    CHECK(after.size() == 999);
}

TEST_CASE("an element that nothing holds any more is freed", "[replica]") {
    const int before = Word::alive;
    {
        PersistentSet<Word, KeyOfWord> set;
        set.put(word("a", 1));
        set.put(word("a", 2));
        CHECK(Word::alive == before + 1);
        PersistentSet<Word, KeyOfWord> copy = set;
        set.erase("a");
        CHECK(Word::alive == before + 1);
        CHECK_FALSE(set.erase("a"));
        CHECK(copy.erase("a"));
        CHECK(Word::alive == before);
    }
    CHECK(Word::alive == before);
}

TEST_CASE("a set made of many elements at once is the one that putting them would make",
          "[replica]") {
    const auto check = [](auto set, int count) {
        using Set = decltype(set);
        std::vector<typename Set::Hashed> elements;
        Model model;
        for (int i = 0; i < count; ++i) {
            const std::string name = "press-" + std::to_string(i);
            elements.push_back({typename Set::Hasher{}(name), word(name, i)});
            model[name] = i;
        }
        set = Set::of(std::move(elements));
        CHECK(contents(set) == model);
        for (int i = 0; i < count; i += 2) {
            CHECK(set.erase("press-" + std::to_string(i)));
            set.put(word("printer-" + std::to_string(i), i));
        }
        CHECK(set.size() == model.size());
        CHECK((count < 2 || set.find("press-1")->value == 1));
    };
    const int before = Word::alive;
    for (const int count : {0, 1, 2, 33, 1000, 40'000}) {
        check(PersistentSet<Word, KeyOfWord>(), count);
    }
    check(PersistentSet<Word, KeyOfWord, SameHash>(), 50);
    check(PersistentSet<Word, KeyOfWord, PoorHash>(), 300);
    CHECK(Word::alive == before);
}
