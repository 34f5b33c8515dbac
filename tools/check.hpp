// The parts of pgauth check; check.cpp puts them together.
//
//   check_listeners(conf, options, findings);     // mosquitto.conf
//   check_database(options, findings);            // connection, TLS, schema, rights, rules
//   check_replica_file(options, broker_user, findings);
//
// Thread safety: none needed.

#pragma once

#include <optional>
#include <string>

#include "config/options.hpp"
#include "finding.hpp"
#include "mosquitto_conf.hpp"

namespace pgauth::tool {

void check_listeners(const MosquittoConf& conf, const Options& options, Findings& findings);

void check_database(const Options& options, Findings& findings);

// `broker_user`: whom the broker runs as; none: not known.
void check_replica_file(const Options& options,
                        const std::optional<std::string>& broker_user,
                        Findings& findings);

}  // namespace pgauth::tool
