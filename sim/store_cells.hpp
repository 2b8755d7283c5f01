// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Cells straight into the memory of a compiled model.
#pragma once
#include "gen/core/program.hpp"
#include "sim/model.hpp"

namespace epim {

/// Puts the cells of a block into the memory of `model`'s PE; false where the block holds none or the memory cannot be reached.
bool store_cells(Model& model, const CoreParameters& parameters, const ProgramBlock& block);

}  // namespace epim
