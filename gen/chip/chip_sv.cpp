// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "gen/chip/chip.hpp"
#include "gen/chip/chip_control_sv.hpp"

namespace epim {
namespace {

int whole_bytes(int bits) { return (bits + 7) / 8 * 8; }

int unsigned_bits(const std::vector<std::int64_t>& values) {
  int bits = 1;
  for (std::int64_t v : values)
    while (v >> bits) ++bits;
  return bits;
}
int signed_bits(const std::vector<std::int64_t>& values) {
  int bits = 1;
  for (std::int64_t v : values)
    while (v < -(std::int64_t{1} << (bits - 1)) || v >= std::int64_t{1} << (bits - 1)) ++bits;
  return bits;
}
/// One vector, the first value in its lowest bits.
std::string packed(const std::vector<std::int64_t>& values, int bits) {
  std::string text;
  for (std::size_t n = values.size(); n-- > 0;) text += fmt::format("{}'h{:x}{}", bits, values[n] & ((std::int64_t{1} << bits) - 1), n > 0 ? ", " : "");
  return values.size() > 1 ? "{" + text + "}" : text;
}
std::string bus(int bits) { return fmt::format("[{}:0]", bits - 1); }

/// Bits of the counters of one core.
constexpr int kCounters = 48 * static_cast<int>(event_count);

class Writer {
 public:
  Writer(const ChipDesign& chip, const ElaborateOptions& options)
      : chip_(chip), graph_(chip.graph), mem_dir_(options.mem_dir), observed_(options.observed), outside_(options.cores_outside),
        events_(options.observed && options.events) {
    for (const std::string& name : chip_.ids) blocks_.push_back("b_" + name);
    for (const std::string& name : chip_.fifo_ids) fifos_.push_back("f_" + name);
  }

  Elaboration top() {
    head();
    wires();
    if (chip_.loaded()) s_ += chip_control_text(chip_, id(0));
    fifos();
    for (std::size_t b = 0; b < graph_.blocks.size(); ++b) block(static_cast<int>(b));
    tail();
    e_.text = std::move(s_);
    return std::move(e_);
  }

  /// One core in a top of its own.
  Elaboration core_alone(std::size_t n) {
    alone_ = true;
    const int b = chip_.cores[n].block;
    const ChipBlock& block = graph_.blocks[static_cast<std::size_t>(b)];
    const int stream = graph_.entering(b).at(0), from = graph_.streams[static_cast<std::size_t>(stream)].from;
    blocks_[static_cast<std::size_t>(b)] = "b_core";  // equal cores give equal texts
    e_.top = "epim_chip_core";
    s_ += fmt::format("module {} {}(\n", e_.top, mem_dir_parameter(mem_dir_));
    port("input ", 0, "clk_i");
    if (chip_.loaded()) {
      port("input ", outside_bits(true), "bus_i");
      port("output", outside_bits(false), "bus_o");
    } else {
      port("input ", 0, "rst_ni");
    }
    port("input ", 0, "s_valid_i");
    port("output", 0, "s_ready_o");
    port("input ", width(from), "s_data_i");
    port("input ", 0, "s_last_i");
    port("output", 0, "m_valid_o");
    port("input ", 0, "m_ready_i");
    port("output", width(b), "m_data_o");
    port("output", 0, "m_last_o", chip_.loaded() ? "" : ",");
    if (!chip_.loaded()) port("output", 0, "error_o", "");
    s_ += fmt::format(");\n\n  logic rst_n;\n  assign rst_n = {};\n  logic f_in_valid, f_in_ready, f_in_last;\n  logic {} f_in_data;\n"
                      "  logic b_core_valid, b_core_ready, b_core_last;\n  logic {} b_core_data;\n"
                      "  assign f_in_valid = s_valid_i;\n  assign f_in_data = s_data_i;\n  assign f_in_last = s_last_i;\n  assign s_ready_o = f_in_ready;\n"
                      "  assign m_valid_o = b_core_valid;\n  assign m_data_o = b_core_data;\n  assign m_last_o = b_core_last;\n"
                      "  assign b_core_ready = m_ready_i;\n\n",
                      chip_.loaded() ? "bus_i[0]" : "rst_ni", bus(width(from)), bus(width(b)));
    core(b, block, "f_in");
    if (!chip_.loaded()) s_ += "  assign error_o = b_core_error;\n\n";
    s_ += "endmodule\n";
    const Hardware& hw = chip_.cores[n].hw;
    for (int t = 0; t < hw.pe_rows && !chip_.loaded(); ++t)
      for (int u = 0; u < hw.pe_cols; ++u)
        e_.cells.push_back({t, u, fmt::format("u_b_core.u_array.gen_pe_row[{}].gen_pe_col[{}].u_pe", t, u), "u_crossbar.gen_flat.cells_q"});
    e_.text = std::move(s_);
    return std::move(e_);
  }

