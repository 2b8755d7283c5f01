// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Control registers: identity, start and status, interrupt, the loaded layer's geometry, the program port, the counters.
///
/// The map is `epim_regs_pkg` (generated from one table). Misuse sets a sticky status bit and is answered SLVERR:
/// start while busy, before commit or together with an abort (which is carried out); writing tables or geometry while
/// busy, or at all when they are ROMs (the number of frames can always be set between runs); commit or start while a
/// program of the load port is not complete or wrong; a number of frames that
/// is 0 or does not fit; an entry of a memory, PE or address that is not there. Abort and commit forget a half-written
/// entry. Reading the low word of a counter keeps its high word for the next read of any counter's high word.
module epim_regs #(
  /// Byte address bits.
  parameter int AddrW = 12,
  /// Tables can be written.
  parameter bit Writable = 1'b1,
  /// Runs start by themselves. Of ROMs one after reset: the first rising edge without reset ends the start pulse. `Writable`: whenever
  /// `halt_i` is low and a program is complete; `halt_i` alone ends the run, an abort in it does no more than clear the errors.
  parameter bit Endless = 1'b0,
  /// Hardware configuration hash.
  parameter logic [63:0] Hash = 64'd0,
  /// Geometry at reset: the words from `last_patch` on, first word in the low bits.
  parameter logic [epim_regs_pkg::GeometryBits-1:0] GeometryInit = epim_regs_pkg::GeometryReset,
  /// Geometry words can be read.
  parameter bit GeometryReadback = 1'b1,
  /// Bits of a number of frames.
  parameter int FrameBits = 16,
  /// Entries of the memories that can be programmed, 32 bits each, kind 0 in the low word; PEs.
  parameter logic [32*epim_pkg::ProgKinds-1:0] ProgSizes = '1,
  parameter int Pes = 65536,
  /// A load port writes memories and geometry too.
  parameter bit Load = 1'b0,
  /// Entries have a parity bit, and a wrong one can be stored.
  parameter bit Parity = 1'b0,
  /// Programs that memories and geometry hold side by side. With two a run does not lock them: what is written meanwhile is the
  /// next run's. A start takes the geometry as written, and the other memories if an entry was stored since the last start.
  parameter int Banks = 1
) (
  /// Clock.
  input  logic              clk_i,
  /// Reset, active low.
  input  logic              rst_ni,
  /// Register access.
  input  logic              write_i,
  input  logic [AddrW-1:0]  waddr_i,
  input  logic [31:0]       wdata_i,
  output logic              write_error_o,
  /// Address and data of the write of the cycle before: geometry and entries are stored a cycle after their access.
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic [AddrW-1:0]  late_waddr_i,
  /* verilator lint_on UNUSEDSIGNAL */
  input  logic [31:0]       late_wdata_i,
  input  logic              read_i,
  input  logic [AddrW-1:0]  raddr_i,
  output logic [31:0]       rdata_o,
  output logic              read_error_o,
  /// Start pulse: clears the core; the run begins with the next cycle.
  output logic              start_o,
  /// Abort pulse; the same one cycle later; the same one cycle later if a run was on; the abort pulse if none was on.
  output logic              abort_o,
  output logic              abort_late_o,
  output logic              cut_late_o,
  output logic              forget_o,
  /// Drop input words up to a `tlast` (pulse).
  output logic              drop_o,
  /// A run is on.
  output logic              busy_o,
  /// A chip's core (`Endless`, `Writable`): no run; its program is complete.
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic              halt_i,
  /* verilator lint_on UNUSEDSIGNAL */
  output logic              ready_o,
  /// The run ends in this cycle.
  input  logic              done_i,
  /// Error pulses: {parity, OFAT, IFRT, IFAT, frame length}.
  input  logic [4:0]        error_i,
  /// One of them came since reset or abort.
  output logic              error_o,
  /// Interrupt: a bit of `irq_pending` is set whose bit of `irq_enable` is; one cycle after them.
  output logic              irq_o,
  /// Geometry words.
  output logic [epim_regs_pkg::GeometryBits-1:0] geometry_o,
  /// Program port: an entry is stored when `prog_we_o`.
  output logic              prog_we_o,
  output logic [7:0]        prog_kind_o,
  output logic [15:0]       prog_pe_o,
  output logic [31:0]       prog_addr_o,
  output logic [63:0]       prog_data_o,
  /// Load port: its program is not complete or wrong; the memories change; its program is complete; an error was found; a
  /// geometry word to store, its number and data. All low without `Load`.
  input  logic              load_open_i,
  input  logic              load_touch_i,
  input  logic              load_commit_i,
  input  logic              load_error_i,
  input  logic              load_geometry_we_i,
  input  logic [4:0]        load_word_i,
  input  logic [31:0]       load_data_i,
  /// What it shows in registers load_status, load_frames, load_words, load_target, load_address.
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic [159:0]      load_state_i,
  /* verilator lint_on UNUSEDSIGNAL */
  /// An entry of this kind is stored in this cycle, by either port; store it with a wrong bit (with `Parity`).
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic              stored_i,
  input  logic [7:0]        stored_kind_i,
  /* verilator lint_on UNUSEDSIGNAL */
  output logic              flip_o,
  /// The program that runs; entries are stored for the other one. Low with one.
  output logic              program_bank_o,
  /// A run is on or starts; an entry or geometry word is stored in this cycle; the host clears the load port's error.
  output logic              locked_o,
  output logic              store_o,
  output logic              load_clear_o,
  /// Counter read port.
  output logic [7:0]        event_o,
  input  logic [47:0]       event_count_i,
  input  logic [47:0]       cycles_i,
  input  logic [47:0]       first_fire_i,
  input  logic [47:0]       last_fire_i
);

  localparam logic [AddrW-1:0] GeometryBase = AddrW'(epim_regs_pkg::LastPatch);
  localparam logic [AddrW-1:0] EventsBase   = AddrW'(epim_regs_pkg::Events);
  localparam logic [AddrW-1:0] EventsEnd    = AddrW'(epim_regs_pkg::Events + 8 * epim_events_pkg::Count);

  // Starts and ends with the chip around it.
  localparam bit Follows = Endless && Writable;

  logic         busy_q, done_q, ready_q, start_q, half_q;
  logic [7:0]   error_q, error_set;
  logic [1:0]   enable_q, pending_q, pending_set;
  logic [15:0]  high_q;
  logic         irq_q, outside_q, changed;
  logic [epim_regs_pkg::GeometryBits-1:0] geometry_q;
  logic [31:0]  select_q, addr_q, low_q;

  function automatic logic in_geometry(input logic [AddrW-1:0] address);
    in_geometry = (address >= GeometryBase) && (address < GeometryBase + AddrW'(epim_regs_pkg::GeometryBits / 8))
                  && (address[1:0] == 2'b00);
  endfunction

  logic is_control, is_geometry, is_select, is_addr, is_data, is_frames, is_enable, is_pending, is_load, is_inject, known, can_write;
  assign is_control  = waddr_i == AddrW'(epim_regs_pkg::Control);
  assign is_geometry = in_geometry(waddr_i);
  assign is_select   = waddr_i == AddrW'(epim_regs_pkg::ProgSelect);
  assign is_addr     = waddr_i == AddrW'(epim_regs_pkg::ProgAddr);
  assign is_data     = waddr_i == AddrW'(epim_regs_pkg::ProgData);
  assign is_enable   = waddr_i == AddrW'(epim_regs_pkg::IrqEnable);
  assign is_pending  = waddr_i == AddrW'(epim_regs_pkg::IrqPending);
  assign is_load     = Load && (waddr_i == AddrW'(epim_regs_pkg::LoadStatus));
  assign is_inject   = Parity && (waddr_i == AddrW'(epim_regs_pkg::Inject));
  assign known       = is_control || is_inject || is_select || is_addr || is_enable || is_pending || is_load;
  assign is_frames   = waddr_i == AddrW'(epim_regs_pkg::Frames);
  assign can_write   = (Writable || is_frames) && ((Banks > 1) || (!busy_q && !start_q));

  logic        r_low;
  logic [15:0] high_word;

  // Geometry and entries are stored one cycle after their access, from the bus slave's registers, and the core is cleared
  // one cycle after an abort: no path leads from the bus to all these registers and memories. A start comes later still.
  logic        geometry_late_q, entry_late_q, abort_late_q, cut_late_q;
  logic [31:0] entry_addr_q;

  // Whether the entry selected lies in a memory: looked up while its low word comes.
  logic [31:0] size;
  logic [7:0]  kind;
  assign kind = select_q[7:0];
  always_comb begin
    size = '0;
    for (int k = 0; k < epim_pkg::ProgKinds; k++) begin
      if ((ProgSizes[k*32 +: 32] != '0) && (kind == 8'(k))) size = ProgSizes[k*32 +: 32];
    end
  end

  logic idle, follow, start, start_ok, abort, cut, commit, commit_bad, drop, drop_ok, control_bad, frames_bad, table_refused, table_write, table_bad;
  assign idle          = !busy_q && !start_q;
  assign start_ok      = idle && !Follows && !wdata_i[1] && (ready_q || wdata_i[2]) && !load_open_i;
  assign drop_ok       = idle && (wdata_i[1:0] == 2'b00);
  assign start         = write_i && is_control && wdata_i[0] && start_ok;
  assign follow        = Follows && !halt_i && idle && ready_o;
  assign abort         = write_i && is_control && wdata_i[1];
  assign cut           = abort && !(Follows && !idle);
  assign commit        = write_i && is_control && wdata_i[2] && !commit_bad;
  // What the load port has begun, its own end frame commits.
  assign commit_bad    = load_open_i && !wdata_i[1];
  assign drop          = write_i && is_control && wdata_i[3] && drop_ok;
  assign control_bad   = is_control && ((wdata_i[0] && !start_ok) || (wdata_i[3] && !drop_ok) || (wdata_i[2] && commit_bad));
  assign frames_bad    = (wdata_i[FrameBits-1:0] == '0) || ((wdata_i >> FrameBits) != '0);
  assign table_refused = !can_write || (is_frames && frames_bad) || (is_data && half_q && outside_q);
  assign table_write   = write_i && (is_geometry || is_data) && !table_refused;
  assign table_bad     = write_i && (is_geometry || is_data) && table_refused;
  assign write_error_o = (is_geometry || is_data) ? table_refused : (is_control ? control_bad : !known);

  // An abort clears what came before it.
  logic [4:0] run_error;
  assign run_error   = (abort || abort_late_q) ? '0 : error_i;
  // Between runs a table may be read that is being written.
  assign error_set   = {run_error[4] && busy_q, load_error_i && !abort, run_error[3:0], table_bad, write_i && control_bad};
  assign pending_set = {|error_set, busy_q && done_i && !abort};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q     <= 1'b0;
      done_q     <= 1'b0;
      ready_q    <= !Writable;
      start_q    <= Endless && !Writable;
      half_q     <= 1'b0;
      error_q    <= '0;
      select_q   <= '0;
      addr_q     <= '0;
      low_q      <= '0;
      enable_q   <= '0;
      pending_q  <= '0;
      irq_q      <= 1'b0;
      outside_q  <= 1'b1;
      high_q     <= '0;
      geometry_late_q <= 1'b0;
      entry_late_q    <= 1'b0;
      abort_late_q    <= 1'b0;
      cut_late_q      <= 1'b0;
    end else begin
      start_q         <= start || follow;
      geometry_late_q <= table_write && is_geometry;
      entry_late_q    <= table_write && is_data && half_q;
      abort_late_q    <= cut;
      cut_late_q      <= cut && !idle;
      outside_q       <= (addr_q >= size) || ((kind >= 8'd4) && (select_q[31:8] >= 24'(Pes)));
      if (start_q) begin
        busy_q <= 1'b1;
        done_q <= 1'b0;
      end else if (busy_q && done_i) begin
        busy_q <= 1'b0;
        done_q <= 1'b1;
      end
      error_q <= ((abort || (Follows && start_q)) ? '0 : error_q) | error_set;
      if (write_i && is_enable) enable_q <= wdata_i[1:0];
      pending_q <= ((write_i && is_pending) ? pending_q & ~wdata_i[1:0] : pending_q) | pending_set;
      irq_q     <= |(pending_q & enable_q);
      if (table_write || load_touch_i) ready_q <= !Writable;
      if ((commit || (load_commit_i && !table_write)) && Writable) ready_q <= 1'b1;
      if (write_i && is_select) begin
        select_q <= wdata_i;
        half_q   <= 1'b0;
      end
      if (write_i && is_addr) begin
        addr_q <= wdata_i;
        half_q <= 1'b0;
      end
      if (table_write && is_data) begin
        half_q <= !half_q;
        if (!half_q) low_q <= wdata_i;
        else addr_q <= addr_q + 32'd1;
      end
      if (abort || commit || (table_bad && is_data && can_write)) half_q <= 1'b0;
      if (cut) begin
        busy_q <= 1'b0;
        done_q <= 1'b0;
      end
      if (Follows && halt_i) busy_q <= 1'b0;
      if (read_i && r_low) high_q <= high_word;
    end
  end

  always_ff @(posedge clk_i) entry_addr_q <= addr_q;

  // Number of the geometry word at an address.
  /* verilator lint_off UNUSEDSIGNAL */
  function automatic logic [4:0] geometry_word_of(input logic [AddrW-1:0] address);
    logic [AddrW-1:0] distance;
    distance = address - GeometryBase;
    geometry_word_of = distance[6:2];
  endfunction
  /* verilator lint_on UNUSEDSIGNAL */

  // Word by word: a part-select at a computed place would become a shifter.
  generate
    for (genvar w = 0; w < epim_regs_pkg::GeometryBits / 32; w++) begin : gen_geometry
      logic [31:0] word_q, word;
      assign word = (geometry_late_q && geometry_word_of(late_waddr_i) == 5'(w)) ? late_wdata_i
                    : ((load_geometry_we_i && (load_word_i == 5'(w))) ? load_data_i : word_q);
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) word_q <= GeometryInit[w*32 +: 32];
        else word_q <= word;
      end
      assign geometry_q[w*32 +: 32] = word_q;
      if (Banks > 1) begin : gen_taken
        logic [31:0] taken_q;
        always_ff @(posedge clk_i or negedge rst_ni) begin
          if (!rst_ni) taken_q <= GeometryInit[w*32 +: 32];
          else if (start) taken_q <= word;
        end
        assign geometry_o[w*32 +: 32] = taken_q;
      end else begin : gen_direct
        assign geometry_o[w*32 +: 32] = word_q;
      end
    end
  endgenerate

  assign start_o     = start_q;
  assign abort_o     = cut;
  assign abort_late_o = abort_late_q;
  assign cut_late_o  = cut_late_q;
  assign forget_o    = (abort && idle) || (Follows && halt_i);
  assign drop_o      = drop;
  assign irq_o       = irq_q;
  assign busy_o      = busy_q;
  assign ready_o     = ready_q && !load_open_i;
  assign error_o     = |error_q[7:2];
  assign locked_o    = (Banks == 1) && (busy_q || start_q);
  assign store_o     = entry_late_q || geometry_late_q;
  assign load_clear_o = write_i && is_load && wdata_i[1];
  assign prog_we_o   = entry_late_q;
  assign prog_kind_o = select_q[7:0];
  assign prog_pe_o   = select_q[23:8];
  assign prog_addr_o = entry_addr_q;
  assign prog_data_o = {late_wdata_i, low_q};

  // Read side.
  logic             r_geometry, r_events;
  /* verilator lint_off UNUSEDSIGNAL */
  logic [AddrW-1:0] event_offset;  // its low bits choose the half of a counter
  /* verilator lint_on UNUSEDSIGNAL */
  logic [9:0]       read_bit;
  assign r_geometry   = GeometryReadback && in_geometry(raddr_i);
  assign r_events     = (raddr_i >= EventsBase) && (raddr_i < EventsEnd) && (raddr_i[1:0] == 2'b00);
  assign event_offset = raddr_i - EventsBase;
  assign event_o      = 8'(event_offset[AddrW-1:3]);
  assign read_bit     = {geometry_word_of(raddr_i), 5'd0};

  logic [31:0] status, geometry_word, event_word;
  assign status        = {16'd0, error_q, 3'd0, changed, program_bank_o, ready_q, done_q, busy_q || start_q};
  // The word of the cycle before is on its way.
  logic geometry_new;
  assign geometry_new  = geometry_late_q && (late_waddr_i == raddr_i);
  assign geometry_word = !GeometryReadback ? '0 : (geometry_new ? late_wdata_i : geometry_q[read_bit +: 32]);
  assign event_word    = raddr_i[2] ? {16'd0, high_q} : event_count_i[31:0];
  logic [31:0] hash_lo, hash_hi;
  assign {hash_hi, hash_lo} = Hash;
  logic [15:0] event_high, cycles_high, first_high, last_high;
  logic [31:0] cycles_low, first_low, last_low;
  assign event_high                = event_count_i[47:32];
  assign {cycles_high, cycles_low} = cycles_i;
  assign {first_high, first_low}   = first_fire_i;
  assign {last_high, last_low}     = last_fire_i;

  // The next start takes the other memories where an entry was stored since the last one.
  generate
    if (Banks > 1) begin : gen_banks
      logic bank_q, changed_q;
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) begin
          bank_q    <= 1'b0;
          changed_q <= 1'b0;
        end else begin
          if (start && (changed_q || stored_i)) bank_q <= !bank_q;
          changed_q <= (changed_q || stored_i) && !start;
        end
      end
      assign program_bank_o = bank_q;
      assign changed        = changed_q;
    end else begin : gen_one_bank
      assign program_bank_o = 1'b0;
      assign changed        = 1'b0;
    end
  endgenerate

  // A wrong bit for a test: in the entry after `inject_q.count` more of its kind.
  logic [31:0] inject;
  logic        r_inject;
  generate
    if (Parity) begin : gen_inject
      logic        armed_q, hit;
      logic [22:0] count_q;
      logic [7:0]  kind_q;
      assign hit      = armed_q && stored_i && (stored_kind_i == kind_q);
      assign flip_o   = hit && (count_q == '0);
      assign inject   = {armed_q, count_q, kind_q};
      assign r_inject = raddr_i == AddrW'(epim_regs_pkg::Inject);
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) begin
          armed_q <= 1'b0;
          count_q <= '0;
          kind_q  <= '0;
        end else if (write_i && is_inject) begin
          {armed_q, count_q, kind_q} <= wdata_i;
        end else if (hit) begin
          armed_q <= count_q != '0;
          count_q <= count_q - 23'(count_q != '0);
        end
      end
    end else begin : gen_no_inject
      assign flip_o   = 1'b0;
      assign inject   = '0;
      assign r_inject = 1'b0;
    end
  endgenerate

  // Registers of the load port.
  logic        r_load;
  logic [31:0] load_word;
  generate
    if (Load) begin : gen_load_registers
      logic [31:0] state, frames, words, target, address;
      assign {address, target, words, frames, state} = load_state_i;
      always_comb begin
        r_load    = 1'b1;
        load_word = state;
        case (raddr_i)
          AddrW'(epim_regs_pkg::LoadStatus):  load_word = state;
          AddrW'(epim_regs_pkg::LoadFrames):  load_word = frames;
          AddrW'(epim_regs_pkg::LoadWords):   load_word = words;
          AddrW'(epim_regs_pkg::LoadTarget):  load_word = target;
          AddrW'(epim_regs_pkg::LoadAddress): load_word = address;
          default:                            r_load = 1'b0;
        endcase
      end
    end else begin : gen_no_load_registers
      assign r_load    = 1'b0;
      assign load_word = '0;
    end
  endgenerate

  always_comb begin
    rdata_o      = '0;
    read_error_o = 1'b0;
    case (raddr_i)
      AddrW'(epim_regs_pkg::Id):            rdata_o = 32'(epim_regs_pkg::IdReset);
      AddrW'(epim_regs_pkg::Version):       rdata_o = 32'(epim_regs_pkg::VersionReset);
      AddrW'(epim_regs_pkg::HashLo):        rdata_o = hash_lo;
      AddrW'(epim_regs_pkg::HashHi):        rdata_o = hash_hi;
      AddrW'(epim_regs_pkg::Status):        rdata_o = status;
      AddrW'(epim_regs_pkg::ProgSelect):    rdata_o = select_q;
      AddrW'(epim_regs_pkg::ProgAddr):      rdata_o = addr_q;
      AddrW'(epim_regs_pkg::IrqEnable):     rdata_o = {30'd0, enable_q};
      AddrW'(epim_regs_pkg::IrqPending):    rdata_o = {30'd0, pending_q};
      AddrW'(epim_regs_pkg::Cycles):        rdata_o = cycles_low;
      AddrW'(epim_regs_pkg::FirstFire):     rdata_o = first_low;
      AddrW'(epim_regs_pkg::LastFire):      rdata_o = last_low;
      AddrW'(epim_regs_pkg::Cycles + 4), AddrW'(epim_regs_pkg::FirstFire + 4), AddrW'(epim_regs_pkg::LastFire + 4):
        rdata_o = {16'd0, high_q};
      default: begin
        if (r_load) rdata_o = load_word;
        else if (r_inject) rdata_o = inject;
        else if (r_geometry) rdata_o = geometry_word;
        else if (r_events) rdata_o = event_word;
        else read_error_o = 1'b1;
      end
    endcase
  end

  // The high word that goes with the low word being read.
  logic        event_low;
  assign event_low = r_events && !raddr_i[2];
  always_comb begin
    r_low     = 1'b1;
    high_word = event_high;
    case (raddr_i)
      AddrW'(epim_regs_pkg::Cycles):    high_word = cycles_high;
      AddrW'(epim_regs_pkg::FirstFire): high_word = first_high;
      AddrW'(epim_regs_pkg::LastFire):  high_word = last_high;
      default:                          r_low = event_low;
    endcase
  end

endmodule
