#include "base/thread.hpp"

#include <csignal>
#include <ctime>
#include <pthread.h>
#include <sys/resource.h>
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

std::thread start_thread(std::string name, Priority priority, std::function<void()> body) {
    const AllSignalsBlocked blocked;
    return std::thread([name = std::move(name), priority, body = std::move(body)] {
        pthread_setname_np(pthread_self(), name.c_str());
        if (priority == Priority::lowest) {
            constexpr int nice = 19;
            // On Linux each thread has its own; 0 is the calling one.
            setpriority(PRIO_PROCESS, 0, nice);
        }
        body();
    });
}

std::thread start_thread(std::string name, std::function<void()> body) {
    return start_thread(std::move(name), Priority::normal, std::move(body));
}

std::chrono::duration<double> processor_time() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace pgauth
