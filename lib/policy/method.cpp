#include "policy/method.hpp"

namespace pgauth {

std::string_view to_string(Method method) noexcept {
    switch (method) {
        case Method::password:
            return "password";
        case Method::certificate:
            return "certificate";
        case Method::psk:
            return "psk";
    }
    return "unknown";
}

std::optional<Method> parse_method(std::string_view text) noexcept {
    for (const Method method : all_methods) {
        if (text == to_string(method)) {
            return method;
        }
    }
    return std::nullopt;
}

std::string to_string(MethodSet methods) {
    std::string text;
    for (const Method method : all_methods) {
        if (methods.contains(method)) {
            text += text.empty() ? "" : ", ";
            text += to_string(method);
        }
    }
    return text;
}

}  // namespace pgauth
