// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/synth/area.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace epim {
namespace {

/// epim_joint_2 -> epim_joint: modules of one block with different parameters.
std::string block_of(const std::string& module) {
  const std::size_t at = module.find_last_not_of("0123456789");
  return at != std::string::npos && at + 1 < module.size() && module[at] == '_' ? module.substr(0, at) : module;
}
/// What a block stores in: counted as part of the block.
bool is_memory(const std::string& module) { return module.rfind("epim_ram", 0) == 0 || block_of(module) == "epim_table"; }

struct Own {
  double area = 0;
  std::int64_t registers = 0, bits = 0;
};

/// One instance of every module: its own cells and those of the memories in it.
std::map<std::string, Own> own_areas(const std::vector<NetlistModule>& modules, const Liberty& library) {
  std::map<std::string, const NetlistModule*> by_name;
  for (const NetlistModule& m : modules) by_name[m.name] = &m;
  std::map<std::string, Own> out;
  const auto count = [&](const auto& self, const NetlistModule& m) -> Own {
    Own o;
    for (const NetlistMemory& memory : m.memories) o.bits += memory.bits();
    for (const auto& [type, n] : m.cells) {
      if (type == "$mem_v2" || type == "$mem") continue;
      if (const auto it = by_name.find(type); it != by_name.end()) {
        if (!is_memory(type)) continue;
        const Own inner = self(self, *it->second);
        o.area += static_cast<double>(n) * inner.area;
        o.registers += n * inner.registers;
        o.bits += n * inner.bits;
        continue;
      }
      const auto cell = library.cells.find(type);
      if (cell == library.cells.end())
        throw std::runtime_error("cell " + type + " in module " + m.name + " is not in library " + library.name);
      if (cell->second.latch) throw std::runtime_error("latch " + type + " in module " + m.name);
      o.area += static_cast<double>(n) * cell->second.area;
      if (cell->second.flip_flop) o.registers += n;
    }
    return o;
  };
  for (const NetlistModule& m : modules) out[m.name] = count(count, m);
  return out;
}

/// Order of the data path; blocks not named here follow in alphabetical order.
int rank(const std::string& block) {
  static const char* const order[] = {"epim_axil_slave", "epim_regs", "epim_input_buffer", "epim_ifat", "epim_ifrt",
                                      "epim_addr_ctrl", "epim_input_reg", "epim_ofat", "epim_opt", "epim_fire_ctrl", "epim_pe",
                                      "epim_crossbar", "epim_joint", "epim_drain", "epim_requant", "epim_output",
                                      "epim_counters", "epim_control", "epim_front", "epim_array", "epim_back",
                                      "epim_core", "epim_top"};
  return static_cast<int>(std::find(std::begin(order), std::end(order), block) - std::begin(order));
}

}  // namespace