 private:
  /// bits 0: no range
  void port(const char* direction, int bits, const std::string& name, const char* end = ",") {
    e_.ports.push_back({name, *direction == 'o', std::max(bits, 1)});
    s_ += fmt::format("  {} logic {:<8} {}{}\n", direction, bits > 0 ? bus(bits) : "", name, end);
  }
  int lanes() const { return graph_.lanes; }
  /// Some block reads an image.
  bool images() const {
    return !chip_.loaded() || std::any_of(graph_.blocks.begin(), graph_.blocks.end(), [](const ChipBlock& b) { return b.kind == BlockKind::table; });
  }
  /// Reset of what lies between the cores.
  const char* flow_reset() const { return chip_.loaded() ? "flow_rst_n" : "rst_n"; }
  const StreamType& type(int block) const { return chip_.types[static_cast<std::size_t>(block)]; }
  int width(int block) const { return lanes() * type(block).bits; }
  const StreamType& source(int stream) const { return type(graph_.streams[static_cast<std::size_t>(stream)].from); }
  const std::string& id(int block) const { return blocks_[static_cast<std::size_t>(block)]; }
  const std::string& fifo(int stream) const { return fifos_[static_cast<std::size_t>(stream)]; }
  int output() const { return static_cast<int>(graph_.blocks.size()) - 1; }

