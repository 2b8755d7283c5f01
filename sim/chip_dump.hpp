// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Files of a chip's simulation, for people and tools outside: what went in and out and when; a waveform's save file.
#pragma once
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "gen/chip/chip.hpp"
#include "gen/network/compile.hpp"
#include "sim/chip_run.hpp"

namespace epim {

/// Of every FIFO: name, depth, high_water (most words that it held), words (that went through).
nlohmann::ordered_json fifos_json(const ChipGraph& graph, const ChipRun& run);

/// Writes the folder `dir`, whole or not at all: chip.json, images.npy, outputs_golden.npy, outputs_rtl.npy, beats.csv, maps/<node>.npy of golden
/// for the first image, and where the chip counted events events_rtl.json. docs/dump-format.md describes them.
void dump_chip(const std::string& dir, const ChipDesign& chip, const CompiledNetwork& net, const std::vector<IntTensor>& images,
               const std::vector<IntTensor>& golden, const ChipRun& run);

/// Beside the waveform `fst` of module <name>_chip_observed a GTKWave save file that shows its ports, and what every block sends and every FIFO holds.
void write_chip_waves(const std::string& fst, const ChipDesign& chip);

}  // namespace epim
