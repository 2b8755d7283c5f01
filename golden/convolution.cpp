// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/convolution.hpp"

#include <fmt/format.h>

#include "golden/diagnostic.hpp"

namespace epim {

IntTensor convolve(const IntTensor& x, const IntTensor& w, const Layer& layer) {
  if (x.shape != std::vector<int>{layer.stored_cin(), layer.h, layer.w})
    throw InputError({}, "tensor-shape", fmt::format("input of {} must be [{}][{}][{}]", layer.name,
                                                     layer.stored_cin(), layer.h, layer.w));
  if (w.shape != std::vector<int>{layer.cout, layer.cin, layer.kh, layer.kw})
    throw InputError({}, "tensor-shape", fmt::format("weights of {} must be [{}][{}][{}][{}]", layer.name, layer.cout,
                                                     layer.cin, layer.kh, layer.kw));
  IntTensor y({layer.cout, layer.out_h(), layer.out_w()});
  for (int o = 0; o < layer.cout; ++o)
    for (int v = 0; v < layer.cin; ++v)
      for (int ky = 0; ky < layer.kh; ++ky)
        for (int kx = 0; kx < layer.kw; ++kx) {
          const std::int64_t weight = w(o, v, ky, kx);
          if (weight == 0) continue;
          for (int oy = 0; oy < layer.out_h(); ++oy) {
            const int iy = layer.row(oy, ky);
            const bool row_inside = iy >= 0 && iy < layer.h;
            if (!row_inside && layer.pad_value() == 0) continue;
            for (int ox = 0; ox < layer.out_w(); ++ox) {
              const int ix = layer.column(ox, kx);
              y(o, oy, ox) += weight * (row_inside && ix >= 0 && ix < layer.w ? x(v % layer.stored_cin(), iy, ix) : layer.pad_value());
            }
          }
        }
  return y;
}

}  // namespace epim
