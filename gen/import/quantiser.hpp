// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What a quantising node does, in one form for QuantizeLinear, DequantizeLinear and the nodes of QONNX.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "gen/import/operators.hpp"

namespace epim::importer {

enum class Rounding { half_even, half_up, half_down, up, down, ceil, floor };

/// "ROUND" and "HALF_EVEN": half to even; HALF_UP and HALF_DOWN: half away from 0, towards 0; UP and DOWN: away from 0,
/// towards 0; CEIL, FLOOR. Any case. Throws InputError bad-attribute at the node.
Rounding rounding_of(const Node& node, const std::string& name);
float round_by(Rounding rounding, float x);

/// q = round(clamp(x / scale + zero, lo, hi)) where the node quantises, x = (q - zero) * scale where it gives reals.
/// QuantizeLinear rounds before it adds the zero point and clamps, which is the same for whole zero points.
struct Quantiser {
  enum class Kind {
    quantise,    ///< QuantizeLinear: reals in, integers out
    dequantise,  ///< DequantizeLinear: integers in, reals out
    quant,       ///< Quant, IntQuant: reals in, reals on the grid out
    bipolar,     ///< BipolarQuant, 1-bit signed Quant: +scale where x >= 0, else -scale
    trunc,       ///< Trunc: reals on one grid in, on a coarser one out
  };
  Kind kind = Kind::quantise;
  Rounding rounding = Rounding::half_even;
  int bits = 8;  ///< of the integers
  bool is_signed = false;
  double lo = 0, hi = 0;  ///< smallest and largest integer
  int axis = -1;          ///< of the scales; -1: one scale for all. Trunc: always -1
  std::vector<float> scale;
  std::vector<float> zero;  ///< as many as scales
  // Trunc alone:
  float out_scale = 0, out_zero = 0;  ///< of the result
  float divisor = 1;                  ///< input steps per output step
  bool clamps = false;                ///< version 2
  std::size_t count() const { return scale.size(); }
};

/// Reads and checks a quantising node whose operands are known. Throws InputError: computed-operand, bad-attribute,
/// shape-mismatch, wrong-type, bad-scale (not positive or not finite).
Quantiser quantiser_of(const Call& call);
/// The same of a node of a canonical graph; nothing where the node is no quantiser.
std::optional<Quantiser> quantiser_in(const Graph& graph, const Node& node);
/// QuantizeLinear, DequantizeLinear, Quant, IntQuant, BipolarQuant or Trunc.
bool is_quantiser(const Node& node);

}  // namespace epim::importer
