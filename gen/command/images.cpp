// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "gen/command/command.hpp"
#include "golden/npz.hpp"

namespace epim::command {

LabelledImages load_images(const Config& config, const Network& network, int limit) {
  if (config.network->images.empty())
    throw InputError(config.locate("network"), "missing-key", "network.images: no images to run; name an .npy");
  const IntTensor all = read_npy(config.network->images).ints();
  const MapShape& in = network.input;
  const std::size_t one = static_cast<std::size_t>(in.channels) * static_cast<std::size_t>(in.height) * static_cast<std::size_t>(in.width);
  if (all.shape.size() < 3 || all.size() % one != 0)
    throw InputError({config.network->images, 0, 0}, "tensor-shape",
                     fmt::format("images of {}x{}x{} are needed", in.channels, in.height, in.width));
  LabelledImages out;
  std::size_t count = all.size() / one;
  if (limit > 0) count = std::min(count, static_cast<std::size_t>(limit));
  for (std::size_t i = 0; i < count; ++i) {
    IntTensor x({in.channels, in.height, in.width});
    std::copy_n(all.data.begin() + static_cast<std::ptrdiff_t>(i * one), one, x.data.begin());
    out.images.push_back(std::move(x));
  }
  if (!config.network->labels.empty()) out.labels = read_npy(config.network->labels).ints().data;
  if (!out.labels.empty() && out.labels.size() < count)
    throw InputError({config.network->labels, 0, 0}, "tensor-shape",
                     fmt::format("{} labels for {} images", out.labels.size(), count));
  return out;
}

}  // namespace epim::command