  void head() {
    const int in = width(0), out = width(output()), n = static_cast<int>(graph_.streams.size());
    s_ += "// SPDX-FileCopyrightText: 2026 The epim authors\n// SPDX-License-Identifier: Apache-2.0\n\n";
    s_ += fmt::format("/// Network {} as one chip, configuration {}: {} cores, {} FIFOs, {} lanes.\n"
                      "/// Generated. Pixels go in, the map of the output node comes out, image after image; docs/chip.md.\n",
                      graph_.name, chip_.name, chip_.cores.size(), n, lanes());
    e_.top = chip_.module + (outside_ ? "_frame" : observed_ ? "_observed" : "");
    s_ += fmt::format("module {} {}(\n", e_.top, images() ? mem_dir_parameter(mem_dir_) : "");
    s_ += "  /// Clock.\n";
    port("input ", 0, "clk_i");
    s_ += "  /// Reset, active low.\n";
    port("input ", 0, "rst_ni");
    if (chip_.loaded()) {
      s_ += "  /// Control, AXI4-Lite: registers of the chip, then of every core (docs/registers.md).\n";
      for (const SlavePin& pin : axil_pins(chip_address_bits(chip_))) port(pin.output ? "output" : "input ", pin.bits, pin.name);
      s_ += "  /// Load port, AXI4-Stream of frames (docs/load.md).\n";
      port("input ", 0, "s_load_tvalid_i");
      port("output", 0, "s_load_tready_o");
      port("input ", 64, "s_load_tdata_i");
      port("input ", 0, "s_load_tlast_i");
    }
    s_ += fmt::format("  /// Pixels, AXI4-Stream: channel l of the word at [l*{0} +: {0}].\n", type(0).bits);
    port("input ", 0, "s_axis_tvalid_i");
    port("output", 0, "s_axis_tready_o");
    if (whole_bytes(in) > in) s_ += "  /* verilator lint_off UNUSEDSIGNAL */\n";
    port("input ", whole_bytes(in), "s_axis_tdata_i");
    if (whole_bytes(in) > in) s_ += "  /* verilator lint_on UNUSEDSIGNAL */\n";
    port("input ", 0, "s_axis_tlast_i");
    s_ += fmt::format("  /// Output map, AXI4-Stream: channel l of the word at [l*{0} +: {0}].\n", type(output()).bits);
    port("output", 0, "m_axis_tvalid_o");
    port("input ", 0, "m_axis_tready_i");
    port("output", whole_bytes(out), "m_axis_tdata_o");
    port("output", 0, "m_axis_tlast_o");
    for (std::size_t c = 0; outside_ && c < chip_.cores.size(); ++c) {
      const int b = chip_.cores[c].block;
      s_ += fmt::format("  /// Core {}.\n", graph_.blocks[static_cast<std::size_t>(b)].name);
      port("output", 0, core_port(c, "s_valid_o"));
      port("input ", 0, core_port(c, "s_ready_i"));
      port("output", width(graph_.streams[static_cast<std::size_t>(graph_.entering(b).at(0))].from), core_port(c, "s_data_o"));
      port("output", 0, core_port(c, "s_last_o"));
      port("input ", 0, core_port(c, "m_valid_i"));
      port("output", 0, core_port(c, "m_ready_o"));
      port("input ", width(b), core_port(c, "m_data_i"));
      port("input ", 0, core_port(c, "m_last_i"));
      if (!chip_.loaded()) continue;
      port("output", outside_bits(true), core_port(c, "bus_o"));
      port("input ", outside_bits(false), core_port(c, "bus_i"));
    }
    if (chip_.loaded()) {
      s_ += "  /// A frame had a wrong length, a table is broken, or a frame of the load port was wrong.\n";
      port("output", 0, "error_o");
      s_ += "  /// Interrupt, high while a bit of chip_irq_pending is set that chip_irq_enable lets through.\n";
      port("output", 0, "irq_o", observed_ ? "," : "");
    } else {
      s_ += "  /// A frame had a wrong length, or a table is broken; stays until reset.\n";
      port("output", 0, "error_o", observed_ ? "," : "");
    }
    if (observed_) {
      s_ += "  /// Observation for verification: words in every FIFO (16 bits each), words going in and out of it.\n";
      port("output", 16 * n, "mon_count_o");
      port("output", n, "mon_push_o");
      port("output", n, "mon_pop_o", events_ ? "," : "");
    }
    if (events_) {
      s_ += "  /// Event counters of every core in execution order, 48 bits each in the order of epim_events_pkg.\n";
      port("output", static_cast<int>(chip_.cores.size()) * kCounters, "mon_events_o", "");
    }
    s_ += ");\n\n";
  }

  void wires() {
    s_ += "  // Reset, released synchronously.\n  logic rst_n;\n  epim_reset_sync u_reset (.clk_i, .rst_ni, .rst_no(rst_n));\n\n";
    s_ += "  // Output of every block, before its fork; b_<input> is the pixel stream.\n";
    for (int b = 0; b < output(); ++b)
      s_ += fmt::format("  logic {0}_valid, {0}_ready, {0}_last;\n  logic {1} {0}_data;\n", id(b), bus(width(b)));
    s_ += "\n  // FIFOs: room at the input, word at the output.\n";
    for (int f = 0; f < static_cast<int>(graph_.streams.size()); ++f) {
      const ChipStream& stream = graph_.streams[static_cast<std::size_t>(f)];
      s_ += fmt::format("  logic {0}_room, {0}_valid, {0}_ready, {0}_last;\n  logic {1} {0}_data;\n", fifo(f), bus(width(stream.from)));
    }
    s_ += "\n  // A word leaves a block when every FIFO behind it has room.\n";
    for (int b = 0; b < output(); ++b) {
      std::string all;
      for (int f : graph_.leaving(b)) all += fmt::format("{}{}_room", all.empty() ? "" : " && ", fifo(f));
      s_ += fmt::format("  assign {}_ready = {};\n", id(b), all);
    }
    s_ += "\n";
  }

