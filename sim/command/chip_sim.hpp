// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// `epim sim --top network`.
#pragma once
#include <optional>
#include <string>

#include "gen/command/chip.hpp"
#include "sim/driver.hpp"

namespace epim::command {

struct ChipSim {
  int images = 0;        ///< 0: all
  Stalls stalls;
  std::string reproduce;
  bool json = false;
  std::string model = "auto";  ///< flat, joined, together (joined, cores stepped with the frame); auto: joined where the chip is large
  std::string results;         ///< joined: a file per finished core, so that a killed run goes on
  int jobs = 0;                ///< joined: threads; 0: one per processor
  std::optional<TraceWindow> trace;  ///< of a flat chip
  std::string dump;            ///< folder; empty: none
  bool events = true;    ///< cores count their events, which are compared; without, the simulation is faster
};
void sim_chip(const ConfigOptions& options, const ChipOptions& chip, const ChipSim& sim);

}  // namespace epim::command
