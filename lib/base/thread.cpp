#include "base/thread.hpp"

#include <csignal>
#include <pthread.h>
#include <utility>

namespace pgauth {

std::thread start_thread(std::string name, std::function<void()> body) {
    // A new thread inherits the mask of its maker.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);

    const struct Restore {
        const sigset_t& mask;

        ~Restore() { pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
    } restore{before};

    return std::thread([name = std::move(name), body = std::move(body)] {
        pthread_setname_np(pthread_self(), name.c_str());
        body();
    });
}

}  // namespace pgauth
