// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A network and its design, as every verb that maps networks takes them.
#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "gen/command/command.hpp"
#include "gen/config/config_keys.hpp"
#include "gen/config/unused_keys.hpp"

namespace epim::command {

std::string network_file(const std::string& name) {
  if (std::filesystem::is_regular_file(name)) return name;
  const std::string known = home() + "/models/" + name + "/network.json";
  if (std::filesystem::exists(known)) return known;
  std::set<std::string> names;
  for (const auto& e : std::filesystem::directory_iterator(home() + "/models"))
    if (std::filesystem::exists(e.path() / "network.json")) names.insert(e.path().filename().string());
  std::string list;
  for (const std::string& n : names) list += " " + n;
  throw InputError({name, 0, 0}, "unreadable-file", "no such file and no network of that name; known:" + list);
}

std::optional<std::pair<int, int>> uniform_size(const std::string& text) {
  static const std::regex size("([0-9]{1,7})x([0-9]{1,7})");
  std::smatch m;
  if (!std::regex_match(text, m, size)) return std::nullopt;
  return std::pair{std::stoi(m[1]), std::stoi(m[2])};
}

HardwareRequest network_hardware(const std::string& crossbar, int weight_bits, int act_bits, int lanes, const std::vector<std::string>& set) {
  refuse_unused_keys("networks", set);
  const auto size = uniform_size(crossbar);
  if (!size)
    throw InputError({"--crossbar", 0, 0}, "wrong-type",
                     fmt::format("hardware.crossbar is {}, legal: {}", crossbar, find_key("hardware.crossbar")->legal()));
  Config options;
  options.positions = {{"", {"options of the cores", 0, 0}}, {"hardware.crossbar", {"--crossbar", 0, 0}},
                       {"hardware.weight_bits", {"--weight-bits", 0, 0}}, {"hardware.act_bits", {"--act-bits", 0, 0}},
                       {"hardware.lanes", {"--lanes", 0, 0}}, {"hardware.out_bits", {"--act-bits", 0, 0}}};
  HardwareRequest& hw = options.core.hw;
  std::tie(hw.xb_rows, hw.xb_cols) = *size;
  hw.ask_weight_bits(weight_bits);
  hw.act_bits = act_bits;
  hw.lanes = lanes;
  hw.out_bits = act_bits + 3;
  hw.channel_bias_bits = 40;
  return with_overrides(options, set).core.hw;
}

bool is_device_key(const std::string& assignment) { return assignment.rfind("device.", 0) == 0; }

std::vector<std::string> take_device_keys(std::vector<std::string>& set) {
  const auto device = std::stable_partition(set.begin(), set.end(), [](const std::string& s) { return !is_device_key(s); });
  std::vector<std::string> taken(device, set.end());
  set.erase(device, set.end());
  return taken;
}

DeviceModel network_device(const std::string& file, const std::vector<std::string>& device, HardwareRequest& hw) {
  Config config;
  config.core.hw = hw;
  config.positions = {{"", {"options of the device", 0, 0}}};
  config = file.empty() ? with_overrides(config, device) : with_device(config, file, device);
  hw = config.core.hw;
  return config.device;
}

std::optional<PoolChoice> pool_choice(const std::string& text) {
  static const std::vector<std::pair<std::string, int>> shares = {{"1", 1},   {"0.5", 2},   {"0.25", 4}, {"0.125", 8},
                                                                  {"1/2", 2}, {"1/4", 4}, {"1/8", 8}};
  for (const auto& [name, one_in] : shares)
    if (text == "pool:" + name) return PoolChoice{one_in, 0, std::nullopt};
  return std::nullopt;
}

DesignChoice design_choice(const std::string& text, const std::string& option) {
  DesignChoice d;
  if (text == "none") return d;
  d.pool = pool_choice(text);
  if (d.pool) return d;
  if (const auto size = uniform_size(text)) {
    d.uniform = true;
    std::tie(d.rows, d.cols) = *size;
  } else if (std::filesystem::is_regular_file(text)) {
    d.file = read_design(text);
  } else {
    throw InputError({option, 0, 0}, "bad-design",
                     "\"" + text + "\" is no file; legal are none, ROWSxCOLUMNS (e.g. 1024x256), pool:SHARE (1, 0.5, 0.25, 0.125) and a design file");
  }
  return d;
}

void check_bits(const Design& design, int weight_bits) {
  if (design.weight_bits > 0 && design.weight_bits != weight_bits)
    throw InputError(design.bits_where, "contradictory-bits",
                     fmt::format("the design has weight_bits {}, --weight-bits says {}; leave --weight-bits out or give {}",
                                 design.weight_bits, weight_bits, design.weight_bits));
  for (const LayerDesign& l : design.layers)
    if (l.weight_bits > 0 && l.weight_bits != weight_bits)
      throw InputError(l.bits_where, "contradictory-bits",
                       fmt::format("layer '{}' has weight_bits {} in the design, --weight-bits says {}; leave --weight-bits out",
                                   l.node, l.weight_bits, weight_bits));
}

}  // namespace epim::command
