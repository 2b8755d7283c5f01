// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What the verbs of `epim` share: how they are registered, where things lie, how progress is shown.
#pragma once
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gen/config/config.hpp"
#include "gen/network/compile.hpp"
#include "gen/core/emit.hpp"
#include "gen/network/mapping.hpp"

namespace epim::command {

/// A check failed (exit code 1); the text says which.
struct Failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void add_gen(CLI::App& app);
void add_check(CLI::App& app);
void add_estimate(CLI::App& app);
void add_eval(CLI::App& app);
void add_import(CLI::App& app);
void add_paper(CLI::App& app);
void add_quantize(CLI::App& app);
void add_report(CLI::App& app);
void add_run(CLI::App& app);
void add_search(CLI::App& app);
void add_sim(CLI::App& app);
void add_verify(CLI::App& app);
void add_bench(CLI::App& app);
void add_bugs(CLI::App& app);
void add_doctor(CLI::App& app);
void add_synth(CLI::App& app);
void add_fpga(CLI::App& app);
void add_host(CLI::App& app);

/// --config, --crossbar, --set, --device and --design, as most verbs take them.
struct ConfigOptions {
  std::string config, crossbar, design, device;
  std::vector<std::string> set;
  std::string use;  ///< the verb, whose unused keys are refused in `set`: gen/config/unused_keys.def
  void add(CLI::App& verb, bool required = true);
  Config load() const;
};

/// A configuration's core and its layers, ready to emit or run.
/// For a [layer] with an input file the input is read from it.
struct Prepared {
  CoreSpec core;
  std::vector<EmitLayer> layers;
  IntTensor input;                        ///< of a single [layer]; empty for networks
  std::optional<CompiledNetwork> network; ///< of a [network]
};
Prepared prepare(const Config& config);

/// "pool:SHARE", share 1, 0.5, 0.25, 0.125 (or 1/2, 1/4, 1/8); absent where the text is something else.
std::optional<PoolChoice> pool_choice(const std::string& text);

/// Path of a network: a file, or models/NAME/network.json. Throws InputError unreadable-file with the known names.
std::string network_file(const std::string& name);
/// "1024x256" -> rows, columns; nothing for any other text.
std::optional<std::pair<int, int>> uniform_size(const std::string& text);
/// Hardware of a network's cores, by the same keys and checks as a configuration file; `set` are --set overrides.
HardwareRequest network_hardware(const std::string& crossbar, int weight_bits, int act_bits, int lanes, const std::vector<std::string>& set);
/// An override of device.*.
bool is_device_key(const std::string& assignment);
/// Those of `set`, taken out of it.
std::vector<std::string> take_device_keys(std::vector<std::string>& set);
/// The device of --device (empty: none) and of the overrides of device.*; what its file says of hardware goes to `hw`.
DeviceModel network_device(const std::string& file, const std::vector<std::string>& device_keys, HardwareRequest& hw);
/// --design: none, ROWSxCOLUMNS, pool:SHARE or a design file. Throws InputError bad-design and those of read_design.
DesignChoice design_choice(const std::string& text, const std::string& option = "--design");
/// Throws InputError contradictory-bits where a design asks for another width than --weight-bits.
void check_bits(const Design& design, int weight_bits);

/// Folder of the project's files (models, energy table, named configurations): EPIM_HOME, else the source tree that
/// this command was built from.
std::string home();
/// Folder of compiled models: EPIM_CACHE, else build/models below the current folder.
std::string cache();

/// A line on stderr that says how far long work is and when it will end; silent for work under two seconds.
class Progress {
 public:
  explicit Progress(std::string what) : what_(std::move(what)) {}
  ~Progress() { clear(); }
  void update(double share, const std::string& detail = "");
  void clear();

 private:
  std::string what_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now(), shown_{};
  bool visible_ = false;
};

}  // namespace epim::command
