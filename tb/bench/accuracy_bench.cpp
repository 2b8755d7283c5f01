// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Images per second of the golden model: the reference evaluator, the fast one with every instruction set that this processor
/// has, and what `epim run` needs before its simulations. Rates are per second of processor time, of all threads together, so
/// that they can be compared on a machine that has other work. VGG-8 for CIFAR, W9A9, crossbars of 256x256, seeded data.
#include <benchmark/benchmark.h>

#include <map>
#include <memory>

#include <fmt/format.h>

#include "gen/network/golden_network.hpp"
#include "gen/network/synthetic_network.hpp"
#include "golden/parallel.hpp"

using namespace epim;

namespace {

const std::string root = EPIM_SOURCE_DIR;

HardwareRequest request(int adc_bits) {
  HardwareRequest hw;
  hw.xb_rows = hw.xb_cols = 256;
  hw.lanes = 16;
  hw.out_bits = 12;
  hw.channel_bias_bits = 40;
  if (adc_bits > 0) hw.adc_bits = adc_bits;
  return hw;
}

struct Prepared {
  CompiledNetwork net;
  IntTensor image;
};

/// VGG-8 with ADCs of so many bits (0: lossless); made once.
const Prepared& vgg8(int adc_bits) {
  static std::map<int, std::unique_ptr<Prepared>> known;
  std::unique_ptr<Prepared>& p = known[adc_bits];
  if (!p) {
    const Network network = load_network(root + "/models/vgg8/network.json");
    Mapping mapping = map_network(network, request(adc_bits), {});
    p = std::make_unique<Prepared>();
    p->image = synthetic_image(network, 1);
    SynthesisedNetwork integers = synthesise_network(mapping, p->image, {}, processors(), {});
    p->net = synthesised_network(std::move(mapping), std::move(integers), nullptr);
  }
  return *p;
}

/// The same with lossless ADCs and a device: cells that every conversion rounds, or trims and read noise as well.
const Prepared& vgg8_on_device(bool noisy) {
  static std::map<bool, std::unique_ptr<Prepared>> known;
  std::unique_ptr<Prepared>& p = known[noisy];
  if (!p) {
    const Network network = load_network(root + "/models/vgg8/network.json");
    HardwareRequest hw = request(0);
    hw.fraction_bits = 4;
    hw.adc_trims = hw.read_noise = noisy;
    DeviceModel device;
    device.program_sigma = 0.05;
    device.stuck = 0.01;
    if (noisy) {
      device.gain_sigma = 0.005;
      device.offset_sigma = 0.05;
      device.read_noise = 0.1;
    }
    Mapping mapping = map_network(network, hw, {});
    p = std::make_unique<Prepared>();
    p->image = synthetic_image(network, 1);
    SynthesisedNetwork integers = synthesise_network(mapping, p->image, {}, processors(), {});
    p->net = synthesised_network(std::move(mapping), std::move(integers), nullptr);
    program_network(p->net, device);
  }
  return *p;
}

/// Every layer of one image by the reference, on all processors.
void reference(benchmark::State& state) {
  const Prepared& p = vgg8(static_cast<int>(state.range(0)));
  std::vector<std::unique_ptr<GoldenLayer>> layers;
  for (const CompiledLayer& l : p.net.layers) layers.push_back(std::make_unique<GoldenLayer>(l.hw, l.layer, l.data));
  std::vector<IntTensor> inputs(layers.size());  // what each layer reads
  const GoldenNetwork golden(p.net, false);
  std::vector<IntTensor> maps(p.net.network.nodes.size());
  golden.run(p.image, 1, [&](int n, const IntTensor& m) { maps[static_cast<std::size_t>(n)] = m; });
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const int in = p.net.network.nodes[static_cast<std::size_t>(p.net.layers[l].node)].input_ids[0];
    inputs[l] = streamed_map(in < 0 ? p.image : maps[static_cast<std::size_t>(in)], p.net.layers[l]);
  }
  for (auto _ : state) {
    EventCounts events;
    for (std::size_t l = 0; l < layers.size(); ++l) benchmark::DoNotOptimize(layers[l]->run(inputs[l], events, processors()));
  }
  state.SetItemsProcessed(state.iterations());
}

