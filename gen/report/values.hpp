// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Box plots of weights and activations against their formats.
#pragma once
#include <functional>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "gen/config/config.hpp"
#include "gen/network/mapping.hpp"
#include "gen/network/synthetic_network.hpp"

namespace epim::report {

using Json = nlohmann::ordered_json;

/// How often each code occurs.
class Histogram {
 public:
  void add(const IntTensor& codes);
  bool empty() const { return total_ == 0; }
  std::int64_t total() const { return total_; }
  std::int64_t least() const { return counts_.begin()->first; }
  std::int64_t most() const { return counts_.rbegin()->first; }
  std::int64_t count(std::int64_t code) const;
  /// The smallest code that at least part/parts of all codes do not exceed; 0 < part <= parts.
  std::int64_t quantile(int part, int parts) const;

 private:
  std::map<std::int64_t, std::int64_t> counts_;
  std::int64_t total_ = 0;
};

/// Called with the share that is done.
using Report = std::function<void(double, const std::string&)>;

/// Codes of the weights of every layer, and of the input and the output maps of all layers over the first `images`
/// images, by the golden model on the configuration's own core:
/// {"weights": [...], "activations": [...], "images", "seeded"}. Errors of compile_network and load_images.
Json values_section(const Config& config, int images, int jobs, const Report& progress);

/// The same for a mapped network on one image, with the weights of `source` (gen/network/synthetic_network.hpp).
Json values_section(Mapping plan, const IntTensor& image, const WeightSource& source, int jobs, const Report& progress);

}  // namespace epim::report
