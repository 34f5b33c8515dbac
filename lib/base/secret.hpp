// Secret: a string that must not be seen: wiped when it goes, printed by nothing.
//
//   Secret password{event->password};
//   verify(hash, password.reveal());       // the only way to the text: easy to search for
//
// The mistake to avoid: copying reveal() into a std::string, which nobody wipes.
// Thread safety: as a std::string.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace pgauth {

// Overwrites `text` in a way that the compiler may not leave out, and empties it.
void wipe(std::string& text) noexcept;

class Secret {
  public:
    Secret() = default;

    explicit Secret(std::string_view text) : text_(text) {}

    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;

    // A short std::string is copied by a move: the source is wiped too.
    Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { wipe(other.text_); }

    Secret& operator=(Secret&& other) noexcept {
        if (this != &other) {
            wipe(text_);
            text_ = std::move(other.text_);
            wipe(other.text_);
        }
        return *this;
    }

    ~Secret() { wipe(text_); }

    [[nodiscard]] std::string_view reveal() const noexcept { return text_; }

    [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

  private:
    std::string text_;
};

// Hexadecimal digits that nobody can guess. Throws std::runtime_error where OpenSSL has no
// entropy.
[[nodiscard]] Secret random_hex(std::size_t bytes);

}  // namespace pgauth
