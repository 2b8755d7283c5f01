// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Control of a core: AXI4-Lite to registers, start and abort, geometry, the program port, the event counters.
///
/// Everything that a run reads from the host leaves here: `geometry_o` are the words of the generated register map
/// (fields by the constants of `epim_regs_pkg`), `prog_we_o` stores `prog_data_o` at `prog_addr_o` of one memory.
/// Handshake: AXI4-Lite; a run begins in the cycle after `clear_o` and ends with `done_i`.
module epim_control #(
  /// Tables and cells can be written over the bus.
  parameter bit Writable = 1'b1,
  /// The run starts after reset and never ends; `Writable`: it starts with a complete program, and `halt_i` ends it.
  parameter bit Endless = 1'b0,
  /// Hardware configuration hash.
  parameter logic [63:0] Hash = 64'd0,
  /// Geometry registers at reset.
  parameter logic [epim_regs_pkg::GeometryBits-1:0] GeometryInit = epim_regs_pkg::GeometryReset,
  /// Geometry registers can be read.
  parameter bit GeometryReadback = 1'b1,
  /// Bits of a number of frames.
  parameter int FrameBits = 16,
  /// Entries of the memories that can be programmed, by kind, 32 bits each; PEs.
  parameter logic [32*epim_pkg::ProgKinds-1:0] ProgSizes = '1,
  parameter int Pes = 65536,
  /// Load port; no core behind this one in its chain.
  parameter bit Load = 1'b0,
  parameter bit ChainEnd = 1'b1,
  /// Entries have a parity bit.
  parameter bit Parity = 1'b0,
  /// Programs that the memories hold side by side.
  parameter int Banks = 1,
  /// Count events.
  parameter bit Count = 1'b1,
  /// Derived parameter, do not overwrite.
  localparam int Events = epim_events_pkg::Count
) (
  /// Clock.
  input  logic                 clk_i,
  /// Reset, active low.
  input  logic                 rst_ni,
  /// AXI4-Lite.
  input  logic                 s_axil_awvalid_i,
  output logic                 s_axil_awready_o,
  input  logic [11:0]          s_axil_awaddr_i,
  input  logic                 s_axil_wvalid_i,
  output logic                 s_axil_wready_o,
  input  logic [31:0]          s_axil_wdata_i,
  input  logic [3:0]           s_axil_wstrb_i,
  output logic                 s_axil_bvalid_o,
  input  logic                 s_axil_bready_i,
  output logic [1:0]           s_axil_bresp_o,
  input  logic                 s_axil_arvalid_i,
  output logic                 s_axil_arready_o,
  input  logic [11:0]          s_axil_araddr_i,
  output logic                 s_axil_rvalid_o,
  input  logic                 s_axil_rready_i,
  output logic [31:0]          s_axil_rdata_o,
  output logic [1:0]           s_axil_rresp_o,
  /// Load port, and to the next core; number of this core in the chain (with `Load`).
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic                 s_load_tvalid_i,
  output logic                 s_load_tready_o,
  input  logic [63:0]          s_load_tdata_i,
  input  logic                 s_load_tlast_i,
  output logic                 m_load_tvalid_o,
  input  logic                 m_load_tready_i,
  output logic [63:0]          m_load_tdata_o,
  output logic                 m_load_tlast_o,
  input  logic [15:0]          core_i,
  /* verilator lint_on UNUSEDSIGNAL */
  /// Forget the run so far: at a start, and one cycle after an abort. No output beat that is not offered yet, in the cycle of
  /// the abort.
  output logic                 clear_o,
  output logic                 stop_o,
  /// A run is aborted, with `clear_o`; drop input up to a `tlast`; drop no more.
  output logic                 abort_o,
  output logic                 drop_o,
  output logic                 forget_o,
  /// A chip's core (`Endless`, `Writable`): no run; its program is complete.
  input  logic                 halt_i,
  output logic                 ready_o,
  /// A run is on.
  output logic                 busy_o,
  /// An error bit of the status register is set.
  output logic                 error_o,
  /// Interrupt.
  output logic                 irq_o,
  /// The run ends in this cycle.
  input  logic                 done_i,
  /// Error pulses: {parity, OFAT, IFRT, IFAT, frame length}.
  input  logic [4:0]           error_i,
  /// Geometry words, `last_patch` in the low one.
  output logic [epim_regs_pkg::GeometryBits-1:0] geometry_o,
  /// Memory to write, by kind: {trims, OPT, slopes, cells, scale, channel parameters, OFAT, IFRT, IFAT}; PE, entry and data.
  output logic [epim_pkg::ProgKinds-1:0] prog_we_o,
  output logic [15:0]          prog_pe_o,
  output logic [31:0]          prog_addr_o,
  output logic [63:0]          prog_data_o,
  /// Store the entry with a wrong bit.
  output logic                 prog_flip_o,
  /// The program that runs, of two: entries are stored for the other one.
  output logic                 program_bank_o,
  /// Increments of the event counters, 32 bits each; a firing.
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic [Events*32-1:0] inc_i,
  input  logic                 fire_i
  /* verilator lint_on UNUSEDSIGNAL */
);

  logic        start, abort, abort_late, prog_we;
  logic        reg_write, reg_write_error, reg_read_error;
  logic [11:0] reg_waddr, reg_raddr;
  logic [31:0] reg_wdata, reg_rdata, late_wdata;
  logic [11:0] late_waddr;
  logic [7:0]  prog_kind, reg_prog_kind, load_kind;
  logic [15:0] reg_prog_pe, load_pe;
  logic [31:0] reg_prog_addr, load_addr;
  logic [63:0] reg_prog_data, load_data;
  logic        reg_prog_we, reg_store, locked, load_we, load_geometry_we, load_open, load_touch, load_commit, load_error,
               load_clear_error;
  logic [159:0] load_state;
  logic        reg_read;
  // Index wider than a core has counters.
  /* verilator lint_off UNUSEDSIGNAL */
  logic [7:0]  event_index;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [47:0] event_count, cycles, first_fire, last_fire;

  epim_axil_slave #(.AddrW(12)) u_axil (
    .clk_i, .rst_ni,
    .s_awvalid_i(s_axil_awvalid_i), .s_awready_o(s_axil_awready_o), .s_awaddr_i(s_axil_awaddr_i),
    .s_wvalid_i(s_axil_wvalid_i), .s_wready_o(s_axil_wready_o), .s_wdata_i(s_axil_wdata_i),
    .s_wstrb_i(s_axil_wstrb_i), .s_bvalid_o(s_axil_bvalid_o), .s_bready_i(s_axil_bready_i),
    .s_bresp_o(s_axil_bresp_o), .s_arvalid_i(s_axil_arvalid_i), .s_arready_o(s_axil_arready_o),
    .s_araddr_i(s_axil_araddr_i), .s_rvalid_o(s_axil_rvalid_o), .s_rready_i(s_axil_rready_i),
    .s_rdata_o(s_axil_rdata_o), .s_rresp_o(s_axil_rresp_o),
    .write_o(reg_write), .waddr_o(reg_waddr), .wdata_o(reg_wdata), .write_error_i(reg_write_error),
    .late_waddr_o(late_waddr), .late_wdata_o(late_wdata), .read_o(reg_read), .raddr_o(reg_raddr), .rdata_i(reg_rdata), .read_error_i(reg_read_error)
  );

  epim_regs #(.AddrW(12), .Writable(Writable), .Endless(Endless), .Hash(Hash), .GeometryInit(GeometryInit),
              .GeometryReadback(GeometryReadback), .FrameBits(FrameBits), .ProgSizes(ProgSizes), .Pes(Pes), .Load(Load), .Parity(Parity), .Banks(Banks))
  u_regs (
    .clk_i, .rst_ni, .write_i(reg_write), .waddr_i(reg_waddr), .wdata_i(reg_wdata), .write_error_o(reg_write_error),
    .late_waddr_i(late_waddr), .late_wdata_i(late_wdata), .read_i(reg_read), .raddr_i(reg_raddr), .rdata_o(reg_rdata), .read_error_o(reg_read_error),
    .start_o(start), .abort_o(abort), .abort_late_o(abort_late),
    .cut_late_o(abort_o), .forget_o, .drop_o, .busy_o, .halt_i, .ready_o, .done_i, .error_i, .error_o, .irq_o,
    .geometry_o,
    .prog_we_o(reg_prog_we), .prog_kind_o(reg_prog_kind), .prog_pe_o(reg_prog_pe), .prog_addr_o(reg_prog_addr),
    .prog_data_o(reg_prog_data), .load_open_i(load_open), .load_touch_i(load_touch), .load_commit_i(load_commit),
    .load_error_i(load_error), .load_geometry_we_i(load_geometry_we), .load_word_i(load_addr[4:0]), .load_data_i(load_data[31:0]),
    .load_state_i(load_state), .stored_i(prog_we), .stored_kind_i(prog_kind), .flip_o(prog_flip_o), .program_bank_o, .locked_o(locked), .store_o(reg_store), .load_clear_o(load_clear_error),
    .event_o(event_index), .event_count_i(event_count), .cycles_i(cycles), .first_fire_i(first_fire),
    .last_fire_i(last_fire)
  );
  generate
    if (Load) begin : gen_load
      epim_load #(.ChainEnd(ChainEnd), .FrameBits(FrameBits), .ProgSizes(ProgSizes), .Pes(Pes),
                  .GeometryWords(epim_regs_pkg::GeometryBits / 32),
                  .FramesWord((epim_regs_pkg::Frames - epim_regs_pkg::LastPatch) / 4))
      u_load (
        .clk_i, .rst_ni, .core_i, .s_load_valid_i(s_load_tvalid_i), .s_load_ready_o(s_load_tready_o),
        .s_load_data_i(s_load_tdata_i), .s_load_last_i(s_load_tlast_i), .m_load_valid_o(m_load_tvalid_o),
        .m_load_ready_i(m_load_tready_i), .m_load_data_o(m_load_tdata_o), .m_load_last_o(m_load_tlast_o),
        .hold_i(reg_store), .locked_i(locked), .clear_i(abort), .clear_error_i(load_clear_error), .open_o(load_open),
        .touch_o(load_touch), .commit_o(load_commit), .error_o(load_error), .prog_we_o(load_we),
        .geometry_we_o(load_geometry_we), .prog_kind_o(load_kind), .prog_pe_o(load_pe), .prog_addr_o(load_addr),
        .prog_data_o(load_data), .state_o(load_state)
      );
    end else begin : gen_no_load
      assign {s_load_tready_o, m_load_tvalid_o, m_load_tdata_o, m_load_tlast_o} = '0;
      assign {load_open, load_touch, load_commit, load_error, load_we, load_geometry_we, load_kind, load_pe} = '0;
      assign {load_addr, load_data, load_state} = '0;
      /* verilator lint_off UNUSEDSIGNAL */
      logic unused;
      /* verilator lint_on UNUSEDSIGNAL */
      assign unused = reg_store ^ locked ^ load_clear_error;
    end
  endgenerate
  // The load port gives way to the register port.
  assign prog_we     = reg_prog_we || load_we;
  assign prog_kind   = load_we ? load_kind : reg_prog_kind;
  assign prog_pe_o   = load_we ? load_pe : reg_prog_pe;
  assign prog_addr_o = load_we ? load_addr : reg_prog_addr;
  assign prog_data_o = load_we ? load_data : reg_prog_data;

  assign clear_o = start || abort_late || (Endless && Writable && halt_i);
  assign stop_o  = abort;

  generate
    for (genvar k = 0; k < epim_pkg::ProgKinds; k++) begin : gen_kind  // a memory without entries is not there
      assign prog_we_o[k] = (ProgSizes[k*32 +: 32] != '0) && prog_we && (prog_kind == 8'(k));
    end
  endgenerate

  generate
    if (Count) begin : gen_count
      localparam int IndexW = epim_pkg::idx_width(Events);
      epim_counters #(.Events(Events), .IncW(32)) u_counters (
        .clk_i, .rst_ni, .clear_i(start || abort), .run_i(busy_o), .inc_i, .fire_i, .index_i(event_index[IndexW-1:0]),
        .count_o(event_count), .cycles_o(cycles), .first_fire_o(first_fire), .last_fire_o(last_fire)
      );
    end else begin : gen_no_count
      assign event_count = '0;
      assign cycles      = '0;
      assign first_fire  = '0;
      assign last_fire   = '0;
    end
  endgenerate

endmodule
