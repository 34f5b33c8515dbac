#include "comparison/broker_process.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <string_view>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "base/quote.hpp"
#include "comparison/interruption.hpp"

namespace pgauth::tool {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// With a hundred thousand clients Mosquitto takes its time over its files.
constexpr std::chrono::seconds most_for_a_start{300};
constexpr std::size_t longest_socket_path = sizeof(sockaddr_un::sun_path) - 1;

// `user root`: the directory is ours alone, and Mosquitto would give root up before it reads
// its files. Nothing is kept, and nothing is lost because it is much.
constexpr std::string_view common_settings =
    "user {user}\n"
    "persistence false\n"
    "log_dest stderr\n"
    "log_type error\n"
    "log_type warning\n"
    "log_timestamp false\n"
    "max_inflight_messages 1000\n"
    "max_queued_messages 100000\n";

std::string settings_of(const BrokerProcess::Start& start, const std::string& socket) {
    return fmt::format(fmt::runtime(common_settings),
                       fmt::arg("user", geteuid() == 0 ? "root" : "mosquitto")) +
           start.settings + fmt::format("listener 0 {}\n", socket);
}

// True where the process ends within that time.
bool ends_within(int descriptor, milliseconds time) {
    pollfd process{.fd = descriptor, .events = POLLIN, .revents = 0};
    return poll(&process, 1, static_cast<int>(time.count())) == 1;
}

// glibc 2.36 has a pidfd_open() that C++ cannot link.
int descriptor_of(pid_t process) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): Linux
    return static_cast<int>(syscall(SYS_pidfd_open, process, 0));
}

bool can_be_connected_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(static_cast<char*>(address.sun_path), longest_socket_path);
    const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool connected =
        descriptor >= 0 &&
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): as POSIX has it
        connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    if (descriptor >= 0) {
        close(descriptor);
    }
    return connected;
}

// What it complained of: the first error, or else the last line.
std::string complaint_in(const std::string& log_file) {
    std::ifstream log(log_file);
    std::string last = "it said nothing";
    for (std::string line; std::getline(log, line);) {
        if (!line.empty()) {
            last = line;
        }
        if (line.find("rror") != std::string::npos) {
            break;
        }
    }
    return quote(last, 500);
}

// Between fork and exec: only what a signal handler may call.
[[noreturn]] void become(const char* program, const char* conf, int log, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // NOLINT(cppcoreguidelines-pro-type-vararg): Linux
    const int nothing = open("/dev/null", O_RDONLY);  // NOLINT(*-pro-type-vararg): POSIX
    if (getppid() == parent && nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
        dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0) {
        // Ctrl-C is for us: a broker that ends by itself looks like one that failed.
        setpgid(0, 0);
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): POSIX
        execl(program, program, "-c", conf, static_cast<const char*>(nullptr));
    }
    constexpr std::string_view failed = "Error: it cannot be run\n";
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, failed.data(), failed.size());
    _exit(127);
}

}  // namespace

Result<std::string> find_program(const std::string& name) {
    const bool is_path = name.find('/') != std::string::npos;
    const char* const path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): no threads
    std::istringstream places(
        fmt::format("{}:/usr/sbin:/usr/local/sbin", path == nullptr ? "" : path));
    std::string found = is_path ? name : "";
    for (std::string place; found.empty() && std::getline(places, place, ':');) {
        const std::string candidate = fmt::format("{}/{}", place, name);
        if (!place.empty() && access(candidate.c_str(), X_OK) == 0) {
            found = candidate;
        }
    }
    if (found.empty() || access(found.c_str(), X_OK) != 0) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("there is no broker {}: install mosquitto, or name one with "
                                "--mosquitto",
                                quote(name)));
    }
    return found;
}

Result<BrokerProcess> BrokerProcess::start(const Start& start,
                                           const TemporaryDirectory& directory) {
    const std::string socket = directory.path(start.name + ".socket");
    if (socket.size() > longest_socket_path) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("TMPDIR: {} is too long for the path of a socket: name a "
                                "shorter one",
                                quote(socket)));
    }
    const std::string conf = directory.path(start.name + ".conf");
    const std::string log_file = directory.path(start.name + ".log");
    const auto written =
        directory.write(start.name + ".conf", settings_of(start, socket)).and_then([&] {
            return directory.write(start.name + ".log", "");
        });
    if (!written) {
        return tl::unexpected(written.error());
    }
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): POSIX
    const int log = open(log_file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    const pid_t parent = getpid();
    const pid_t process = fork();
    if (process == 0) {
        become(start.program.c_str(), conf.c_str(), log, parent);
    }
    close(log);
    if (process < 0) {
        return fail(ErrorKind::unavailable, "no process can be started");
    }
    BrokerProcess broker(process, descriptor_of(process), socket);
    const auto listens = broker.wait_until_it_listens(start.name, log_file);
    if (!listens) {
        return tl::unexpected(listens.error());
    }
    return broker;
}

BrokerProcess::BrokerProcess(BrokerProcess&& other) noexcept
    : process_(std::exchange(other.process_, 0)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      socket_(std::move(other.socket_)) {}

// Mosquitto forgets a signal that comes after it has begun to listen and before it is in its
// loop: it is sent again.
BrokerProcess::~BrokerProcess() {
    if (process_ == 0) {
        return;
    }
    constexpr int attempts = 20;
    constexpr milliseconds patience{500};
    bool ended = ends_within(descriptor_, milliseconds(0));
    for (int attempt = 0; attempt < attempts && !ended; ++attempt) {
        kill(process_, SIGTERM);
        ended = ends_within(descriptor_, patience);
    }
    if (!ended) {
        kill(process_, SIGKILL);
    }
    while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
    close(descriptor_);
}

Result<void> BrokerProcess::wait_until_it_listens(const std::string& name,
                                                  const std::string& log_file) const {
    constexpr milliseconds pause{5};
    const auto deadline = steady_clock::now() + most_for_a_start;
    while (!can_be_connected_to(socket_)) {
        if (Interruption::is_wanted()) {
            return interrupted();
        }
        const bool ended = ends_within(descriptor_, pause);
        if (ended || steady_clock::now() > deadline) {
            return fail(ErrorKind::unusable,
                        fmt::format("the {} broker {}: {}",
                                    name,
                                    ended ? "does not start" : "does not listen in time",
                                    complaint_in(log_file)));
        }
    }
    return {};
}

}  // namespace pgauth::tool
