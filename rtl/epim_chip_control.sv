// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Control of a chip whose cores are loaded: when images may pass, when the load port, and the chip's registers.
///
/// Either the chip runs and its load port waits, or it stands and images wait. It stands after reset. It starts when every core has a
/// complete program (`ready_i`), no word of the load port waits, and nothing is on its way through the chain of cores; not while
/// the host holds it. It stops between images, when the last one is out, if a word waits at the load port or the host holds it; at any
/// time if the host says so. While it stands the cores are halted and everything between them is in reset (`flow_rst_no`).
/// Cycle 0 of a run is the third one after that in which the start is decided: all cores begin in it, and the input is open.
/// Handshakes: AXI4-Lite; valid and ready of the three streams pass through gates of registers alone.
module epim_chip_control #(
  /// Cores, in the order of the chain.
  parameter int Cores = 1,
  /// Hardware configuration hash.
  parameter logic [63:0] Hash = 64'd0
) (
  /// Clock.
  input  logic             clk_i,
  /// Reset, active low.
  input  logic             rst_ni,
  /// AXI4-Lite.
  input  logic             s_awvalid_i,
  output logic             s_awready_o,
  input  logic [11:0]      s_awaddr_i,
  input  logic             s_wvalid_i,
  output logic             s_wready_o,
  input  logic [31:0]      s_wdata_i,
  input  logic [3:0]       s_wstrb_i,
  output logic             s_bvalid_o,
  input  logic             s_bready_i,
  output logic [1:0]       s_bresp_o,
  input  logic             s_arvalid_i,
  output logic             s_arready_o,
  input  logic [11:0]      s_araddr_i,
  output logic             s_rvalid_o,
  input  logic             s_rready_i,
  output logic [31:0]      s_rdata_o,
  output logic [1:0]       s_rresp_o,
  /// Load port, before and behind its gate.
  input  logic             load_valid_i,
  output logic             load_ready_o,
  output logic             chain_valid_o,
  input  logic             chain_ready_i,
  /// Pixels, before and behind their gate.
  input  logic             in_valid_i,
  output logic             in_ready_o,
  input  logic             in_last_i,
  output logic             pixel_valid_o,
  input  logic             pixel_ready_i,
  /// Output map, before and behind its gate.
  input  logic             map_valid_i,
  output logic             map_ready_o,
  input  logic             map_last_i,
  output logic             out_valid_o,
  input  logic             out_ready_i,
  /// Per core: a complete program; an error. A stream between them ended early or late (pulse).
  input  logic [Cores-1:0] ready_i,
  input  logic [Cores-1:0] error_i,
  input  logic             length_i,
  /// Cores stand; reset of everything between them.
  output logic             halt_o,
  output logic             flow_rst_no,
  /// A core shows an error, or a stream did.
  output logic             error_o,
  /// Interrupt.
  output logic             irq_o
);

  generate
    if (Cores < 1 || Cores > 65535) begin : gen_rule1 epim_rule_cores_1_to_65535 u_rule (); end
  endgenerate

  // Cycles that a word needs to the last core and what it says back, at most.
  localparam int Quiet = Cores + 3;
  localparam int QuietW = epim_pkg::num_width(Quiet);

  logic        run_q, flow_q, open_q, hold_q, stop_q, drop_q, begun_q, waits_q, length_q, error_q, irq_q;
  logic [QuietW-1:0] quiet_q;
  logic [31:0] in_q, out_q, words_q, cycles_q;
  logic [3:0]  enable_q, pending_q, pending_set;

  logic start, stop, cut, border, in_take, image_begins, image_ends, map_take, load_take, open;
  assign start         = !run_q && (&ready_i) && !hold_q && !stop_q && !waits_q && (quiet_q == '0);
  // An image that has begun comes in whole; the next one waits for whoever waits.
  assign border        = !begun_q && (in_q == out_q);
  assign cut           = stop_q && (!out_valid_o || out_ready_i);
  assign stop          = run_q && (cut || (border && open_q && (hold_q || waits_q)));
  assign open          = run_q && open_q && !drop_q && (begun_q || !(hold_q || waits_q || stop_q));
  assign pixel_valid_o = in_valid_i && open;
  assign in_ready_o    = (pixel_ready_i && open) || drop_q;
  assign in_take       = pixel_valid_o && pixel_ready_i;
  assign image_begins  = in_take && !begun_q;
  assign out_valid_o   = map_valid_i && run_q;
  assign map_ready_o   = out_ready_i && run_q;
  assign map_take      = out_valid_o && out_ready_i;
  assign image_ends    = map_take && map_last_i;
  // live_q: nothing is taken during reset.
  logic live_q, load_open;
  assign load_open     = live_q && !run_q && !start;
  assign chain_valid_o = load_valid_i && load_open;
  assign load_ready_o  = chain_ready_i && load_open;
  assign load_take     = chain_valid_o && chain_ready_i;

  logic        reg_write, write_error, read_error;
  logic [11:0] waddr, raddr;
  logic [31:0] rdata;
  /* verilator lint_off UNUSEDSIGNAL */
  logic [31:0] wdata;
  logic        unused_read;
  logic [11:0] unused_late_waddr;
  logic [31:0] unused_late_wdata;
  /* verilator lint_on UNUSEDSIGNAL */
  epim_axil_slave #(.AddrW(12)) u_axil (
    .clk_i, .rst_ni, .s_awvalid_i, .s_awready_o, .s_awaddr_i, .s_wvalid_i, .s_wready_o, .s_wdata_i, .s_wstrb_i, .s_bvalid_o, .s_bready_i,
    .s_bresp_o, .s_arvalid_i, .s_arready_o, .s_araddr_i, .s_rvalid_o, .s_rready_i, .s_rdata_o, .s_rresp_o,
    .write_o(reg_write), .waddr_o(waddr), .wdata_o(wdata), .write_error_i(write_error), .late_waddr_o(unused_late_waddr),
    .late_wdata_o(unused_late_wdata), .read_o(unused_read), .raddr_o(raddr), .rdata_i(rdata), .read_error_i(read_error)
  );
  logic is_control, is_enable, is_pending;
  assign is_control  = waddr == 12'(epim_regs_pkg::ChipControl);
  assign is_enable   = waddr == 12'(epim_regs_pkg::ChipIrqEnable);
  assign is_pending  = waddr == 12'(epim_regs_pkg::ChipIrqPending);
  assign write_error = !(is_control || is_enable || is_pending);

  assign error_o     = length_q || (|error_i);
  assign pending_set = {stop, start, error_o && !error_q, image_ends};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      live_q    <= 1'b0;
      run_q     <= 1'b0;
      flow_q    <= 1'b0;
      open_q    <= 1'b0;
      hold_q    <= 1'b0;
      stop_q    <= 1'b0;
      drop_q    <= 1'b0;
      begun_q   <= 1'b0;
      waits_q   <= 1'b0;
      length_q  <= 1'b0;
      error_q   <= 1'b0;
      irq_q     <= 1'b0;
      quiet_q   <= '0;
      in_q      <= '0;
      out_q     <= '0;
      words_q   <= '0;
      cycles_q  <= '0;
      enable_q  <= '0;
      pending_q <= '0;
    end else begin
      live_q <= 1'b1;
      run_q  <= (run_q || start) && !stop;
      flow_q <= run_q;
      open_q <= run_q && flow_q && !stop;
      waits_q <= load_valid_i;
      // Also after a stop: what left a core is forgotten by then.
      if (load_take || stop) quiet_q <= QuietW'(Quiet);
      else if (quiet_q != '0) quiet_q <= quiet_q - QuietW'(1);
      if (load_take) words_q <= words_q + 32'd1;
      if (start) begin
        in_q     <= '0;
        out_q    <= '0;
        cycles_q <= '0;
      end else begin
        if (image_begins) in_q <= in_q + 32'd1;
        if (image_ends) out_q <= out_q + 32'd1;
        if (run_q && open_q) cycles_q <= cycles_q + 32'd1;
      end
      if (stop) begun_q <= 1'b0;
      else if (in_take) begun_q <= !in_last_i;
      if (stop && cut) drop_q <= in_take ? !in_last_i : (begun_q || (drop_q && !(in_valid_i && in_last_i)));
      else if (in_valid_i && in_last_i) drop_q <= 1'b0;
      if (reg_write && is_control) hold_q <= wdata[0];
      stop_q   <= (stop_q && run_q && !stop) || (reg_write && is_control && wdata[1] && run_q && !stop);
      length_q <= (length_q && !start) || (length_i && flow_q);
      error_q  <= error_o;
      if (reg_write && is_enable) enable_q <= wdata[3:0];
      pending_q <= ((reg_write && is_pending) ? pending_q & ~wdata[3:0] : pending_q) | pending_set;
      irq_q     <= |(pending_q & enable_q);
    end
  end

  // Lowest core that has an error, or no program.
  logic [15:0] failed, waiting;
  always_comb begin
    failed  = '0;
    waiting = '0;
    for (int k = Cores - 1; k >= 0; k--) begin
      if (error_i[k]) failed = 16'(k);
      if (!ready_i[k]) waiting = 16'(k);
    end
  end

  logic [31:0] hash_lo, hash_hi;
  assign {hash_hi, hash_lo} = Hash;
  always_comb begin
    rdata      = '0;
    read_error = 1'b0;
    case (raddr)
      12'(epim_regs_pkg::ChipId):         rdata = 32'(epim_regs_pkg::ChipIdReset);
      12'(epim_regs_pkg::ChipVersion):    rdata = 32'(epim_regs_pkg::ChipVersionReset);
      12'(epim_regs_pkg::ChipHashLo):     rdata = hash_lo;
      12'(epim_regs_pkg::ChipHashHi):     rdata = hash_hi;
      12'(epim_regs_pkg::ChipControl):    rdata = {31'd0, hold_q};
      12'(epim_regs_pkg::ChipStatus):     rdata = {22'd0, length_q, |error_i, 4'd0, drop_q, run_q && (in_q != out_q), &ready_i, run_q};
      12'(epim_regs_pkg::ChipCores):      rdata = 32'(Cores);
      12'(epim_regs_pkg::ChipFailed):     rdata = {|error_i, 15'd0, failed};
      12'(epim_regs_pkg::ChipWaiting):    rdata = {!(&ready_i), 15'd0, waiting};
      12'(epim_regs_pkg::ChipIrqEnable):  rdata = {28'd0, enable_q};
      12'(epim_regs_pkg::ChipIrqPending): rdata = {28'd0, pending_q};
      12'(epim_regs_pkg::ChipImagesIn):   rdata = in_q;
      12'(epim_regs_pkg::ChipImagesOut):  rdata = out_q;
      12'(epim_regs_pkg::ChipLoadWords):  rdata = words_q;
      12'(epim_regs_pkg::ChipCycles):     rdata = cycles_q;
      default:                            read_error = 1'b1;
    endcase
  end

  assign halt_o      = !run_q;
  assign flow_rst_no = flow_q;
  assign irq_o       = irq_q;

endmodule
