// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Column steps of all lanes of random entries, by patch and column step.
#include "Vdut.h"
#include "table.hpp"

using namespace bench;

namespace {

void test(Vdut& d) {
  const int width = index_bits(P_CSteps);
  test_table(
      d, P_MaxPatches * P_CSteps, std::vector<int>(P_Adcs, width),
      [&](int entry) {
        d.patch_i = static_cast<std::uint32_t>(entry / P_CSteps);
        d.cstep_i = static_cast<std::uint32_t>(entry % P_CSteps);
      },
      [&](int lane) -> std::uint64_t { return get(d.csteps_o, lane * width, width); });
}

}  // namespace

int main() { return RUN(test); }
