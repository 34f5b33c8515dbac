// Every scenario in tests/spec/*.yaml, a section each.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "spec/run_scenario.hpp"
#include "support/catch.hpp"

using namespace pgauth::test;

namespace {

std::vector<Scenario> read_all() {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(PGAUTH_SPEC_DIR)) {
        if (entry.path().extension() == ".yaml") {
            paths.push_back(entry.path());
        }
    }
    std::sort(paths.begin(), paths.end());
    std::vector<Scenario> all;
    for (const auto& path : paths) {
        std::stringstream text;
        text << std::ifstream(path).rdbuf();
        for (Scenario& scenario : read_scenarios(path.filename().string(), text.str())) {
            all.push_back(std::move(scenario));
        }
    }
    return all;
}

}  // namespace

TEST_CASE("every scenario ends as it says", "[spec]") {
    static const std::vector<Scenario> scenarios = read_all();
    REQUIRE(scenarios.size() > 50);
    for (const Scenario& scenario : scenarios) {
        DYNAMIC_SECTION(scenario.title) {
            INFO(scenario.file << ':' << scenario.line);
            run(scenario);
        }
    }
}
