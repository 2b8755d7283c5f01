// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/synth/flow.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "gen/base/process.hpp"
#include "golden/diagnostic.hpp"
#include "golden/files/json_document.hpp"
#include "gen/core/manifest.hpp"
#include "gen/synth/macro_liberty.hpp"
#include "gen/base/work_folder.hpp"

namespace epim {
namespace fs = std::filesystem;
namespace {

/// In front of every mapping: word-level optimisation, memories as cells, gates. No fsm recoding, no share (both change
/// registers or take long and gain nothing here), no enables or synchronous resets in flip-flops (the libraries have none).
constexpr const char* kGates = R"(opt -nodffe -nosdff
wreduce
peepopt
opt_clean
alumacc
opt -nodffe -nosdff
memory -nomap
opt_clean
opt -fast -full -nodffe -nosdff
techmap
opt -fast -nodffe -nosdff
)";

std::string map_to(const std::string& liberty, const std::string& abc_options) {
  return fmt::format("dfflibmap -liberty {0}\nopt_clean\nabc -liberty {0}{1}\nopt_clean -purge\n", liberty, abc_options);
}

/// Names that every tool takes, the same in every run: $paramod... modules become BASE, or BASE_2, BASE_3 ... where there
/// are several; memories epim_ram_WORDSxWIDTH. Rewrites the RTLIL text.
void rename_modules(const fs::path& from, const fs::path& to) {
  std::map<std::string, std::string> names;
  std::set<std::string> used;
  for (const NetlistModule& m : read_rtlil_file(from.string())) {
    std::string name = m.base();
    if (name == "epim_ram" && !m.memories.empty())
      name += fmt::format("_{}x{}", m.memories[0].words, m.memories[0].width);
    std::string unique = name;
    for (int n = 2; !used.insert(unique).second; ++n) unique = fmt::format("{}_{}", name, n);
    const std::string id = m.name[0] == '$' ? m.name : "\\" + m.name;
    names[id] = "\\" + unique;
  }
  std::ifstream in(from);
  std::ofstream out(to);
  std::string line;
  while (std::getline(in, line)) {
    const std::size_t begin = line.rfind("module ", 0) == 0 ? 7 : line.rfind("  cell ", 0) == 0 ? 7 : std::string::npos;
    if (begin != std::string::npos) {
      const std::size_t end = std::min(line.find(' ', begin), line.size());
      const auto it = names.find(line.substr(begin, end - begin));
      if (it != names.end()) line.replace(begin, end - begin, it->second);
    }
    out << line << '\n';
  }
  if (!out) throw std::runtime_error("cannot write " + to.string());
}

class Flow {
 public:
  Flow(const Elaboration& core, const SynthOptions& o) : o_(o), top_(core.top) {
    result_.top = top_;
    version();
    // Yosys would take minutes to say this.
    result_.ge_library = load_liberty(o.ge_liberty);
    if (!o.liberty.empty()) result_.library = load_liberty(o.liberty);
    for (const auto& [name, text] : core.sources()) {
      save_text(work_ / "rtl" / name, text);
      const bool package = name.ends_with("_pkg.sv");
      (package ? packages_ : o.core_boxes && name == "epim_core.sv" ? boxes_ : sources_) += " rtl/" + name;
    }
    for (const auto& [name, text] : core.images) save_text(work_ / kMemDir / name, text);
    save_text(work_ / "ge.lib", read_text(o.ge_liberty));
    if (!o.liberty.empty()) save_text(work_ / "target.lib", read_text(o.liberty));
  }

  SynthResult run() {
    elaborate();
    map();
    if (o_.reference) reference();
    if (o_.generic_netlist) generic();
    if (!o_.sdc.empty()) timing();
    return std::move(result_);
  }

 private:
  void version() {
    CommandResult r = run_command(fmt::format("'{}' -V", o_.yosys));
    if (r.code == 127 || r.code == 126) {
      if (o_.yosys == "yosys") throw MissingTool("yosys: install Debian package yosys (scripts/setup.sh synth)");
      throw InputError({}, "bad-argument", "--yosys " + o_.yosys + " cannot be run; legal: the path of a Yosys program");
    }
    if (r.code != 0 || r.output.rfind("Yosys ", 0) != 0)
      throw InputError({}, "bad-argument", "--yosys " + o_.yosys + " is not Yosys; legal: the path of a Yosys program");
    result_.yosys_version = r.output.substr(0, r.output.find('\n'));
    if (!o_.sdc.empty() && run_command(fmt::format("command -v '{}'", o_.sta)).code != 0)
      throw MissingTool("sta (OpenSTA): install Debian package opensta (scripts/setup.sh synth)");
  }

