#include "base/thread.hpp"

#include <csignal>
#include <pthread.h>
#include <utility>

namespace pgauth {

namespace {

// While it lives, the thread takes no signals; nor do those that it starts, for good.
class AllSignalsBlocked {
  public:
    AllSignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }

    ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

    AllSignalsBlocked(const AllSignalsBlocked&) = delete;
    AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;
    AllSignalsBlocked(AllSignalsBlocked&&) = delete;
    AllSignalsBlocked& operator=(AllSignalsBlocked&&) = delete;

  private:
    sigset_t before_{};
};

}  // namespace

std::thread start_thread(std::string name, std::function<void()> body) {
    const AllSignalsBlocked blocked;
    return std::thread([name = std::move(name), body = std::move(body)] {
        pthread_setname_np(pthread_self(), name.c_str());
        body();
    });
}

}  // namespace pgauth
