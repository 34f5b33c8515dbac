// ForeignSources: the options of `pgauth import` that name other plugins' and brokers' tables,
// and CSV files.
//
//   add_foreign_options(*command, foreign);
//   if (foreign.is_any()) read_foreign(foreign, tls, plan, show_progress);
//
// The mistake to avoid: a connection string with a password in it, which is refused.
// Thread safety: a value.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "import/plan.hpp"
#include "import/source.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own
class App;
}  // namespace CLI

namespace pgauth::tool {

struct ForeignSources {
    std::string go_auth_conf;
    std::string go_auth_users;
    std::optional<std::string> emqx;  // where PG* say it all, an empty string
    std::optional<std::string> vernemq;
    std::string emqx_pbkdf2;
    std::vector<std::string> csv;

    [[nodiscard]] bool is_any() const {
        return !go_auth_conf.empty() || emqx || vernemq || !csv.empty();
    }
};

// Of those that name a source, for messages.
inline constexpr const char* foreign_options = "--go-auth-conf, --emqx, --vernemq, --csv";

// `sources` must outlive the parsing.
void add_foreign_options(CLI::App& command, ForeignSources& sources);

// `tls`: as --tls, for the old database too. Fails where more than one source is named.
[[nodiscard]] Result<void> read_foreign(const ForeignSources& sources,
                                        const std::string& tls,
                                        Plan& plan,
                                        const ReadProgress& progress);

}  // namespace pgauth::tool
