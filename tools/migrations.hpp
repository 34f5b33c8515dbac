// Migrations: the numbered files that take one version of schema mqtt_auth to the next.
//
//   Result<std::vector<Migration>> all = read_migrations(folder);
//   for (const Migration& migration : *all) …            // versions 2, 3, 4, without a gap
//
// `0002_what_it_does.sql` makes version 2. A file is plain SQL for one transaction that it does
// not end: no BEGIN, no COMMIT, no backslash commands of psql.
// Thread safety: pure, but for the files.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace pgauth::tool {

struct Migration {
    int version;  // that it makes
    std::string file;
    std::string statements;
};

// In their order. An empty folder is right: then version 1 is the newest. Fails with
// invalid_input where a name or a number is wrong, and where a file would end its transaction.
[[nodiscard]] Result<std::vector<Migration>> read_migrations(
    const std::filesystem::path& folder);

// The folder schema/ that was installed with this program, or that it was built from; empty
// where there is neither.
[[nodiscard]] std::filesystem::path schema_folder();

}  // namespace pgauth::tool
