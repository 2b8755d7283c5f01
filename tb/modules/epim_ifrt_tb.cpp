// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Fields {group, pe_row, used} of random entries.
#include "Vdut.h"
#include "table.hpp"

using namespace bench;

namespace {

void test(Vdut& d) {
  test_table(
      d, P_Depth, {P_GroupW, P_PeRowW, 1}, [&](int entry) { d.addr_i = static_cast<std::uint32_t>(entry); },
      [&](int f) -> std::uint64_t {
        switch (f) {
          case 0:
            return d.group_o;
          case 1:
            return d.pe_row_o;
          default:
            return d.used_o;
        }
      });
}

}  // namespace

int main() { return RUN(test); }
