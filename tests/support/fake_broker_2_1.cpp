// What makes the fake broker one of version 2.1: that it has these functions.

#include <mosquitto.h>
#include <mosquitto_broker.h>

#include "support/fake_broker.hpp"

extern "C" int mosquitto_plugin_set_info(mosquitto_plugin_id_t* id,
                                         const char* name,
                                         const char* version);

extern "C" int mosquitto_plugin_set_info(mosquitto_plugin_id_t* id,
                                         const char* name,
                                         const char* version) {
    return id != nullptr && name != nullptr && version != nullptr ? MOSQ_ERR_SUCCESS
                                                                  : MOSQ_ERR_INVAL;
}

extern "C" void mosquitto_complete_basic_auth(const char* client_id, int result);

extern "C" void mosquitto_complete_basic_auth(const char* client_id, int result) {
    pgauth::testing::complete_waiting(client_id, result);
}
