// The subcommands of pgauth, one source file each.
//
//   void add_hash(CLI::App& pgauth, Chosen& chosen);     // defined in hash.cpp
//   for (const auto add : commands) add(app, chosen);    // main.cpp
//   const Result<ExitStatus> done = chosen();
//
// Each adds its subcommand, with options and examples; where that is the one which was called,
// it leaves in `chosen` what runs it. A new command is a file, a line below and one in the
// list of main.cpp; README.md, pgauth.1 and pgauth.bash have to name it, or a test fails.
//
// The mistake to avoid: a password or a connection string with one in an argument, which
// everybody on the machine can read, or in an error.
// Thread safety: none needed.

#pragma once

#include <cstdint>
#include <functional>

#include "base/result.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own
class App;
}  // namespace CLI

namespace pgauth::tool {

// What a script sees. An Error is `failed`.
enum class ExitStatus : std::uint8_t {
    good = 0,    // done; checked and right; allowed
    bad = 1,     // checked and wrong; denied
    failed = 2,  // it could not be found out, or not be done
};

using Chosen = std::function<Result<ExitStatus>()>;

void add_check(CLI::App& pgauth, Chosen& chosen);
void add_explain(CLI::App& pgauth, Chosen& chosen);
void add_hash(CLI::App& pgauth, Chosen& chosen);
void add_import(CLI::App& pgauth, Chosen& chosen);
void add_migrate(CLI::App& pgauth, Chosen& chosen);
void add_passwd(CLI::App& pgauth, Chosen& chosen);

}  // namespace pgauth::tool
