// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/fpga/flow.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <regex>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/base/hash.hpp"
#include "gen/core/manifest.hpp"
#include "gen/base/process.hpp"
#include "gen/base/work_folder.hpp"
#include "golden/diagnostic.hpp"
#include "golden/files/json_document.hpp"

namespace epim {
namespace {

/// The core's clock from the board's oscillator. A chip with the PLL next to the clock pin needs the PAD variant.
std::string pll_sv(const FpgaBoard& board, const Pll& pll) {
  const bool pad = board.device->name == "iCE40 UP5K";
  const std::string button = board.reset == ResetPin::active_low ? "rst_ni" : board.reset == ResetPin::active_high ? "rst_i" : "";
  std::string s = fmt::format(
      "// SPDX-FileCopyrightText: 2026 The epim authors\n// SPDX-License-Identifier: Apache-2.0\n\n"
      "/// epim_board at {:.4g} MHz, made from {:.4g} MHz by the PLL; in reset until the PLL has locked. Generated.\n"
      "module epim_board_pll (\n  /// Clock of the board.\n  input  logic       clk_i,\n", pll.mhz, board.clock_mhz);
  if (!button.empty()) s += fmt::format("  /// Reset button.\n  input  logic       {},\n", button);
  s += "  /// Serial line.\n  input  logic       uart_rx_i,\n  output logic       uart_tx_o,\n  /// LEDs.\n  output logic [4:0] led_o\n);\n\n"
       "  logic clk, locked;\n\n";
  s += fmt::format("  SB_PLL40_{} #(\n    .FEEDBACK_PATH(\"SIMPLE\"),\n    .DIVR(4'd{}),\n    .DIVF(7'd{}),\n    .DIVQ(3'd{}),\n"
                   "    .FILTER_RANGE(3'd{})\n  ) u_pll (\n    .{}(clk_i),\n    .PLLOUTGLOBAL(clk),\n    .LOCK(locked),\n"
                   "    .RESETB(1'b1),\n    .BYPASS(1'b0)\n  );\n\n",
                   pad ? "PAD" : "CORE", pll.divr, pll.divf, pll.divq, pll.range, pad ? "PACKAGEPIN" : "REFERENCECLK");
  s += fmt::format("  epim_board u_board (\n    .clk_i(clk),\n    .rst_ni(locked{}),\n    .uart_rx_i,\n    .uart_tx_o,\n    .led_o\n  );\n\nendmodule\n",
                   button.empty() ? "" : board.reset == ResetPin::active_low ? " && rst_ni" : " && !rst_i");
  return s;
}

/// A serial port's driver may hold bytes back for some tens of milliseconds; the host waits for 0.4 s
/// (UartLinkOptions::timeout_ms). The bridge's timeout, a power of two of clocks, lies between this and twice as much.
constexpr double kTimeoutSeconds = 0.15;

class Flow {
 public:
  Flow(const Config& config, const CoreSpec& core, const std::vector<EmitLayer>& layers, const FpgaBoard& board, const FpgaOptions& o)
      : config_(config), core_(core), layers_(layers), board_(board), device_(*board.device), o_(o) {}

  FpgaResult run() {
    sources();
    tools();
    synthesise();
    check_size();
    if (o_.route) route();
    else r_.not_routed = "place and route was not asked for";
    return std::move(r_);
  }

 private:
  static bool present(const std::string& program) { return run_command(fmt::format("command -v '{}'", program)).code == 0; }

  /// Before minutes of work: everything that is needed.
  void tools() {
    const CommandResult v = run_command(fmt::format("'{}' -V", o_.yosys));
    if (v.code != 0) throw MissingTool("yosys: install Debian package yosys (scripts/setup.sh fpga)");
    r_.yosys_version = v.output.substr(0, v.output.find('\n'));
    if (device_.family == FpgaFamily::ice40 && o_.route) {
      const CommandResult n = run_command(fmt::format("'{}' --version", o_.nextpnr_ice40));
      if (n.code == 127) throw MissingTool("nextpnr-ice40: install Debian package nextpnr-ice40 (scripts/setup.sh fpga)");
      static const std::regex version(R"(Version ([^)\s]+))");
      std::smatch m;
      if (std::regex_search(n.output, m, version)) r_.nextpnr_version = "nextpnr " + m[1].str();
      if (!present(o_.icepack)) throw MissingTool("icepack: install Debian package fpga-icestorm (scripts/setup.sh fpga)");
    }
  }

