// Tables: rows in, Replica out, with what every sensible row has filled in.
//
//   Tables tables;
//   tables.group("presses")
//       .client({.username = "press-7"})
//       .password("press-7", "s3cret")
//       .member("presses", "press-7")
//       .acl({.group_name = "presses", .permission = "write", .topic = "plant/%u/#"});
//   const std::shared_ptr<const Replica> replica = tables.load();
//
// Groups and clients go before what belongs to them. Entries, credentials and rules are
// numbered from 1. The id of a group is its name, with a `#` before it, unless it is given.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "replica/replica_builder.hpp"
#include "support/quick_secret.hpp"

namespace pgauth::test {

class Tables {
  public:
    Tables& group(std::string_view name) { return group(name, "#" + std::string(name)); }

    Tables& group(std::string_view name, std::string_view id) {
        builder_.add(GroupRow{.id = id, .name = name});
        return *this;
    }

    Tables& client(ClientRow row) {
        row.enabled = row.enabled.value_or("t");
        builder_.add(row);
        return *this;
    }

    // Adds a client as well.
    Tables& client_with_password(std::string_view username, std::string_view password) {
        return client({.username = username}).password(username, password);
    }

    Tables& password(std::string_view username, std::string_view password) {
        const std::string secret = quick_secret(password);
        return credential({.username = username, .method = "password", .secret = secret});
    }

    Tables& credential(CredentialRow row) {
        const std::string id = std::to_string(++credentials_);
        row.id = row.id.value_or(id);
        builder_.add(row);
        return *this;
    }

    Tables& member(std::string_view group, std::string_view username) {
        builder_.add(MemberRow{.group_name = group, .username = username});
        return *this;
    }

    // `groups` is a JSON array.
    Tables& rule(RuleRow row) {
        row.enabled = row.enabled.value_or("t");
        row.syntax = row.syntax.value_or("glob");
        const std::string name = "rule " + std::to_string(++rules_);
        row.name = row.name.value_or(name);
        builder_.add(row);
        return *this;
    }

    Tables& acl(EntryRow row) {
        const std::string id = std::to_string(++entries_);
        row.id = row.id.value_or(id);
        row.effect = row.effect.value_or("allow");
        row.permission = row.permission.value_or("readWrite");
        row.priority = row.priority.value_or("0");
        builder_.add(row);
        return *this;
    }

    Tables& revoked(std::string_view fingerprint) {
        builder_.add(RevokedCertificateRow{.fingerprint = fingerprint});
        return *this;
    }

    // REQUIRES: called once, last.
    [[nodiscard]] std::shared_ptr<const Replica> load() { return std::move(builder_).build(); }

  private:
    ReplicaBuilder builder_;
    int credentials_ = 0;
    int entries_ = 0;
    int rules_ = 0;
};

}  // namespace pgauth::test