  void fifos() {
    for (int f = 0; f < static_cast<int>(graph_.streams.size()); ++f) {
      const ChipStream& stream = graph_.streams[static_cast<std::size_t>(f)];
      const int count_bits = num_width(stream.depth);
      std::string count = "()";
      if (observed_) {
        s_ += fmt::format("  logic {} {}_count;\n", bus(count_bits), fifo(f));
        count = fmt::format("({}_count)", fifo(f));
      }
      s_ += fmt::format("  epim_fifo #(.Depth({0}), .Width({1})) u_{2} (\n"
                        "    .clk_i, .rst_ni({4}), .s_valid_i({3}_valid && {3}_ready), .s_ready_o({2}_room), .s_data_i({{{3}_last, {3}_data}}),\n"
                        "    .m_valid_o({2}_valid), .m_ready_i({2}_ready), .m_data_o({{{2}_last, {2}_data}}),\n",
                        stream.depth, width(stream.from) + 1, fifo(f), id(stream.from), flow_reset());
      if (observed_) s_ += fmt::format("    .count_o{}\n  );\n", count);
      else s_ += "    /* verilator lint_off PINCONNECTEMPTY */\n    .count_o()\n    /* verilator lint_on PINCONNECTEMPTY */\n  );\n";
      if (observed_)
        s_ += fmt::format("  assign mon_count_o[{0} +: 16] = 16'({1}_count);\n  assign mon_push_o[{2}] = {3}_valid && {3}_ready;\n"
                          "  assign mon_pop_o[{2}] = {1}_valid && {1}_ready;\n",
                          16 * f, fifo(f), f, id(stream.from));
    }
    s_ += "\n";
  }

  void block(int b) {
    const ChipBlock& block = graph_.blocks[static_cast<std::size_t>(b)];
    const std::string& o = id(b);
    const std::vector<int> in = graph_.entering(b);
    const std::string i = in.empty() ? "" : fifo(in[0]);
    switch (block.kind) {
      case BlockKind::input:
        if (chip_.loaded())
          s_ += fmt::format("  assign {0}_valid = pixel_valid;\n  assign {0}_data = s_axis_tdata_i[{1}:0];\n  assign {0}_last = s_axis_tlast_i;\n\n", o,
                            width(b) - 1);
        else s_ += fmt::format("  assign {0}_valid = s_axis_tvalid_i;\n  assign {0}_data = s_axis_tdata_i[{1}:0];\n"
                          "  assign {0}_last = s_axis_tlast_i;\n  assign s_axis_tready_o = {0}_ready && rst_n;  // nothing is taken during reset\n\n",
                          o, width(b) - 1);
        break;
      case BlockKind::output: {
        const int w = width(b), pad = whole_bytes(w) - w;
        s_ += fmt::format("  assign {2} = {0}_valid;\n  assign {0}_ready = {3};\n"
                          "  assign m_axis_tdata_o = {1};\n  assign m_axis_tlast_o = {0}_last;\n\n",
                          i, pad ? fmt::format("{{{}'d0, {}_data}}", pad, i) : i + "_data", chip_.loaded() ? "map_valid" : "m_axis_tvalid_o",
                          chip_.loaded() ? "map_ready" : "m_axis_tready_i");
        if (chip_.loaded()) s_ += fmt::format("  assign map_last = {}_last;\n\n", i);
        break;
      }
      case BlockKind::core: outside_ ? core_ports(b, i) : core(b, block, i); break;
      case BlockKind::add: join(b, "epim_stream_add", in); break;
      case BlockKind::concat: join(b, "epim_stream_concat", in); break;
      case BlockKind::merge: merge(b, block, in); break;
      case BlockKind::requantise:
        if (chip_module(chip_, b).empty())  // nothing changes: a wire
          s_ += fmt::format("  assign {1}_valid = {0}_valid;\n  assign {0}_ready = {1}_ready;\n  assign {1}_data = {0}_data;\n"
                            "  assign {1}_last = {0}_last;\n\n",
                            i, o);
        else
          join(b, "epim_stream_add", in);
        break;
      case BlockKind::table: table(b, i); break;
      default: pool(b, block, i);
    }
  }

