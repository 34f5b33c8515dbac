// store_plan: writes a Plan into the tables, in few statements, and says what became of it.
//
//   connection->execute("BEGIN");
//   const auto stored = store_plan(*connection, plan, Existing::left_alone, show_progress);
//   connection->execute(write && stored->refused.empty() ? "COMMIT" : "ROLLBACK");
//
// What is there already and equal is unchanged; what is there and differs is left alone, or
// takes the value of the Plan; rows that are not in the Plan are never touched, and named where
// they change what those of the Plan mean.
//
// The mistake to avoid: committing where rows were refused. Each was undone for itself, and a
// client would have lost a deny of its own.
// Thread safety: none; one owner of the connection.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "import/plan.hpp"
#include "store/pg_connection.hpp"

namespace pgauth::tool {

// What happens to what is there and differs.
enum class Existing : std::uint8_t { left_alone, replaced };

struct StoredKind {
    std::string name;  // `clients`
    std::size_t added = 0;
    std::size_t unchanged = 0;
    std::size_t replaced = 0;
    std::size_t differing = 0;
    std::size_t refused = 0;
};

// About one row or one owner of rows.
struct StoredNote {
    std::string what;  // client `press-7`
    std::string text;
};

struct StoredPlan {
    std::vector<StoredKind> kinds;
    std::vector<StoredNote> refused;    // with the message of the constraint
    std::vector<StoredNote> differing;  // what the database has otherwise, or beside it
};

// Told now and then what has been written of a kind, and how much there is.
using Progress = std::function<void(std::string_view kind, std::size_t done, std::size_t all)>;

// An Error where the tables are not there, may not be written, or the server is gone.
// REQUIRES: in a transaction.
[[nodiscard]] Result<StoredPlan> store_plan(PgConnection& connection,
                                            const Plan& plan,
                                            Existing existing,
                                            const Progress& progress);

}  // namespace pgauth::tool
