// Counted: a value that counts who holds it. Ref: one who does.
//
//   const Ref<const PackedRows> rows = PackedRows::of(bytes);     // 8 bytes, unlike
//   shared_ptr's 16 Ref<const PackedRows> also = rows;                            // an atomic
//   increment
//
// A replica of a million clients holds millions of these: the count lies in the value, so that
// a reference is one pointer and a value one allocation.
//
// The mistake to avoid: changing what another one holds. is_only() says whether that is so, and
// stays true while nobody else can get at this Ref.
// Thread safety: as std::shared_ptr: the count is atomic, a Ref is not.

#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace pgauth {

class Counted {
  public:
    Counted() = default;
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    Counted(Counted&&) = delete;
    Counted& operator=(Counted&&) = delete;

    void retain() const noexcept { holders_.fetch_add(1, std::memory_order_relaxed); }

    // True where nobody holds it any more.
    [[nodiscard]] bool release() const noexcept {
        return holders_.fetch_sub(1, std::memory_order_acq_rel) == 1;
    }

    [[nodiscard]] bool is_held_once() const noexcept {
        return holders_.load(std::memory_order_acquire) == 1;
    }

  protected:
    ~Counted() = default;

  private:
    mutable std::atomic<std::uint32_t> holders_{0};
};

// REQUIRES: T has destroy(T*), a static function that frees one.
// Assignment is by value, for copies and moves alike.
template <typename T>
class Ref {  // NOLINT(cppcoreguidelines-special-member-functions): see above
  public:
    Ref() = default;

    explicit Ref(T* value) noexcept : value_(value) {
        if (value_ != nullptr) {
            value_->retain();
        }
    }

    Ref(const Ref& other) noexcept : Ref(other.value_) {}

    Ref(Ref&& other) noexcept : value_(std::exchange(other.value_, nullptr)) {}

    Ref& operator=(Ref other) noexcept {
        std::swap(value_, other.value_);
        return *this;
    }

    ~Ref() {
        if (value_ != nullptr && value_->release()) {
            T::destroy(value_);
        }
    }

    [[nodiscard]] T* get() const noexcept { return value_; }

    T& operator*() const noexcept { return *value_; }

    T* operator->() const noexcept { return value_; }

    [[nodiscard]] bool is_only() const noexcept {
        return value_ != nullptr && value_->is_held_once();
    }

    // The reference itself, no longer counted here.
    [[nodiscard]] T* leave() noexcept { return std::exchange(value_, nullptr); }

    // Takes over what leave() gave.
    [[nodiscard]] static Ref adopt(T* value) noexcept {
        Ref ref;
        ref.value_ = value;
        return ref;
    }

    friend bool operator==(const Ref& one, const Ref& other) noexcept {
        return one.value_ == other.value_;
    }

    friend bool operator==(const Ref& ref, std::nullptr_t) noexcept {
        return ref.value_ == nullptr;
    }

  private:
    T* value_ = nullptr;
};

}  // namespace pgauth
