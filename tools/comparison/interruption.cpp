#include "comparison/interruption.hpp"

namespace pgauth::tool {

namespace {

// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a signal handler's
volatile std::sig_atomic_t wanted = 0;

extern "C" void want_interruption(int /*signal*/) {
    wanted = 1;
}

}  // namespace

Interruption::Interruption() {
    wanted = 0;
    for (std::size_t index = 0; index < signals.size(); ++index) {
        struct sigaction action {};

        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-union-access): as POSIX has it
        action.sa_handler = signals.at(index) == SIGPIPE ? SIG_IGN : want_interruption;
        sigaction(signals.at(index), &action, &before_.at(index));
    }
}

Interruption::~Interruption() {
    for (std::size_t index = 0; index < signals.size(); ++index) {
        sigaction(signals.at(index), &before_.at(index), nullptr);
    }
}

bool Interruption::is_wanted() noexcept {
    return wanted != 0;
}

tl::unexpected<Error> interrupted() {
    return fail(ErrorKind::unavailable, "interrupted: nothing was compared or written");
}

}  // namespace pgauth::tool
