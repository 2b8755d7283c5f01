// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The core of a copy of a layer (golden/timing/row_copies.hpp).
#pragma once
#include "golden/hardware.hpp"
#include "golden/layer.hpp"

namespace epim {

/// The core of the layer with a buffer for the copy: a window and a stride of rows. Throws what `resolve` throws, as
/// buffer-too-large and dimension-bits.
Hardware copy_hardware(const Hardware& core, const Layer& copy);

}  // namespace epim
