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

  /// The same where codes of imperfect ADCs are added: at most 2^adc_bits - 1 of 2^adc_step levels in each of `reads`.
  function automatic int analog_psum_width(input int reads, input int adc_bits, input int adc_step, input int magnitude_bits,
                                           input int act_bits);
    analog_psum_width = 1 + num_width(reads) + adc_bits + adc_step + magnitude_bits + act_bits;
  endfunction

  /// Bits of an ADC's gain below 1.
  /* verilator lint_off UNUSEDPARAM */
  localparam int AdcGainFraction = 12;
  /// Kinds of memories that can be programmed: numbers of prog_select.
  localparam int ProgKinds = 9;
  /* verilator lint_on UNUSEDPARAM */

  /// One step of the register that makes an ADC's read noise: xorshift, period 2^32 - 1.
  function automatic logic [31:0] noise_step(input logic [31:0] state);
    logic [31:0] x;
    x = state ^ (state << 13);
    x = x ^ (x >> 17);
    noise_step = x ^ (x << 5);
  endfunction

  /// Input steps of an activation: magnitude bits by `dac_bits`, and one for the sign.
  function automatic int step_count(input int act_bits, input bit act_signed, input int dac_bits);
    step_count = act_signed ? ceil_div(act_bits - 1, dac_bits) + 1 : ceil_div(act_bits, dac_bits);
  endfunction

  /// Width of the signed sum of a PE row's activations.
  function automatic int sum_width(input int rows, input int act_bits);
    sum_width = act_bits + 1 + num_width(rows);
  endfunction

  /// Width of a signed product M * (psum + Z * sum).
  function automatic int prod_width(input int psum_w, input bit zero_point, input int zero_bits, input int sum_w,
                                    input int scale_bits);
    prod_width = (zero_point ? max2(psum_w, zero_bits + sum_w) + 1 : psum_w) + scale_bits;
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

  // Simulators take the word-wise form of what hardware wants as logic.
`ifdef VERILATOR
  `define EPIM_WORD_WISE
`endif
`ifdef __ICARUS__
  `define EPIM_WORD_WISE
`endif

  /// The count in the logic that hardware wants, several times slower to simulate and to elaborate. Half of it: ones of rows
  /// 16i..16i+15 at [5*i +: 5]; their sum is left to who calls.
  /// Pairs and fours as logic of at most four inputs, the rest as adders no wider than their sums.
  function automatic logic [19:0] popcount_parts(input logic [63:0] v);
`ifdef EPIM_WORD_WISE
    logic [63:0] a;
    a = v - ((v >> 1) & 64'h5555_5555_5555_5555);
    a = (a & 64'h3333_3333_3333_3333) + ((a >> 2) & 64'h3333_3333_3333_3333);
    a = (a + (a >> 4)) & 64'h0f0f_0f0f_0f0f_0f0f;
    a = a + (a >> 8);
    popcount_parts = {5'(a >> 48), 5'(a >> 32), 5'(a >> 16), 5'(a)};
`undef EPIM_WORD_WISE
`else
    logic [47:0] fours;
    logic [31:0] eights;
    for (int i = 0; i < 16; i++) begin
      // Two pairs, each 0..2: (x1 x0) + (y1 y0), where both bits of a pair are never set.
      fours[3*i]   = (v[4*i] ^ v[4*i+1]) ^ (v[4*i+2] ^ v[4*i+3]);
      fours[3*i+1] = (v[4*i] & v[4*i+1]) ^ (v[4*i+2] & v[4*i+3])
                     ^ ((v[4*i] ^ v[4*i+1]) & (v[4*i+2] ^ v[4*i+3]));
      fours[3*i+2] = v[4*i] & v[4*i+1] & v[4*i+2] & v[4*i+3];
    end
    for (int i = 0; i < 8; i++) eights[4*i +: 4] = {1'b0, fours[6*i +: 3]} + {1'b0, fours[6*i+3 +: 3]};
    for (int i = 0; i < 4; i++) popcount_parts[5*i +: 5] = {1'b0, eights[8*i +: 4]} + {1'b0, eights[8*i+4 +: 4]};
`endif
  endfunction

  /// CRC-32 of one 64-bit word more: polynomial 0x04C11DB7 reflected (0xEDB88320), byte 0 of the word first, bit 0 of a byte
  /// first. From '1 over all words, then inverted: the CRC of IEEE 802.3 and zlib. Bit i of the result is the parity of
  /// the bits of `crc ^ word` that row i of the table names (row 0 in the low bits): 64 steps of the shift register.
  function automatic logic [31:0] crc32_word(input logic [31:0] crc, input logic [63:0] word);
    logic [2047:0] rows;
    logic [63:0]   sum;
    rows = {
      64'h826880EFA40DA72D, 64'hC35CC098760B74BB, 64'hE3C6E0A39F081D70, 64'h71E37051CF840EB8,
      64'hBA9938C743CFA071, 64'hDF241C8C05EA7715, 64'h6F920E4602F53B8A, 64'hB5A187CCA5773AE8,
      64'hD8B84309F6B63A59, 64'h6C5C2184FB5B1D2C, 64'hB446902DD9A029BB, 64'hD84BC8F948DDB3F0,
      64'hEE4D649300637ED5, 64'h7726B2498031BF6A, 64'h3B935924C018DFB5, 64'h1DC9AC92600C6FDA,
      64'h8C8C56A6940B90C0, 64'h46462B534A05C860, 64'h232315A9A502E430, 64'h11918AD4D2817218,
      64'h08C8C56A6940B90C, 64'h046462B534A05C86, 64'h805AB1B53E5D896E, 64'hC245D8353B23639A,
      64'h6122EC1A9D91B1CD, 64'h3091760D4EC8D8E6, 64'h9A203BE90369CB5E, 64'h4D101DF481B4E5AF,
      64'h26880EFA40DA72D7, 64'h1344077D206D396B, 64'h09A203BE90369CB5, 64'h04D101DF481B4E5A
    };
    sum = word ^ {32'd0, crc};
    for (int i = 0; i < 32; i++) crc32_word[i] = ^(sum & rows[i*64 +: 64]);
  endfunction

endpackage
