#include "read_password.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <string>
#include <termios.h>
#include <unistd.h>
#include <utility>

#include "password/password_hash.hpp"

namespace pgauth::tool {

namespace {

constexpr int input = STDIN_FILENO;

// One more than a password can have, so that one that is too long is seen to be.
constexpr std::size_t max_line_bytes = max_password_bytes + 1;

constexpr std::array ending_signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};

// Written by the handler, read behind ppoll().
volatile std::sig_atomic_t caught_signal = 0;

void write_prompt(std::string_view text) {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

// No echo, and a signal that would end the program waits until there is one again.
class Hush {
  public:
    Hush() {
        struct sigaction noting {};

        noting.sa_handler = [](int signal) { caught_signal = signal; };
        sigset_t blocked;
        sigemptyset(&blocked);
        sigaddset(&blocked, SIGTSTP);
        for (std::size_t i = 0; i < ending_signals.size(); ++i) {
            sigaddset(&blocked, ending_signals.at(i));
            sigaction(ending_signals.at(i), &noting, &actions_.at(i));
        }
        pthread_sigmask(SIG_BLOCK, &blocked, &mask_);
        tcgetattr(input, &terminal_);
        termios quiet = terminal_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        tcsetattr(input, TCSAFLUSH, &quiet);
    }

    ~Hush() {
        tcsetattr(input, TCSAFLUSH, &terminal_);
        for (std::size_t i = 0; i < ending_signals.size(); ++i) {
            sigaction(ending_signals.at(i), &actions_.at(i), nullptr);
        }
        pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
        if (caught_signal != 0) {
            // As it would have been.
            [[maybe_unused]] const int raised = std::raise(caught_signal);
        }
    }

    Hush(const Hush&) = delete;
    Hush& operator=(const Hush&) = delete;
    Hush(Hush&&) = delete;
    Hush& operator=(Hush&&) = delete;

    // Whether there is something to read; false where a signal came instead.
    [[nodiscard]] bool wait() const {
        sigset_t waiting = mask_;
        sigaddset(&waiting, SIGTSTP);
        pollfd terminal{input, POLLIN, 0};
        while (ppoll(&terminal, 1, nullptr, &waiting) < 0 && errno == EINTR) {
            if (caught_signal != 0) {
                return false;
            }
        }
        return true;
    }

  private:
    termios terminal_{};
    sigset_t mask_{};
    std::array<struct sigaction, ending_signals.size()> actions_{};
};

// A line and what may follow it, up to the end of the file or `bytes`. A terminal gives a line
// at a time. Not a std::string, which nobody wipes as it grows.
struct Line {
    std::array<char, max_line_bytes + 2> bytes{};
    std::size_t size = 0;

    Line() = default;
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;
    Line(Line&&) = delete;
    Line& operator=(Line&&) = delete;

    ~Line() { explicit_bzero(bytes.data(), bytes.size()); }

    [[nodiscard]] std::string_view text() const { return {bytes.data(), size}; }

    [[nodiscard]] bool add() {
        const auto got = ::read(input, bytes.data() + size, bytes.size() - size);
        size += got > 0 ? static_cast<std::size_t>(got) : 0;
        return got > 0 || (got < 0 && errno == EINTR);
    }
};

tl::unexpected<Error> nothing_came() {
    return fail(ErrorKind::invalid_input,
                "no password came: type one, or give one line on standard input");
}

Result<Secret> ask(std::string_view prompt) {
    Line line;
    {
        const Hush hush;
        write_prompt(prompt);
        while (line.text().find('\n') == std::string_view::npos &&
               line.size < line.bytes.size()) {
            if (!hush.wait() || !line.add()) {
                break;
            }
        }
        write_prompt("\n");
    }
    const std::size_t end = line.text().find('\n');
    if (end == 0 || line.size == 0) {
        return nothing_came();
    }
    return Secret(line.text().substr(0, end));
}

Result<Secret> ask_twice(std::string_view what) {
    auto first = ask(fmt::format("{}: ", what));
    if (!first) {
        return first;
    }
    const auto second = ask(fmt::format("{}, once more: ", what));
    if (!second) {
        return tl::unexpected(second.error());
    }
    if (first->reveal() != second->reveal()) {
        return fail(ErrorKind::invalid_input, "the two passwords are not the same: try again");
    }
    return first;
}

Result<Secret> read_line() {
    Line line;
    while (line.size < line.bytes.size() && line.add()) {
    }
    std::string_view text = line.text();
    if (text.ends_with('\n')) {
        text.remove_suffix(1);
    }
    if (text.empty()) {
        return nothing_came();
    }
    if (text.find('\n') != std::string_view::npos) {
        return fail(ErrorKind::invalid_input,
                    "standard input has more than one line: give the password alone");
    }
    return Secret(text);
}

}  // namespace

Result<Secret> read_password(std::string_view what) {
    return isatty(input) == 1 ? ask_twice(what) : read_line();
}

}  // namespace pgauth::tool
