// `--compare` of `pgauth import`: its options, and what it prints.
//
//   ComparisonChoice choice;
//   add_comparison_options(*command, choice);
//   if (choice.questions) return compare_and_report(plan, files, choice);   // good, or bad
//
// Thread safety: as compare().

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "command.hpp"
#include "import/old_access.hpp"
#include "import/plan.hpp"

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

// Prints what differs, and how many questions there were. `bad` where anything differs.
// Fails where `files` are none: only Mosquitto's own can be run.
[[nodiscard]] Result<ExitStatus> compare_and_report(const Plan& plan,
                                                    const OldFiles& files,
                                                    const ComparisonChoice& choice);

}  // namespace pgauth::tool