/// Images side by side on all processors.
void fast_network(benchmark::State& state, const Prepared& p, bool events) {
  const GoldenNetwork golden(p.net, events);
  constexpr std::size_t images = 8;
  for (auto _ : state)
    parallel(images, processors(), [&](std::size_t) {
      GoldenNetwork::Counts counts;
      benchmark::DoNotOptimize(golden.run(p.image, 1, {}, &counts));
    });
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(images));
}

/// conv1_2, the same 151 M multiplications with each set of instructions, on one processor.
void one_layer(benchmark::State& state, const fast::Kernels* kernels, int adc_bits) {
  const Prepared& p = vgg8(adc_bits);
  const CompiledLayer& l = p.net.layers.at(1);
  const FastLayer layer(l.hw, l.layer, l.data, false, *kernels);
  IntTensor x({l.layer.cin, l.layer.h, l.layer.w});
  for (std::size_t i = 0; i < x.size(); ++i) x.data[i] = static_cast<std::int64_t>(i * 2654435761u % 1024) < 512 ? 0 : static_cast<std::int64_t>(i * 2654435761u % 300);
  for (auto _ : state) benchmark::DoNotOptimize(layer.run(x, nullptr));
  state.SetItemsProcessed(state.iterations() * l.layer.macs());
}

/// The same with a device.
void one_layer_on_device(benchmark::State& state, const fast::Kernels* kernels, bool noisy) {
  const CompiledLayer& l = vgg8_on_device(noisy).net.layers.at(1);
  const ConvertedLayer layer(l.hw, l.layer, l.data, *kernels);
  IntTensor x({l.layer.cin, l.layer.h, l.layer.w});
  for (std::size_t i = 0; i < x.size(); ++i) x.data[i] = static_cast<std::int64_t>(i * 2654435761u % 1024) < 512 ? 0 : static_cast<std::int64_t>(i * 2654435761u % 300);
  for (auto _ : state) benchmark::DoNotOptimize(layer.run(x));
  state.SetItemsProcessed(state.iterations() * l.layer.macs());
}

/// The golden pass of `epim run resnet50`: seeded weights and batch norm, quantisation, every map.
void golden_pass(benchmark::State& state, const char* name) {
  const Network network = load_network(root + "/models/" + name + "/network.json");
  const IntTensor image = synthetic_image(network, 1);
  DesignChoice design;
  design.uniform = true;
  for (auto _ : state) {
    Mapping mapping = map_network(network, request(0), design);
    benchmark::DoNotOptimize(synthesise_network(mapping, image, {}, processors(), {}).results.size());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto measured = [](benchmark::internal::Benchmark* b) { return b->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime(); };
  for (const auto& [name, adc] : {std::pair{"lossless", 0}, {"adc8", 8}, {"adc6", 6}}) {
    measured(benchmark::RegisterBenchmark(fmt::format("vgg8/reference/{}", name).c_str(), reference))->Arg(adc)->Iterations(1);
    measured(benchmark::RegisterBenchmark(fmt::format("vgg8/fast/{}", name).c_str(), [adc = adc](benchmark::State& s) { fast_network(s, vgg8(adc), false); }));
  }
  measured(benchmark::RegisterBenchmark("vgg8/fast_with_events/lossless", [](benchmark::State& s) { fast_network(s, vgg8(0), true); }));
  for (const auto& [name, noisy] : {std::pair{"rounding", false}, {"noisy", true}})
    measured(benchmark::RegisterBenchmark(fmt::format("vgg8/device/{}", name).c_str(), [noisy = noisy](benchmark::State& s) { fast_network(s, vgg8_on_device(noisy), false); }));
  for (const fast::Kernels* k : fast::usable_kernels())
    for (const auto& [name, adc] : {std::pair{"lossless", 0}, {"adc6", 6}})
      measured(benchmark::RegisterBenchmark(fmt::format("conv1_2/{}/{}", k->name, name).c_str(), [k, adc = adc](benchmark::State& s) { one_layer(s, k, adc); }));
  for (const fast::Kernels* k : fast::usable_kernels())
    for (const auto& [name, noisy] : {std::pair{"rounding", false}, {"noisy", true}})
      measured(benchmark::RegisterBenchmark(fmt::format("conv1_2/{}/{}", k->name, name).c_str(), [k, noisy = noisy](benchmark::State& s) { one_layer_on_device(s, k, noisy); }));
  measured(benchmark::RegisterBenchmark("golden_pass/resnet50", [](benchmark::State& s) { golden_pass(s, "resnet50"); }));
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