  void sources() {
    BoardTop top;
    top.reset = board_.reset;
    r_.clock_mhz = board_.clock_mhz;
    std::string wrapper;
    if (o_.clock_mhz > 0 && o_.clock_mhz != board_.clock_mhz) {
      if (device_.family != FpgaFamily::ice40)
        throw InputError({"--clock", 0, 0}, "clock-not-possible", fmt::format("{} MHz: this flow sets up the PLL of iCE40 devices alone; legal here: {} MHz", o_.clock_mhz, board_.clock_mhz));
      const Pll pll = ice40_pll(board_.clock_mhz, o_.clock_mhz);
      wrapper = pll_sv(board_, pll);
      r_.clock_mhz = pll.mhz;
      top.reset = ResetPin::active_low;
    }
    // A receiver that samples once in the middle of ten bits stands a rate that is off by 2 % and more.
    const double ratio = r_.clock_mhz * 1e6 / o_.baud;
    r_.clocks_per_bit = static_cast<int>(std::lround(ratio));
    if (r_.clocks_per_bit < 4 || std::abs(r_.clocks_per_bit / ratio - 1) > 0.02)
      throw InputError({"--baud", 0, 0}, "baud-not-possible",
                       fmt::format("{} baud at {:.4g} MHz are {:.2f} clocks per bit; legal: at least 4, and within 2 % of a whole number",
                                   o_.baud, r_.clock_mhz, ratio));
    top.clocks_per_bit = r_.clocks_per_bit;
    while (std::ldexp(1.0, top.timeout_bits) < kTimeoutSeconds * r_.clock_mhz * 1e6) ++top.timeout_bits;
    if (o_.self_test) top.self_test = self_test(core_, layers_.at(0), config_.locate("hardware.tables"));

    std::vector<Layer> shapes;
    for (const EmitLayer& l : layers_) shapes.push_back(l.layer);
    const CoreParameters p = core_parameters(core_.hw, shapes);
    const Elaboration e = elaborate(core_, layers_);
    for (const auto& [name, text] : e.sources()) {
      r_.files["rtl/" + name] = text;
      sources_ += " rtl/" + name;
    }
    FileSet images = e.images;
    if (images.empty() && layers_.size() == 1)  // what a host would write
      images = program_images(p, build_program(p, layers_[0].layer, layers_[0].data), false);
    for (const auto& [name, text] : images) r_.files[kMemDir + name] = text;
    r_.files["resolved.toml"] = resolved_toml(config_, request_of(core_), shapes);
    for (const auto& [name, text] : block_files(board_blocks(top)))
      if (r_.files.emplace("rtl/" + name, text).second) sources_ += " rtl/" + name;
    r_.files["rtl/epim_board.sv"] = board_sv(p, core_, top);
    sources_ += " rtl/epim_board.sv";
    if (!wrapper.empty()) {
      r_.files["rtl/epim_board_pll.sv"] = wrapper;
      sources_ += " rtl/epim_board_pll.sv";
      top_ = "epim_board_pll";
    }
    r_.files["constraints/" + board_.constraints] = read_text(o_.home + "/constraints/" + board_.constraints);
    for (const auto& [name, text] : r_.files) save_text(work_ / name, text);
  }

  void run_tool(const std::string& name, const std::string& command, const std::string& log) {
    const CommandResult r = run_command(fmt::format("cd '{}' && {}", work_.string(), command));
    if (r.code == 0) return;
    work_.keep();
    throw std::runtime_error(fmt::format("{} failed in {}:\n{}", name, work_.string(), last_lines(read_text((work_ / log).string()) + r.output, 12)));
  }

  void synthesise() {
    o_.progress(0.0, "yosys");
    const char* synth = device_.family == FpgaFamily::ice40 ? "synth_ice40" : device_.family == FpgaFamily::ecp5 ? "synth_ecp5" : "synth_xilinx";
    const std::string script = fmt::format("read_verilog -sv -defer{}\n{}{}{} -top {}\nwrite_json epim_board.json\ntee -o stat.json stat -json\n", sources_,
                                           synth, device_.synth.empty() ? "" : " ", device_.synth, top_);
    r_.files["scripts/synth.ys"] = script;
    save_text(work_ / "scripts/synth.ys", script);
    run_tool("yosys", fmt::format("'{}' -l yosys.log scripts/synth.ys > /dev/null", o_.yosys), "yosys.log");
    const auto stat = nlohmann::json::parse(read_text((work_ / "stat.json").string()));
    for (const auto& [type, count] : stat.at("design").at("num_cells_by_type").items()) r_.cells[type] = count.get<std::int64_t>();
    r_.uses = fpga_use(device_, r_.cells);
  }

