// Failure: why a load could not be made or did not arrive, in one line that says what to do or
// where to look.
//
//   throw Failure(fmt::format("the broker does not let `{}` in: reason code {}", client_id,
//   code));
//
// Caught in main() alone, which prints it. Thread safety: a value.

#pragma once

#include <stdexcept>

namespace pgauth::load {

class Failure : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace pgauth::load
