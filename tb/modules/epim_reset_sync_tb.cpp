// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Reset falls at once, without a clock; rises with the last of `Stages` rising edges; short glitches start over.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

void test(Vdut& d) {
  d.clk_i = 0;
  d.rst_ni = 1;
  d.eval();
  for (int round = 0; round < 200; ++round) {
    d.clk_i = static_cast<unsigned>(pick(0, 1));
    d.eval();
    d.rst_ni = 0;
    d.eval();
    CHECK_EQ(d.rst_no, 0);
    d.clk_i = 0;
    d.eval();
    for (int i = static_cast<int>(pick(0, 3)); i > 0; --i) {
      tick(d);
      CHECK_EQ(d.rst_no, 0);
    }
    d.rst_ni = 1;
    d.eval();
    CHECK_EQ(d.rst_no, 0);
    const int edges = static_cast<int>(pick(0, 2 * P_Stages));
    for (int i = 1; i <= edges; ++i) {
      d.clk_i = 1;
      d.eval();
      CHECK_EQ(d.rst_no, i >= P_Stages);
      d.clk_i = 0;
      d.eval();
      CHECK_EQ(d.rst_no, i >= P_Stages);
    }
  }
}

}  // namespace

int main() { return RUN(test); }
