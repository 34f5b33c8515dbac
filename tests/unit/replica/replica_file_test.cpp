#include "replica/replica_file.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "replica/replica_builder.hpp"
#include "support/catch.hpp"
#include "support/tables.hpp"

using namespace pgauth;
using pgauth::test::Tables;

namespace {

namespace fs = std::filesystem;

// A folder of its own, gone with it.
class Folder {
  public:
    Folder() {
        std::string name = fs::temp_directory_path() / "pgauth-replica-XXXXXX";
        if (mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("no folder for the test");
        }
        path_ = name;
    }

    ~Folder() { fs::remove_all(path_); }

    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    Folder(Folder&&) = delete;
    Folder& operator=(Folder&&) = delete;

    [[nodiscard]] std::string file() const { return path_ / "replica"; }

    [[nodiscard]] std::size_t file_count() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
    }

  private:
    fs::path path_;
};

std::shared_ptr<const Replica> plant() {
    return Tables()
        .group("presses", "1")
        .group("operators", "2")
        .client_with_password("press-7", "sesame")
        .client({.username = "press-8", .attributes = R"({"line": 2})"})
        .member("presses", "press-7")
        .acl({.group_name = "presses", .topic = "plant/%u/#"})
        .acl({.username = "press-7", .topic = "own"})
        .acl({.group_name = "operators", .effect = "deny", .topic = "a/#/nonsense"})
        .rule({.name = "all", .username = "*", .groups = R"(["operators"])"})
        .revoked("SHA256:" + std::string(64, 'b'))
        .load();
}

std::vector<SettledSession> sessions_of(const Replica& replica) {
    return {{"a", "press-7", {Method::password}, {"1", "2"}, replica.find_rows("press-7")},
            {"b", std::nullopt, {}, {"2"}, {}}};
}

std::string reason(const ReplicaFile& file) {
    const auto read = file.read();
    REQUIRE_FALSE(read);
    CHECK(read.error().kind == ErrorKind::unusable);
    CHECK(read.error().message.find('\n') == std::string::npos);
    return read.error().message;
}

std::string bytes_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void overwrite(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a replica file gives back the replica and the sessions", "[replica]") {
    const Folder folder;
    const ReplicaFile file(folder.file(), "mqtt at db.example:5432");
    const auto replica = plant();
    CHECK(file.read().value() == std::nullopt);
    REQUIRE(file.write(*replica, sessions_of(*replica)));
    const auto last = file.read();
    REQUIRE(last);
    REQUIRE(*last);
    ReplicaBuilder again;
    (*last)->replica->for_each_rows([&](const PackedRows& rows) { again.add(rows); });
    CHECK(again.share_with(*replica).empty());
    const auto same = std::move(again).build();
    CHECK(same->groups_generation() == replica->groups_generation());
    CHECK(same->rules_generation() == replica->rules_generation());
    // What makes no sense still denies.
    CHECK((*last)->replica->find_group("2")->entries.size() == 1);
    CHECK((*last)->replica->is_revoked("SHA256:" + std::string(64, 'b')));
    const auto& sessions = (*last)->sessions;
    REQUIRE(sessions.size() == 2);
    CHECK(sessions[0].client_id == "a");
    CHECK(sessions[0].username == "press-7");
    CHECK(sessions[0].methods == MethodSet{Method::password});
    CHECK(sessions[0].groups == std::vector<GroupId>{"1", "2"});
    CHECK(sessions[0].client->bytes() == replica->find_rows("press-7")->bytes());
    CHECK(sessions[1].client_id == "b");
    CHECK_FALSE(sessions[1].username);
    CHECK(sessions[1].client == nullptr);
    const auto age = std::chrono::system_clock::now() - (*last)->confirmed_at;
    CHECK(age < std::chrono::minutes(10));
}

TEST_CASE("a replica file is private, and nothing is left beside it", "[replica]") {
    const Folder folder;
    const ReplicaFile file(folder.file(), "mqtt");
    overwrite(folder.file() + ".new", "of a broker that was killed");
    REQUIRE(file.write(*plant(), {}));
    REQUIRE(file.write(*plant(), {}));

    struct stat status {};

    REQUIRE(stat(folder.file().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);
    CHECK(folder.file_count() == 1);
}

TEST_CASE("what cannot be written leaves the file as it was", "[replica]") {
    const Folder folder;
    const ReplicaFile nowhere(folder.file() + "/no/such/folder", "mqtt");
    const auto written = nowhere.write(*plant(), {});
    REQUIRE_FALSE(written);
    CHECK(written.error().kind == ErrorKind::unavailable);
    CHECK(contains(written.error().message, "No such file or directory"));
}

TEST_CASE("a replica file that was cut short or changed at any byte is refused", "[replica]") {
    const Folder folder;
    const ReplicaFile file(folder.file(), "mqtt");
    REQUIRE(file.write(*Tables().client({.username = "press-7"}).load(), {}));
    const std::string good = bytes_of(folder.file());
    for (std::size_t i = 0; i < good.size(); ++i) {
        INFO(i);
        overwrite(folder.file(), good.substr(0, i));
        CHECK(contains(reason(file), " is not used: "));
        std::string changed = good;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        overwrite(folder.file(), changed);
        CHECK(contains(reason(file), " is not used: "));
    }
    overwrite(folder.file(), good + "x");
    CHECK(contains(reason(file), "cut short or changed"));
    overwrite(folder.file(), good);
    CHECK(file.read());
}

TEST_CASE("a replica file that others can get at, or that is not ours, is refused",
          "[replica]") {
    const Folder folder;
    const ReplicaFile file(folder.file(), "mqtt");
    REQUIRE(file.write(*plant(), {}));
    for (const mode_t mode : {0640U, 0620U, 0604U, 0602U, 0644U, 0666U}) {
        INFO(mode);
        REQUIRE(chmod(folder.file().c_str(), mode) == 0);
        CHECK(contains(reason(file), "use mode 0600"));
    }
    REQUIRE(chmod(folder.file().c_str(), 0600) == 0);
    CHECK(file.read());
    SECTION("of another database") {
        CHECK(contains(reason(ReplicaFile(folder.file(), "other")), "of another database"));
        CHECK(contains(reason(ReplicaFile(folder.file(), "mqt")), "of another database"));
    }
    SECTION("a symbolic link") {
        fs::create_symlink(folder.file(), folder.file() + ".link");
        CHECK(contains(reason(ReplicaFile(folder.file() + ".link", "mqtt")), "symbolic link"));
    }
    SECTION("a folder") {
        fs::create_directory(folder.file() + ".folder");
        CHECK(
            contains(reason(ReplicaFile(folder.file() + ".folder", "mqtt")), "no plain file"));
    }
    SECTION("another user's") {
        if (geteuid() != 0) {
            WARN("not checked: only root may give files away");
            return;
        }
        constexpr uid_t nobody = 65534;
        REQUIRE(chown(folder.file().c_str(), nobody, nobody) == 0);
        CHECK(contains(reason(file), "another user's"));
    }
}

TEST_CASE("a replica file remembers when it was last known to be true", "[replica]") {
    const Folder folder;
    const ReplicaFile file(folder.file(), "mqtt");
    REQUIRE(file.write(*plant(), {}));
    const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(48);
    fs::last_write_time(folder.file(), long_ago);
    using std::chrono::system_clock;
    CHECK(system_clock::now() - file.read().value()->confirmed_at > std::chrono::hours(47));
    REQUIRE(file.confirm());
    CHECK(system_clock::now() - file.read().value()->confirmed_at < std::chrono::hours(1));
}
