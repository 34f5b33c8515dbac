// Setting: one key of pgauth.yaml: its path, what it accepts and where that goes.
// Value: what a file or a plugin option says for one key.
//
//   const Setting* setting = find_setting("database.tls");
//   if (Result<void> set = setting->apply(value, options); !set) … set.error() …
//
// A new key is one row of the table in setting.cpp; the file, the plugin options, the search
// for misspelt keys and known_keys() all read that table.
// Keys of the contract whose feature comes in a later version are rows too: what equals the
// behaviour of this version is accepted, anything else is told so.
// The mistake to avoid: a value in a message by any other way than shown().
// Thread safety: the table never changes.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/options.hpp"

namespace pgauth {

enum class Shape : std::uint8_t { null, word, list, map };

struct Value {
    // What the error message begins with: `pgauth.yaml:12: authentication.methods`.
    std::string place;
    Shape shape = Shape::null;
    std::string text;          // of a word
    std::vector<Value> items;  // of a list; theirs are left out
};

struct Setting {
    std::string path;
    std::vector<Shape> shapes;
    std::string accepted;  // for people: `verify_full, unverified`
    std::function<Result<void>(const Value&, Options&)> set;

    // Checks the shape, then the content. After an error `options` is as before.
    [[nodiscard]] Result<void> apply(const Value& value, Options& options) const;

    [[nodiscard]] bool takes(Shape shape) const;
};

// In the order of the contract.
[[nodiscard]] const std::vector<Setting>& settings();

[[nodiscard]] const Setting* find_setting(std::string_view path);

}  // namespace pgauth
