// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Runs layers on a compiled core: loads it over the control bus, streams maps in and out, compares every stage.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gen/config/config.hpp"
#include "gen/core/core_parameters.hpp"
#include "gen/core/load_stream.hpp"
#include "gen/core/program.hpp"
#include "golden/energy.hpp"
#include "golden/evaluate.hpp"
#include "golden/timing/timing.hpp"
#include "sim/build.hpp"
#include "sim/core_link.hpp"
#include "sim/model.hpp"

namespace epim {

/// A core that simulates: its parameters and its compiled model.
struct Core {
  CoreParameters parameters;
  std::uint64_t hash = 0;
  bool rom = false;
  bool counters = true;  ///< built with event counters
  std::uint64_t rtl = 0; ///< hash of its SystemVerilog
  std::string object;  ///< shared object of module epim_observed; empty: not compiled
  std::string coverage;  ///< folder where every driver of this core leaves its line and toggle counts; empty: none
};

/// Compiles `core` for `layers`. With tables = "rom" the first layer's images are built in.
Core build_core(const CoreSpec& core, const std::vector<Layer>& layers, const LayerData* rom_data,
                const BuildOptions& options);
/// The core without its compiled model.
Core describe_core(const CoreSpec& core, const std::vector<Layer>& layers);
/// The same from given sources of epim_core's blocks (name, text), for checking changed RTL.
Core build_core_from(const CoreSpec& core, const std::vector<Layer>& layers, const LayerData* rom_data,
                     const BuildOptions& options, const Sources* rtl);

/// How the streams behave.
struct Stalls {
  int in_percent = 0, out_percent = 0;  ///< chance of a stalled cycle
  bool bursts = false;                  ///< stalls come in long runs as well
  std::uint64_t seed = 1;
  bool any() const { return in_percent > 0 || out_percent > 0; }
};

/// Waveform of a bounded window.
struct TraceWindow {
  std::string file;              ///< .fst
  std::int64_t first = 0, last = 2000;
};

struct RunOptions {
  Stalls stalls;
  bool direct_cells = false;     ///< see CoreDriver::load
  bool check = true;             ///< compare every stage; false: cycles only, no outputs kept (for benchmarks)
  std::optional<TraceWindow> trace;
  std::string reproduce;         ///< command printed with a mismatch
  std::int64_t watchdog = 200000;  ///< cycles without any handshake or firing
  const std::vector<LoadWord>* load_beside = nullptr;  ///< for the load port from cycle 0 of the run on
  bool registers = true;         ///< read status and counters after the run; false: no access that the next start waits for
  void (*progress)(void*, std::int64_t cycle, std::int64_t of) = nullptr;
  void* progress_self = nullptr;
};

/// What a run gave.
struct LayerRun {
  std::vector<IntTensor> outputs;     ///< per frame [stored_cout][out_h][out_w], from the RTL
  EventCounts rtl, golden;            ///< golden.idle_cycles from the timing model
  Timing predicted;                   ///< under the stalls of this run; `bound` is that of a run without
  std::vector<std::int64_t> beats;    ///< cycle of every output beat
  std::vector<bool> offered, ready;   ///< per cycle: an input word was offered, a beat could be taken
  std::int64_t cycles = 0, first_fire = 0, last_fire = 0;
  std::uint32_t status = 0;
  std::int64_t begun = 0;             ///< clocks of the driver before cycle 0
  std::int64_t load_cycles = 0, load_words = 0;  ///< of the program through the load port; 0 without one
  std::int64_t in_waits = 0, in_gaps = 0;  ///< cycles: a word offered and not accepted; room and no word offered
  std::int64_t out_waits = 0;         ///< cycles with a beat offered and not taken
  double seconds = 0;                 ///< wall time of the simulation
  double cpu_seconds = 0;             ///< processor time of it
};

/// One instance of a core.
class CoreDriver : public CoreLink {
 public:
  explicit CoreDriver(const Core& core);
  ~CoreDriver() override;

  /// Resets the core and checks identity and configuration hash. Throws InputError `wrong-register-image`.
  void reset();
  bool try_write(std::uint32_t address, std::uint32_t value) override;
  std::uint32_t read(std::uint32_t address) override;
  /// Writes a program over the control bus, or where the core has one through the load port. `direct_cells`: crossbar cells go straight into the model's memory, which
  /// spares a large array most of its load; tables, parameters and scales still go over the bus.
  void load(const LayerProgram& program, bool direct_cells = false);
  /// Puts words on the load port, one after the other from the next cycle on, also while a run is on.
  void queue_load(const std::vector<LoadWord>& words);
  /// Words of it that are not taken yet.
  std::size_t load_waits() const { return load_.size() - load_at_; }
  /// Cycles and words of the last `load` through the load port.
  std::int64_t load_cycles() const { return load_cycles_; }
  std::int64_t load_words() const { return load_words_; }
  /// Starts and runs `inputs` back to back. Throws CheckFailed at the first difference, on a stall that does not end, or
  /// on an error bit.
  LayerRun run(const GoldenLayer& golden, const std::vector<IntTensor>& inputs, const RunOptions& options);
  /// One clock cycle.
  void tick();
  /// Clock cycles so far.
  std::int64_t clocks() const { return static_cast<std::int64_t>(time_); }
  Model& model() { return *model_; }

 private:
  struct Ports;
  bool store_cells(const ProgramBlock& block);
  const Core& core_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Ports> p_;
  std::vector<LoadWord> load_;
  std::size_t load_at_ = 0;
  std::int64_t load_cycles_ = 0, load_words_ = 0;
  std::uint64_t time_ = 0;
  bool tracing_ = false;
};

/// Compares cycles, events and maps of a run with what is predicted. Throws CheckFailed.
void compare_run(LayerRun& run, const Core& core, const Layer& layer, const LayerData& data, const std::vector<IntTensor>& inputs,
                 const RunOptions& options);

/// Builds the program, loads, runs, and compares outputs, cycles, events and energy.
LayerRun run_layer(CoreDriver& driver, const Core& core, const Layer& layer, const LayerData& data,
                   const std::vector<IntTensor>& inputs, const RunOptions& options);

}  // namespace epim
