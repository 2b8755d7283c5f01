// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/timing/row_copies.hpp"

#include <fmt/format.h>

namespace epim {

std::string copy_name(const std::string& node, int k) { return fmt::format("{}@{}", node, k); }

Layer copy_of(Layer layer, int copies, int k) {
  layer.pad = padding_of_copy(layer.pad, layer.h, layer.window_h(), layer.stride.y, layer.out_h(), copies, k);
  layer.stride.y *= copies;
  layer.name = copy_name(layer.name, k);
  return layer;
}

}  // namespace epim
