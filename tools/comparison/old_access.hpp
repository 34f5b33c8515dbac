// OldAccess: what Mosquitto's own files hold that a comparison must know of: who there is, and
// which topics are spoken of. And the copies that the old broker is run with.
//
//   Result<OldAccess> old = read_old_access({.password_file = "/etc/mosquitto/passwd", …});
//   old->topics["press-7"]                // as they are spelled: `plant/%u/#`
//   write_old_files(files, stand_in, supervisor, directory)
//
// It decides nothing: that is the old broker's business. Nor does it share code with the
// sources of an import, so that what one of them overlooks is asked about here.
//
// The mistake to avoid: writing to the old files.
// Standard: mosquitto.conf(5), mosquitto_passwd(1); dynamic-security-config of 2.0 and 2.1.
// Thread safety: none needed.

#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "comparison/stand_in.hpp"
#include "comparison/temporary_directory.hpp"

namespace pgauth::tool {

// Paths; empty: not given.
struct OldFiles {
    std::string password_file;
    std::string acl_file;
    std::string dynamic_security;
};

struct OldAccess {
    std::set<std::string> usernames;
    std::map<std::string, std::string> client_ids;           // that a client must have
    std::map<std::string, std::vector<std::string>> topics;  // of one client
    std::vector<std::string> common_topics;                  // of all, or of whoever it may be
    // That of clients without a username, as the Plan calls it; empty: they do not get in.
    std::string anonymous_group;
};

// Fails with invalid_input where a file cannot be read.
[[nodiscard]] Result<OldAccess> read_old_access(const OldFiles& files);

// A client of our own that may do everything, so that there is something to receive.
struct Supervisor {
    std::string username;
    std::vector<std::string> filters;  // that cover all topics of the questions
};

// Writes copies with the stand-in in the place of passwords, and with the supervisor. Gives the
// lines of mosquitto.conf that name them.
// `dynamic_security_plugin`: the path of Mosquitto's own.
[[nodiscard]] Result<std::string> write_old_files(const OldFiles& files,
                                                  const OldAccess& old,
                                                  const StandIn& stand_in,
                                                  const Supervisor& supervisor,
                                                  const std::string& dynamic_security_plugin,
                                                  const TemporaryDirectory& directory);

}  // namespace pgauth::tool
