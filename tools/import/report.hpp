// ImportReport: what `pgauth import` says in the end: what becomes what, what answers otherwise
// here, what is lost and why; and, as an exit status, whether that is all right.
//
//   const ImportReport report{.plan = plan, .stored = *stored, .written = true};
//   print_text(report, std::cout);      // or print_json
//   return report.status();
//
// The mistake to avoid: a secret in it. It shows names, topics and messages of constraints.
// Thread safety: none needed.

#pragma once

#include <iosfwd>

#include "command.hpp"
#include "import/plan.hpp"
#include "import/store_plan.hpp"

namespace pgauth::tool {

struct ImportReport {
    // REQUIRES: both outlive it.
    const Plan& plan;
    const StoredPlan& stored;
    bool written = false;

    // good: all is carried; bad: something differs or is lost; failed: rows were refused.
    [[nodiscard]] ExitStatus status() const;
};

void print_text(const ImportReport& report, std::ostream& out);
void print_json(const ImportReport& report, std::ostream& out);

}  // namespace pgauth::tool
