// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Whether a core can hold a layer, its data and its input.
#pragma once
#include "golden/firing_plan.hpp"
#include "golden/layer.hpp"
#include "golden/tensor.hpp"

namespace epim {

/// Throws InputError `activation-format` where the layer's activations do not fit the core.
void check_format(const FixedHardware& core, const Layer& layer);

/// The plan of a layer that the core can hold. Throws InputError: what GoldenLayer's constructor names.
FiringPlan check_layer(const Hardware& core, const Layer& layer, const LayerData& data);
/// Throws InputError `tensor-shape` or `activation-range` where x is not [stored_cin][H][W] of legal activations.
void check_layer_input(const Hardware& core, const Layer& layer, const IntTensor& x);

}  // namespace epim