  [[noreturn]] void too_small(const std::vector<FpgaUse>& uses, const std::string& source) {
    std::string what;
    for (const FpgaUse& u : uses)
      if (!u.fits()) what += fmt::format("{}{} {:.0f} of {:.0f} ({:.0f} too many)", what.empty() ? "" : ", ", u.name, u.used, u.available, u.used - u.available);
    throw InputError({config_.path, 0, 0}, "device-too-small",
                     fmt::format("{} does not hold this configuration: {} by {}; legal: a smaller configuration or another --board", device_.name, what, source));
  }
  void check_size() {
    for (const FpgaUse& u : r_.uses)
      if (!u.fits()) too_small(r_.uses, "Yosys' count of cells");
  }

  void route() {
    if (device_.family == FpgaFamily::ice40) return route_ice40();
    if (device_.family == FpgaFamily::ecp5) return route_ecp5();
    r_.not_routed = "nextpnr-xilinx is no Debian package and needs a chip database; the netlist and the constraints are for Vivado or for it";
  }

  double target() const { return o_.target_mhz > 0 ? o_.target_mhz : std::max(board_.target_mhz, r_.clock_mhz); }

  /// Frequency at which no other seed is tried.
  double wanted() const { return std::max(o_.min_fmax_mhz, r_.clock_mhz); }

  /// Places and routes with one seed after the other; the fastest result stays in `output` and report.json.
  /// `tool` is run with a seed and writes those two files.
  void try_seeds(const std::string& output, const std::function<void(int)>& tool) {
    r_.target_mhz = target();
    for (int i = 0; i < o_.seeds; ++i) {
      const int seed = o_.seed + i;
      o_.progress(0.4 + 0.55 * i / o_.seeds, fmt::format("nextpnr, seed {} ({} of {})", seed, i + 1, o_.seeds));
      tool(seed);
      const double mhz = fmax_of(nlohmann::json::parse(read_text((work_ / "report.json").string())));
      const bool better = r_.tried.empty() || mhz > r_.fmax_mhz;
      r_.tried.push_back({seed, mhz});
      if (better) {
        r_.fmax_mhz = mhz;
        r_.seed = seed;
        for (const std::string& name : {output, std::string("report.json")}) std::filesystem::rename(work_ / name, work_ / ("best_" + name));
      }
      if (mhz >= wanted()) break;
    }
    for (const std::string& name : {output, std::string("report.json")}) std::filesystem::rename(work_ / ("best_" + name), work_ / name);
    report();
  }

  void route_ice40() {
    try_seeds("epim_board.asc", [&](int seed) { nextpnr_ice40(seed); });
    o_.progress(0.95, "icepack");
    run_tool("icepack", fmt::format("'{}' epim_board.asc epim_board.bin", o_.icepack), "nextpnr.log");
    keep_bitstream("epim_board.bin");
    r_.files["epim_board.asc"] = read_text((work_ / "epim_board.asc").string());
    icetime();
  }

  void nextpnr_ice40(int seed) {
    const CommandResult r = run_command(fmt::format(
        "cd '{}' && '{}' {} --json epim_board.json --top {} --pcf 'constraints/{}' --asc epim_board.asc --report report.json --freq {:g} --seed {} "
        "--timing-allow-fail -l nextpnr.log > /dev/null 2>&1", work_.string(), o_.nextpnr_ice40, device_.route, top_, board_.constraints, target(), seed));
    if (r.code == 0) return;
    const std::string log = read_text((work_ / "nextpnr.log").string());
    // "Info:          ICESTORM_LC:  8022/ 7680   104%"
    static const std::regex line(R"((\w+):\s*(\d+)/\s*(\d+)\s+\d+%)");
    std::vector<FpgaUse> uses;
    for (std::sregex_iterator m(log.begin(), log.end(), line), end; m != end; ++m)
      uses.push_back({name_of((*m)[1].str()), std::stod((*m)[2]), std::stod((*m)[3])});
    if (std::any_of(uses.begin(), uses.end(), [](const FpgaUse& u) { return !u.fits(); })) too_small(uses, "nextpnr's count");
    work_.keep();
    throw std::runtime_error(fmt::format("nextpnr-ice40 failed in {}:\n{}", work_.string(), last_lines(log, 12)));
  }

  /// A second opinion on the routed design, from the package that icepack comes with.
  void icetime() {
    const CommandResult r = run_command(fmt::format("cd '{}' && '{}' {} -p 'constraints/{}' -t epim_board.asc", work_.string(), o_.icetime,
                                                    device_.icetime, board_.constraints));
    static const std::regex line(R"(Total path delay: [0-9.]+ ns \(([0-9.]+) MHz\))");
    std::smatch m;
    if (r.code == 0 && std::regex_search(r.output, m, line)) r_.icetime_mhz = std::stod(m[1]);
  }

