// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/core/elaborate.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "gen/base/hash.hpp"
#include "gen/core/register_map.hpp"

namespace epim {
namespace {

struct Port {
  const char* direction;
  std::int64_t bits;  ///< 0: no range
  const char* name;
  const char* meaning;
  const char* inside = nullptr;  ///< observation: what it shows, by hierarchical names
};

std::vector<Port> ports_of(const CoreParameters& p, bool observed) {
  const Hardware& hw = p.hw;
  const auto bytes = [](int bits) { return (bits + 7) / 8 * 8; };
  std::vector<Port> ports = {
      {"input ", 0, "clk_i", "Clock."},
      {"input ", 0, "rst_ni", "Reset, active low; falls at any time, its end is synchronised here: two clocks later the core is out of it."},
      {"input ", 0, "s_axil_awvalid_i", "Control, AXI4-Lite."},
      {"output", 0, "s_axil_awready_o", ""},
      {"input ", 12, "s_axil_awaddr_i", ""},
      {"input ", 0, "s_axil_wvalid_i", ""},
      {"output", 0, "s_axil_wready_o", ""},
      {"input ", 32, "s_axil_wdata_i", ""},
      {"input ", 4, "s_axil_wstrb_i", ""},
      {"output", 0, "s_axil_bvalid_o", ""},
      {"input ", 0, "s_axil_bready_i", ""},
      {"output", 2, "s_axil_bresp_o", ""},
      {"input ", 0, "s_axil_arvalid_i", ""},
      {"output", 0, "s_axil_arready_o", ""},
      {"input ", 12, "s_axil_araddr_i", ""},
      {"output", 0, "s_axil_rvalid_o", ""},
      {"input ", 0, "s_axil_rready_i", ""},
      {"output", 32, "s_axil_rdata_o", ""},
      {"output", 2, "s_axil_rresp_o", ""},
  };
  if (hw.load_stream) {
    const std::vector<Port> load = {
        {"input ", 0, "s_load_tvalid_i", "Load port, AXI4-Stream of frames (docs/load.md)."},
        {"output", 0, "s_load_tready_o", ""},
        {"input ", 64, "s_load_tdata_i", ""},
        {"input ", 0, "s_load_tlast_i", ""},
    };
    ports.insert(ports.end(), load.begin(), load.end());
  }
  const std::vector<Port> streams = {
      {"input ", 0, "s_axis_tvalid_i", "Input map, AXI4-Stream."},
      {"output", 0, "s_axis_tready_o", ""},
      {"input ", bytes(hw.lanes * hw.act_bits), "s_axis_tdata_i", ""},
      {"input ", 0, "s_axis_tlast_i", ""},
      {"output", 0, "m_axis_tvalid_o", "Output map, AXI4-Stream."},
      {"input ", 0, "m_axis_tready_i", ""},
      {"output", bytes(hw.lanes * hw.out_bits), "m_axis_tdata_o", ""},
      {"output", 0, "m_axis_tlast_o", ""},
      {"output", 0, "busy_o", "Run in progress."},
      {"output", 0, "error_o", "Frame length or a table was wrong since reset or abort (status bits 10..15)."},
      {"output", 0, "irq_o", "Interrupt, high while a bit of irq_pending is set that irq_enable lets through."},
  };
  ports.insert(ports.end(), streams.begin(), streams.end());
  if (observed) {
    const std::int64_t psum = p.psum_width();
    const std::vector<Port> more = {
        {"output", 0, "mon_fire_o", "Observation for verification.", "u_core.u_array.read && u_core.en"},
        {"output", 0, "mon_load_o", "", "u_core.u_array.load && u_core.en"},
        {"output", std::int64_t{hw.dac_bits} * hw.pe_rows * hw.xb_rows, "mon_wl_o", "", "u_core.u_array.wl_read"},
        {"output", 0, "mon_psum_valid_o", "",
         "u_core.u_array.ser_load && (u_core.group == '0) && u_core.en"},
        {"output", p.cstep_width(), "mon_psum_cstep_o", "", "u_core.cstep"},
        {"output", psum * hw.pe_rows * hw.pe_cols * hw.adcs(), "mon_psum_o", "", "u_core.u_array.psum"},
        {"output", 0, "mon_acc_we_o", "", "u_core.u_back.acc_we"},
        {"output", 0, "mon_acc_closes_o", "", "u_core.u_back.acc_closes"},
        {"output", p.cstep_width(), "mon_acc_cstep_o", "", "u_core.u_back.acc_cstep"},
        {"output", p.group_width(), "mon_acc_group_o", "", "u_core.u_back.acc_group"},
        {"output", std::int64_t{hw.pe_cols} * hw.joint_lanes * hw.acc_bits, "mon_acc_o", "", "u_core.u_back.acc_data"},
    };
    ports.insert(ports.end(), more.begin(), more.end());
  }
  return ports;
}

/// Words of 16 bits, entry 0 in the low word.
std::string vector16(const LayerProgram* rom, int entries, int shift) {
  std::string s;
  std::vector<std::uint16_t> words(static_cast<std::size_t>(entries), shift == 0 ? 1 : 0);
  if (rom)
    for (const ProgramBlock& b : rom->blocks)
      if (b.kind == ProgramKind::scale)
        words[static_cast<std::size_t>(b.pe)] = static_cast<std::uint16_t>(b.entries[0] >> shift);
  for (std::uint16_t w : words) s = fmt::format("16'h{:04X}{}{}", w, s.empty() ? "" : ", ", s);
  return "{" + s + "}";
}

std::string hex_lines(const std::vector<std::uint64_t>& words, std::size_t depth, int width) {
  std::string s;
  for (std::size_t i = 0; i < depth; ++i)
    s += fmt::format("{:0{}x}\n", i < words.size() ? words[i] : 0, (width + 3) / 4);
  return s;
}

/// Image of one ADC lane's ROM: a line per column step, row r of plane q at bit q*xb_rows + r. `cells`: flat order.
std::string lane_image(const CoreParameters& p, const std::vector<std::uint64_t>& cells, int lane) {
  const auto planes = static_cast<std::size_t>(p.planes()), chunks = static_cast<std::size_t>(p.chunks()),
             rows = static_cast<std::size_t>(p.hw.xb_rows), adcs = static_cast<std::size_t>(p.hw.adcs());
  std::string text;
  for (std::size_t step = 0; step < static_cast<std::size_t>(p.hw.column_steps()); ++step) {
    const std::size_t first = (step * adcs + static_cast<std::size_t>(lane)) * planes * chunks;
    std::vector<int> digits((planes * rows + 3) / 4);
    for (std::size_t q = 0; q < planes; ++q)
      for (std::size_t r = 0; r < rows; ++r)
        if (cells[first + q * chunks + r / 64] >> (r % 64) & 1) digits[(q * rows + r) / 4] |= 1 << ((q * rows + r) % 4);
    for (std::size_t d = digits.size(); d-- > 0;) text += "0123456789abcdef"[digits[d]];
    text += '\n';
  }
  return text;
}

}  // namespace

FileSet program_images(const CoreParameters& p, const LayerProgram& program, bool ram) {
  FileSet files;
  std::vector<std::vector<std::uint64_t>> params(static_cast<std::size_t>(p.hw.joint_lanes)), slopes(params.size());
  const std::size_t cell_words =
      static_cast<std::size_t>(p.hw.column_steps()) * p.hw.adcs() * p.planes() * p.chunks();
  std::vector<std::vector<std::uint64_t>> cells(static_cast<std::size_t>(p.hw.pe_rows * p.hw.pe_cols),
                                                std::vector<std::uint64_t>(cell_words));
  const int chunk_w = idx_width(p.chunks()), plane_w = idx_width(p.planes()), lane_w = idx_width(p.hw.adcs());
  for (const ProgramBlock& b : program.blocks) {
    switch (b.kind) {
      case ProgramKind::ifat:
        files["ifat.hex"] = hex_lines(b.entries, static_cast<std::size_t>(p.max_patches),
                                          2 * p.window_width() + p.block_width() + p.ifrt_addr_width());
        break;
      case ProgramKind::ifrt:
        files["ifrt.hex"] = hex_lines(b.entries, static_cast<std::size_t>(p.ifrt_depth),
                                          p.line_width() + p.pe_row_width() + 1);
        break;
      case ProgramKind::ofat:
        files["ofat.hex"] = hex_lines(b.entries, static_cast<std::size_t>(p.max_patches),
                                          2 * p.channel_width() + 2 * p.column_width());
        break;
      case ProgramKind::opt:
        files["opt.hex"] = hex_lines(b.entries, static_cast<std::size_t>(p.opt_depth()), p.opt_width());
        break;
      case ProgramKind::channel:
        for (std::size_t i = 0; i < params.size(); ++i) params[i].push_back(b.entries[i]);
        break;
      case ProgramKind::slopes:
        for (std::size_t i = 0; i < slopes.size(); ++i) slopes[i].push_back(b.entries[i]);
        break;
      case ProgramKind::trims:
        files[fmt::format("trims{:03d}.hex", b.pe)] = hex_lines(b.entries, b.entries.size(), 64);
        break;
      case ProgramKind::scale: break;
      case ProgramKind::cells:
        for (std::size_t i = 0; i < b.entries.size(); ++i) {
          const auto a = b.address + static_cast<std::uint32_t>(i);
          const auto field = [&](int at, int width) { return a >> at & ((1u << width) - 1); };
          const std::size_t lane = field(chunk_w + plane_w, lane_w), step = a >> (chunk_w + plane_w + lane_w);
          const std::size_t word = ((step * static_cast<std::size_t>(p.hw.adcs()) + lane) *
                                        static_cast<std::size_t>(p.planes()) + field(chunk_w, plane_w)) *
                                       static_cast<std::size_t>(p.chunks()) + field(0, chunk_w);
          cells[static_cast<std::size_t>(b.pe)][word] = b.entries[i];
        }
        break;
    }
  }
  for (std::size_t i = 0; i < params.size(); ++i) {
    const int width = p.hw.channel_scale_bits + p.hw.channel_bias_bits;
    const std::uint64_t mask = width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
    for (auto& w : params[i]) w &= mask;
    files[fmt::format("channel{:02d}.hex", i)] = hex_lines(params[i], static_cast<std::size_t>(p.param_depth), width);
    if (p.hw.slope_bits > 0)
      files[fmt::format("slope{:02d}.hex", i)] = hex_lines(slopes[i], static_cast<std::size_t>(p.param_depth), p.hw.slope_bits);
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!ram) {
      files[fmt::format("cells{:03d}.hex", i)] = hex_lines(cells[i], cell_words, 64);
      continue;
    }
    for (int lane = 0; lane < p.hw.adcs(); ++lane)
      files[fmt::format("cells{:03d}_adc{:04d}.hex", i, lane)] = lane_image(p, cells[i], lane);
  }
  return files;
}

