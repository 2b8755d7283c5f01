// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Which patches rebuild a convolution from an epitome, and what they rebuild.
#pragma once
#include <utility>
#include <vector>

#include "golden/layer.hpp"

namespace epim {

/// The spatial starts (p, q) of a kh x kw window in a P x Q epitome, in the order the default sampler visits them:
/// opposite corners first, (0,0), (max,max), (0,max), (max,0) with repeated ones left out, then the rest row by row.
/// With a 4x4 epitome and a 3x3 kernel that is (0,0), (1,1), (0,1), (1,0). The order is our own choice.
/// Throws InputError `epitome-smaller-than-kernel`.
std::vector<std::pair<int, int>> spatial_starts(int kh, int kw, const EpitomeShape& epitome);

/// The default sampler. Output group o covers dst_out = o*e_out .. with beta2 = min(e_out, cout - o*e_out), input
/// group i covers dst_in = i*e_in .. with beta1 = min(e_in, cin - i*e_in); both read the epitome from channel 0.
/// The patch starts at spatial_starts()[i mod n], or [(i + o) mod n] where `distinct` is set: the first makes all
/// output groups copies of each other (they can wrap), the second does not. Output groups are the outer loop.
/// With groups (the blocks of Layer::groups) each group is sampled by itself, cin/groups in the place of cin; its columns
/// follow those of the group before, modulo e_out, so that e_out = cout gives every group columns of its own.
/// An epitome equal to its convolution gives one patch. Own choice; the paper leaves the sampler open.
/// Throws InputError `zero-size`, `epitome-smaller-than-kernel`, `epitome-larger-than-convolution`,
/// `patch-alignment` (several input groups and e_in not a multiple of `lanes`), `groups-divide-channels`,
/// `groups-in-words`, `epitome-groups`.
std::vector<Patch> default_sampler(int cin, int cout, int kh, int kw, const EpitomeShape& epitome, int lanes,
                                   bool distinct = false, int groups = 1);

/// Gives a layer its patches, as its operator has them: those of its pool, which also says what is stored, else default_sampler's.
/// Throws what pool_patches and default_sampler throw.
void lay_out(Layer& layer, int lanes, bool distinct = false);

/// Checks sizes, stride, dilation, groups, activation format and padding of a layer: everything >= 1, padding >= 0 and smaller than the window, at least
/// one output position, in_period <= cin and a multiple of `lanes` where it is smaller than cin.
/// Throws InputError `zero-size`, `padding-range`, `kernel-larger-than-map`, `wrapped-input-alignment`,
/// `wrapped-input-groups`, `groups-divide-channels`, `groups-in-words`, `bit-width`, `pad-value-range`.
void validate_geometry(const Layer& layer, int lanes);

/// Checks geometry, epitome and patches of a layer:
///  - the epitome is not larger than its convolution in e_in, e_out or elements, and not smaller than its kernel
///    (P and Q may exceed the kernel);
///  - every patch lies inside the epitome; the patches cover the blocks of Cout x Cin exactly once;
///  - c_in and dst_in are multiples of `lanes`;
///  - patches are ordered by output range, then by input range; output ranges are equal or disjoint;
///  - the patches of one output range use the same epitome columns (a limit of this hardware: one accumulator
///    belongs to one column).
/// Throws InputError `no-patches`, `epitome-smaller-than-kernel`, `epitome-larger-than-convolution`,
/// `patch-outside-epitome`, `patch-outside-convolution`, `patch-alignment`, `patch-order`, `patch-overlap`,
/// `patch-hole`, `patch-range-mismatch`, `patch-column-mismatch` and those of validate_geometry.
void validate_patches(const Layer& layer, int lanes);

/// Repetition map R[e_out][e_in][P][Q]: how many weights of the virtual convolution read each epitome element
/// (paper Fig. 2c). Elements with R = 0 are legal. sum(R) = Cout*Cin*Kh*Kw.
IntTensor repetition_map(const Layer& layer);

/// The virtual convolution W[Cout][Cin][Kh][Kw]:
/// W[dst_out+b][dst_in+a][ky][kx] = E[c_out+b][c_in+a][p+ky][q+kx] for every patch (paper Eq. 1).
IntTensor reconstruct(const Layer& layer, const IntTensor& epitome);
FloatTensor reconstruct(const Layer& layer, const FloatTensor& epitome);

}  // namespace epim
