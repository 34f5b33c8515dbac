#include "service/in_force.hpp"

#include <utility>

namespace pgauth {

InForce::InForce(SharedState& shared, std::vector<PluginOption> plugin_options, Options options)
    : shared_(shared),
      reloader_(std::move(plugin_options)),
      writer_(shared.realm(options.database).writer()),
      feed_(shared.realm(options.database).feed()),
      options_(std::make_shared<const Options>(std::move(options))),
      cursor_(feed_->journal().now()) {}

View InForce::view() const {
    const std::lock_guard lock(mutex_);
    return {feed_->current(), feed_->confirmed_at(), options_};
}

void InForce::write(SecretSwap swap) {
    std::shared_ptr<SecretWriter> writer;
    {
        const std::lock_guard lock(mutex_);
        writer = writer_;
    }
    writer->add(std::move(swap));
}

bool InForce::take_up_options(LogQueue& log) {
    auto reloaded = reloader_.take();
    if (!reloaded) {
        return false;
    }
    Result<Options>& options = *reloaded;
    if (!options) {
        log.log(LogLevel::error,
                options.error().message + ": the running configuration stays in force");
        return false;
    }
    if (*options == *options_) {
        log.log(LogLevel::notice, "configuration read again: nothing has changed");
        return false;
    }
    const bool other_database = options->database != options_->database;
    next_feed_ = other_database ? shared_.realm(options->database).feed() : next_feed_;
    {
        const std::lock_guard lock(mutex_);
        options_ = std::make_shared<const Options>(*std::move(options));
    }
    return true;
}

bool InForce::take_up_database() {
    if (next_feed_ == nullptr || next_feed_->generation() == 0) {
        return false;
    }
    std::shared_ptr<ReplicaFeed> feed = std::exchange(next_feed_, nullptr);
    std::shared_ptr<SecretWriter> writer = shared_.realm(feed->options()).writer();
    {
        const std::lock_guard lock(mutex_);
        feed_.swap(feed);
        writer_.swap(writer);
    }
    cursor_ = feed_->journal().now();
    if (feed.use_count() == 1) {
        feed->stop();
    }
    left_feeds_.push_back(std::move(feed));
    if (writer.use_count() == 1) {
        writer->stop();
    }
    left_writers_.push_back(std::move(writer));
    return true;
}

std::optional<Changes> InForce::take_changes() {
    return feed_->journal().has_more(cursor_) ? std::optional(feed_->journal().read(cursor_))
                                              : std::nullopt;
}

void InForce::take_replica() {
    const std::uint64_t generation = replica_ == nullptr ? 0 : replica_->generation();
    if (feed_->generation() != generation) {
        replica_ = feed_->current();
    }
}

void InForce::drain_log(const std::function<void(LogLevel, const std::string&)>& write) {
    feed_->log().drain(write);
    writer_->log().drain(write);
    if (next_feed_ != nullptr) {
        next_feed_->log().drain(write);
    }
}

}  // namespace pgauth
