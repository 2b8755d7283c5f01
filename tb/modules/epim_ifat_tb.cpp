// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Fields {start, stop, block, ifrt_base} of random entries.
#include "Vdut.h"
#include "table.hpp"

using namespace bench;

namespace {

void test(Vdut& d) {
  test_table(
      d, P_MaxPatches, {P_WindowW, P_WindowW, P_BlockW, P_IfrtAddrW},
      [&](int entry) { d.patch_i = static_cast<std::uint32_t>(entry); },
      [&](int f) -> std::uint64_t {
        switch (f) {
          case 0:
            return d.start_o;
          case 1:
            return d.stop_o;
          case 2:
            return d.block_o;
          default:
            return d.ifrt_base_o;
        }
      });
}

}  // namespace

int main() { return RUN(test); }
