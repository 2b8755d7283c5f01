// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Misuse checks of the load port (docs/load.md).
#pragma once

#include <vector>

#include "gen/core/load_stream.hpp"

namespace epim::misuse {

class Bench;

/// Puts words on the load port, and waits until they are stored.
void send(Bench& b, const std::vector<LoadWord>& words);
void send(Bench& b, const std::vector<LoadFrame>& frames);
/// Start and commit are answered SLVERR, and nothing starts.
void refuse_start(Bench& b, const char* what);

/// Frames damaged on their way: reported by core, memory and address, never started, whole after they came again.
void load_damaged(Bench& b);
/// Frames that never came, and half programs.
void load_lost(Bench& b);
/// Frames for memories, addresses, PEs and cores that are not there.
void load_places(Bench& b);
/// Frames during a run, and at its start.
void load_while_busy(Bench& b);
/// Register accesses between frames, and commits of both kinds.
void load_beside_registers(Bench& b);

}  // namespace epim::misuse
