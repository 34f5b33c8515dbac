// ConfigReloader: reads the configuration again, on a thread of its own, since files can be
// slow.
//
//   reloader.request();                                  // SIGHUP
//   if (auto options = reloader.take()) …                // on a later tick: new options, or
//   why not
//
// Thread safety: request() and take() from one thread.

#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "config/load_options.hpp"
#include "config/options.hpp"

namespace pgauth {

class ConfigReloader {
  public:
    explicit ConfigReloader(std::vector<PluginOption> options)
        : plugin_options_(std::move(options)) {}

    ~ConfigReloader();
    ConfigReloader(const ConfigReloader&) = delete;
    ConfigReloader& operator=(const ConfigReloader&) = delete;
    ConfigReloader(ConfigReloader&&) = delete;
    ConfigReloader& operator=(ConfigReloader&&) = delete;

    // A request while the files are being read makes them be read once more.
    void request();

    // What the last reading gave, once.
    [[nodiscard]] std::optional<Result<Options>> take();

  private:
    void run();

    const std::vector<PluginOption> plugin_options_;
    std::mutex mutex_;  // guards the next three; never held during I/O
    bool running_ = false;
    bool requested_ = false;
    std::optional<Result<Options>> outcome_;
    std::atomic<bool> has_outcome_{false};  // whether taking is worth the lock
    std::thread thread_;
};

}  // namespace pgauth
