// Finding: one thing that pgauth check has looked at. Findings: all of them, as they come.
//
//   Findings findings(std::cout);
//   findings.ok("database", "connected to db.example:5432");
//   findings.error("database", "schema mqtt_auth is missing", "psql -f schema/mqtt_auth.sql");
//
// Each is one line: `error: place: what it is: what to do`.
// The mistake to avoid: a finding that leaves the reader to find out what to do.
// Thread safety: none.

#pragma once

#include <cstddef>
#include <iosfwd>
#include <string_view>

namespace pgauth::tool {

class Findings {
  public:
    // REQUIRES: `out` outlives it.
    explicit Findings(std::ostream& out) : out_(out) {}

    void ok(std::string_view place, std::string_view what);
    void warning(std::string_view place, std::string_view what, std::string_view advice);
    void error(std::string_view place, std::string_view what, std::string_view advice);

    // Of an Error, whose message says what to do already.
    void error(std::string_view place, std::string_view message);

    [[nodiscard]] std::size_t warnings() const noexcept { return warnings_; }

    [[nodiscard]] std::size_t errors() const noexcept { return errors_; }

  private:
    std::ostream& out_;
    std::size_t warnings_ = 0;
    std::size_t errors_ = 0;
};

}  // namespace pgauth::tool
