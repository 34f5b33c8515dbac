// AllocationFailure: memory that runs out at a chosen moment, on this thread.
//
//   {
//       const AllocationFailure failure(3);     // the third allocation from here throws
//       result = plugin.log_in(client, "sesame");
//   }
//
// It replaces the operator new of the whole process, the plugin's included.
// Thread safety: each thread has its own.

#pragma once

#include <cstddef>

namespace pgauth::testing {

class AllocationFailure {
  public:
    // REQUIRES: no other one on this thread. 0: none fails.
    explicit AllocationFailure(std::size_t nth);
    ~AllocationFailure();

    AllocationFailure(const AllocationFailure&) = delete;
    AllocationFailure& operator=(const AllocationFailure&) = delete;
    AllocationFailure(AllocationFailure&&) = delete;
    AllocationFailure& operator=(AllocationFailure&&) = delete;

    // Whether it came to that.
    [[nodiscard]] bool happened() const noexcept;
};

// While there is one, nothing fails and nothing is counted.
class AllocationsSucceed {
  public:
    AllocationsSucceed();
    ~AllocationsSucceed();

    AllocationsSucceed(const AllocationsSucceed&) = delete;
    AllocationsSucceed& operator=(const AllocationsSucceed&) = delete;
    AllocationsSucceed(AllocationsSucceed&&) = delete;
    AllocationsSucceed& operator=(AllocationsSucceed&&) = delete;

  private:
    std::size_t left_;
};

}  // namespace pgauth::testing
