// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/command/command.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/config/unused_keys.hpp"
#include "gen/core/synthetic.hpp"
#include "golden/bounds.hpp"
#include "golden/evaluate.hpp"
#include "golden/files/npz.hpp"

namespace epim::command {

void ConfigOptions::add(CLI::App& verb, bool required) {
  use = verb.get_name();
  auto* option = verb.add_option("-c,--config", config, "Configuration file (TOML; docs/configuration.md)");
  if (required) option->required();
  verb.add_option("--crossbar", crossbar, "Crossbar size, as --set hardware.crossbar=ROWSxCOLUMNS");
  verb.add_option("--set", set, "Override a key: section.key=value (repeatable)")->allow_extra_args(false);
  verb.add_option("--device", device, "Cells and ADCs that are not ideal: a TOML file with [device], and [hardware] where it needs some (docs/device.md)");
  verb.add_option("--design", design, "Design file for a [network] (docs/design-file.md)");
}

Config ConfigOptions::load() const {
  std::vector<std::string> overrides = set;
  if (!crossbar.empty()) overrides.push_back("hardware.crossbar=" + crossbar);
  Config c = device.empty() ? load_config(config, overrides) : with_device(load_config(config), device, overrides);
  refuse_unused_keys(use, set);
  if (!design.empty()) {
    if (!c.network)
      throw InputError({config, 0, 0}, "design-without-network", "--design needs a configuration with a [network]");
    c.network->design = design;
    c.given["network.design"] = nlohmann::json(design).dump();
  }
  return c;
}

Prepared prepare(const Config& config) {
  Prepared out;
  if (config.network) {
    out.network = compile_network(config);
    out.core = *out.network->core;
    for (const CompiledLayer& l : out.network->layers) out.layers.push_back({l.layer, l.data});
  } else {
    SyntheticLayer s = prepare_layer(config);
    if (!config.layer->input.empty()) s.input = read_npy(config.layer->input).ints(config.layer->input);
    check_accumulator(s.core.hw, s.layer, s.data);
    GoldenLayer(s.core.hw, s.layer, s.data).check_input(s.input);
    out.core = std::move(s.core);
    out.input = std::move(s.input);
    out.layers.push_back({std::move(s.layer), std::move(s.data)});
  }
  return out;
}

std::string home() {
  if (const char* p = std::getenv("EPIM_HOME")) return p;
  return EPIM_SOURCE_DIR;
}
std::string cache() {
  if (const char* p = std::getenv("EPIM_CACHE")) return p;
  return "build/models";
}

void Progress::update(double share, const std::string& detail) {
  const auto now = std::chrono::steady_clock::now();
  const double elapsed = std::chrono::duration<double>(now - begin_).count();
  if (elapsed < 2.0 || std::chrono::duration<double>(now - shown_).count() < (isatty(2) ? 0.2 : 15.0)) return;
  shown_ = now;
  const double left = share > 0.001 ? elapsed / share * (1 - share) : 0;
  std::string line = fmt::format("{} {:3.0f} %, {:.0f} s, about {:.0f} s left  {}", what_, share * 100, elapsed, left, detail);
  if (isatty(2)) {
    fmt::print(stderr, "\r\033[K{}", line);
    visible_ = true;
  } else {
    fmt::print(stderr, "{}\n", line);
  }
  std::fflush(stderr);
}
void Progress::clear() {
  if (visible_) fmt::print(stderr, "\r\033[K");
  visible_ = false;
}

}  // namespace epim::command
