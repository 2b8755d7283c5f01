// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Built-in self-test of a core with ROM tables: after reset one frame of pseudo-random words goes through the layer in
/// the ROMs, the output is compacted into a signature of 32 bits and compared. Nothing is offered during reset; what is
/// offered when the test fails stays until it is taken, also after `active_o` has fallen.
///
/// Words: x(0) = 1, x(n+1) = x(n)/2 over GF(2) with polynomial `LfsrTaps`; bit b of word n is bit
/// (b + 13*floor(b/32)) mod 32 of x(n). Signature: s(0) = ~0, s(n+1) = step(s(n)) ^ (last, word): the right-shift
/// step of CRC-32 (polynomial 0xEDB88320) by one bit, XOR the word folded into 32 bits, XOR tlast at bit 31.
module epim_bist #(
  /// Bits of an input word.
  parameter int InW = 40,
  /// Bits of an output word.
  parameter int OutW = 64,
  /// Input words of the frame, >= 1.
  parameter int Words = 64,
  /// Signature of a good core.
  parameter logic [31:0] Expected = 32'd0,
  /// A test that takes 2^TimeoutBits clocks has failed; >= 1.
  parameter int TimeoutBits = 24,
  /// Byte address bits of the control bus.
  parameter int AddrW = 12
) (
  /// Clock.
  input  logic             clk_i,
  /// Reset, active low; its end starts the test.
  input  logic             rst_ni,
  /// Control, write channels of AXI4-Lite.
  output logic             m_axil_awvalid_o,
  input  logic             m_axil_awready_i,
  output logic [AddrW-1:0] m_axil_awaddr_o,
  output logic             m_axil_wvalid_o,
  input  logic             m_axil_wready_i,
  output logic [31:0]      m_axil_wdata_o,
  input  logic             m_axil_bvalid_i,
  output logic             m_axil_bready_o,
  /// Input map to the core.
  output logic             m_axis_tvalid_o,
  input  logic             m_axis_tready_i,
  output logic [InW-1:0]   m_axis_tdata_o,
  output logic             m_axis_tlast_o,
  /// Output map of the core.
  input  logic             s_axis_tvalid_i,
  output logic             s_axis_tready_o,
  input  logic [OutW-1:0]  s_axis_tdata_i,
  input  logic             s_axis_tlast_i,
  /// The test runs; it has passed; it has failed.
  output logic             active_o,
  output logic             pass_o,
  output logic             fail_o
);

  generate
    if (Words < 1)       begin : gen_rule1 epim_rule_frame_words_at_least_1 u_rule (); end
    if (TimeoutBits < 1) begin : gen_rule2 epim_rule_timeout_bits_at_least_1 u_rule (); end
  endgenerate

  localparam int CountW = epim_pkg::num_width(Words);
  localparam int Chunks = epim_pkg::ceil_div(OutW, 32);
  // x^32 + x^22 + x^2 + x + 1, shifted right.
  localparam logic [31:0] LfsrTaps = 32'h8020_0003;
  localparam logic [31:0] CrcTaps  = 32'hEDB8_8320;

  logic                   begun_q, active_q, pass_q, aw_q, w_q, sending_q;
  logic [31:0]            lfsr_q, sign_q, sign_next, folded;
  logic [CountW-1:0]      left_q;
  logic [TimeoutBits-1:0] time_q;
  logic                   sent, taken, ended;

  assign sent  = sending_q && m_axis_tready_i;
  assign taken = active_q && s_axis_tvalid_i;
  assign ended = (taken && s_axis_tlast_i) || (&time_q);

  logic [32*Chunks-1:0] padded;
  assign padded = (32 * Chunks)'(s_axis_tdata_i);
  always_comb begin
    folded = '0;
    for (int i = 0; i < Chunks; i++) folded = folded ^ padded[32*i +: 32];
  end
  assign sign_next = {1'b0, sign_q[31:1]} ^ (sign_q[0] ? CrcTaps : 32'd0) ^ folded ^ {s_axis_tlast_i, 31'd0};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q  <= 1'b1;
      pass_q    <= 1'b0;
      begun_q   <= 1'b0;
      aw_q      <= 1'b0;
      w_q       <= 1'b0;
      sending_q <= 1'b0;
      lfsr_q    <= 32'd1;
      sign_q    <= '1;
      left_q    <= CountW'(Words - 1);
      time_q    <= '0;
    end else begin
      begun_q <= 1'b1;
      if (m_axil_awready_i) aw_q <= 1'b0;
      if (m_axil_wready_i) w_q <= 1'b0;
      if (!begun_q) begin
        aw_q      <= 1'b1;
        w_q       <= 1'b1;
        sending_q <= 1'b1;
      end
      if (active_q) time_q <= time_q + TimeoutBits'(1);
      if (sent) begin
        lfsr_q    <= {1'b0, lfsr_q[31:1]} ^ (lfsr_q[0] ? LfsrTaps : 32'd0);
        left_q    <= left_q - CountW'(1);
        sending_q <= (left_q != '0) && active_q && !ended;
      end
      if (taken) sign_q <= sign_next;
      if (active_q && ended) begin
        active_q  <= 1'b0;
        pass_q    <= taken && s_axis_tlast_i && (sign_next == Expected);
      end
    end
  end

  assign m_axil_awvalid_o = aw_q;
  assign m_axil_awaddr_o  = AddrW'(epim_regs_pkg::Control);
  assign m_axil_wvalid_o  = w_q;
  assign m_axil_wdata_o   = 32'd1;
  assign m_axil_bready_o  = 1'b1;
  assign m_axis_tvalid_o  = sending_q;
  assign m_axis_tlast_o   = left_q == '0;
  assign s_axis_tready_o  = active_q;
  assign active_o         = active_q;
  assign pass_o           = !active_q && pass_q;
  assign fail_o           = !active_q && !pass_q;

  generate
    for (genvar b = 0; b < InW; b++) begin : gen_bit
      assign m_axis_tdata_o[b] = lfsr_q[(b + 13 * (b / 32)) % 32];
    end
  endgenerate

  /* verilator lint_off UNUSEDSIGNAL */
  logic unused;
  /* verilator lint_on UNUSEDSIGNAL */
  assign unused = m_axil_bvalid_i;

endmodule