  void route_ecp5() {
    if (!present(o_.nextpnr_ecp5)) {
      r_.not_routed = "nextpnr-ecp5 is not installed (Debian package nextpnr-ecp5, not in Debian 12)";
      return;
    }
    try_seeds("epim_board.config", [&](int seed) {
      run_tool("nextpnr-ecp5", fmt::format("'{}' {} --json epim_board.json --top {} --lpf 'constraints/{}' --textcfg epim_board.config --report report.json "
                                           "--freq {:g} --seed {} --timing-allow-fail -l nextpnr.log > /dev/null 2>&1", o_.nextpnr_ecp5, device_.route, top_,
                                           board_.constraints, target(), seed), "nextpnr.log");
    });
    if (!present(o_.ecppack)) {
      r_.not_routed = "ecppack is not installed (Debian package fpga-trellis, not in Debian 12): placed and routed, no bitstream";
      return;
    }
    run_tool("ecppack", fmt::format("'{}' epim_board.config epim_board.bit", o_.ecppack), "nextpnr.log");
    keep_bitstream("epim_board.bit");
  }

  void keep_bitstream(const std::string& name) {
    r_.files[name] = read_text((work_ / name).string());
    r_.bitstream = name;
  }

  static std::string name_of(const std::string& bel) {
    static const std::map<std::string, std::string> names = {{"ICESTORM_LC", "logic cells"}, {"ICESTORM_RAM", "block RAMs"}, {"SB_IO", "pins"},
                                                             {"SB_GB", "global buffers"}, {"ICESTORM_PLL", "PLLs"}, {"ICESTORM_DSP", "multipliers"},
                                                             {"ICESTORM_SPRAM", "large RAMs"}, {"TRELLIS_COMB", "LUTs"}, {"TRELLIS_FF", "flip-flops"},
                                                             {"DP16KD", "block RAMs"}, {"MULT18X18D", "multipliers"}};
    const auto it = names.find(bel);
    return it == names.end() ? bel : it->second;
  }

  static double fmax_of(const nlohmann::json& report) {
    double fmax = 0;
    for (const auto& [clock, f] : report.at("fmax").items()) {
      const double mhz = f.at("achieved").get<double>();
      fmax = fmax == 0 ? mhz : std::min(fmax, mhz);
    }
    return fmax;
  }

  void report() {
    const auto j = nlohmann::json::parse(read_text((work_ / "report.json").string()));
    for (const auto& [bel, use] : j.at("utilization").items())
      if (use.at("used").get<double>() > 0) r_.routed.push_back({name_of(bel), use.at("used").get<double>(), use.at("available").get<double>()});
    for (const auto& path : j.at("critical_paths")) {
      if (path.at("from").get<std::string>() == "<async>" || path.at("to").get<std::string>() == "<async>") continue;
      const auto& steps = path.at("path");
      if (steps.empty()) continue;
      r_.critical = fmt::format("{} to {}", steps.front().at("from").at("cell").get<std::string>(), steps.back().at("to").at("cell").get<std::string>());
      break;
    }
  }

  const Config& config_;
  const CoreSpec& core_;
  const std::vector<EmitLayer>& layers_;
  const FpgaBoard& board_;
  const FpgaDevice& device_;
  const FpgaOptions& o_;
  WorkFolder work_{"epim-fpga"};
  FpgaResult r_;
  std::string sources_, top_ = "epim_board";
};

}  // namespace

Pll ice40_pll(double in_mhz, double out_mhz) {
  Pll best;
  for (int divr = 0; divr < 16; ++divr) {
    const double detector = in_mhz / (divr + 1);
    if (detector < 10 || detector > 133) continue;
    for (int divf = 0; divf < 128; ++divf) {
      const double vco = detector * (divf + 1);
      if (vco < 533 || vco > 1066) continue;
      for (int divq = 1; divq < 7; ++divq) {
        const double mhz = vco / (1 << divq);
        if (mhz > out_mhz + 1e-9 || mhz <= best.mhz) continue;
        best = {divr, divf, divq, detector < 17 ? 1 : detector < 26 ? 2 : detector < 44 ? 3 : detector < 66 ? 4 : detector < 101 ? 5 : 6, mhz};
      }
    }
  }
  if (best.mhz == 0 || out_mhz > 275)
    throw InputError({"--clock", 0, 0}, "clock-not-possible", fmt::format("{:g} MHz: no setting of the PLL; legal: 8.33 to 275 MHz", out_mhz));
  return best;
}

FpgaResult fpga_flow(const Config& config, const CoreSpec& core, const std::vector<EmitLayer>& layers, const FpgaBoard& board, const FpgaOptions& options) {
  return Flow(config, core, layers, board, options).run();
}

}  // namespace epim
