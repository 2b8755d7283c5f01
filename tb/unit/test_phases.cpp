// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The intervals behind the timing model against the core stepped cycle by cycle.
#include <algorithm>
#include <vector>

#include "golden/timing/chip_blocks.hpp"
#include "golden/timing/timing.hpp"
#include "tb/unit/random_case.hpp"

using namespace epim;
using namespace epim::testing;

namespace {

/// Cycles in which the stepped core fires, nothing outside stalling.
std::vector<std::int64_t> stepped_firings(const Hardware& hw, const Layer& layer, int frames, std::int64_t cycles) {
  SteppedCore core(hw, layer);
  std::int64_t words = layer.row_words(hw.lanes) * layer.h * frames;
  std::vector<std::int64_t> fired;
  for (std::int64_t c = 0; c < cycles; ++c) {
    const bool in = words > 0 && core.in_ready();
    core.step(in, true);
    words -= in;
    if (core.fired()) fired.push_back(c);
  }
  return fired;
}

std::vector<std::int64_t> cycles_of(const std::vector<Interval>& intervals) {
  std::vector<std::int64_t> cycles;
  for (const Interval& i : intervals)
    for (std::int64_t c = i.first; c <= i.last; ++c) cycles.push_back(c);
  return cycles;
}

bool ascending(const std::vector<Interval>& intervals) {
  for (std::size_t i = 0; i < intervals.size(); ++i)
    if (intervals[i].last < intervals[i].first || (i > 0 && intervals[i].first <= intervals[i - 1].last)) return false;
  return true;
}

}  // namespace

TEST_CASE("phases: the array fires in the cycles in which the stepped core does", "[phases]") {
  int split = 0;  // cores whose array stood within an activation
  property("predict_phases == SteppedCore", [&] {
    const auto seed = *rc::gen::arbitrary<std::uint32_t>();
    Case c = random_case(seed);
    const int row = static_cast<int>(c.layer.row_words(c.hw.lanes));
    testing::random_serial(c.hw, seed);
    c.hw.buffer_words = row * (std::min(c.layer.window_h(), c.layer.h) + static_cast<int>(seed % 3));
    c.hw.joint_lanes = 1 + static_cast<int>(seed / 3 % 4) % std::min(c.hw.lanes, c.hw.adcs());
    const int frames = 1 + static_cast<int>(seed % 2);
    RC_LOG() << describe(c) << "frames " << frames << " seed " << seed << "\n";
    const Timing t = predict_timing(c.hw, c.layer, frames, false);
    const Phases p = predict_phases(c.hw, c.layer, frames);
    RC_ASSERT(ascending(p.loading));
    RC_ASSERT(ascending(p.array));
    RC_ASSERT(ascending(p.draining));
    RC_ASSERT(cycles_of(p.array) == stepped_firings(c.hw, c.layer, frames, t.cycles));
    RC_ASSERT(p.array.front().first == t.first_fire);
    RC_ASSERT(p.array.back().last == t.last_fire);

    const FiringPlan plan = plan_firings(c.layer);
    const std::size_t rounds = static_cast<std::size_t>(c.layer.out_h()) * static_cast<std::size_t>(c.layer.out_w()) * static_cast<std::size_t>(frames);
    RC_ASSERT(p.loading.size() == rounds * plan.firings.size());
    RC_ASSERT(p.draining.size() == rounds * plan.ranges.size());
    for (std::size_t i = 0; i < p.loading.size(); ++i) {
      const Patch& patch = c.layer.patches[static_cast<std::size_t>(plan.firings[i % plan.firings.size()].patch)];
      RC_ASSERT(p.loading[i].index == static_cast<int>(i % plan.firings.size()));
      RC_ASSERT(p.loading[i].last - p.loading[i].first + 1 == (patch.beta1 + c.hw.lanes - 1) / c.hw.lanes * c.layer.kh * c.layer.kw);
    }
    for (const Interval& d : p.draining) RC_ASSERT(d.last < t.cycles);
    split += p.array.size() > rounds * plan.firings.size();
  });
  CHECK(split > 5);
}
