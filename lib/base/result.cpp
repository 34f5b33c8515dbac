#include "base/result.hpp"

namespace pgauth {

std::string_view to_string(ErrorKind kind) noexcept {
    switch (kind) {
        case ErrorKind::invalid_input:
            return "invalid input";
        case ErrorKind::unavailable:
            return "unavailable";
        case ErrorKind::unusable:
            return "unusable";
    }
    return "unknown";
}

}  // namespace pgauth
