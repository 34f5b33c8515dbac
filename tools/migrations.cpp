#include "migrations.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>

#include "base/quote.hpp"

namespace pgauth::tool {

namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> refuse(const fs::path& path, std::string_view problem) {
    return fail(ErrorKind::invalid_input,
                fmt::format("migration {}: {}", quote(path.filename().string()), problem));
}

// Of `0002_what_it_does.sql`.
std::optional<int> version_in(const std::string& name) {
    constexpr std::size_t digits = 4;
    const std::string number = name.substr(0, digits);
    const bool fits = name.size() > digits + 1 && name[digits] == '_' &&
                      number.find_first_not_of("0123456789") == std::string::npos;
    return fits ? std::optional(std::stoi(number)) : std::nullopt;
}

// What a file must not hold, if it does: a line that psql alone understands, or that would end
// the transaction. (`END;` ends a function's body as well.)
std::optional<std::string> flaw_in(const std::string& statements) {
    constexpr std::array<std::string_view, 5> endings{
        "begin;", "commit;", "rollback;", "start transaction;", "commit and chain;"};
    std::istringstream lines(statements);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        std::transform(line.begin(), line.end(), line.begin(), [](unsigned char letter) {
            return static_cast<char>(std::tolower(letter));
        });
        const std::size_t begin = line.find_first_not_of(" \t");
        const std::string_view text = begin == std::string::npos
                                          ? std::string_view()
                                          : std::string_view(line).substr(begin);
        if (text.starts_with('\\')) {
            return fmt::format("line {} is a command of psql: use SQL alone", number);
        }
        if (std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) {
                return text.starts_with(ending);
            })) {
            return fmt::format("line {} begins or ends a transaction: leave that to pgauth",
                               number);
        }
    }
    return std::nullopt;
}

Result<Migration> read_migration(const fs::path& path) {
    const std::optional<int> version = version_in(path.filename().string());
    if (!version) {
        return refuse(path, "not a name of one: use 0002_what_it_does.sql");
    }
    std::ifstream file(path, std::ios::binary);
    const std::string statements(std::istreambuf_iterator<char>(file), {});
    if (!file) {
        return refuse(path, "cannot be read");
    }
    if (const auto flaw = flaw_in(statements)) {
        return refuse(path, *flaw);
    }
    return Migration{*version, path.filename().string(), statements};
}

}  // namespace

Result<std::vector<Migration>> read_migrations(const fs::path& folder) {
    std::error_code error;
    std::vector<fs::path> files;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        if (entry->path().extension() == ".sql") {
            files.push_back(entry->path());
        }
    }
    if (error) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("migrations {}: {}: name their folder with --migrations",
                                quote(folder.string()),
                                error.message()));
    }
    std::sort(files.begin(), files.end());
    std::vector<Migration> migrations;
    for (const fs::path& file : files) {
        auto migration = read_migration(file);
        if (!migration) {
            return tl::unexpected(migration.error());
        }
        const int expected = static_cast<int>(migrations.size()) + 2;
        if (migration->version != expected) {
            return refuse(file, fmt::format("its number is not the next one, {:04}", expected));
        }
        migrations.push_back(*std::move(migration));
    }
    return migrations;
}

fs::path schema_folder() {
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    const fs::path folder = program.parent_path();
    const std::array candidates{
        folder.parent_path() / "share/mosquitto-pgauth/schema",
        folder.parent_path().parent_path().parent_path() / "schema",  // build/release/tools
    };
    for (const fs::path& candidate : candidates) {
        if (fs::exists(candidate / "mqtt_auth.sql", error)) {
            return candidate;
        }
    }
    return {};
}

}  // namespace pgauth::tool