  /// Parameters of what every requantiser ends with.
  static std::string code_parameters(const Requantiser& r) {
    return fmt::format(".ZeroOut({}), .Lo({}), .Hi({})", r.zero_out, r.lo, r.hi);
  }

  /// What all of these FIFOs have, that of the first in the lowest part.
  std::string joined(const std::vector<int>& in, const char* suffix) const {
    std::string text;
    for (std::size_t k = in.size(); k-- > 0;) text += fmt::format("{}{}{}", fifo(in[k]), suffix, k > 0 ? ", " : "");
    return in.size() > 1 ? "{" + text + "}" : text;
  }

  /// Ports of a block with a stream per operand, and the end of its instance.
  void operand_ports(const std::string& o, const std::vector<int>& in) {
    s_ += fmt::format("    .s_valid_i({0}), .s_ready_o({1}),\n    .s_data_i({2}), .s_last_i({3}),\n"
                      "    .m_valid_o({4}_valid), .m_ready_i({4}_ready), .m_data_o({4}_data), .m_last_o({4}_last), .err_length_o({4}_error)\n  );\n\n",
                      joined(in, "_valid"), joined(in, "_ready"), joined(in, "_data"), joined(in, "_last"), o);
    errors_.push_back(o + "_error");
  }

  void merge(int b, const ChipBlock& block, const std::vector<int>& in) {
    const std::string& o = id(b);
    s_ += fmt::format("  logic {}_error;\n  epim_row_merge #(.Width({}), .Copies({}), .Rows({}), .RowWords({})) u_{} (\n    .clk_i, .rst_ni({}),\n", o, width(b),
                      block.copies, block.out.height, block.out.row_words(), o, flow_reset());
    operand_ports(o, in);
  }

  /// A block with an operand per stream: addition, concatenation, requantiser.
  void join(int b, const std::string& module, const std::vector<int>& in) {
    const ChipBlock& block = graph_.blocks[static_cast<std::size_t>(b)];
    const std::string& o = id(b);
    const std::vector<Requantiser>& all = block.arithmetic.requantise;
    std::vector<std::int64_t> multipliers, zeros, shifts, words, is_signed;
    for (std::size_t k = 0; k < in.size(); ++k) {
      const Requantiser& r = all.size() > 1 ? all[k] : all[0];
      const std::size_t operand = all.size() > 1 ? 0 : k;
      multipliers.push_back(r.multiplier[operand]);
      zeros.push_back(r.zero_in[operand]);
      shifts.push_back(r.shift);
      is_signed.push_back(source(in[k]).is_signed());
    }
    for (int n : block.turns) words.push_back(n);
    const int mul_bits = unsigned_bits(multipliers), zero_bits = signed_bits(zeros), count_bits = unsigned_bits(words);
    s_ += fmt::format("  logic {}_error;\n  {} #(\n    .Lanes({}), .InBits({}), .OutBits({}), .Operands({}), .Signed({}),\n", o, module, lanes(),
                      source(in[0]).bits, type(b).bits, in.size(), packed(is_signed, 1));
    if (!words.empty()) s_ += fmt::format("    .CountBits({}), .Words({}),\n", count_bits, packed(words, count_bits));
    s_ += fmt::format("    .MulBits({}), .Mul({}), .ZeroBits({}), .Zero({}),\n    .Shift({}), {}\n  ) u_{} (\n    .clk_i, .rst_ni({}),\n", mul_bits,
                      packed(multipliers, mul_bits), zero_bits, packed(zeros, zero_bits),
                      words.empty() ? std::to_string(all[0].shift) : packed(shifts, 6), code_parameters(all[0]), o, flow_reset());
    operand_ports(o, in);
  }

