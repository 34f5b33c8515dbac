// run(): plays a scenario's story against the library, and checks every verdict and its reason.
//
// In the place of the broker and of service/: it builds the Replica, keeps the SessionTable,
// and asks Authenticator and Authorizer. It makes no decision of its own.

#pragma once

#include "spec/scenario.hpp"

namespace pgauth::test {

// Fails the Catch test case that it is called in.
void run(const Scenario& scenario);

}  // namespace pgauth::test
