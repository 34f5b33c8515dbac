#include "finding.hpp"

#include <ostream>

namespace pgauth::tool {

void Findings::ok(std::string_view place, std::string_view what) {
    out_ << "ok: " << place << ": " << what << '\n';
}

void Findings::warning(std::string_view place, std::string_view what, std::string_view advice) {
    ++warnings_;
    out_ << "warning: " << place << ": " << what << ": " << advice << '\n';
}

void Findings::error(std::string_view place, std::string_view what, std::string_view advice) {
    ++errors_;
    out_ << "error: " << place << ": " << what << ": " << advice << '\n';
}

void Findings::error(std::string_view place, std::string_view message) {
    ++errors_;
    out_ << "error: " << place << ": " << message << '\n';
}

}  // namespace pgauth::tool
