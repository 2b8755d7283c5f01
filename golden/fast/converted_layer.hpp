// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The arithmetic of golden/evaluate.hpp conversion by conversion, for whole data sets: cells and ADCs that are not ideal, row groups.
///
/// Per input step, row group and slice the sums of bit lines are looked up, for 64 output positions and 32 columns of both polarities at a
/// time: what the cells of four word lines add is a table of 16 entries. Every sum then goes through the equation of its ADC.
/// GoldenLayer stays the definition that tests compare with.
#pragma once
#include <memory>

#include "golden/evaluate.hpp"
#include "golden/fast/kernels.hpp"

namespace epim {

/// This class computes what a core of this hardware does: words of at most 8 bits.
bool has_converted_arithmetic(const Hardware& hardware);

/// A layer loaded into a core. All methods are const and may run in several threads at once.
class ConvertedLayer {
 public:
  /// Throws what GoldenLayer throws.
  ConvertedLayer(const Hardware& hardware, const Layer& layer, const LayerData& data, const fast::Kernels& kernels = fast::kernels());
  ~ConvertedLayer();
  ConvertedLayer(ConvertedLayer&&) noexcept;

  int stored_cout() const;
  /// Throws InputError `tensor-shape` or `activation-range` where x is not [stored_cin][H][W] of legal activations.
  void check_input(const IntTensor& x) const;
  /// A whole frame: y[stored_cout][out_h][out_w]; adds to `clipped`, where given, the conversions above the largest code. Neither
  /// depends on the number of threads. `frame`: the number of the map in a run.
  IntTensor run(const IntTensor& x, int threads = 1, std::int64_t* clipped = nullptr, std::int64_t frame = 0) const;
  /// [stored_cout][places]: finished accumulators of frame 0, not requantised, at output positions oy*out_w + ox.
  IntTensor accumulators(const IntTensor& x, const std::vector<int>& places) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace epim