std::vector<std::pair<const char*, std::string>> core_parameter_values(const CoreParameters& p, const CoreSettings& settings) {
  const Hardware& hw = p.hw;
  const LayerProgram* rom = settings.rom;
  std::string geometry = "epim_regs_pkg::GeometryReset";
  if (rom) {
    geometry.clear();
    for (std::uint32_t w : rom->geometry) geometry = fmt::format("32'h{:08X}{}{}", w, geometry.empty() ? "" : ", ", geometry);
    geometry = "{" + geometry + "}";
  }
  const auto image = [&](const char* name) {
    return rom ? fmt::format("{{MemDir, \"{}{}\"}}", settings.images, name) : std::string("\"\"");
  };
  const int pes = hw.pe_rows * hw.pe_cols;
  std::vector<std::pair<const char*, std::string>> values = {
      {"XbRows", std::to_string(hw.xb_rows)},
      {"XbCols", std::to_string(hw.xb_cols)},
      {"PeRows", std::to_string(hw.pe_rows)},
      {"PeCols", std::to_string(hw.pe_cols)},
      {"CellBits", std::to_string(hw.cell_bits)},
      {"WeightBits", std::to_string(hw.weight_bits)},
      {"ActBits", std::to_string(hw.act_bits)},
      {"ActSigned", hw.act_signed ? "1'b1" : "1'b0"},
      {"DacBits", std::to_string(hw.dac_bits)},
      {"AdcBits", std::to_string(hw.adc_bits)},
      {"ColsPerAdc", std::to_string(hw.cols_per_adc)},
      {"Lanes", std::to_string(hw.lanes)},
      {"JointLanes", std::to_string(hw.joint_lanes)},
      {"BufferWords", std::to_string(hw.buffer_words)},
      {"OutBits", std::to_string(hw.out_bits)},
      {"ScaleBits", std::to_string(hw.scale_bits)},
      {"ChannelScaleBits", std::to_string(hw.channel_scale_bits)},
      {"ChannelBiasBits", std::to_string(hw.channel_bias_bits)},
      {"SlopeBits", std::to_string(hw.slope_bits)},
      {"AccBits", std::to_string(hw.acc_bits)},
      {"ZeroPoint", hw.zero_point ? "1'b1" : "1'b0"},
      {"ZeroBits", std::to_string(p.zero_bits())},
      {"SerialMultiply", hw.serial_multiply ? "1'b1" : "1'b0"},
      {"InputShift", hw.input_shift ? "1'b1" : "1'b0"},
      {"AdcStages", std::to_string(hw.adc_stages)},
      {"RowsPerRead", std::to_string(hw.read_rows())},
      {"AdcLatency", std::to_string(hw.adc_latency)},
      {"AdcInterval", std::to_string(hw.adc_interval)},
      {"HoldFree", hw.hold_free ? "1'b1" : "1'b0"},
      {"FractionBits", std::to_string(hw.fraction_bits)},
      {"AdcTrims", hw.adc_trims ? "1'b1" : "1'b0"},
      {"ReadNoise", hw.read_noise ? "1'b1" : "1'b0"},
      {"AdcStep", std::to_string(hw.adc_step)},
      {"DimW", std::to_string(hw.dim_bits)},
      {"GeometryReadback", hw.geometry_readback ? "1'b1" : "1'b0"},
      {"Pool", hw.pool ? "1'b1" : "1'b0"},
      {"MaxPatches", std::to_string(p.max_patches)},
      {"IfrtDepth", std::to_string(p.ifrt_depth)},
      {"ParamDepth", std::to_string(p.param_depth)},
      {"MaxWindow", std::to_string(p.max_window)},
      {"MaxBlocks", std::to_string(p.max_blocks)},
      {"MaxChannels", std::to_string(p.max_channels)},
      {"Writable", rom ? "1'b0" : "1'b1"},
      {"Load", hw.load_stream && !rom ? "1'b1" : "1'b0"},
      {"Parity", hw.parity && !rom ? "1'b1" : "1'b0"},
      {"Count", settings.count ? "1'b1" : "1'b0"},
      {"Endless", settings.endless ? "1'b1" : "1'b0"},
      {"Ram", settings.ram ? "1'b1" : "1'b0"},
      {"Hash", fmt::format("64'h{}", hash_text(settings.hash))},
      {"GeometryInit", geometry},
      {"IfatFile", image("ifat.hex")},
      {"IfrtFile", image("ifrt.hex")},
      {"OfatFile", image("ofat.hex")},
      {"OptFile", hw.pool ? image("opt.hex") : "\"\""},
      {"ParamFile", image("channel")},
      {"SlopeFile", hw.slope_bits > 0 ? image("slope") : "\"\""},
      {"CellFile", image("cells")},
      {"TrimFile", hw.adc_trims ? image("trims") : "\"\""},
      {"ScaleInit", vector16(rom, pes, 0)},
      {"ZeroInit", vector16(rom, pes, 32)},
  };
  if (!settings.chain_end) values.emplace_back("LoadChainEnd", "1'b0");
  if (hw.program_banks > 1 && !rom) values.emplace_back("ProgramBanks", std::to_string(hw.program_banks));
  return values;
}

