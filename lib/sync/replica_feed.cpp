#include "sync/replica_feed.hpp"

#include <algorithm>
#include <exception>
#include <fmt/format.h>
#include <malloc.h>
#include <random>
#include <utility>

#include "base/thread.hpp"
#include "store/connection_parameters.hpp"
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
constexpr seconds progress_interval{5};

// Up to a fifth more, so that many brokers do not come back in step.
milliseconds with_jitter(milliseconds delay) {
    static thread_local std::minstd_rand random{std::random_device{}()};
    return delay + milliseconds(std::uniform_int_distribution<milliseconds::rep>(
                       0, delay.count() / 5)(random));
}

Changes changes_between(const Replica* before,
                        const Replica& after,
                        std::vector<std::string> clients) {
    Changes changes;
    changes.rules = before == nullptr || before->rules_generation() != after.rules_generation();
    changes.clients = std::move(clients);
    return changes;
}

std::vector<Disconnect> disconnects_of(
    const std::vector<std::pair<std::string, std::string>>& orders) {
    std::vector<Disconnect> disconnects;
    for (const auto& [kind, key] : orders) {
        Disconnect& disconnect = disconnects.emplace_back();
        (kind == "disconnect_client" ? disconnect.username : disconnect.group_name) = key;
    }
    return disconnects;
}

// A replica that was read beside the one before leaves as much free memory behind, which the
// C library would keep for this thread.
void return_free_memory() {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

}  // namespace

ReplicaFeed::ReplicaFeed(DatabaseOptions options)
    : options_(std::move(options)),
      backoff_(shortest_backoff),
      thread_(start_thread(
          "pgauth-sync", {.descriptors = {interrupt_.descriptor()}}, [this] { run(); })) {
    if (!options_.replica_file.empty()) {
        keeper_.emplace(ReplicaFile(options_.replica_file, describe_database(options_)),
                        static_cast<ReplicaKeeper::Source&>(*this),
                        log_);
    }
}

ReplicaFeed::~ReplicaFeed() {
    stop();
    thread_.join();
    keeper_.reset();
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

std::shared_ptr<const Replica> ReplicaFeed::loaded() const {
    const std::lock_guard lock(mutex_);
    return is_loaded_ ? current_ : nullptr;
}

bool ReplicaFeed::is_loading() const {
    constexpr seconds lately{1};
    return steady_clock::now() - rows_came_at_.load() < lately;
}

void ReplicaFeed::offer(std::shared_ptr<const Replica> replica, SteadyInstant confirmed_at) {
    const std::uint64_t generation = replica->generation();
    const std::lock_guard lock(mutex_);
    if (current_ == nullptr) {
        current_ = std::move(replica);
        confirmed_at_ = confirmed_at;
        generation_.store(generation, std::memory_order_release);
        journal_.append({.everything = true});
        first_load_.notify_all();
    }
}

void ReplicaFeed::run() {
    for (;;) {
        Error error = follow_until_error();
        if (was_interrupted(milliseconds(0))) {
            return;
        }
        has_failed_.store(true);
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
    for (;;) {
        // Whatever was followed before may have been another server.
        if (auto loaded = load(*connection); !loaded) {
            return loaded.error();
        }
        backoff_ = shortest_backoff;
        report_connected(*connection);
        for (bool read_afresh = false; !read_afresh;) {
            free_retired();
            // What was replaced as a whole takes long to free: when nobody waits for that.
            constexpr milliseconds soon{200};
            const auto notified = connection->wait_for_notification(
                read_afresh_ ? std::min(soon, options_.poll_interval) : options_.poll_interval);
            const auto updated = notified ? update(*connection) : notified;
            if (!updated) {
                return updated.error();
            }
            read_afresh = !*updated;
        }
    }
}

// A hot standby refuses to listen: there polling is what there is.
Result<void> ReplicaFeed::listen(PgConnection& connection) {
    bool standby = false;
    auto done =
        connection.query("SELECT pg_is_in_recovery()", {}, [&](const PgConnection::Row& row) {
            standby = row[0] == "t";
        });
    return done && !standby ? connection.execute("LISTEN mqtt_auth") : done;
}

Result<void> ReplicaFeed::load(PgConnection& connection) {
    auto done = check_schema_version(connection);
    if (done) {
        done = listen(connection);
    }
    if (!done) {
        return done;
    }
    const auto began_at = steady_clock::now();
    auto said_at = began_at;
    const auto say_how_far = [&](std::string_view view, std::size_t rows) {
        const auto now = steady_clock::now();
        rows_came_at_.store(now);
        if (now - said_at >= progress_interval) {
            said_at = now;
            log_.log(LogLevel::notice,
                     fmt::format("database: loading for {} s: {} rows of {} so far",
                                 duration_cast<seconds>(now - began_at).count(),
                                 rows,
                                 view));
        }
    };
    const auto before = current();
    auto loaded =
        load_replica(connection, before.get(), position_ ? &*position_ : nullptr, say_how_far);
    if (!loaded) {
        return tl::unexpected(loaded.error());
    }
    position_ = std::move(loaded->position);
    report_defects(*loaded->replica);
    Changes changes =
        changes_between(before.get(), *loaded->replica, std::move(loaded->clients));
    changes.everything = before == nullptr;
    changes.disconnects = disconnects_of(loaded->orders);
    publish(std::move(loaded->replica), began_at);
    journal_.append(std::move(changes));
    read_afresh_ = true;
    replaced_ = before;
    return {};
}

// False where everything must be read afresh.
Result<bool> ReplicaFeed::update(PgConnection& connection) {
    const auto began_at = steady_clock::now();
    auto update = load_update(connection, *position_, *current());
    if (!update) {
        return tl::unexpected(update.error());
    }
    if (update->read_afresh) {
        return false;
    }
    if (update->settings) {
        if (auto good = check_schema_version(connection); !good) {
            return tl::unexpected(good.error());
        }
    }
    position_ = std::move(update->position);
    Changes changes;
    const bool is_other = update->replica != nullptr;
    if (is_other) {
        report_defects(*update->replica);
        changes =
            changes_between(current().get(), *update->replica, std::move(update->clients));
        publish(std::move(update->replica), began_at);
    } else {
        confirm(began_at);
    }
    changes.disconnects = disconnects_of(update->orders);
    if (is_other || !changes.disconnects.empty()) {
        journal_.append(std::move(changes));
    }
    return true;
}

void ReplicaFeed::publish(std::shared_ptr<const Replica> replica, SteadyInstant as_of) {
    const std::uint64_t generation = replica->generation();
    {
        const std::lock_guard lock(mutex_);
        current_.swap(replica);
        is_loaded_ = true;
        confirmed_at_ = as_of;
    }
    generation_.store(generation, std::memory_order_release);
    first_load_.notify_all();
    if (replica != nullptr) {
        retired_.push_back(std::move(replica));
    }
}

void ReplicaFeed::confirm(SteadyInstant as_of) {
    const std::lock_guard lock(mutex_);
    confirmed_at_ = as_of;
}

// A Replica is held by whoever asked for current(), and nobody can get a retired one any more.
void ReplicaFeed::free_retired() {
    std::erase_if(retired_, [](const auto& replica) { return replica.use_count() == 1; });
    if (read_afresh_ && replaced_.expired()) {
        read_afresh_ = false;
        return_free_memory();
    }
}

void ReplicaFeed::report_defects(const Replica& replica) {
    const std::vector<std::string> lines = replica.defects();
    const std::set<std::string> defects(lines.begin(), lines.end());
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
