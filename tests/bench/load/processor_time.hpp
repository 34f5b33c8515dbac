// How much processor time a process has used, as the kernel counts it, in seconds.
//
//   const double before = processor_seconds(process);
//
// Of all its threads; those that have ended meanwhile are not in it.
// Thread safety: reads /proc.

#pragma once

namespace pgauth::load {

// Throws Failure where there is no such process.
[[nodiscard]] double processor_seconds(int process);

}  // namespace pgauth::load