std::string load_port_ties(bool loaded) {
  std::string s = "    .halt_i(1'b0), .load_core_i(16'd0), .m_load_tready_i(1'b1)";
  if (!loaded) s += ", .s_load_tvalid_i(1'b0), .s_load_tdata_i(64'd0), .s_load_tlast_i(1'b0)";
  s += ",\n    /* verilator lint_off PINCONNECTEMPTY */\n    .m_load_tvalid_o(), .m_load_tdata_o(), .m_load_tlast_o(), .ready_o()";
  if (!loaded) s += ", .s_load_tready_o()";
  return s + "\n    /* verilator lint_on PINCONNECTEMPTY */";
}

std::string mem_dir_parameter(const std::string& folder) {
  return "#(\n  /// Folder of the memory images, with the separator at its end, from where the tool runs.\n"
         "  parameter MemDir = \"" + folder + "\"\n) ";
}

Sources block_files(const std::vector<std::string>& tops) {
  std::set<std::string> used(tops.begin(), tops.end());
  const std::vector<RtlSource>& all = rtl_sources();
  // Who instantiates comes after what is instantiated.
  for (auto block = all.rbegin(); block != all.rend(); ++block)
    if (used.count(block->name)) used.insert(block->uses.begin(), block->uses.end());
  Sources files = {{"epim_pkg.sv", all.front().text},
                                                            {"epim_regs_pkg.sv", registers_sv()},
                                                            {"epim_events_pkg.sv", events_sv()}};
  for (const RtlSource& block : all)
    if (used.count(block.name)) files.emplace_back(std::string(block.name) + ".sv", block.text);
  return files;
}

