// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/network/adc_calibration.hpp"

#include <algorithm>

#include "gen/network/golden_network.hpp"
#include "gen/network/walk.hpp"
#include "golden/parallel.hpp"

namespace epim {

int calibrated_adc_step(const Config& config, const QuantiseOptions& options, CorePolicy policy) {
  Config ideal = config;
  ideal.device = {};
  ideal.network->adc_calibration.clear();
  Config images_of = ideal;
  images_of.network->images = config.network->adc_calibration;
  images_of.network->labels.clear();
  std::vector<IntTensor> images;
  for (int step = 0;; ++step) {
    ideal.core.hw.adc_step = step;
    const CompiledNetwork net = compile_network(ideal, options, policy);
    int full = 0;
    std::int64_t conversions = 0;
    for (const CompiledLayer& l : net.layers) {
      full = std::max(full, l.hw.lossless_adc_bits() - l.hw.adc_bits);
      conversions += conversions_of(l);
    }
    if (step >= full) return full;
    if (step == 0) images = load_images(images_of, net.network, adc_calibration_images).images;
    const GoldenNetwork golden(net, false);
    std::vector<std::int64_t> clipped(images.size());
    parallel(images.size(), processors(), [&](std::size_t i) {
      GoldenNetwork::Counts counts;
      golden.run(images[i], 1, {}, &counts);
      for (const std::int64_t n : counts.clipped) clipped[i] += n;
    });
    std::int64_t sum = 0;
    for (const std::int64_t n : clipped) sum += n;
    if (static_cast<double>(sum) <= config.network->adc_calibration_clip * static_cast<double>(conversions) * static_cast<double>(images.size())) return step;
  }
}

}  // namespace epim