  void yosys(const std::string& name, const std::string& script, double share) {
    o_.progress(share, name);
    save_text(work_ / (name + ".ys"), script);
    // Without -q: the log tells what happened; it goes to a file, not through a pipe.
    CommandResult r = run_command(fmt::format("cd '{0}' && '{1}' -l {2}.log {2}.ys > /dev/null", work_.string(), o_.yosys, name));
    result_.files["scripts/" + name + ".ys"] = script;
    if (r.code == 0) return;
    work_.keep();
    throw std::runtime_error(fmt::format("yosys failed in {}/{}.ys:\n{}", work_.string(), name,
                                         last_lines(read_text((work_ / (name + ".log")).string()), 12) + r.output));
  }

  void elaborate() {
    const std::string define = o_.target == SynthTarget::asic ? " -DEPIM_CROSSBAR_BLACKBOX" : "";
    // A black box is read whole, and so is what stands beside it.
    const std::string read = boxes_.empty() ? fmt::format("read_verilog -sv -defer{}{}{}\n", define, packages_, sources_)
                                            : fmt::format("read_verilog -sv{0}\nread_verilog -sv -lib{1}\nread_verilog -sv{2}\n", packages_, boxes_, sources_);
    yosys("elaborate", fmt::format("{}hierarchy -check -top {}\nproc\ncheck -assert\nopt_clean\nwrite_rtlil elaborated.il\n", read, top_), 0.0);
    rename_modules(work_ / "elaborated.il", work_ / "renamed.il");
  }

  void map() {
    std::string s = "read_rtlil renamed.il\nhierarchy -check -top " + top_ + "\n";
    s += kGates;
    if (!o_.liberty.empty()) s += "design -save gates\n";
    s += map_to("ge.lib", "") + "write_rtlil ge.il\nwrite_verilog -noattr netlist_ge.v\n";
    yosys("map_ge", s + (o_.liberty.empty() ? "" : library_pass()), 0.1);
    result_.ge = read_rtlil_file((work_ / "ge.il").string());
    keep("netlist_ge.v");
    if (o_.liberty.empty()) return;
    result_.mapped = read_rtlil_file((work_ / "mapped.il").string());
    keep("netlist_mapped.v");
  }

  /// The second library: with its timing, buffers and drive strengths for the clock period where it has a buffer.
  std::string library_pass() {
    std::string options;
    if (result_.library.timing && !result_.library.buffer().empty()) {
      save_text(work_ / "abc.constr", fmt::format("set_driving_cell {}\nset_load 0.05 [all_outputs]\n", result_.library.buffer()));
      options = fmt::format(" -constr abc.constr -D {:.0f}", o_.period_ns * 1000);
    }
    return "design -load gates\n" + map_to("target.lib", options) +
           "write_rtlil mapped.il\nwrite_verilog -noattr netlist_mapped.v\n";
  }

  void reference() {
    std::string s = "read_rtlil renamed.il\n";
    std::set<std::string> kept;
    for (const NetlistModule& m : read_rtlil_file((work_ / "renamed.il").string()))
      for (const TieOff& t : tie_offs())
        if (m.name == t.module) kept.insert(m.name);
    std::string modules;
    for (const std::string& m : kept) modules += " " + m;
    s += fmt::format("select -set kept{} epim_ram_* epim_table*\ndelete =* @kept %d\n", modules);
    for (const TieOff& t : tie_offs())
      if (kept.count(t.module))
        s += fmt::format("cd {0}\ndelete -port w:{1}\nconnect -set {1} {2}\ncd ..\n", t.module, t.wire, t.value);
    s += kGates + map_to("ge.lib", "") + "write_rtlil reference.il\n";
    yosys("reference", s, 0.7);
    result_.reference = read_rtlil_file((work_ / "reference.il").string());
  }

  void generic() {
    yosys("generic", "read_rtlil renamed.il\nsynth -top " + top_ + "\nopt_clean -purge\nwrite_verilog -noattr netlist_generic.v\n", 0.75);
    keep("netlist_generic.v");
  }

