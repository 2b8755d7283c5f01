// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Events of a frame that are sums over its activations, or that the geometry alone decides.
#pragma once
#include "golden/events.hpp"
#include "golden/fast/packed_layer.hpp"

namespace epim::fast {

/// Adds all events of one frame but adc_zero, adc_saturated and idle_cycles. `hardware`: with the layer's activations.
/// cell_reads and word_line_drives are linear in what a pixel's value drives, so that each pixel is looked at once per tap.
void count_events(const Hardware& hardware, const Layer& layer, const FiringPlan& plan, const PackedLayer& packed, const IntTensor& x,
                  EventCounts& events);

}  // namespace epim::fast