  void table(int b, const std::string& i) {
    const StreamType& in = source(graph_.entering(b)[0]);
    s_ += fmt::format("  epim_stream_table #(.Lanes({}), .InBits({}), .OutBits({}), .CodeBits({}), .InitFile({{MemDir, \"{}/table.hex\"}})) u_{} (\n", lanes(),
                      in.bits, type(b).bits, in.format.bits, chip_.ids[static_cast<std::size_t>(b)], id(b));
    s_ += fmt::format("    .clk_i, .rst_ni({2}), .s_valid_i({0}_valid), .s_ready_o({0}_ready), .s_data_i({0}_data), .s_last_i({0}_last),\n"
                      "    .m_valid_o({1}_valid), .m_ready_i({1}_ready), .m_data_o({1}_data), .m_last_o({1}_last)\n  );\n\n",
                      i, id(b), flow_reset());
  }

  void pool(int b, const ChipBlock& block, const std::string& i) {
    const std::string& o = id(b);
    const StreamType& in = source(graph_.entering(b)[0]);
    const Requantiser& r = block.arithmetic.requantise[0];
    const std::vector<std::int64_t>& divisor = block.arithmetic.divisor;
    const bool average = block.kind != BlockKind::max_pool;
    const bool alike = std::adjacent_find(divisor.begin(), divisor.end(), std::not_equal_to<>()) == divisor.end();
    const std::vector<std::int64_t> multipliers = average && !alike ? divisor : std::vector<std::int64_t>{average ? divisor.at(0) : r.multiplier[0]};
    const int mul_bits = unsigned_bits(multipliers);
    s_ += fmt::format("  logic {}_error;\n", o);
    s_ += fmt::format("  epim_stream_pool #(\n    .Lanes({}), .InBits({}), .OutBits({}), .Signed(1'b{:d}), .Average(1'b{:d}), .Blocks({}),\n", lanes(), in.bits,
                      type(b).bits, in.is_signed(), average, block.in.blocks);
    s_ += fmt::format("    .InH({}), .InW({}), .Kh({}), .Kw({}), .StrideY({}), .StrideX({}), .OutH({}), .OutW({}), .RingRows({}),\n", block.in.height,
                      block.in.width, block.kh, block.kw, block.stride.y, block.stride.x, block.out.height, block.out.width,
                      std::min(block.kh, block.in.height) + block.stride.y);
    s_ += fmt::format("    .PadTop({}), .PadLeft({}), .PadBottom({}), .PadRight({}), .CountPadding(1'b{:d}),\n", block.pad.top, block.pad.left,
                      block.pad.bottom, block.pad.right, block.count_padding);
    s_ += fmt::format("    .Muls({}), .MulBits({}), .Mul({}), .Shift({}), .Zero({}), {}\n  ) u_{} (\n", multipliers.size(), mul_bits,
                      packed(multipliers, mul_bits), r.shift, r.zero_in[0], code_parameters(r), o);
    s_ += fmt::format("    .clk_i, .rst_ni({2}), .s_valid_i({0}_valid), .s_ready_o({0}_ready), .s_data_i({0}_data), .s_last_i({0}_last),\n"
                      "    .m_valid_o({1}_valid), .m_ready_i({1}_ready), .m_data_o({1}_data), .m_last_o({1}_last), "
                      ".err_length_o({1}_error)\n  );\n\n",
                      i, o, flow_reset());
    errors_.push_back(o + "_error");
  }

