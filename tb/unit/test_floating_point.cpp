// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Results must not depend on the processor that epim was compiled for.
#include <cmath>

#include <catch2/catch.hpp>

namespace {

/// Optimised as the generator and the golden model are: below -O2 g++ never fuses.
__attribute__((noinline, optimize("O2"))) double multiply_subtract(double a, double b, double c) { return a * b - c; }

}  // namespace

// With fused multiplication and addition, which -march=native would allow, the product of (1+e) and (1-e) is not rounded:
// -e*e would be left instead of 0.
TEST_CASE("no multiplication is fused with an addition", "[build]") {
  const double e = 0x1p-30;
  CHECK(std::fma(1 + e, 1 - e, -1.0) == -0x1p-60);
  CHECK(multiply_subtract(1 + e, 1 - e, 1.0) == 0.0);
}
