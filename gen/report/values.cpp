// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/report/values.hpp"

#include <algorithm>

#include "gen/network/walk.hpp"
#include "golden/evaluate.hpp"

namespace epim::report {

void Histogram::add(const IntTensor& codes) {
  for (std::int64_t c : codes.data) ++counts_[c];
  total_ += static_cast<std::int64_t>(codes.size());
}

std::int64_t Histogram::count(std::int64_t code) const {
  const auto it = counts_.find(code);
  return it == counts_.end() ? 0 : it->second;
}

std::int64_t Histogram::quantile(int part, int parts) const {
  std::int64_t below = 0;
  for (const auto& [code, n] : counts_) {
    below += n;
    if (below * parts >= total_ * part) return code;
  }
  return most();
}

namespace {

void add_box(Json& j, const Histogram& h, std::int64_t lo, std::int64_t hi) {
  j["codes"] = {lo, hi};
  j["least"] = h.least();
  j["quarter"] = h.quantile(1, 4);
  j["median"] = h.quantile(1, 2);
  j["three_quarters"] = h.quantile(3, 4);
  j["most"] = h.most();
  j["elements"] = h.total();
}

Json weights_box(const std::string& layer, int bits, const IntTensor& codes, const QuantisedEpitome* quantised) {
  Histogram h;
  h.add(codes);
  const std::int64_t limit = bits == 1 ? 1 : signed_max(bits);
  Json j = {{"layer", layer}, {"bits", bits}};
  add_box(j, h, -limit, limit);
  j["zero"] = h.count(0);
  j["at_limit"] = h.count(limit) + h.count(-limit);
  if (quantised && !quantised->blocks.empty()) {
    double least = 0, most = 0;
    for (const BlockQuantisation& b : quantised->blocks) {
      if (b.scale <= 0) continue;
      least = least == 0 ? b.scale : std::min(least, b.scale);
      most = std::max(most, b.scale);
    }
    j["scale"] = {least, most};
  }
  return j;
}

Json map_box(const std::string& name, const MapFormat& f, const Histogram& h) {
  Json j = {{"map", name}, {"bits", f.bits}, {"signed", f.is_signed}, {"zero_point", f.zero}, {"scale", f.scale}};
  add_box(j, h, f.least(), f.greatest());
  j["zero"] = h.count(f.zero);
  j["at_limit"] = h.count(f.lo) * (f.lo != f.zero) + h.count(f.hi);
  return j;
}

MapFormat input_format(const Network& net) {
  MapFormat f;
  f.bits = net.input_bits;
  f.is_signed = net.input_signed;
  f.scale = net.input_scale;
  f.zero = net.input_zero;
  f.lo = f.least();
  f.hi = f.greatest();
  return f;
}

Json input_box(const Network& net, const std::vector<IntTensor>& images) {
  Histogram h;
  for (const IntTensor& x : images) h.add(x);
  return map_box(net.input_name, input_format(net), h);
}

}  // namespace

Json values_section(const Config& config, int images, int jobs, const Report& progress) {
  const CompiledNetwork net = compile_network(config);
  const std::vector<IntTensor> inputs = load_images(config, net.network, images).images;
  Json weights = Json::array(), activations = Json::array({input_box(net.network, inputs)});
  for (const CompiledLayer& l : net.layers) weights.push_back(weights_box(l.layer.name, l.weight_bits, l.data.epitome, &l.quantised));
  double total = 0, done = 0;
  for (const CompiledLayer& l : net.layers) total += static_cast<double>(l.layer.macs());
  walk_network(net, inputs, [&](std::size_t l, const std::vector<IntTensor>& in) {
    const CompiledLayer& layer = net.layers[l];
    const GoldenLayer golden(layer.hw, layer.layer, layer.data);
    std::vector<IntTensor> out;
    EventCounts events;
    Histogram h;
    for (const IntTensor& x : in) {
      progress(done / total, layer.layer.name);
      out.push_back(golden.run(x, events, jobs));
      h.add(out.back());
      done += static_cast<double>(layer.layer.macs()) / static_cast<double>(in.size());
    }
    activations.push_back(map_box(layer.layer.name, layer.out.format, h));
    return out;
  });
  return {{"images", inputs.size()}, {"seeded", net.seeded}, {"weights", std::move(weights)}, {"activations", std::move(activations)}};
}

Json values_section(Mapping plan, const IntTensor& image, const WeightSource& source, int jobs, const Report& progress) {
  double total = 0, done = 0;
  for (const MappedLayer& l : plan.layers) total += static_cast<double>(l.layer.macs());
  const SynthesisedNetwork net = synthesise_network(plan, image, source, jobs, [&](std::size_t l) {
    progress(done / total, plan.layers[l].layer.name);
    done += static_cast<double>(plan.layers[l].layer.macs());
  });
  Json weights = Json::array(), activations = Json::array({input_box(plan.network, {image})});
  for (std::size_t l = 0; l < plan.layers.size(); ++l) {
    const MappedLayer& p = plan.layers[l];
    const Node& node = plan.network.nodes[static_cast<std::size_t>(p.node)];
    const int bits = node.weight_bits > 0 ? node.weight_bits : plan.base.bipolar_weights ? 1 : plan.cores[static_cast<std::size_t>(p.core)].hw.weight_bits;
    weights.push_back(weights_box(p.layer.name, bits, net.data[l].epitome, nullptr));
    Histogram h;
    h.add(net.outputs[l]);
    activations.push_back(map_box(p.layer.name, p.out.format, h));
  }
  return {{"images", 1}, {"seeded", source.bundle == nullptr}, {"weights", std::move(weights)}, {"activations", std::move(activations)}};
}

}  // namespace epim::report
