#include "sync/replica_feed.hpp"

#include <algorithm>
#include <exception>
#include <fmt/format.h>
#include <random>
#include <utility>

#include "base/thread.hpp"
#include "store/disconnects.hpp"
#include "store/pg_connection.hpp"

namespace pgauth {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr milliseconds shortest_backoff{250};
constexpr milliseconds longest_backoff{10'000};
constexpr seconds report_interval{60};

// Up to a fifth more, so that many brokers do not come back in step.
milliseconds with_jitter(milliseconds delay) {
    static thread_local std::minstd_rand random{std::random_device{}()};
    return delay + milliseconds(std::uniform_int_distribution<milliseconds::rep>(
                       0, delay.count() / 5)(random));
}

}  // namespace

ReplicaFeed::ReplicaFeed(DatabaseOptions options)
    : options_(std::move(options)),
      backoff_(shortest_backoff),
      thread_(start_thread("pgauth-sync", [this] { run(); })) {}

ReplicaFeed::~ReplicaFeed() {
    stop();
    thread_.join();
}

void ReplicaFeed::stop() noexcept {
    stopped_.store(true);
    interrupt_.raise();
}

std::shared_ptr<const Replica> ReplicaFeed::current() const {
    const std::lock_guard lock(mutex_);
    return current_;
}

std::optional<SteadyInstant> ReplicaFeed::confirmed_at() const {
    const std::lock_guard lock(mutex_);
    return confirmed_at_;
}

bool ReplicaFeed::wait_for_first_load(milliseconds timeout) const {
    std::unique_lock lock(mutex_);
    return first_load_.wait_for(lock, timeout, [this] { return current_ != nullptr; });
}

void ReplicaFeed::run() {
    for (;;) {
        Error error = follow_until_error();
        if (was_interrupted(milliseconds(0))) {
            return;
        }
        report_lost(error);
        free_retired();
        if (was_interrupted(with_jitter(backoff_))) {
            return;
        }
        backoff_ = std::min(2 * backoff_, longest_backoff);
    }
}

bool ReplicaFeed::was_interrupted(milliseconds within) const {
    return interrupt_.wait(Interrupt::no_socket, Interrupt::Event::readable, within) ==
           Interrupt::Outcome::raised;
}

Error ReplicaFeed::follow_until_error() {
    try {
        return follow();
    } catch (const std::exception& problem) {
        return {ErrorKind::unavailable, problem.what()};
    }
}

// Connects and keeps the Replica true until something fails.
Error ReplicaFeed::follow() {
    auto connection = PgConnection::open(options_, interrupt_);
    if (!connection) {
        return connection.error();
    }
    if (const auto good = check_schema_version(*connection); !good) {
        return good.error();
    }
    // A hot standby refuses to listen: there the polling below is what there is.
    bool standby = false;
    auto done =
        connection->query("SELECT pg_is_in_recovery()", {}, [&](const PgConnection::Row& row) {
            standby = row[0] == "t";
        });
    if (done && !standby) {
        done = connection->execute("LISTEN mqtt_auth");
    }
    if (!done) {
        return done.error();
    }
    // Whatever was followed before may have been another server.
    auto position = load(*connection);
    while (position) {
        backoff_ = shortest_backoff;
        report_connected(*connection);
        free_retired();
        const auto notified = connection->wait_for_notification(options_.poll_interval);
        const auto changed = notified ? has_changed(*connection, *position) : notified;
        if (!changed) {
            return changed.error();
        }
        if (*changed) {
            const FeedPosition before = *std::move(position);
            position = load(*connection);
            if (position) {
                done = append_disconnects(*connection, before, *position);
                if (!done) {
                    return done.error();
                }
            }
        } else {
            confirm();
        }
    }
    return position.error();
}

Result<void> ReplicaFeed::append_disconnects(PgConnection& connection,
                                             const FeedPosition& before,
                                             FeedPosition& after) {
    auto rows = read_disconnects(connection, before, after);
    if (!rows) {
        return tl::unexpected(rows.error());
    }
    Changes changes;
    for (DisconnectRow& row : *rows) {
        Disconnect& disconnect = changes.disconnects.emplace_back();
        (row.kind == "disconnect_client" ? disconnect.username : disconnect.group_name) =
            std::move(row.key);
    }
    if (!changes.disconnects.empty()) {
        journal_.append(std::move(changes));
    }
    return {};
}

Result<FeedPosition> ReplicaFeed::load(PgConnection& connection) {
    auto loaded = load_replica(connection);
    if (!loaded) {
        return tl::unexpected(loaded.error());
    }
    report_defects(*loaded->replica);
    publish(std::move(loaded->replica));
    return std::move(loaded->position);
}

void ReplicaFeed::publish(std::shared_ptr<const Replica> replica) {
    const std::uint64_t generation = replica->generation();
    {
        const std::lock_guard lock(mutex_);
        current_.swap(replica);
        confirmed_at_ = steady_clock::now();
    }
    generation_.store(generation, std::memory_order_release);
    journal_.append({.everything = true});
    first_load_.notify_all();
    if (replica != nullptr) {
        retired_.push_back(std::move(replica));
    }
}

void ReplicaFeed::confirm() {
    const std::lock_guard lock(mutex_);
    confirmed_at_ = steady_clock::now();
}

// A Replica is held by whoever asked for current(), and nobody can get a retired one any more.
void ReplicaFeed::free_retired() {
    std::erase_if(retired_, [](const auto& replica) { return replica.use_count() == 1; });
}

void ReplicaFeed::report_defects(const Replica& replica) {
    const std::set<std::string> defects(replica.defects().begin(), replica.defects().end());
    for (const std::string& defect : defects) {
        if (!reported_defects_.contains(defect)) {
            log_.log(LogLevel::error, "database: " + defect);
        }
    }
    reported_defects_ = defects;
}

void ReplicaFeed::report_lost(const Error& error) {
    const auto now = steady_clock::now();
    const bool just_lost = !lost_since_;
    lost_since_ = lost_since_.value_or(now);
    if (!just_lost && now - *lost_reported_at_ < report_interval) {
        return;
    }
    lost_reported_at_ = now;
    const bool loaded = generation() != 0;
    log_.log(LogLevel::warning,
             fmt::format("database: {} (for {} s); {}, trying again",
                         error.message,
                         duration_cast<seconds>(now - *lost_since_).count(),
                         loaded ? "decisions go on from the replica"
                                : "nobody can log in until the tables have been loaded"));
}

void ReplicaFeed::report_connected(const PgConnection& connection) {
    if (!lost_since_ && connected_before_) {
        return;
    }
    const auto replica = current();
    log_.log(LogLevel::notice,
             fmt::format("database: {} {}: {} clients, {} groups",
                         connected_before_ ? "connected again to" : "connected to",
                         connection.server(),
                         replica->client_count(),
                         replica->group_count()));
    connected_before_ = true;
    lost_since_.reset();
}

}  // namespace pgauth
