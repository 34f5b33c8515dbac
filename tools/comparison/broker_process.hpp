// BrokerProcess: a Mosquitto of our own, which nobody but us can connect to.
//
//   auto broker = BrokerProcess::start({.program = "mosquitto", .name = "old",
//                                       .settings = "acl_file …\n"}, directory);
//   client.connect(broker->socket(), …)
//
// It listens on a socket in the temporary directory and nowhere else, keeps nothing, and ends
// with the object; also where this process is killed.
//
// The mistake to avoid: destroying the directory first.
// Thread safety: none needed.

#pragma once

#include <string>
#include <sys/types.h>

#include "base/result.hpp"
#include "comparison/temporary_directory.hpp"

namespace pgauth::tool {

// A path as it is, a name looked up in PATH and in the directories of the system's own
// programs. Fails where there is none.
[[nodiscard]] Result<std::string> find_program(const std::string& name);

class BrokerProcess {
  public:
    struct Start {
        std::string program;   // its path
        std::string name;      // for errors and file names: `old`
        std::string settings;  // lines of mosquitto.conf: everything but the listener
    };

    // Returns once it can be connected to. Fails with what its log says where it ends, and
    // where it is not there in time.
    [[nodiscard]] static Result<BrokerProcess> start(const Start& start,
                                                     const TemporaryDirectory& directory);

    BrokerProcess(const BrokerProcess&) = delete;
    BrokerProcess& operator=(const BrokerProcess&) = delete;
    BrokerProcess(BrokerProcess&& other) noexcept;
    BrokerProcess& operator=(BrokerProcess&&) = delete;
    ~BrokerProcess();

    [[nodiscard]] const std::string& socket() const noexcept { return socket_; }

  private:
    BrokerProcess(pid_t process, int descriptor, std::string socket)
        : process_(process), descriptor_(descriptor), socket_(std::move(socket)) {}

    [[nodiscard]] Result<void> wait_until_it_listens(const std::string& name,
                                                     const std::string& log_file) const;

    pid_t process_;   // 0: moved from
    int descriptor_;  // of the process
    std::string socket_;
};

}  // namespace pgauth::tool
