// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/timing/steady_rate.hpp"

#include "golden/evaluate.hpp"
#include "golden/timing/rtl_model.hpp"

namespace epim {

ImageRate stepped_rate(const ChipBlock& block) {
  ChipGraph graph;
  graph.lanes = std::max(1, block.hw.lanes);
  graph.blocks = {block};
  return alone_rate(graph, 0);
}

ImageRate stepped_rate(const Hardware& hw, const Layer& layer) {
  ChipBlock block;
  block.hw = hw;
  block.layer = layer;
  const auto blocks = [&](int channels) { return (channels + hw.lanes - 1) / hw.lanes; };
  block.in = {layer.h, layer.w, blocks(layer.stored_cin())};
  block.out = {layer.out_h(), layer.out_w(), blocks(plan_firings(layer).stored_cout)};
  return stepped_rate(block);
}

ImageRate steady_rate(const Hardware& hw, const Layer& layer) {
  // The first images fill ring, banks and pipeline.
  const auto cycles = [&](int images) { return fast_timing(hw, layer, images).cycles; };
  const std::int64_t two = cycles(2), four = cycles(4), six = cycles(6);
  if (six - four == four - two) return {six - four, 2};
  return stepped_rate(hw, layer);
}

}  // namespace epim
