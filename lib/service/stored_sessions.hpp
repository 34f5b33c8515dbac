// StoredSessions: durable sessions across a restart of the broker, by way of the replica file.
//
//   stored.note(session, *replica, feed->keeper());             // opened just now
//   const Session* session = stored.find(check, authorizer, feed->keeper());
//
// The broker keeps the subscriptions and the queue of a durable session, and asks after a
// restart whom it may queue messages for; but such a session logs in only when its client is
// back. What it was settled on is read from the replica file, and put into the table of
// sessions when the broker first asks about it.
//
// The mistake to avoid: find() for a connection that is there. It has a session, or none.
// Thread safety: none; for the broker's thread.

#pragma once

#include "authz/authorizer.hpp"
#include "authz/session_table.hpp"
#include "service/shared_state.hpp"
#include "sync/replica_keeper.hpp"

namespace pgauth {

class StoredSessions {
  public:
    StoredSessions(Realm& realm, SessionTable& sessions) : realm_(realm), sessions_(sessions) {}

    // `keeper` null, here and below: there is no replica file.
    void note(const Session& session, const Replica& replica, ReplicaKeeper* keeper);

    // Null where the file knows of none with this client id and username.
    [[nodiscard]] const Session* find(const AccessCheck& check,
                                      Authorizer& authorizer,
                                      ReplicaKeeper* keeper);

  private:
    [[nodiscard]] RestoredSessions* restored(ReplicaKeeper* keeper);

    Realm& realm_;
    SessionTable& sessions_;
};

}  // namespace pgauth
