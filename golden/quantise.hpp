// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Floating-point epitomes to integers (paper 4.2), and a trained layer to the integers the core takes.
#pragma once
#include <string>
#include <vector>

#include "golden/layer.hpp"

namespace epim {

/// Where a scale comes from, in the order of the paper's Table 2.
enum class RangeMode {
  naive,         ///< one range for the layer: min and max of all elements
  per_crossbar,  ///< one range per crossbar: min and max of its block
  overlap,       ///< one range per crossbar, weighted by repetition (paper Eq. 4, 5)
};
RangeMode range_mode_from(const std::string& name);  ///< throws InputError `quantisation-mode`
const char* name_of(RangeMode mode);

/// How to quantise. Codes have Hardware::weight_bits = k bits.
struct QuantiseOptions {
  RangeMode mode = RangeMode::per_crossbar;
  bool affine = false;          ///< false: symmetric, Z = 0. true: paper Eq. 2, 3
  bool sign_magnitude = true;   ///< codes -(2^(k-1)-1)..2^(k-1)-1, as the crossbars hold them; false: -2^(k-1) too
  double w1 = -1, w2 = -1;      ///< weights of Eq. 4, 5; negative = default w1 = sum_O R / sum R, w2 = 1 - w1;
                                ///< w1 alone is at most 1
};

/// Range, scale and error of one block of XB_ROWS x XB_COLS weights.
struct BlockQuantisation {
  int pe_row = 0, pe_col = 0;
  double alpha = 0, beta = 0;   ///< clipping range, made to include 0
  double scale = 0;             ///< S: real value of one code step; 0 where the block holds no element
  std::int64_t zero = 0;        ///< Z
  double error = 0;             ///< sum over the block of R(e)*(Q(e) - e)^2
  double size = 0;              ///< sum over the block of R(e)*e^2
  int clamped = 0;              ///< elements with R(e) > 0 whose code was clamped
  double w1 = 1, w2 = 0;        ///< weights that were used
};

/// A quantised epitome: real value of code q in block (t,u) is S[t,u] * (q + Z[t,u]).
struct QuantisedEpitome {
  IntTensor codes;              ///< [e_out][e_in][P][Q]
  FloatTensor values;           ///< the same, as real numbers
  IntTensor permutation;        ///< of a weight pool, as in LayerData; else empty
  int pe_rows = 1, pe_cols = 1;
  std::vector<BlockQuantisation> blocks;  ///< [pe_rows*pe_cols], row-major
  double error = 0;             ///< sum of the blocks' errors = squared error of the reconstructed convolution
  double size = 0;              ///< sum of the blocks' sizes = squared norm of the reconstructed convolution
  const BlockQuantisation& block(int t, int u) const { return blocks[static_cast<std::size_t>(t * pe_cols + u)]; }
};

/// Quantises `epitome` [e_out][e_in][P][Q] block by block; a block is what one PE holds, rows in lane-blocked order
/// (golden/evaluate.hpp). pe_rows and pe_cols of the hardware are not used: the epitome decides.
///   range:      [alpha, beta] = [min, max] of all elements (naive) or of the block (per_crossbar);
///               overlap: O = {e : R(e) = max R in the block}, others = the rest, R(e) = 0 dropped,
///               alpha = w1*min(O) + w2*min(others), beta = w1*max(O) + w2*max(others); no others: min and max of O.
///               alpha = min(alpha, 0), beta = max(beta, 0) (own choice: zero stays exact and Z small).
///   symmetric:  S = max(-alpha, beta) / (2^(k-1)-1), Z = 0
///   affine:     S = (beta - alpha) / n, n = 2^k - 1 (Eq. 3), or 2^k - 2 for sign-magnitude codes, which have one
///               level less (own choice); Z = nearbyint(alpha/S) - lowest code
///   code:       Q(r) = clamp(nearbyint(r/S) - Z) (Eq. 2), ties to even
/// Throws InputError `tensor-shape`, `bit-width`, `not-finite`, `quantisation-weights`.
QuantisedEpitome quantise(const Hardware& hardware, const Layer& layer, const FloatTensor& epitome,
                          const QuantiseOptions& options);

/// Codes -1 and 1 (Hardware::weight_bits 2 holds them): Q = r < 0 ? -1 : 1, S = mean |r| of the block, which is the scale of
/// least squared error for these signs. Throws as quantise.
QuantisedEpitome quantise_bipolar(const Hardware& hardware, const Layer& layer, const FloatTensor& epitome);

/// Codes that a file brings along, S = 1 and Z = 0 everywhere: their scale is a factor of bn_scale. Elements outside the
/// blocks of groups are 0. Throws InputError `tensor-shape`, `weight-range`.
QuantisedEpitome given_codes(const Hardware& hardware, const Layer& layer, const FloatTensor& codes);

/// What a trained layer needs beside its epitome: real y = bn_scale*(W*x) + bn_bias, for y < 0 times slope.
struct LayerScales {
  std::vector<float> bn_scale, bn_bias;  ///< [cout]
  double act_in = 1, act_out = 1;        ///< real value of one integer step of input and output
  std::vector<float> slope{};            ///< [cout]; empty = 1
  std::int64_t zero_out = 0;             ///< code of 0 in the output map; that of the input is Layer::act
};

/// Integers for the core, and how exact they are.
struct IntegerLayer {
  LayerData data;
  int shift = 0;                ///< SH
  double scale_error = 0;       ///< largest relative error of M*unit against S
  double channel_error = 0;     ///< largest relative error of G over channels that matter (|G| >= max|G|/16)
};

/// Chooses M, Z, G, B and SH so that out*act_out = bn_scale*(sum S*act_in*(psum + Z*sum_x)) + bn_bias:
///   unit = S_max/(2^m - 1), M = nearbyint(S/unit), at least 1; M = 1 and unit = S where all blocks agree;
///   a pool whose a and e are whole multiples, below 2^scale_bits, of one power of two: that is unit, scale_error 0;
///   G = nearbyint(bn_scale*unit*act_in/act_out * 2^SH), B = nearbyint(bn_bias/act_out * 2^SH).
/// One SH per layer: the largest (at most 47) at which every G and B still fits its width. m <= scale_bits is the
/// width of M that keeps scale_error + channel_error smallest: a wider M leaves fewer bits to G, since B limits SH.
/// Zero points, exactly: B -= pad_value*G*sum over the virtual weights of channel ch of M*(code + Z), B += zero_out*2^SH.
/// Own choice. PE rows and columns of M and Z are those of `hardware`. The clamp stays the caller's.
/// Throws InputError `scale-not-representable`, `tensor-shape`, `not-finite`, `pe-array-too-small`.
IntegerLayer to_integer(const Hardware& hardware, const Layer& layer, const QuantisedEpitome& quantised,
                        const LayerScales& scales);

/// The A of a slope: nearbyint(slope * 2^F), F = bits - 4. Throws InputError `slope-range` beyond `bits`.
std::int64_t slope_code(int bits, double slope);
/// With slope_bits of a core.
inline std::int64_t slope_code(const Hardware& hardware, double slope) { return slope_code(hardware.slope_bits, slope); }

}  // namespace epim
