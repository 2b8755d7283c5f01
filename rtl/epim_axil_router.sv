// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// AXI4-Lite from one master to several slaves: address bits above the window say which.
///
/// One write and one read are on their way at a time, independent of each other. Every output comes from a register: no
/// path leads from one side to the other, and the ready outputs are low during reset. A window of no slave is answered SLVERR.
/// Latency: a request that comes in cycle t is offered to its slave in t+2; its answer of cycle u is offered in u+1.
module epim_axil_router #(
  /// Slaves, at least 1.
  parameter int Targets = 2,
  /// Byte address bits of a slave.
  parameter int WindowW = 12,
  /// Derived parameters, do not overwrite.
  localparam int SelectW = epim_pkg::idx_width(Targets),
  localparam int AddrW = SelectW + WindowW
) (
  /// Clock.
  input  logic                  clk_i,
  /// Reset, active low.
  input  logic                  rst_ni,
  /// From the master.
  input  logic                  s_awvalid_i,
  output logic                  s_awready_o,
  input  logic [AddrW-1:0]      s_awaddr_i,
  input  logic                  s_wvalid_i,
  output logic                  s_wready_o,
  input  logic [31:0]           s_wdata_i,
  input  logic [3:0]            s_wstrb_i,
  output logic                  s_bvalid_o,
  input  logic                  s_bready_i,
  output logic [1:0]            s_bresp_o,
  input  logic                  s_arvalid_i,
  output logic                  s_arready_o,
  input  logic [AddrW-1:0]      s_araddr_i,
  output logic                  s_rvalid_o,
  input  logic                  s_rready_i,
  output logic [31:0]           s_rdata_o,
  output logic [1:0]            s_rresp_o,
  /// To the slaves: bit k of a vector is slave k's, address and data are shared.
  output logic [Targets-1:0]    m_awvalid_o,
  input  logic [Targets-1:0]    m_awready_i,
  output logic [WindowW-1:0]    m_awaddr_o,
  output logic [Targets-1:0]    m_wvalid_o,
  input  logic [Targets-1:0]    m_wready_i,
  output logic [31:0]           m_wdata_o,
  output logic [3:0]            m_wstrb_o,
  input  logic [Targets-1:0]    m_bvalid_i,
  output logic [Targets-1:0]    m_bready_o,
  input  logic [2*Targets-1:0]  m_bresp_i,
  output logic [Targets-1:0]    m_arvalid_o,
  input  logic [Targets-1:0]    m_arready_i,
  output logic [WindowW-1:0]    m_araddr_o,
  input  logic [Targets-1:0]    m_rvalid_i,
  output logic [Targets-1:0]    m_rready_o,
  input  logic [32*Targets-1:0] m_rdata_i,
  input  logic [2*Targets-1:0]  m_rresp_i
);

  generate
    if (Targets < 1) begin : gen_rule1 epim_rule_targets_at_least_1 u_rule (); end
    if (WindowW < 1) begin : gen_rule2 epim_rule_window_bits_at_least_1 u_rule (); end
  endgenerate

  localparam logic [1:0] RespSlvErr = 2'b10;

  // live_q: out of reset. aw_q, w_q, ar_q: a request is here, until its answer is.
  logic live_q, aw_q, w_q, ar_q, b_q, r_q, write_sent_q, read_sent_q;
  logic [Targets-1:0] awvalid_q, wvalid_q, arvalid_q, bready_q, rready_q;
  logic [AddrW-1:0]   awaddr_q, araddr_q;
  logic [31:0]        wdata_q, rdata_q;
  logic [3:0]         wstrb_q;
  logic [1:0]         bresp_q, rresp_q;

  // Slave of a request, one-hot; none where there is no such window.
  logic [Targets-1:0] write_to, read_to;
  logic [SelectW-1:0] write_window, read_window;
  assign write_window = awaddr_q[AddrW-1:WindowW];
  assign read_window  = araddr_q[AddrW-1:WindowW];
  always_comb begin
    for (int k = 0; k < Targets; k++) begin
      write_to[k] = write_window == SelectW'(k);
      read_to[k]  = read_window == SelectW'(k);
    end
  end

  // Answers: only the slave that was asked is listened to.
  logic        answered, told;
  logic [1:0]  bresp, rresp;
  logic [31:0] rdata;
  assign answered = |(m_bvalid_i & bready_q);
  assign told     = |(m_rvalid_i & rready_q);
  always_comb begin
    bresp = '0;
    rresp = '0;
    rdata = '0;
    for (int k = 0; k < Targets; k++) begin
      if (bready_q[k]) bresp = bresp | m_bresp_i[2*k +: 2];
      if (rready_q[k]) rresp = rresp | m_rresp_i[2*k +: 2];
      if (rready_q[k]) rdata = rdata | m_rdata_i[32*k +: 32];
    end
  end

  logic write_begin, read_begin, write_none, read_none;
  assign write_begin = aw_q && w_q && !write_sent_q && !b_q;
  assign read_begin  = ar_q && !read_sent_q && !r_q;
  assign write_none  = write_begin && (write_to == '0);
  assign read_none   = read_begin && (read_to == '0);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      live_q       <= 1'b0;
      aw_q         <= 1'b0;
      w_q          <= 1'b0;
      ar_q         <= 1'b0;
      b_q          <= 1'b0;
      r_q          <= 1'b0;
      write_sent_q <= 1'b0;
      read_sent_q  <= 1'b0;
      awvalid_q    <= '0;
      wvalid_q     <= '0;
      arvalid_q    <= '0;
      bready_q     <= '0;
      rready_q     <= '0;
      awaddr_q     <= '0;
      araddr_q     <= '0;
      wdata_q      <= '0;
      rdata_q      <= '0;
      wstrb_q      <= '0;
      bresp_q      <= '0;
      rresp_q      <= '0;
    end else begin
      live_q <= 1'b1;
      if (s_awvalid_i && s_awready_o) begin
        aw_q     <= 1'b1;
        awaddr_q <= s_awaddr_i;
      end
      if (s_wvalid_i && s_wready_o) begin
        w_q     <= 1'b1;
        wdata_q <= s_wdata_i;
        wstrb_q <= s_wstrb_i;
      end
      if (write_begin) begin
        write_sent_q <= !write_none;
        awvalid_q    <= write_to;
        wvalid_q     <= write_to;
        bready_q     <= write_to;
      end else begin
        awvalid_q <= awvalid_q & ~m_awready_i;
        wvalid_q  <= wvalid_q & ~m_wready_i;
      end
      if (answered || write_none) begin
        aw_q         <= 1'b0;
        w_q          <= 1'b0;
        write_sent_q <= 1'b0;
        bready_q     <= '0;
        b_q          <= 1'b1;
        bresp_q      <= write_none ? RespSlvErr : bresp;
      end else if (s_bready_i) begin
        b_q <= 1'b0;
      end
      if (s_arvalid_i && s_arready_o) begin
        ar_q     <= 1'b1;
        araddr_q <= s_araddr_i;
      end
      if (read_begin) begin
        read_sent_q <= !read_none;
        arvalid_q   <= read_to;
        rready_q    <= read_to;
      end else begin
        arvalid_q <= arvalid_q & ~m_arready_i;
      end
      if (told || read_none) begin
        ar_q        <= 1'b0;
        read_sent_q <= 1'b0;
        rready_q    <= '0;
        r_q         <= 1'b1;
        rresp_q     <= read_none ? RespSlvErr : rresp;
        rdata_q     <= read_none ? '0 : rdata;
      end else if (s_rready_i) begin
        r_q <= 1'b0;
      end
    end
  end

  assign s_awready_o = live_q && !aw_q;
  assign s_wready_o  = live_q && !w_q;
  assign s_arready_o = live_q && !ar_q;
  assign s_bvalid_o  = b_q;
  assign s_bresp_o   = bresp_q;
  assign s_rvalid_o  = r_q;
  assign s_rdata_o   = rdata_q;
  assign s_rresp_o   = rresp_q;
  assign m_awvalid_o = awvalid_q;
  assign m_awaddr_o  = awaddr_q[WindowW-1:0];
  assign m_wvalid_o  = wvalid_q;
  assign m_wdata_o   = wdata_q;
  assign m_wstrb_o   = wstrb_q;
  assign m_bready_o  = bready_q;
  assign m_arvalid_o = arvalid_q;
  assign m_araddr_o  = araddr_q[WindowW-1:0];
  assign m_rready_o  = rready_q;

endmodule
