// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The output folder of `epim gen`: SystemVerilog, images, manifests, register map, resolved configuration.
#pragma once
#include <vector>

#include "gen/config/config.hpp"
#include "gen/core/elaborate.hpp"

namespace epim {

/// One layer of a core, ready to emit.
struct EmitLayer {
  Layer layer;
  LayerData data;
};

/// epim_top of a core whose layers have data: the first one's images are in it where tables are ROM.
Elaboration elaborate(const CoreSpec& core, const std::vector<EmitLayer>& layers, const ElaborateOptions& options = {});

/// Everything that `epim gen` writes of a configuration, whose core is `core`.
FileSet emit(const Config& config, const CoreSpec& core, const std::vector<EmitLayer>& layers);

}  // namespace epim
