#include "policy/acl_entry.hpp"

namespace pgauth {

std::string_view to_string(Effect effect) noexcept {
    return effect == Effect::allow ? "allow" : "deny";
}

std::string_view to_string(Permission permission) noexcept {
    switch (permission) {
        case Permission::read:
            return "read";
        case Permission::write:
            return "write";
        case Permission::read_write:
            return "readWrite";
    }
    return "unknown";
}

}  // namespace pgauth
