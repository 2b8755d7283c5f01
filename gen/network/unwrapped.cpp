// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/network/unwrapped.hpp"

#include <algorithm>
#include <stdexcept>

#include "golden/bounds.hpp"

namespace epim {

IntTensor expand_channels(const IntTensor& x, int channels) {
  if (x.shape[0] == channels) return x;
  IntTensor y({channels, x.shape[1], x.shape[2]});
  const std::size_t plane = static_cast<std::size_t>(x.shape[1]) * static_cast<std::size_t>(x.shape[2]);
  for (int v = 0; v < channels; ++v)
    std::copy_n(x.data.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(v % x.shape[0]) * plane), plane,
                y.data.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(v) * plane));
  return y;
}

std::vector<std::size_t> append_unwrapped(Mapping& plan, SynthesisedNetwork& net, const Mapping& off) {
  const std::size_t count = plan.layers.size();
  if (off.layers.size() != count) throw std::logic_error("append_unwrapped: plans of different networks");
  std::vector<std::size_t> twin(count);
  for (std::size_t l = 0; l < count; ++l) {
    const MappedLayer& wrapped = plan.layers[l];
    twin[l] = l;
    if (wrapped.layer.wrap == Wrap::off && wrapped.layer.in_period == 0) continue;
    MappedLayer plain = off.layers[l];
    if (plain.layer.epitome != wrapped.layer.epitome || plain.layer.patches != wrapped.layer.patches)
      throw std::logic_error("append_unwrapped: layer " + wrapped.layer.name + " is another one without wrapping");
    plain.layer.name += ".unwrapped";
    plain.layer.shift = wrapped.layer.shift;
    plain.layer.clamp_lo = wrapped.layer.clamp_lo;
    plain.layer.clamp_hi = wrapped.layer.clamp_hi;
    plain.core = wrapped.core;
    MappedCore& core = plan.cores[static_cast<std::size_t>(plain.core)];
    core.hw.buffer_words = std::max(core.hw.buffer_words, off.cores[static_cast<std::size_t>(off.layers[l].core)].hw.buffer_words);
    core.hw.acc_bits = std::max(core.hw.acc_bits, accumulator_bound(core.hw, plain.layer, net.data[l]).bits);
    twin[l] = plan.layers.size();
    core.layers.push_back(static_cast<int>(twin[l]));
    net.data.push_back(net.data[l]);
    net.inputs.push_back(expand_channels(net.inputs[l], plain.layer.cin));
    net.outputs.push_back(expand_channels(net.outputs[l], plain.layer.cout));
    plan.layers.push_back(std::move(plain));
  }
  return twin;
}

}  // namespace epim
