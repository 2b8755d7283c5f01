// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/pool_projection.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "golden/diagnostic.hpp"
#include "golden/evaluate.hpp"
#include "golden/linear_assignment.hpp"
#include "golden/patch_words.hpp"
#include "golden/pool.hpp"

namespace epim {
namespace {

/// One weight of the convolution: what it is, the sign of the pool and the stored place of its error.
struct Weight {
  double real = 0;
  std::int8_t pool = 1;
  int row = -1;  ///< of the error; -1: dropped
  int filter = 0;
};

class Projection {
 public:
  Projection(const Layer& layer, const IntTensor& pool, const FloatTensor& weights, int lanes) : layer_(layer), pool_(pool), weights_(weights) {
    permutation_ = IntTensor({static_cast<int>(layer.patches.size()), layer.pool->vector});
    for (std::size_t j = 0; j < layer.patches.size(); ++j) {
      assign(static_cast<int>(j));
      collect(static_cast<int>(j), lanes);
    }
    fit();
  }

  Projection(const Layer& layer, const IntTensor& pool, const FloatTensor& weights, int lanes, const GivenPool& given)
      : layer_(layer), pool_(pool), weights_(weights), permutation_(given.permutation), a_(given.a), e_(given.e) {
    for (std::size_t j = 0; j < layer.patches.size(); ++j) collect(static_cast<int>(j), lanes);
  }

  double pool_scale() const { return a_; }
  double error_scale() const { return e_; }
  const IntTensor& permutation() const { return permutation_; }

  /// Signs of the pool and of the error; error and norm of the convolution.
  void fill(QuantisedEpitome& q) const {
    const int v = layer_.pool->vector;
    for (int r = 0; r < v; ++r)
      for (int c = 0; c < v; ++c) q.codes(c, r, 0, 0) = pool_(c, r);
    for (const Weight& w : all_) {
      if (w.row >= 0) q.codes(w.filter, w.row, 0, 0) = error_sign(w);
      q.error += left(w) * left(w);
      q.size += w.real * w.real;
    }
  }
  /// Largest distance of a weight from its a*P + e*mask*D.
  double largest_left() const {
    double most = 0;
    for (const Weight& w : all_) most = std::max(most, std::fabs(left(w)));
    return most;
  }

 private:
  int error_sign(const Weight& w) const { return w.real - a_ * w.pool < 0 ? -1 : 1; }
  double left(const Weight& w) const { return w.real - a_ * w.pool - (w.row >= 0 ? e_ * error_sign(w) : 0.0); }
  double weight(const Patch& p, int filter, int channel) const {
    return static_cast<double>(weights_(p.dst_out + filter, p.dst_in + channel, p.ky, p.kx));
  }

  void assign(int patch) {
    const Patch& p = layer_.patches[static_cast<std::size_t>(patch)];
    const int group = layer_.pool->group, stride = layer_.pool->group_stride();
    std::vector<double> gain(static_cast<std::size_t>(group) * static_cast<std::size_t>(group));
    for (int first = 0; first < stride; ++first) {
      for (int f = 0; f < group; ++f)
        for (int c = 0; c < group; ++c) {
          double sum = 0;  // filters beyond the tile have no weights: any column will do
          if (f * stride + first < p.beta2)
            for (int r = 0; r < p.beta1; ++r) sum += weight(p, f * stride + first, r) * static_cast<double>(pool_(c * stride + first, r));
          gain[static_cast<std::size_t>(f * group + c)] = sum;
        }
      const std::vector<int> columns = linear_assignment(gain, group);
      for (int f = 0; f < group; ++f) permutation_(patch, f * stride + first) = columns[static_cast<std::size_t>(f)] * stride + first;
    }
  }

  void collect(int patch, int lanes) {
    const Patch& p = layer_.patches[static_cast<std::size_t>(patch)];
    for (const PatchWord& word : patch_words(layer_, p, lanes))
      for (int lane = 0; lane < word.channels; ++lane)
        for (int f = 0; f < p.beta2; ++f) {
          Weight w;
          w.real = weight(p, f, word.channel + lane);
          w.pool = static_cast<std::int8_t>(pool_(static_cast<int>(permutation_(patch, f)), word.channel + lane));
          w.row = word.rows[1] < 0 ? -1 : word.rows[1] + lane;
          w.filter = f;
          all_.push_back(w);
        }
  }

