// UnaskedConnections: what is known of connections that the broker lets in without a login.
//
//   unasked.note_pre_shared_key(connection, "press-7");      // the TLS-PSK handshake
//   if (unasked.has_pre_shared_key(connection, username)) …  // its first check
//   unasked.refuse(connection, client_id);                   // … was not in its favour
//   unasked.end(connection, had_session);                    // disconnected
//
// After a TLS-PSK handshake, and on listeners that take the username from the certificate, the
// broker asks about rights only. Such a connection is judged at its first check; what came of
// it is kept here, so that it is judged, and logged, once.
//
// The mistake to avoid: trusting the address of a connection longer than the connection:
// begin() and end() forget what was known of it. Thread safety: none; for the broker's thread.

#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pgauth {

class UnaskedConnections {
  public:
    // Of connections that ended without a session, so many are remembered for their wills.
    static constexpr std::size_t max_strangers = 500;

    // There is no end of them where nobody takes them.
    static constexpr std::size_t max_newly_refused = 1000;

    // A connection starts anew at this address.
    void begin(const void* connection);

    // Another connection than the one that ended here asks for something.
    void forget_stranger(const void* connection);

    // The handshake asked for the key of this identity.
    void note_pre_shared_key(const void* connection, std::string_view identity);
    [[nodiscard]] bool has_pre_shared_key(const void* connection,
                                          std::string_view username) const;

    void refuse(const void* connection, std::string_view client_id);
    [[nodiscard]] bool is_refused(const void* connection, std::string_view client_id) const;

    // Whether anything is known of it: a key, or that it was refused.
    [[nodiscard]] bool knows(const void* connection) const;

    void end(const void* connection, bool had_session);

    // Whether this connection has ended without ever having had a session. Its will is
    // nobody's, also where it took the client id and the username of a session that is away.
    [[nodiscard]] bool is_stranger(const void* connection) const;

    // What this connection publishes next, before anybody else does anything, is its will.
    void expect_will(const void* connection) noexcept { expects_will_ = connection; }

    // True once, for the connection whose will is expected. Ends the expectation.
    [[nodiscard]] bool take_expected_will(const void* connection) noexcept;

    // Those that were refused since the last call.
    [[nodiscard]] std::vector<const void*> take_refused();

    // The client id of one that was refused and is still there; none otherwise.
    [[nodiscard]] std::optional<std::string> refused_client_id(const void* connection) const;

  private:
    std::unordered_map<const void*, std::string> identities_;  // whose pre-shared key it has
    std::unordered_map<const void*, std::string> refused_;     // and its client id
    std::vector<const void*> newly_refused_;
    std::deque<const void*> strangers_;
    const void* expects_will_ = nullptr;
};

}  // namespace pgauth
