// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The arithmetic of golden/evaluate.hpp in a form that computes a whole data set: the same maps and the same events.
///
/// Where no ADC of a PE row clips, its psum is the integer product sum_r x[r]*w[r][c], bit for bit. Where ADCs may clip,
///   psum[c] = sum_r x[r]*w[r][c] - sum_b sgn(b)*2^first(b) * sum_s 2^(s*CELL_BITS) * (over(pos) - over(neg)),
/// over(p) = max(0, sum_r x[r,b]*Gp[r][c][s] - (2^ADC_BITS - 1)). over() is 0, and not computed, where the cells of a column
/// add up to no more than the ADC holds, and where the driven levels of a step times the largest cell do.
/// Everything comes from the epitome and the patch list. GoldenLayer stays the definition that tests compare with.
#pragma once
#include <memory>

#include "golden/evaluate.hpp"
#include "golden/fast/converted_layer.hpp"
#include "golden/fast/kernels.hpp"

namespace epim {

/// This class computes what a core of this hardware does. Others are left to GoldenLayer.
bool has_fast_arithmetic(const Hardware& hardware);

/// A layer loaded into a core. All methods are const and may run in several threads at once.
class FastLayer {
 public:
  /// `count_events`: run() may be asked for events. Throws what GoldenLayer throws.
  FastLayer(const Hardware& hardware, const Layer& layer, const LayerData& data, bool count_events,
            const fast::Kernels& kernels = fast::kernels());
  ~FastLayer();
  FastLayer(FastLayer&&) noexcept;

  int stored_cout() const;
  /// Throws InputError `tensor-shape` or `activation-range` where x is not [stored_cin][H][W] of legal activations.
  void check_input(const IntTensor& x) const;
  /// A whole frame: y[stored_cout][out_h][out_w]. Adds all events but idle_cycles where `events` is given; adds to `clipped`,
  /// where given, the conversions that an ADC clipped. Neither depends on the number of threads.
  IntTensor run(const IntTensor& x, EventCounts* events, int threads = 1, std::int64_t* clipped = nullptr) const;
  /// [stored_cout][places]: finished accumulators, not requantised, at output positions oy*out_w + ox.
  IntTensor accumulators(const IntTensor& x, const std::vector<int>& places) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A layer evaluated by FastLayer where that computes its core's arithmetic, else by ConvertedLayer where no events are asked for and
/// that does, else by GoldenLayer.
class LayerEvaluator {
 public:
  LayerEvaluator(const Hardware& hardware, const Layer& layer, const LayerData& data, bool count_events);
  bool is_fast() const { return fast_ != nullptr || converted_ != nullptr; }
  int stored_cout() const;
  void check_input(const IntTensor& x) const;
  IntTensor accumulators(const IntTensor& x, const std::vector<int>& places) const;
  /// As FastLayer::run; with GoldenLayer events are counted in any case. `frame`: the number of the map in a run.
  IntTensor run(const IntTensor& x, EventCounts* events, int threads = 1, std::int64_t* clipped = nullptr, std::int64_t frame = 0) const;

 private:
  std::unique_ptr<FastLayer> fast_;
  std::unique_ptr<ConvertedLayer> converted_;
  std::unique_ptr<GoldenLayer> golden_;
};

}  // namespace epim
