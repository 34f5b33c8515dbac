// TemporaryDirectory: a directory that nobody else can look into, gone with all that is in it
// when the object goes.
//
//   Result<TemporaryDirectory> directory = TemporaryDirectory::make();
//   directory->write("acl", text);               // mode 0600
//   directory->path("acl")                       // /tmp/pgauth-a8Kx2Z/acl
//
// It lies under TMPDIR, or /tmp.
// Thread safety: none needed.

#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace pgauth::tool {

class TemporaryDirectory {
  public:
    [[nodiscard]] static Result<TemporaryDirectory> make();

    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    TemporaryDirectory(TemporaryDirectory&& other) noexcept;
    TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
    ~TemporaryDirectory();

    [[nodiscard]] std::string path(std::string_view name) const;

    // Fails with unavailable where the disk does.
    [[nodiscard]] Result<void> write(std::string_view name, std::string_view text) const;

  private:
    explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}

    std::string path_;  // empty: moved from
};

}  // namespace pgauth::tool
