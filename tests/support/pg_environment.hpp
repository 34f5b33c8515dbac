// PgEnvironment: the PG* variables that a connection string leaves the answer to: none but
// those given, until the end of the scope.
//
//   const PgEnvironment environment(PgEnvironment::Variables{{"PGHOST", "db.example"}});
//
// Thread safety: none; the environment is the process's.

#pragma once

#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pgauth::testing {

class PgEnvironment {
  public:
    using Variables = std::map<std::string, std::string>;

    explicit PgEnvironment(const Variables& given = {}) {
        for (const char* name : {"PGHOST",
                                 "PGHOSTADDR",
                                 "PGPORT",
                                 "PGSSLMODE",
                                 "PGSERVICE",
                                 "PGCONNECT_TIMEOUT",
                                 "PGTARGETSESSIONATTRS",
                                 "PGLOADBALANCEHOSTS"}) {
            const char* value = std::getenv(name);
            before_.emplace_back(name, value == nullptr ? std::nullopt : std::optional(value));
            unsetenv(name);
        }
        for (const auto& [name, value] : given) {
            setenv(name.c_str(), value.c_str(), 1);
        }
    }

    PgEnvironment(const PgEnvironment&) = delete;
    PgEnvironment& operator=(const PgEnvironment&) = delete;
    PgEnvironment(PgEnvironment&&) = delete;
    PgEnvironment& operator=(PgEnvironment&&) = delete;

    ~PgEnvironment() {
        for (const auto& [name, value] : before_) {
            if (value) {
                setenv(name.c_str(), value->c_str(), 1);
            } else {
                unsetenv(name.c_str());
            }
        }
    }

  private:
    std::vector<std::pair<std::string, std::optional<std::string>>> before_;
};

}  // namespace pgauth::testing