  void timing() {
    o_.progress(0.9, "timing");
    const std::vector<NetlistModule> modules = read_rtlil_file((work_ / "mapped.il").string());
    std::vector<const NetlistModule*> macros;
    std::string boxes;
    for (const NetlistModule& m : modules)
      if (m.blackbox || m.name.rfind("epim_ram", 0) == 0) {
        macros.push_back(&m);
        if (!m.blackbox) boxes += "blackbox " + m.name + "\n";
      }
    save_text(work_ / "macros.lib", macro_liberty(macros, o_.macro_delay_ns));
    // Flip-flops get the names of the registers that they are, for the report.
    std::string registers;
    for (const auto& [name, cell] : result_.library.cells)
      if (cell.flip_flop) registers += " t:" + name;
    yosys("timing_netlist", "read_rtlil mapped.il\n" + boxes + "rename -wire -suffix _reg" + registers + "\nwrite_verilog -noattr timing.v\n", 0.92);
    save_text(work_ / "epim.sdc", read_text(o_.sdc));
    const std::string script = fmt::format(
        "set epim_period {}\nread_liberty target.lib\nread_liberty macros.lib\nread_verilog timing.v\nlink_design {}\n"
        "source epim.sdc\nputs BEGIN\nreport_checks -path_delay max -fields {{net}} -digits 3\nputs END\n", o_.period_ns, top_);
    save_text(work_ / "timing.tcl", script);
    result_.files["scripts/timing.tcl"] = script;
    CommandResult r = run_command(fmt::format("cd '{}' && '{}' -no_splash -exit timing.tcl", work_.string(), o_.sta));
    const std::size_t begin = r.output.find("BEGIN\n"), end = r.output.find("END\n");
    if (r.code != 0 || begin == std::string::npos || end == std::string::npos || r.output.find("slack") == std::string::npos) {
      work_.keep();
      throw std::runtime_error("OpenSTA failed in " + work_.string() + ":\n" + last_lines(r.output, 15));
    }
    TimingPath path;
    path.period_ns = o_.period_ns;
    path.report = r.output.substr(begin + 6, end - begin - 6);
    std::istringstream lines(path.report);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string first, second;
      words >> first >> second;
      if (first == "Startpoint:") path.startpoint = second;
      if (first == "Endpoint:") path.endpoint = second;
      if (second == "slack") path.slack_ns = std::atof(first.c_str());
    }
    result_.files["timing.rpt"] = path.report;
    result_.timing = path;
  }

  void keep(const std::string& name) { result_.files[name] = read_text((work_ / name).string()); }

  const SynthOptions& o_;
  WorkFolder work_{"epim-synth"};
  SynthResult result_;
  std::string top_, packages_, boxes_, sources_;
};

}  // namespace

const std::vector<TieOff>& tie_offs() {
  static const std::vector<TieOff> list = {
      // One patch that reads the whole window in order: no patch counter, no start, block or table base.
      {"epim_addr_ctrl", "patch_q", "0"},
      {"epim_addr_ctrl", "fetch_q", "0"},
      {"epim_addr_ctrl", "ifat_start_i", "0"},
      {"epim_addr_ctrl", "ifat_block_i", "0"},
      {"epim_addr_ctrl", "ifat_ifrt_base_i", "0"},
      {"epim_addr_ctrl", "err_ifat_o", "0"},
      // Every activation writes all word lines: no mask.
      {"epim_input_reg", "mask", "~0"},
      // One patch whose columns begin at the first and end at the layer's last: no range comparison, no order of ranges.
      {"epim_fire_ctrl", "patch_q", "0"},
      {"epim_fire_ctrl", "next_q", "0"},
      {"epim_fire_ctrl", "start_q", "0"},
      {"epim_fire_ctrl", "stop_q", "0"},
      {"epim_fire_ctrl", "first_q", "0"},
      {"epim_fire_ctrl", "opens_q", "~0"},
      {"epim_fire_ctrl", "closes", "~0"},
      {"epim_fire_ctrl", "err_ofat_o", "0"},
      // Every activation is a whole range: nothing is added to an older one, no range travels along.
      {"epim_joint", "op3_q", "~0"},
      {"epim_joint", "range_i", "0"},
      // A finished position is read from its first column to the last, once.
      {"epim_drain", "first_q", "0"},
      {"epim_drain", "channel_q", "0"},
      {"epim_drain", "stop_q", "0"},
      {"epim_drain", "end_round_q", "~0"},
  };
  return list;
}

SynthResult synthesise(const Elaboration& core, const SynthOptions& options) { return Flow(core, options).run(); }

}  // namespace epim
