// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The pruning baselines of Table 3: counts small enough to be worked out by hand, whatever the weights are.
#include "tb/unit/catch.hpp"

#include <string>

#include <fmt/format.h>

#include "gen/paper/prune.hpp"

using namespace epim;

namespace {

/// One 1x1 convolution and a classifier of four outputs on one pixel.
Network one_layer(int cin, int cout) {
  return parse_network(fmt::format(R"({{"schema": 1, "name": "t",
 "input": {{"name": "x", "channels": {}, "height": 1, "width": 1}},
 "nodes": [
  {{"name":"a","op":"conv","inputs":["x"],"cout":{},"kernel":1}},
  {{"name":"f","op":"fc","inputs":["a"],"cout":4}}],
 "output": "f"}})", cin, cout), "net.json");
}

CountGeometry geometry(int rows, int cols) {
  CountGeometry g;
  g.xb_rows = rows;
  g.xb_cols = cols;
  return g;
}

}  // namespace

TEST_CASE("one column of four blocks: whole strips go or stay", "[prune]") {
  // 16x1 weights on 4x4 crossbars: four column segments of four weights; half of them leaves two strips of one column each.
  // Rows: sixteen segments, eight left, which fill two strips: 2 * ceil(2 * 1 / 4). The classifier is 1 strip, 2 crossbars.
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const PruneCount n = pim_prune_like(one_layer(16, 1), 0.5, 3, geometry(4, 4), seed);
    CHECK(n.share == 0.5);
    CHECK(n.plain == 2 * 4 + 2);
    CHECK(n.columns == 2 * 2 + 2);
    CHECK(n.rows_merged == 2 + 2);
    CHECK((n.rows == 2 * 2 + 2 || n.rows == 2 * 3 + 2 || n.rows == 2 * 4 + 2));  // only an empty block saves its column
  }
}

TEST_CASE("one strip of eight columns: the rest is packed, slices count", "[prune]") {
  // 4x8 weights on 4x4 crossbars: eight column segments, four left. W3 has one slice of two bits, W5 two.
  const PruneCount w3 = pim_prune_like(one_layer(4, 8), 0.5, 3, geometry(4, 4), 7);
  const PruneCount w5 = pim_prune_like(one_layer(4, 8), 0.5, 5, geometry(4, 4), 7);
  const int classifier_w3 = 2 * 2, classifier_w5 = 2 * 2 * 2;  // 8x4: two strips of four columns
  CHECK(w3.plain == 2 * 2 + classifier_w3);
  CHECK(w3.columns == 2 * 1 + classifier_w3);
  CHECK(w5.plain == 2 * 4 + classifier_w5);
  CHECK(w5.columns == 2 * 2 + classifier_w5);
}

TEST_CASE("nothing pruned is the plain count, everything pruned the classifier's", "[prune]") {
  const Network net = one_layer(13, 11);
  const PruneCount none = pim_prune_like(net, 0.0, 9, geometry(4, 4), 1);
  CHECK(none.columns == none.plain);
  CHECK(none.rows == none.plain);
  const PruneCount all = pim_prune_like(net, 1.0, 9, geometry(4, 4), 1);
  const std::int64_t classifier = 3 * 2 * 4;  // 11x4, four slices: three strips of sixteen columns, two polarities
  CHECK(all.share == 1.0);
  CHECK(all.columns == classifier);
  CHECK(all.rows == classifier);
  CHECK(all.rows_merged == classifier);
}

TEST_CASE("element pruning counts parameters", "[prune]") {
  const Network net = one_layer(16, 8);
  const NetworkCount plain = count_network(net, uniform_bits(net, 9), CountRule::physical);
  // Batch norm, biases and the 8x4 classifier stay: half of 16*8 weights goes.
  CHECK(element_pruning_rate(net, plain, plain, 0.5, true) ==
        static_cast<double>(plain.parameters) / static_cast<double>(plain.parameters - 64));
  CHECK(element_pruning_rate(net, plain, plain, 0.5, false) == 1.0);  // no layer has an epitome
}
