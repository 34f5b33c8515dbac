// ReplicaFile: the last good copy of the tables on disk, for starting while the database is
// down.
//
//   const ReplicaFile file("/var/lib/mosquitto/pgauth.replica", "mqtt at db.example:5432");
//   file.write(*replica, sessions);             // whole or not at all, mode 0600
//   file.confirm();                             // it is still what the database has
//   const Result<LastGood> last = file.read();  // or why it is refused
//
// The file holds password hashes and says who may do what. It is written beside itself and put
// in place by a rename; it is refused where it is not a plain file of the user that the broker
// runs as, where others may read or write it, and where a byte of it was changed. Its
// modification time says when it was last known to be true, so a copy that is to keep its age
// is made with `cp -p`.
//
// Form: a line with the version, a line with the database that it is of, packed rows each after
// its length (32 bits, little-endian), a length of zero, and the SHA-256 of all that.
//
// The mistake to avoid: calling this on the broker's thread.
// Thread safety: none needed; one owner.

#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "replica/replica.hpp"
#include "replica/settled_session.hpp"

namespace pgauth {

struct LastGood {
    std::shared_ptr<const Replica> replica;
    std::vector<SettledSession> sessions;
    Instant confirmed_at;  // when it was last known to be what the database has
};

class ReplicaFile {
  public:
    // `database` in a line, without a secret: what is of another one is refused.
    ReplicaFile(std::string path, std::string database)
        : path_(std::move(path)), database_(std::move(database)) {}

    // Fails with unavailable where the disk does.
    [[nodiscard]] Result<void> write(const Replica& replica,
                                     std::span<const SettledSession> sessions) const;

    [[nodiscard]] Result<void> confirm() const;

    // None where there is no file. Fails with unusable where it is refused.
    [[nodiscard]] Result<std::optional<LastGood>> read() const;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

  private:
    [[nodiscard]] std::string header() const;

    std::string path_;
    std::string database_;
};

struct ReplicaFileContent {
    LastGood last_good;
    std::string database;  // that it is of, in a line
};

// What a file holds, of whatever database, whoever owns it and can write to it: for people who
// look into one, never for a broker, which would act on it. None where there is no file. Fails
// with unusable where it is no plain file, or was changed since it was written.
[[nodiscard]] Result<std::optional<ReplicaFileContent>> inspect_replica_file(
    const std::string& path);

}  // namespace pgauth
