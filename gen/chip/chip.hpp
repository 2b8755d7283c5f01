// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A compiled network as one chip: a core of its own size for every layer, typed streams between the blocks.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gen/network/compile.hpp"
#include "gen/core/core_parameters.hpp"
#include "gen/core/elaborate.hpp"
#include "gen/core/load_stream.hpp"
#include "golden/timing/chip.hpp"
#include "golden/timing/chip_fifo.hpp"

namespace epim {

/// A layer, or a copy of one, with the core that is its own.
struct ChipCore {
  int block = 0;     ///< index into ChipGraph::blocks
  Hardware hw;
  Layer layer;
  LayerData data;
};

struct ChipDesign {
  std::string name;                ///< of the configuration
  std::string module;              ///< <configuration name>_chip
  CoreRequest common;              ///< what all cores are asked to be: the configuration's, with images, array and buffer of their own
  ChipGraph graph;                 ///< with FIFO depths
  FifoDepths analysis;             ///< what they could be
  std::vector<StreamType> types;   ///< per block: its output; of the block "out": its input
  std::vector<ChipCore> cores;     ///< in execution order
  std::vector<std::string> ids, fifo_ids;  ///< identifiers of blocks and streams, each once
  const ChipCore* core_of(int block) const;
  /// Programs come through a load port, not from images: hardware.load_stream.
  bool loaded() const { return common.hw.load_stream; }
};

/// A FIFO depth from the command line: name as ChipGraph::stream_name gives it.
using FifoDepthOverrides = std::vector<std::pair<std::string, int>>;

/// Which depths of the analysis the FIFOs get before the overrides.
enum class FifoRule {
  full,      ///< as fast as the slowest block allows, no FIFO deeper than that needs
  smallest,  ///< never stops, no FIFO can be smaller
  paced,     ///< as fast too, from one run in place of a search: deeper; the smallest depths stay unknown
  counted,   ///< never stops by counting words alone, whatever the blocks hold inside; the other depths stay unknown
  none,      ///< nothing is analysed, every FIFO has two words: for what does not depend on depths
};

/// "NAME=DEPTH". Throws InputError `fifo-depth`.
std::pair<std::string, int> parse_fifo_depth(const std::string& text);

/// The chip of `net`, compiled for `config` with a core of its own for every layer (CorePolicy::own). Hardware
/// per node: docs/chip.md. FIFO depths: `rule` of golden's analysis, then `depths`. Throws InputError at the node: chip-add-period;
/// copies-device; chip-program-banks; unknown-fifo; those of chip_graph, and of `resolve` for a copy.
ChipDesign design_chip(const Config& config, const CompiledNetwork& net, FifoRule rule = FifoRule::full,
                       const FifoDepthOverrides& depths = {});

/// Module of rtl/ that a block is an instance of; "" for input, output and a requantiser that changes nothing: wires.
std::string chip_module(const ChipDesign& chip, int block);

/// Entries of a block of kind `table`, that of code 0 first; codes that do not occur have the entry of the nearest that does.
std::vector<std::int64_t> chip_table(const ChipDesign& chip, int block);

/// Byte address bits of the AXI4-Lite port of a chip with a load port: a window for the chip, one for every core.
int chip_address_bits(const ChipDesign& chip);
/// The program of core `core` (an index into `cores`, and its number in the chain); the frames that load it; those of all cores.
LayerProgram chip_program(const ChipDesign& chip, int core);
std::vector<LoadFrame> chip_load_frames(const ChipDesign& chip, int core);
std::vector<LoadWord> chip_load_words(const ChipDesign& chip);

/// The chip as SystemVerilog (gen/core/elaborate.hpp): top <module>, images <node>/.... `observed`: <module>_observed, with
/// mon_count_o (16 bits per FIFO), mon_push_o and mon_pop_o, in stream order; with `events` mon_events_o as well: 48 bits per core, in order, and event.
Elaboration elaborate_chip(const ChipDesign& chip, const ElaborateOptions& options = {});
/// With `cores_outside` it is <module>_frame: everything but the cores, whose streams are ports, those of core n of ChipDesign::cores
/// named core_port(n, ...).
/// Ports and text of that top alone.
Elaboration chip_top(const ChipDesign& chip, const ElaborateOptions& options);

/// A port of the frame for core `n`: "s_valid_o", "s_ready_i", "s_data_o", "s_last_o", "m_valid_i", "m_ready_o", "m_data_i", "m_last_i", and of
/// a chip with a load port "bus_o", "bus_i": all else that it takes and gives (gen/chip/chip_control_sv.hpp).
std::string core_port(std::size_t n, const char* name);

/// The instance of one core as in the chip, in a top epim_chip_core of its own (ports as above, and clk_i, rst_ni, error_o; reset is
/// not synchronised; of a chip with a load port bus_i and bus_o in place of rst_ni and error_o). Cells, M, Z and geometry are left out, so that cores of one shape have one text: a model's memory takes them.
/// Images of tables are named core/....
Elaboration elaborate_chip_core(const ChipDesign& chip, std::size_t n, const std::string& mem_dir);

/// Pixels and logits for the testbench of the folder.
struct ChipStimulus {
  std::vector<IntTensor> images, outputs;
};

/// Words of a map as a stream carries them, first word first: lane l of word i at [i][l]; absent lanes are 0.
std::vector<std::vector<std::int64_t>> stream_words(const IntTensor& map, int lanes);

/// Everything that `epim gen --top network` writes.
FileSet emit_chip(const ChipDesign& chip, const Config& config, const CompiledNetwork& net, const ChipStimulus& stimulus);

}  // namespace epim
