#include "base/thread.hpp"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <functional>
#include <linux/close_range.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>
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

// The standard ones and `descriptors`, each once, the last one first.
std::vector<int> kept_with(std::vector<int> descriptors) {
    descriptors.insert(descriptors.end(), {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO});
    std::sort(descriptors.begin(), descriptors.end(), std::greater<>());
    descriptors.erase(std::unique(descriptors.begin(), descriptors.end()), descriptors.end());
    return descriptors;
}

// REQUIRES: `kept` is what kept_with() gives.
void leave_descriptors_but(const std::vector<int>& kept) {
    // All above the last one that is kept: the others are then copied alone.
    auto above = ~0U;
    int how = CLOSE_RANGE_UNSHARE;
    for (const int descriptor : kept) {
        const auto first = static_cast<unsigned>(descriptor) + 1;
        // Where there is no table of our own, what follows would be the broker's.
        if (first <= above && close_range(first, above, how) != 0) {
            return;
        }
        how = 0;
        above = static_cast<unsigned>(descriptor) - 1;
    }
}

}  // namespace

std::thread start_thread(std::string name, ThreadNeeds needs, std::function<void()> body) {
    const AllSignalsBlocked blocked;
    // Here, where somebody hears of it if there is no memory.
    return std::thread([name = std::move(name),
                        kept = kept_with(std::move(needs.descriptors)),
                        priority = needs.priority,
                        body = std::move(body)] {
        pthread_setname_np(pthread_self(), name.c_str());
        if constexpr (own_descriptors) {
            leave_descriptors_but(kept);
        }
        if (priority == Priority::lowest) {
            constexpr int nice = 19;
            // On Linux each thread has its own; 0 is the calling one.
            setpriority(PRIO_PROCESS, 0, nice);
        }
        body();
    });
}

std::chrono::duration<double> processor_time() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace pgauth