  /// A core elsewhere: its streams are ports.
  void core_ports(int b, const std::string& i) {
    const std::size_t n = static_cast<std::size_t>(chip_.core_of(b) - chip_.cores.data());
    const auto assign = [&](const std::string& to, const std::string& from) { s_ += fmt::format("  assign {} = {};\n", to, from); };
    const std::string& o = id(b);
    for (const char* part : {"valid", "data", "last"}) assign(core_port(n, (std::string("s_") + part + "_o").c_str()), i + "_" + part);
    assign(i + "_ready", core_port(n, "s_ready_i"));
    for (const char* part : {"valid", "data", "last"}) assign(o + "_" + part, core_port(n, (std::string("m_") + part + "_i").c_str()));
    assign(core_port(n, "m_ready_o"), o + "_ready");
    if (chip_.loaded()) {
      const int number = static_cast<int>(n);
      assign(core_port(n, "bus_o"), outside_nets(number, true));
      assign(outside_nets(number, false), core_port(n, "bus_i"));
    }
    s_ += "\n";
  }

  void core(int b, const ChipBlock& block, const std::string& i) {
    const ChipCore& core = *chip_.core_of(b);
    const std::string& o = id(b);
    const CoreParameters p = core_parameters(core.hw, {core.layer});
    const int number = static_cast<int>(&core - chip_.cores.data()), count = static_cast<int>(chip_.cores.size());
    LayerProgram program;
    CoreSettings settings;
    if (!chip_.loaded()) settings.rom = &(program = build_program(p, core.layer, core.data));
    settings.images = (alone_ ? "core" : chip_.ids[static_cast<std::size_t>(b)]) + std::string("/");
    settings.count = events_ || (chip_.loaded() && chip_.common.event_counters);
    settings.chain_end = !chip_.loaded() || number + 1 == count;
    settings.ram = chip_.common.storage == Storage::ram;
    settings.endless = true;
    auto values = core_parameter_values(p, settings);
    if (alone_) {
      const auto apart = [](const auto& v) {
        const std::string name = v.first;
        return name == "CellFile" || name == "ScaleInit" || name == "ZeroInit" || name == "GeometryInit";
      };
      values.erase(std::remove_if(values.begin(), values.end(), apart), values.end());
    }
    const int in = lanes() * core.hw.act_bits, out = width(b);
    const int in_pad = whole_bytes(in) - in, out_pad = whole_bytes(out) - out;
    s_ += fmt::format("  // {}: {}x{} PEs, {} crossbars\n", alone_ ? "core" : block.name, core.hw.pe_rows, core.hw.pe_cols,
                      2 * core.hw.slices() * core.hw.pe_rows * core.hw.pe_cols);
    if (!chip_.loaded()) s_ += fmt::format("  logic {}_error;\n", o);
    if (out_pad)
      s_ += fmt::format("  /* verilator lint_off UNUSEDSIGNAL */\n  logic {} unused_{};  // up to whole bytes\n"
                        "  /* verilator lint_on UNUSEDSIGNAL */\n", bus(out_pad), o);
    s_ += "  epim_core #(\n";
    for (std::size_t n = 0; n < values.size(); ++n)
      s_ += fmt::format("    .{}({}){}\n", values[n].first, values[n].second, n + 1 < values.size() ? "," : "");
    s_ += fmt::format("  ) u_{} (\n    .clk_i, .rst_ni(rst_n),\n", o);
    if (chip_.loaded()) s_ += alone_ ? outside_pins() : loaded_core_text(number);
    else s_ += "    .s_axil_awvalid_i(1'b0), .s_axil_awaddr_i(12'd0), .s_axil_wvalid_i(1'b0), .s_axil_wdata_i(32'd0), "
          ".s_axil_wstrb_i(4'd0),\n    .s_axil_bready_i(1'b0), .s_axil_arvalid_i(1'b0), .s_axil_araddr_i(12'd0), "
          ".s_axil_rready_i(1'b0),\n" + load_port_ties(false) + ",\n";
    s_ += fmt::format("    .s_axis_tvalid_i({0}_valid), .s_axis_tready_o({0}_ready), .s_axis_tdata_i({1}), .s_axis_tlast_i({0}_last),\n", i,
                      in_pad ? fmt::format("{{{}'d0, {}_data}}", in_pad, i) : i + "_data");
    s_ += fmt::format("    .m_axis_tvalid_o({0}_valid), .m_axis_tready_i({0}_ready), .m_axis_tdata_o({1}), .m_axis_tlast_o({0}_last),\n", o,
                      out_pad ? fmt::format("{{unused_{0}, {0}_data}}", o) : o + "_data");
    if (chip_.loaded()) {
      if (!alone_) s_ += fmt::format("    .error_o(core_error[{0}]), .ready_o(core_ready[{0}]), .halt_i(halt),\n", number);
      s_ += "    /* verilator lint_off PINCONNECTEMPTY */\n    .busy_o(), .irq_o()\n    /* verilator lint_on PINCONNECTEMPTY */\n  );\n\n";
      if (events_)
        s_ += fmt::format("  assign mon_events_o[{} +: {}] = u_{}.u_control.gen_count.u_counters.counts;\n\n", (&core - chip_.cores.data()) * kCounters, kCounters, o);
      return;
    }
    s_ += fmt::format("    .error_o({}_error),\n", o);
    s_ += "    /* verilator lint_off PINCONNECTEMPTY */\n"
          "    .s_axil_awready_o(), .s_axil_wready_o(), .s_axil_bvalid_o(), .s_axil_bresp_o(), .s_axil_arready_o(),\n"
          "    .s_axil_rvalid_o(), .s_axil_rdata_o(), .s_axil_rresp_o(), .busy_o(), .irq_o()\n"
          "    /* verilator lint_on PINCONNECTEMPTY */\n  );\n\n";
    if (events_)
      s_ += fmt::format("  assign mon_events_o[{} +: {}] = u_{}.u_control.gen_count.u_counters.counts;\n\n", (&core - chip_.cores.data()) * kCounters, kCounters, o);
    errors_.push_back(o + "_error");
  }

