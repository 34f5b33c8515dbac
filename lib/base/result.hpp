// Result<T>: a value, or the Error that explains its absence.
//
//   Result<TopicFilter> filter = TopicFilter::parse("site/+/temp");
//   if (!filter) return tl::unexpected(filter.error());
//   use(*filter);
//   return fail(ErrorKind::invalid_input, "topic filter `a#`: …");
//
// A refusal of a client is *not* an error: authenticate() and authorize() return decisions
// with their reasons and cannot fail. Exceptions are for bugs and for std::bad_alloc.
//
// Spelled as C++23's std::expected, by Debian's libexpected-dev until compilers have it.
// This is the one third-party header that our own headers may show.
// Thread safety: values; as safe as what they hold.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace pgauth {

// What the caller can do about it, not where it came from.
enum class ErrorKind : std::uint8_t {
    invalid_input,  // what was given can never work: fix it
    unavailable,    // try again later: a database, a file system, a full queue
    unusable,       // give up: a server or a file that this version cannot work with
};

[[nodiscard]] std::string_view to_string(ErrorKind kind) noexcept;

struct Error {
    ErrorKind kind;
    // One line, lower case: the place, the offending input in backticks, the cause after a
    // colon, what is accepted. Never a secret.
    std::string message;

    bool operator==(const Error&) const = default;
};

template <typename T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorKind kind, std::string message) {
    return tl::unexpected<Error>(Error{kind, std::move(message)});
}

}  // namespace pgauth
