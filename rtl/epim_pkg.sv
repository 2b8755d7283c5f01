// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Constant functions that every block derives its widths from, and the population count of a row chunk.
package epim_pkg;

  /// Bits of an index 0..n-1, at least 1.
  function automatic int idx_width(input int n);
    idx_width = (n <= 2) ? 1 : $clog2(n);
  endfunction

  /// Bits of an unsigned number 0..n.
  function automatic int num_width(input int n);
    num_width = (n < 2) ? 1 : $clog2(n + 1);
  endfunction

  function automatic int max2(input int a, input int b);
    max2 = (a > b) ? a : b;
  endfunction

  function automatic int ceil_div(input int a, input int b);
    ceil_div = (a + b - 1) / b;
  endfunction

  /// Width of a signed psum: |psum| <= rows * (2^magnitude_bits - 1) * (2^act_bits - 1).
  function automatic int psum_width(input int rows, input int magnitude_bits, input int act_bits);
    psum_width = 1 + num_width(rows) + magnitude_bits + act_bits;
  endfunction

  /// Number of ones in a chunk of 64 rows, by adding neighbours. No `$countones`: Verilator's is a division, and
  /// in a four-state simulator it takes X for zero, which would hide an unknown word line.
  /// The last sum is a multiplication where that is faster, an adder tree where hardware is made of it.
  function automatic logic [6:0] popcount64(input logic [63:0] v);
    logic [63:0] a;
    a = v - ((v >> 1) & 64'h5555_5555_5555_5555);
    a = (a & 64'h3333_3333_3333_3333) + ((a >> 2) & 64'h3333_3333_3333_3333);
    a = (a + (a >> 4)) & 64'h0f0f_0f0f_0f0f_0f0f;
`ifdef VERILATOR
    a = (a * 64'h0101_0101_0101_0101) >> 56;
`else
    a = a + (a >> 8);
    a = a + (a >> 16);
    a = a + (a >> 32);
`endif
    popcount64 = 7'(a);
  endfunction

endpackage
