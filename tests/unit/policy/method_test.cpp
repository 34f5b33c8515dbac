#include "policy/method.hpp"

#include "support/catch.hpp"

using pgauth::all_methods;
using pgauth::Method;
using pgauth::MethodSet;
using pgauth::parse_method;

TEST_CASE("a method is spelled as in SQL and YAML", "[policy]") {
    for (const Method method : all_methods) {
        CHECK(parse_method(to_string(method)) == method);
    }
    for (const std::string_view text :
         {"", "Password", "passwd", "password ", "scram", "cert"}) {
        INFO('`' << text << '`');
        CHECK_FALSE(parse_method(text));
    }
}

TEST_CASE("a set of methods contains what was put into it", "[policy]") {
    const MethodSet none;
    const MethodSet password{Method::password};
    const MethodSet both{Method::psk, Method::password, Method::password};
    CHECK(none.empty());
    CHECK_FALSE(password.empty());
    CHECK(both.contains_all(password));
    CHECK(both.contains_all(none));
    CHECK(none.contains_all(none));
    CHECK_FALSE(none.contains_all(password));
    CHECK_FALSE(password.contains_all(both));
    CHECK_FALSE(both.contains(Method::certificate));
    CHECK(to_string(both) == "password, psk");
    CHECK(to_string(none).empty());
}
