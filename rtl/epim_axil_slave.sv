// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// AXI4-Lite slave: turns the five channels into single-cycle register accesses.
///
/// Every output of the bus comes from a register: no path leads from an input of the bus to an output. The ready
/// outputs are low during reset and rise with the first clock after it. An access happens in the cycle of its
/// handshake when its partner (data for an address) is there and the response channel is free; otherwise address, data
/// or read address wait in a register each, and ready falls until they are used. Throughput one access per cycle and
/// direction while responses are taken. An access that the registers refuse, or a write with partial strobes, is
/// answered SLVERR and has no effect.
module epim_axil_slave #(
  /// Byte address bits.
  parameter int AddrW = 12
) (
  /// Clock.
  input  logic             clk_i,
  /// Reset, active low.
  input  logic             rst_ni,
  /// AXI4-Lite.
  input  logic             s_awvalid_i,
  output logic             s_awready_o,
  input  logic [AddrW-1:0] s_awaddr_i,
  input  logic             s_wvalid_i,
  output logic             s_wready_o,
  input  logic [31:0]      s_wdata_i,
  input  logic [3:0]       s_wstrb_i,
  output logic             s_bvalid_o,
  input  logic             s_bready_i,
  output logic [1:0]       s_bresp_o,
  input  logic             s_arvalid_i,
  output logic             s_arready_o,
  input  logic [AddrW-1:0] s_araddr_i,
  output logic             s_rvalid_o,
  input  logic             s_rready_i,
  output logic [31:0]      s_rdata_o,
  output logic [1:0]       s_rresp_o,
  /// Register write; `write_error_i` in the same cycle.
  output logic             write_o,
  output logic [AddrW-1:0] waddr_o,
  output logic [31:0]      wdata_o,
  input  logic             write_error_i,
  /// Address and data of the write of the cycle before, from registers.
  output logic [AddrW-1:0] late_waddr_o,
  output logic [31:0]      late_wdata_o,
  /// Register read; data and error in the same cycle.
  output logic             read_o,
  output logic [AddrW-1:0] raddr_o,
  input  logic [31:0]      rdata_i,
  input  logic             read_error_i
);

  localparam logic [1:0] RespOkay = 2'b00, RespSlvErr = 2'b10;

  // What waits: write address, write data, read address. Ready says that nothing does.
  logic             aw_q, w_q, ar_q, awready_q, wready_q, arready_q;
  logic [AddrW-1:0] awaddr_q, araddr_q;
  logic [31:0]      wdata_q;
  logic [3:0]       wstrb_q;
  logic             bvalid_q, rvalid_q;
  logic [1:0]       bresp_q, rresp_q;
  logic [31:0]      rdata_q;

  logic       have_aw, have_w, have_ar, aw_d, w_d, ar_d, write_take, read_take, full_strobe;
  logic [3:0] wstrb;
  assign have_aw     = aw_q || (s_awvalid_i && awready_q);
  assign have_w      = w_q || (s_wvalid_i && wready_q);
  assign have_ar     = ar_q || (s_arvalid_i && arready_q);
  assign write_take  = have_aw && have_w && (!bvalid_q || s_bready_i);
  assign read_take   = have_ar && (!rvalid_q || s_rready_i);
  assign aw_d        = have_aw && !write_take;
  assign w_d         = have_w && !write_take;
  assign ar_d        = have_ar && !read_take;
  assign wstrb       = w_q ? wstrb_q : s_wstrb_i;
  assign full_strobe = wstrb == 4'hF;
  assign write_o     = write_take && full_strobe;
  assign waddr_o     = aw_q ? awaddr_q : s_awaddr_i;
  assign wdata_o     = w_q ? wdata_q : s_wdata_i;
  // A write that waited lies in them still, another one has just come in.
  assign late_waddr_o = awaddr_q;
  assign late_wdata_o = wdata_q;
  assign read_o      = read_take;
  assign raddr_o     = ar_q ? araddr_q : s_araddr_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      aw_q      <= 1'b0;
      w_q       <= 1'b0;
      ar_q      <= 1'b0;
      awready_q <= 1'b0;
      wready_q  <= 1'b0;
      arready_q <= 1'b0;
      bvalid_q  <= 1'b0;
      bresp_q   <= RespOkay;
      rvalid_q  <= 1'b0;
      rresp_q   <= RespOkay;
      rdata_q   <= '0;
    end else begin
      aw_q      <= aw_d;
      w_q       <= w_d;
      ar_q      <= ar_d;
      awready_q <= !aw_d;
      wready_q  <= !w_d;
      arready_q <= !ar_d;
      if (write_take) begin
        bvalid_q <= 1'b1;
        bresp_q  <= (!full_strobe || write_error_i) ? RespSlvErr : RespOkay;
      end else if (s_bready_i) begin
        bvalid_q <= 1'b0;
      end
      if (read_take) begin
        rvalid_q <= 1'b1;
        rresp_q  <= read_error_i ? RespSlvErr : RespOkay;
        rdata_q  <= rdata_i;
      end else if (s_rready_i) begin
        rvalid_q <= 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!aw_q) awaddr_q <= s_awaddr_i;
    if (!ar_q) araddr_q <= s_araddr_i;
    if (!w_q) begin
      wdata_q <= s_wdata_i;
      wstrb_q <= s_wstrb_i;
    end
  end

  assign s_awready_o = awready_q;
  assign s_wready_o  = wready_q;
  assign s_arready_o = arready_q;
  assign s_bvalid_o = bvalid_q;
  assign s_bresp_o  = bresp_q;
  assign s_rvalid_o = rvalid_q;
  assign s_rresp_o  = rresp_q;
  assign s_rdata_o  = rdata_q;

endmodule
