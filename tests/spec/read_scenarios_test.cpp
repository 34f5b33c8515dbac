#include <string>
#include <vector>

#include "spec/scenario.hpp"
#include "support/catch.hpp"

using namespace pgauth::test;

namespace {

std::string error_in(const std::string& text) {
    try {
        static_cast<void>(read_scenarios("x.yaml", text));
    } catch (const ScenarioError& error) {
        return error.what();
    }
    return "none";
}

std::string scenario(const std::string& rest) {
    return "- scenario: a title\n" + rest;
}

std::string story(const std::string& step) {
    return scenario("  story:\n    - " + step);
}

}  // namespace

TEST_CASE("a scenario that cannot be understood is an error with file and line", "[spec]") {
    struct Row {
        std::string text;
        std::string error;
    };

    const std::string good = "  story: [{publish: x, denied: no entry}]\n";
    const std::vector<Row> rows{
        {"", "x.yaml:1: expected a list of scenarios"},
        {"a: b", "x.yaml:1: expected a list of scenarios"},
        {"- [", "x.yaml:1: end of sequence flow not found"},
        {scenario(""), "x.yaml:1: expected a scenario with a story"},
        {scenario("  story: []"), "x.yaml:2: expected a list of steps"},
        {scenario(good + "  colour: red"),
         "x.yaml:3: unknown key `colour`: use scenario, options, loaded"},
        {scenario(good + good), "x.yaml:3: key `story` occurs twice"},
        {scenario(good) + scenario(good), "x.yaml:3: title `a title` occurs twice"},
        {scenario(good + "  options: {subscribe: always}"),
         "x.yaml:3: `always`: use covered, overlapping"},
        {scenario(good + "  options: {bound: true}"), "x.yaml:3: unknown key `bound`"},
        {scenario(good + "  clients:\n    - {user: press-7}"),
         "x.yaml:4: unknown key `user`: use username, name"},
        {scenario(good + "  clients: press-7"), "x.yaml:3: expected a list of rows"},
        {scenario(good + "  acls: [{group: a, allow: read, deny: read, topic: x}]"),
         "x.yaml:3: expected allow or deny"},
        {scenario(good + "  members: [press-7]"),
         "x.yaml:3: expected groups and their members"},
        {story("{shout: x}"), "x.yaml:3: not a step: use log in, publish"},
        {story("{publish: x}"), "x.yaml:3: no verdict: use allowed, denied, handed on"},
        {story("{publish: x, refused: no entry}"), "x.yaml:3: unknown key `refused`"},
        {story("{publish: x, allowed: entry 1, denied: no entry}"),
         "x.yaml:3: expected one verdict"},
        {story("{publish: x, qos: 3, denied: no entry}"), "x.yaml:3: `3`: use 0, 1, 2"},
        {story("{receive: x, retain: true, denied: no entry}"),
         "x.yaml:3: unknown key `retain`"},
        {story("{log in: a, at: noon, accepted: proved}"), "x.yaml:3: `noon`: use a time"},
        {story("{log in: null, accepted: anonymous}"), "x.yaml:3: expected a client_id"},
        {story("{log in: a, allowed: proved}"), "x.yaml:3: unknown key `allowed`"},
        {story("{publish: x, by: {username: a}, denied: no entry}"),
         "x.yaml:3: expected a client_id and a username"},
        {story("{edit: {story: []}}"), "x.yaml:3: unknown key `story`"},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        CHECK(error_in(row.text).substr(0, row.error.size()) == row.error);
    }
    CHECK(error_in(scenario(good)) == "none");
}