void replace_texts(Sources& blocks, const Sources& instead) {
  std::vector<std::string> changed;
  std::set<std::string> have;
  for (auto& [name, text] : blocks) {
    have.insert(name);
    for (const auto& [other, by] : instead)
      if (other == name && text != by) changed.push_back(text = by);
  }
  for (std::size_t i = 0; i < changed.size(); ++i)
    for (const auto& [other, by] : instead) {
      const std::string module = " " + other.substr(0, other.rfind(".sv"));
      if (have.count(other) || (changed[i].find(module + " #(") == std::string::npos && changed[i].find(module + " u_") == std::string::npos)) continue;
      have.insert(other);
      blocks.emplace_back(other, by);
      changed.push_back(by);
    }
}

Sources Elaboration::sources() const {
  Sources all = blocks;
  all.emplace_back(top + ".sv", text);
  return all;
}

Elaboration elaborate(const CoreSpec& core, const CoreParameters& p, const LayerProgram* rom, const ElaborateOptions& options) {
  const bool observed = options.observed;
  const Hardware& hw = p.hw;
  const std::string module = observed ? "epim_observed" : "epim_top";
  std::string s = kSpdx;
  s += fmt::format("\n/// {}: one accelerator core for configuration {}.\n"
                   "/// {}x{} crossbars, {}x{} PEs, W{}A{}{}, {}-bit cells, {}-bit ADC for {} columns, {} lanes.\n"
                   "/// Generated; the blocks are in epim_core.sv and below.\nmodule {} {}(\n",
                   observed ? "Observed core" : "Top", core.name, hw.xb_rows, hw.xb_cols, hw.pe_rows, hw.pe_cols,
                   hw.weight_bits, hw.act_bits, hw.act_signed ? " signed" : "", hw.cell_bits, hw.adc_bits,
                   hw.cols_per_adc, hw.lanes, module, rom ? mem_dir_parameter(options.mem_dir) : "");
  const auto ports = ports_of(p, observed);
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (*ports[i].meaning) s += fmt::format("  /// {}\n", ports[i].meaning);
    const std::string range = ports[i].bits > 0 ? fmt::format("[{}:0]", ports[i].bits - 1) : "";
    s += fmt::format("  {} logic {:<9} {}{}\n", ports[i].direction, range, ports[i].name,
                     i + 1 < ports.size() ? "," : "");
  }
  s += ");\n\n  logic rst_n;\n  epim_reset_sync u_reset (.clk_i, .rst_ni, .rst_no(rst_n));\n\n  epim_core #(\n";
  CoreSettings settings;
  settings.rom = rom;
  settings.count = core.event_counters;
  settings.ram = core.storage == Storage::ram;
  settings.hash = hardware_hash(core);
  const auto parameters = core_parameter_values(p, settings);
  for (std::size_t i = 0; i < parameters.size(); ++i)
    s += fmt::format("    .{}({}){}\n", parameters[i].first, parameters[i].second, i + 1 < parameters.size() ? "," : "");
  s += "  ) u_core (\n";
  std::string pins;
  for (const Port& port : ports)
    if (!port.inside)
      pins += fmt::format("{}    .{}({})", pins.empty() ? "" : ",\n", port.name, port.name == std::string("rst_ni") ? "rst_n" : port.name);
  pins += ",\n" + load_port_ties(hw.load_stream);
  s += pins + "\n  );\n";
  if (observed) {
    s += "\n  // Observation from outside: nets of the core by their hierarchical names.\n";
    for (const Port& port : ports)
      if (port.inside) s += fmt::format("  assign {} = {};\n", port.name, port.inside);
  }
  s += "\nendmodule\n";
  Elaboration e;
  e.top = module;
  e.text = std::move(s);
  for (const Port& port : ports)
    e.ports.push_back({port.name, port.direction == std::string("output"), static_cast<int>(std::max<std::int64_t>(port.bits, 1))});
  e.blocks = block_files({"epim_core", "epim_reset_sync"});
  if (core.storage == Storage::flat)
    for (int t = 0; t < hw.pe_rows; ++t)
      for (int u = 0; u < hw.pe_cols; ++u)
        e.cells.push_back({t, u, fmt::format("u_core.u_array.gen_pe_row[{}].gen_pe_col[{}].u_pe", t, u), "u_crossbar.gen_flat.cells_q"});
  if (rom) e.images = program_images(p, *rom, core.storage == Storage::ram);
  return e;
}

}  // namespace epim
