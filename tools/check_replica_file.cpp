// The replica file: would a broker that starts without its database use it?

#include <chrono>
#include <fmt/format.h>
#include <pwd.h>
#include <string>
#include <sys/stat.h>

#include "base/quote.hpp"
#include "check.hpp"
#include "replica/replica_file.hpp"
#include "store/connection_parameters.hpp"

namespace pgauth::tool {

namespace {

std::string name_of(uid_t user) {
    const passwd* const entry = getpwuid(user);  // NOLINT(concurrency-mt-unsafe): one thread
    return entry == nullptr ? std::to_string(user) : entry->pw_name;
}

std::string age_of(std::chrono::system_clock::duration age) {
    using namespace std::chrono;
    const auto whole = duration_cast<seconds>(age).count();
    return whole < 600     ? fmt::format("{} s", whole)
           : whole < 36000 ? fmt::format("{} min", whole / 60)
                           : fmt::format("{} h", whole / 3600);
}

// The rules by which the broker refuses it (replica_file.hpp).
void check_owner_and_mode(const std::string& place,
                          const struct stat& file,
                          const std::optional<std::string>& broker_user,
                          Findings& findings) {
    const std::string owner = name_of(file.st_uid);
    if (broker_user && owner != *broker_user) {
        findings.error(place,
                       fmt::format("it belongs to {}, and the broker runs as {}",
                                   quote(owner),
                                   quote(*broker_user)),
                       fmt::format("chown {}", *broker_user));
    } else {
        findings.ok(place, fmt::format("belongs to {}", quote(owner)));
    }
    if ((file.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        findings.error(place,
                       fmt::format("its mode is {:04o}: others may read password hashes in it, "
                                   "or write it, so the broker refuses it",
                                   file.st_mode & 07777U),
                       "chmod 0600");
    } else {
        findings.ok(place, "others may neither read nor write it");
    }
}

void check_content(const std::string& place,
                   const Options& options,
                   const ReplicaFileContent& content,
                   Findings& findings) {
    const std::string expected = describe_database(options.database);
    if (content.database != expected) {
        findings.error(place,
                       fmt::format("it is of another database, {}, than database.connection "
                                   "names, {}, so the broker refuses it",
                                   content.database,
                                   expected),
                       "remove it: a running broker writes a new one");
    }
    const auto age = std::chrono::system_clock::now() - content.last_good.confirmed_at;
    const std::string facts =
        fmt::format("whole: {} clients, {} sessions, last known to be true {} ago",
                    content.last_good.replica->client_count(),
                    content.last_good.sessions.size(),
                    age_of(age));
    if (options.authn.max_age && age > *options.authn.max_age) {
        findings.warning(place,
                         facts + ", longer than replica.max_age",
                         "a broker that starts from it lets nobody in: is one running?");
    } else {
        findings.ok(place, facts);
    }
}

}  // namespace

void check_replica_file(const Options& options,
                        const std::optional<std::string>& broker_user,
                        Findings& findings) {
    const std::string& path = options.database.replica_file;
    if (path.empty()) {
        findings.ok(
            "replica.file",
            "none: a broker that starts while the database is down turns everyone away");
        return;
    }
    const std::string place = "replica file " + quote(path);

    struct stat file {};

    const bool is_there = lstat(path.c_str(), &file) == 0;
    const auto content = inspect_replica_file(path);
    if (!content) {
        findings.error(place,
                       content.error().message,
                       "run pgauth as the broker's user or root, or remove the file: a running "
                       "broker writes a new one");
        return;
    }
    if (!is_there || !*content) {
        findings.warning(place,
                         "not there yet",
                         "start the broker once with its database; it must be able to write to "
                         "that folder");
        return;
    }
    check_owner_and_mode(place, file, broker_user, findings);
    check_content(place, options, **content, findings);
}

}  // namespace pgauth::tool
