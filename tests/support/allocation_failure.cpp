#include "support/allocation_failure.hpp"

#include <cstdlib>
#include <new>

namespace {

// Allocations until the one that fails; none fails at 0.
thread_local std::size_t left = 0;
thread_local bool has_failed = false;

}  // namespace

// All forms but the aligned ones, since the sanitizers bring forms of their own for the others.
// NOLINTBEGIN(cppcoreguidelines-owning-memory,cppcoreguidelines-no-malloc): this is the
// allocator
void* operator new(std::size_t size) {
    if (left > 0 && --left == 0) {
        has_failed = true;
        throw std::bad_alloc();
    }
    void* const memory = std::malloc(size > 0 ? size : 1);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    return memory;
}

void* operator new[](std::size_t size) {
    return operator new(size);
}

void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
    try {
        return operator new(size);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept {
    return operator new(size, tag);
}

void operator delete(void* memory) noexcept {
    std::free(memory);
}

void operator delete[](void* memory) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}

void operator delete[](void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}

void operator delete(void* memory, const std::nothrow_t& /*tag*/) noexcept {
    std::free(memory);
}

void operator delete[](void* memory, const std::nothrow_t& /*tag*/) noexcept {
    std::free(memory);
}

// NOLINTEND(cppcoreguidelines-owning-memory,cppcoreguidelines-no-malloc)

namespace pgauth::testing {

AllocationFailure::AllocationFailure(std::size_t nth) {
    left = nth;
    has_failed = false;
}

AllocationFailure::~AllocationFailure() {
    left = 0;
}

// NOLINTNEXTLINE(readability-convert-member-functions-to-static): of this failure
bool AllocationFailure::happened() const noexcept {
    return has_failed;
}

AllocationsSucceed::AllocationsSucceed() : left_(left) {
    left = 0;
}

AllocationsSucceed::~AllocationsSucceed() {
    left = left_;
}

}  // namespace pgauth::testing