  void tail() {
    std::string all = errors_.empty() ? "1'b0" : "";
    for (const std::string& e : errors_) all += fmt::format("{}{}", all.empty() ? "" : " || ", e);
    if (chip_.loaded()) {
      s_ += fmt::format("  assign length = {};\n\nendmodule\n", all.empty() ? "1'b0" : all);
      return;
    }
    s_ += fmt::format("  logic error_q;\n  always_ff @(posedge clk_i or negedge rst_n) begin\n    if (!rst_n) error_q <= 1'b0;\n"
                      "    else if ({}) error_q <= 1'b1;\n  end\n  assign error_o = error_q;\n\nendmodule\n",
                      all);
  }

  const ChipDesign& chip_;
  const ChipGraph& graph_;
  std::string mem_dir_;
  bool observed_, outside_, events_, alone_ = false;
  Elaboration e_;
  std::vector<std::string> blocks_, fifos_, errors_;
  std::string s_;
};

}  // namespace

Elaboration chip_top(const ChipDesign& chip, const ElaborateOptions& options) { return Writer(chip, options).top(); }

std::string core_port(std::size_t n, const char* name) { return fmt::format("core{}_{}", n, name); }

Elaboration elaborate_chip_core(const ChipDesign& chip, std::size_t n, const std::string& mem_dir) {
  Elaboration e = Writer(chip, {false, mem_dir, false}).core_alone(n);
  e.blocks = block_files({"epim_core"});
  if (chip.loaded()) return e;
  const ChipCore& core = chip.cores[n];
  const CoreParameters p = core_parameters(core.hw, {core.layer});
  LayerProgram program = build_program(p, core.layer, core.data);
  const auto cells = [](const ProgramBlock& b) { return b.kind == ProgramKind::cells; };
  program.blocks.erase(std::remove_if(program.blocks.begin(), program.blocks.end(), cells), program.blocks.end());
  for (auto& [name, text] : program_images(p, program, false))
    if (name.rfind("cells", 0) != 0) e.images["core/" + name] = std::move(text);
  return e;
}

}  // namespace epim
