// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/convolution.hpp"
#include "golden/diagnostic.hpp"
#include "tb/unit/random_case.hpp"

using namespace epim;
using epim::testing::property;

TEST_CASE("a convolution worked by hand", "[convolution]") {
  Layer l;
  l.cin = l.cout = 1;
  l.kh = l.kw = 2;
  l.h = 2;
  l.w = 3;
  l.pad = {1, 0, 0, 1};
  IntTensor x({1, 2, 3}), w({1, 1, 2, 2});
  x.data = {1, 2, 3, 4, 5, 6};
  w.data = {1, 10, 100, 1000};
  // Rows: zeros above the map, zeros right of it.
  IntTensor y({1, 2, 3});
  y.data = {2100, 3200, 300, 5421, 6532, 603};
  REQUIRE(convolve(x, w, l) == y);
  l.stride = 2;
  IntTensor strided({1, 1, 2});
  strided.data = {2100, 300};
  REQUIRE(convolve(x, w, l) == strided);
}

TEST_CASE("a wrapped input is read modulo its period", "[convolution]") {
  Layer l;
  l.cin = 4;
  l.cout = 1;
  l.in_period = 2;
  IntTensor x({2, 1, 1}), w({1, 4, 1, 1});
  x.data = {3, 5};
  w.data = {1, 10, 100, 1000};
  REQUIRE(convolve(x, w, l).data == std::vector<std::int64_t>{3 + 50 + 300 + 5000});
  REQUIRE_RULE(convolve(IntTensor({4, 1, 1}), w, l), "tensor-shape");
  REQUIRE_RULE(convolve(x, IntTensor({1, 2, 1, 1}), l), "tensor-shape");
}

TEST_CASE("convolution equals its output-major definition", "[convolution]") {
  property("definition", [] {
    const auto c = epim::testing::random_case(*rc::gen::arbitrary<std::uint32_t>());
    const Layer& l = c.layer;
    const IntTensor w = reconstruct(l, c.data.epitome), y = convolve(c.x, w, l);
    const auto pixel = [&](int v, int iy, int ix) {
      return iy < 0 || ix < 0 || iy >= l.h || ix >= l.w ? l.pad_value() : c.x(v % l.stored_cin(), iy, ix);
    };
    for (int o = 0; o < l.cout; ++o)
      for (int oy = 0; oy < l.out_h(); ++oy)
        for (int ox = 0; ox < l.out_w(); ++ox) {
          std::int64_t sum = 0;
          for (int v = 0; v < l.cin; ++v)
            for (int ky = 0; ky < l.kh; ++ky)
              for (int kx = 0; kx < l.kw; ++kx)
                sum += w(o, v, ky, kx) * pixel(v, oy * l.stride.y - l.pad.top + ky * l.dilation.y, ox * l.stride.x - l.pad.left + kx * l.dilation.x);
          RC_ASSERT(sum == y(o, oy, ox));
        }
  });
}
