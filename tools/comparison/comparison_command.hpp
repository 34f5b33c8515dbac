// `--compare` of `pgauth import`: its options, and what it prints.
//
//   ComparisonChoice choice;
//   add_comparison_options(*command, choice);
//   const auto compared = compare_as_chosen(plan, files, choice);
//   if (*compared) print_comparison(**compared, choice, std::cout);
//
// Thread safety: as compare().

#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "comparison/comparison.hpp"
#include "comparison/old_access.hpp"
#include "import/plan.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own
class App;
}  // namespace CLI

namespace pgauth::tool {

struct ComparisonChoice {
    std::size_t questions = 0;  // 0: no comparison
    std::uint64_t seed = 1;
    std::string mosquitto = "mosquitto";
    std::string plugin;                   // empty: beside this program
    std::string dynamic_security_plugin;  // empty: beside Mosquitto
    std::string subscribe;                // empty: as the Plan proposes
};

void add_comparison_options(CLI::App& command, ComparisonChoice& choice);

// None where none was chosen. Fails where `files` are none: only Mosquitto's own can be run.
[[nodiscard]] Result<std::optional<Comparison>> compare_as_chosen(
    const Plan& plan, const OldFiles& files, const ComparisonChoice& choice);

void print_comparison(const Comparison& compared,
                      const ComparisonChoice& choice,
                      std::ostream& out);
void print_comparison_json(const Comparison& compared,
                           const ComparisonChoice& choice,
                           std::ostream& out);

}  // namespace pgauth::tool