AreaReport area_report(const SynthResult& result) {
  AreaReport report;
  const auto counts = instance_counts(result.ge, result.top);
  const auto ge = own_areas(result.ge, result.ge_library);
  std::map<std::string, Own> um2;
  if (!result.mapped.empty()) um2 = own_areas(result.mapped, result.library);

  std::map<std::string, AreaRow> rows;
  for (const NetlistModule& m : result.ge) {
    const auto it = counts.find(m.name);
    if (it == counts.end() || m.blackbox || is_memory(m.name)) continue;
    AreaRow& row = rows[block_of(m.name)];
    row.block = block_of(m.name);
    const Own& o = ge.at(m.name);
    row.instances += it->second;
    row.ge += static_cast<double>(it->second) * o.area;
    row.registers += it->second * o.registers;
    row.memory_bits += it->second * o.bits;
    if (um2.count(m.name)) row.um2 += static_cast<double>(it->second) * um2.at(m.name).area;
  }
  for (const auto& [name, row] : rows) report.rows.push_back(row);
  std::stable_sort(report.rows.begin(), report.rows.end(),
                   [](const AreaRow& a, const AreaRow& b) { return rank(a.block) < rank(b.block); });
  report.total.block = "total";
  for (const AreaRow& r : report.rows) {
    if (r.block == "epim_crossbar") continue;
    report.total.instances += r.instances;
    report.total.ge += r.ge;
    report.total.registers += r.registers;
    report.total.memory_bits += r.memory_bits;
    report.total.um2 += r.um2;
  }
  if (result.reference.empty()) return report;

  const auto plain = own_areas(result.reference, result.ge_library);
  // A block and what is left of it without the epitome part.
  const auto difference = [&](const std::string& block) {
    Own d;
    for (const auto& [module, o] : plain) {
      if (block_of(module) != block || !counts.count(module)) continue;
      const auto n = counts.at(module);
      d.area += static_cast<double>(n) * (ge.at(module).area - o.area);
      d.bits += n * (ge.at(module).bits - o.bits);
    }
    return d;
  };
  const auto add = [&](const std::string& what, const std::string& block, bool whole_lenient, bool whole_strict) {
    const auto it = rows.find(block);
    if (it == rows.end()) return;
    const Own d = difference(block);
    AdditionRow a;
    a.what = what;
    a.lenient_ge = whole_lenient ? it->second.ge : d.area;
    a.lenient_bits = whole_lenient ? it->second.memory_bits : d.bits;
    a.strict_ge = whole_strict ? it->second.ge : d.area;
    a.strict_bits = whole_strict ? it->second.memory_bits : d.bits;
    report.additions.push_back(a);
    report.added.lenient_ge += a.lenient_ge;
    report.added.strict_ge += a.strict_ge;
    report.added.lenient_bits += a.lenient_bits;
    report.added.strict_bits += a.strict_bits;
  };
  report.added.what = "sum";
  add("IFAT", "epim_ifat", true, true);
  add("IFRT", "epim_ifrt", true, true);
  add("OFAT", "epim_ofat", true, true);
  add("OPT", "epim_opt", true, true);
  add("address controller", "epim_addr_ctrl", false, true);
  add("word-line mask", "epim_input_reg", false, false);
  add("output ranges in the fire controller", "epim_fire_ctrl", false, false);
  add("joint module", "epim_joint", false, true);
  add("output ranges in the drain", "epim_drain", false, false);
  return report;
}

std::vector<AreaRow> chip_area(const SynthResult& result) {
  const auto own = own_areas(result.ge, result.ge_library);
  std::map<std::string, const NetlistModule*> by_name;
  for (const NetlistModule& m : result.ge) by_name[m.name] = &m;
  std::map<std::string, Own> known;
  const auto whole = [&](const auto& self, const std::string& name) -> Own {
    if (const auto it = known.find(name); it != known.end()) return it->second;
    const NetlistModule& m = *by_name.at(name);
    Own o;
    if (!m.blackbox) o = own.at(name);
    for (const auto& [type, n] : m.cells) {
      if (!by_name.count(type) || is_memory(type)) continue;
      const Own inner = self(self, type);
      o.area += static_cast<double>(n) * inner.area;
      o.registers += n * inner.registers;
      o.bits += n * inner.bits;
    }
    return known[name] = o;
  };
  std::map<std::string, AreaRow> rows;
  const auto add = [&](const std::string& block, std::int64_t n, const Own& o) {
    AreaRow& row = rows[block];
    row.block = block;
    row.instances += n;
    row.ge += static_cast<double>(n) * o.area;
    row.registers += n * o.registers;
    row.memory_bits += n * o.bits;
  };
  for (const auto& [type, n] : by_name.at(result.top)->cells)
    if (by_name.count(type)) add(block_of(type), n, whole(whole, type));
  add("between them", 1, own.at(result.top));
  std::vector<AreaRow> list;
  for (const auto& [name, row] : rows) list.push_back(row);
  return list;
}

}  // namespace epim
