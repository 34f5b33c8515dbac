// TemporaryFile: a file that goes with its object.
//
//   const TemporaryFile file("database: {connection: 'host=/tmp'}\n");
//   LoadedPlugin plugin({{"config", file.path()}});
//
// Thread safety: none.

#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>

namespace pgauth::testing {

class TemporaryFile {
  public:
    explicit TemporaryFile(std::string_view text)
        : path_((std::filesystem::temp_directory_path() / "pgauth-test-XXXXXX").string()) {
        close(mkstemp(path_.data()));
        write(text);
    }

    ~TemporaryFile() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }

    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    TemporaryFile(TemporaryFile&&) = delete;
    TemporaryFile& operator=(TemporaryFile&&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    // All at once: whoever reads it meanwhile sees the old text or the new.
    void write(std::string_view text) const {
        const std::string draft = path_ + ".new";
        std::ofstream(draft, std::ios::binary) << text;
        std::filesystem::rename(draft, path_);
    }

  private:
    std::string path_;
};

}  // namespace pgauth::testing
