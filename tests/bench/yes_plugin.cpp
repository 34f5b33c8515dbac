// The least that a plugin with a thread can cost: it says yes to everything, and has a thread
// that does nothing. Mosquitto asks it as it asks every plugin; and with a second thread the
// C library counts and locks what a program with one thread has for itself.

#include <csignal>
#include <linux/close_range.h>
#include <pthread.h>
#include <thread>
#include <unistd.h>

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

namespace {

int say_yes(int /*event*/, void* /*event_data*/, void* /*userdata*/) {
    return MOSQ_ERR_SUCCESS;
}

void start_idle_thread() {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread([] {
        // As each thread of ours does (base/thread.hpp).
        close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_UNSHARE);
        for (;;) {
            pause();
        }
    }).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

int mosquitto_plugin_version(int count, const int* versions) {
    constexpr int ours = 5;
    for (int i = 0; i < count; ++i) {
        if (versions[i] == ours) {
            return ours;
        }
    }
    return -1;
}

int mosquitto_plugin_init(mosquitto_plugin_id_t* id,
                          void** /*userdata*/,
                          mosquitto_opt* /*options*/,
                          int /*count*/) {
    start_idle_thread();
    const int asked =
        mosquitto_callback_register(id, MOSQ_EVT_BASIC_AUTH, say_yes, nullptr, nullptr);
    return asked != MOSQ_ERR_SUCCESS
               ? asked
               : mosquitto_callback_register(id, MOSQ_EVT_ACL_CHECK, say_yes, nullptr, nullptr);
}

int mosquitto_plugin_cleanup(void* /*userdata*/, mosquitto_opt* /*options*/, int /*count*/) {
    return MOSQ_ERR_SUCCESS;
}
