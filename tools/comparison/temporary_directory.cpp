#include "comparison/temporary_directory.hpp"

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sys/stat.h>
#include <system_error>
#include <utility>

#include "base/quote.hpp"

namespace pgauth::tool {

Result<TemporaryDirectory> TemporaryDirectory::make() {
    const char* const root =
        std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): no threads
    const std::string_view place = root == nullptr ? "" : root;
    std::string path = fmt::format("{}/pgauth-XXXXXX", place.empty() ? "/tmp" : place);
    if (mkdtemp(path.data()) == nullptr) {
        return fail(ErrorKind::unavailable,
                    fmt::format("no temporary directory can be made in {}: set TMPDIR",
                                quote(path.substr(0, path.rfind('/')))));
    }
    return TemporaryDirectory(std::filesystem::absolute(path).string());
}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

TemporaryDirectory::~TemporaryDirectory() {
    if (!path_.empty()) {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
}

std::string TemporaryDirectory::path(std::string_view name) const {
    return fmt::format("{}/{}", path_, name);
}

Result<void> TemporaryDirectory::write(std::string_view name, std::string_view text) const {
    const std::string file = path(name);
    const mode_t before = umask(S_IRWXG | S_IRWXO);
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    umask(before);
    if (!(out << text << std::flush)) {
        return fail(ErrorKind::unavailable, fmt::format("{} cannot be written", quote(file)));
    }
    return {};
}

}  // namespace pgauth::tool