  void fit() {
    double correlation = 0;
    for (const Weight& w : all_) correlation += w.real * w.pool;
    a_ = correlation / static_cast<double>(all_.size());
    constexpr int most = 50;
    for (int i = 0; i < most; ++i) {
      double left = 0, with_error = correlation;
      std::int64_t kept = 0;
      for (const Weight& w : all_)
        if (w.row >= 0) {
          left += std::fabs(w.real - a_ * w.pool);
          ++kept;
        }
      e_ = kept > 0 ? left / static_cast<double>(kept) : 0.0;
      for (const Weight& w : all_)
        if (w.row >= 0) with_error -= e_ * (w.real - a_ * w.pool < 0 ? -1 : 1) * w.pool;
      const double before = a_;
      a_ = with_error / static_cast<double>(all_.size());
      if (std::fabs(a_ - before) <= 1e-9 * std::fabs(before)) break;
    }
    // Weights without any correlation to the pool: M is at least 1, a scale above 0.
    a_ = std::max(a_, 1e-12);
    e_ = std::max(e_, 1e-12);
  }

  const Layer& layer_;
  const IntTensor& pool_;
  const FloatTensor& weights_;
  IntTensor permutation_;
  std::vector<Weight> all_;
  double a_ = 0, e_ = 0;
};

void check_weights(const Layer& layer, const FloatTensor& weights) {
  if (weights.shape != std::vector<int>{layer.cout, layer.cin, layer.kh, layer.kw})
    fail("tensor-shape", fmt::format("layer {}: weights of shape [{}]; legal before a pool: those of the convolution", layer.name,
                                     fmt::join(weights.shape, "][")));
  for (float w : weights.data)
    if (!std::isfinite(w)) fail("not-finite", fmt::format("layer {}: a weight is not finite", layer.name));
}

QuantisedEpitome codes_of(const Hardware& hw, const Layer& layer, const Projection& projection) {
  QuantisedEpitome q;
  q.codes = IntTensor({layer.epitome.e_out, layer.epitome.e_in, 1, 1});
  q.permutation = projection.permutation();
  projection.fill(q);
  q.pe_rows = hw.pe_rows;
  q.pe_cols = hw.pe_cols;
  q.blocks.resize(static_cast<std::size_t>(hw.pe_rows) * static_cast<std::size_t>(hw.pe_cols));
  for (std::size_t b = 0; b < q.blocks.size(); ++b) {
    BlockQuantisation& block = q.blocks[b];
    block.pe_row = static_cast<int>(b) / hw.pe_cols;
    block.pe_col = static_cast<int>(b) % hw.pe_cols;
    if (block.pe_col == 0) block.scale = block.pe_row == 0 ? projection.pool_scale() : projection.error_scale();
    block.alpha = -block.scale;
    block.beta = block.scale;
  }
  q.values = FloatTensor(q.codes.shape);
  for (int row = 0; row < layer.epitome.e_in; ++row)
    for (int f = 0; f < layer.epitome.e_out; ++f)
      q.values(f, row, 0, 0) =
          static_cast<float>((row < layer.pool->vector ? projection.pool_scale() : projection.error_scale()) * static_cast<double>(q.codes(f, row, 0, 0)));
  q.blocks[0].error = q.error;  // of the layer: pool and error make every weight together
  q.blocks[0].size = q.size;
  return q;
}

}  // namespace

QuantisedEpitome project_on_pool(const Hardware& hw, const Layer& layer, const IntTensor& pool, const FloatTensor& weights) {
  check_weights(layer, weights);
  return codes_of(hw, layer, Projection(layer, pool, weights, hw.lanes));
}

QuantisedEpitome given_pool(const Hardware& hw, const Layer& layer, const IntTensor& pool, const FloatTensor& weights, const GivenPool& given) {
  check_weights(layer, weights);
  check_permutation(layer, given.permutation);
  for (const double scale : {given.a, given.e})
    if (!(scale > 0) || !std::isfinite(scale)) fail("pool-data", fmt::format("layer {}: a and e are {} and {}; legal: above 0", layer.name, given.a, given.e));
  const Projection projection(layer, pool, weights, hw.lanes, given);
  if (const double left = projection.largest_left(); left > 1e-5 * (given.a + given.e))
    fail("pool-data", fmt::format("layer {}: a weight is {:.3g} from a*P + e*D with its permutation, a = {:.6g} and e = {:.6g}; legal: float rounding", layer.name,
                                  left, given.a, given.e));
  return codes_of(hw, layer, projection);
}

}  // namespace epim
