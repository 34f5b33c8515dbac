// Catch2 under either of its names: v2 (Debian 12) is one header, v3 many.

#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
