// What makes the fake broker one of version 2.1: that it has this function.

#include <mosquitto.h>
#include <mosquitto_broker.h>

extern "C" int mosquitto_plugin_set_info(mosquitto_plugin_id_t* id,
                                         const char* name,
                                         const char* version);

extern "C" int mosquitto_plugin_set_info(mosquitto_plugin_id_t* id,
                                         const char* name,
                                         const char* version) {
    return id != nullptr && name != nullptr && version != nullptr ? MOSQ_ERR_SUCCESS
                                                                  : MOSQ_ERR_INVAL;
}
