#include <algorithm>
#include <elf.h>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace {

// The dynamic symbols that a library defines.
class SharedLibrary {
  public:
    explicit SharedLibrary(const std::string& path) {
        bytes_.resize(std::filesystem::file_size(path));
        std::ifstream(path, std::ios::binary)
            .read(bytes_.data(), static_cast<std::streamsize>(bytes_.size()));
    }

    [[nodiscard]] std::set<std::string> defined_symbols() const {
        std::set<std::string> names;
        const auto header = at<Elf64_Ehdr>(0);
        for (unsigned i = 0; i < header.e_shnum; ++i) {
            const auto section = at<Elf64_Shdr>(header.e_shoff + i * sizeof(Elf64_Shdr));
            if (section.sh_type != SHT_DYNSYM) {
                continue;
            }
            const auto strings =
                at<Elf64_Shdr>(header.e_shoff + section.sh_link * sizeof(Elf64_Shdr));
            for (std::size_t j = 0; j < section.sh_size / sizeof(Elf64_Sym); ++j) {
                const auto symbol = at<Elf64_Sym>(section.sh_offset + j * sizeof(Elf64_Sym));
                if (symbol.st_shndx != SHN_UNDEF) {
                    names.insert(&bytes_.at(strings.sh_offset + symbol.st_name));
                }
            }
        }
        return names;
    }

  private:
    template <typename Part>
    [[nodiscard]] Part at(std::size_t offset) const {
        Part part;
        const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(offset);
        REQUIRE(offset + sizeof part <= bytes_.size());
        std::copy_n(begin, sizeof part, reinterpret_cast<char*>(&part));
        return part;
    }

    std::vector<char> bytes_;
};

}  // namespace

TEST_CASE("the library exports the three names that the broker looks up, and no other",
          "[plugin]") {
    CHECK(SharedLibrary(PGAUTH_PLUGIN_PATH).defined_symbols() ==
          std::set<std::string>{
              "mosquitto_plugin_version", "mosquitto_plugin_init", "mosquitto_plugin_cleanup"});
}
