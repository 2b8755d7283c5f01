// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Misuse checks of a core with two program banks. The bench has `load_stream`, `parity` and `program_banks` = 2.
#pragma once

namespace epim::misuse {

class Bench;

/// A program comes during a run, for the next one; starts without a program run the last one again.
void banks_beside_runs(Bench& b);
/// Half a program, a damaged one, an abort in the middle of one: the run is not touched, and the next start is refused.
void banks_half_programs(Bench& b);
/// Geometry and entries by the register port during a run are the next run's.
void banks_registers(Bench& b);
/// A wrong entry shows in the run of its own program.
void banks_parity(Bench& b);

}  // namespace epim::misuse
