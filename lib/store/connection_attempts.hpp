// Which servers to try, one after the other: the lists of hosts in a connection string, taken
// apart.
//
//   for (const ConnectionAttempt& attempt : connection_attempts(*parameters))
//       // connect with attempt.parameters; give up after attempt.timeout
//
// libpq goes on to the next host only when one fails. It leaves time-outs to whoever polls a
// connection, and then there is no way to tell it to go on: a host that accepts and never
// answers would hide all that come after it. So each attempt names one host, with its own time.
//
// Unlike libpq, the next host is also tried where one refuses the password. A host name with
// several addresses stays one attempt.
// Standard: PostgreSQL 15, "Specifying Multiple Hosts" (libpq, 34.1.1.3).
// Thread safety: pure, but for the PG* environment variables that it reads.

#pragma once

#include <chrono>
#include <vector>

#include "store/connection_parameters.hpp"

namespace pgauth {

struct ConnectionAttempt {
    ConnectionParameters parameters;
    std::chrono::seconds timeout;  // connect_timeout; 1 s to longest_connect_timeout
};

// Where connect_timeout is longer, unlimited (0) or nonsense. Each host has it to itself.
inline constexpr std::chrono::seconds longest_connect_timeout{10};

// In the order of the lists, or any order where `load_balance_hosts` says so. With
// `target_session_attrs=prefer-standby` all are tried twice, first as standbys. What cannot be
// taken apart (lists of different lengths, hosts from a service file) is left to libpq, as one
// attempt: never empty.
[[nodiscard]] std::vector<ConnectionAttempt> connection_attempts(
    const ConnectionParameters& parameters);

}  // namespace pgauth
