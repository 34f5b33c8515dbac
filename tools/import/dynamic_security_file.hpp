// The file of the dynamic-security plugin: its JSON as that plugin reads it, and its clients.
//
//   for (const json& role : array(tree, "roles")) use(text(role, "rolename"));
//   for (const Held& role : held(client, "roles", "rolename")) …       // first to last
//
// Names of keys are taken in any case, and what is of another type as not there.
// The mistake to avoid: an exception of the JSON library, for a file that is not ours.
// Thread safety: pure.

#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "import/plan.hpp"

namespace pgauth::tool::dynsec {

// The item of that name, null where there is none.
[[nodiscard]] const nlohmann::json& item(const nlohmann::json& object, const char* name);
[[nodiscard]] const nlohmann::json& array(const nlohmann::json& object, const char* name);
[[nodiscard]] std::string text(const nlohmann::json& object, const char* name);
[[nodiscard]] bool flag(const nlohmann::json& object, const char* name);
[[nodiscard]] int number(const nlohmann::json& object, const char* name, int otherwise);

// A role, a group or a client that something has, with the priority that it has there.
struct Held {
    static constexpr int no_priority = -1;

    std::string name;
    int priority = no_priority;

    // By priority, then by name: the one that is looked at first.
    bool operator<(const Held& other) const;
};

// The objects of `list`, each by its `name`, first to last.
[[nodiscard]] std::vector<Held> held(const nlohmann::json& object,
                                     const char* list,
                                     const char* name);

// The row and the password of one of its clients.
void add_client(const nlohmann::json& object,
                const std::string& place,
                const std::string& username,
                Plan& plan);

}  // namespace pgauth::tool::dynsec
