// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// How long an estimate takes on one core: from a network in memory to all layers, mapping included.
#include <benchmark/benchmark.h>

#include "gen/config/config.hpp"
#include "gen/cost/network_estimate.hpp"

using namespace epim;

namespace {

const std::string root = EPIM_SOURCE_DIR;

struct Setup {
  Network network;
  EstimateRequest request;
  EstimateData data;
  Setup(const char* name, bool rtl, bool mnsim) : network(load_network(root + "/models/" + name + "/network.json")) {
    data = load_estimate_data(root);
    data.mnsim.config.device_level = 4;
    request.rtl = rtl;
    request.mnsim = mnsim;
    request.design.uniform = true;
    request.base.xb_rows = request.base.xb_cols = 256;
    request.base.lanes = 16;
    request.base.out_bits = 12;
    request.base.channel_bias_bits = 40;
  }
};

void estimate(benchmark::State& state, const char* name, bool rtl, bool mnsim) {
  const Setup s(name, rtl, mnsim);
  for (auto _ : state) benchmark::DoNotOptimize(estimate_network(s.network, s.request, s.data).paper.crossbars);
}

/// The same timing by following every drain read.
void full_timing(benchmark::State& state, const char* name) {
  const Setup s(name, true, false);
  const Mapping plan = map_network(s.network, s.request.base, s.request.design);
  for (auto _ : state)
    for (const MappedLayer& l : plan.layers)
      benchmark::DoNotOptimize(predict_timing(plan.cores[static_cast<std::size_t>(l.core)].hw, l.layer, 1, false).cycles);
}

}  // namespace

BENCHMARK_CAPTURE(estimate, resnet50_both, "resnet50", true, true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(estimate, resnet50_rtl, "resnet50", true, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(estimate, resnet50_mnsim, "resnet50", false, true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(estimate, resnet101_both, "resnet101", true, true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(estimate, vgg16_both, "vgg16", true, true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(full_timing, resnet50_predict_timing, "resnet50")->Unit(benchmark::kMillisecond);
BENCHMARK_MAIN();
