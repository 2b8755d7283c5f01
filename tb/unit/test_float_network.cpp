// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/graph/float_network.hpp"
#include "golden/sampler.hpp"
#include "tb/unit/random_case.hpp"

using namespace epim;
using epim::testing::property;

TEST_CASE("convolutions of the float network are the plain sum over channel, row, column, to the last bit", "[float]") {
  int grouped = 0, wide = 0;
  property("float convolution", [&] {
    std::mt19937 rng(*rc::gen::arbitrary<std::uint32_t>());
    const auto pick = [&](int lo, int hi) { return static_cast<int>(rng() % static_cast<unsigned>(hi - lo + 1)) + lo; };
    Network net;
    net.input = {0, pick(3, 7), pick(3, 7), 0};
    Node node;
    node.name = "c";
    node.inputs = {"image"};
    node.input_ids = {-1};
    node.groups = pick(1, 3);
    const int cin = pick(1, 4), cout = pick(1, 20);
    net.input.channels = net.input.stored = cin * node.groups;
    node.cout = cout * node.groups;
    node.kh = pick(1, 3);
    node.kw = pick(1, 3);
    node.stride = {pick(1, 2), pick(1, 2)};
    node.pad = {pick(0, 1), pick(0, 1), pick(0, 1), pick(0, 1)};
    node.batch_norm = true;
    if (pick(0, 1) == 0) node.lo = 0;
    net.nodes = {node};
    net.outputs = {0};
    net.input_scale = 0.37;
    net.input_zero = pick(-3, 3);
    infer_shapes(net);
    const Node& n = net.nodes[0];
    // Large terms that cancel, small ones that are lost beside them: the order of a sum shows.
    const auto real = [&] {
      return pick(0, 3) == 0 ? (pick(0, 1) == 0 ? 0x1p60f : -0x1p60f) : static_cast<float>(static_cast<int>(rng() % 2001) - 1000) * 0.00137f;
    };
    FloatTensor w({node.cout, cin, node.kh, node.kw}), scale({node.cout}), bias({node.cout});
    for (FloatTensor* t : {&w, &scale, &bias})
      for (float& v : t->data) v = real();
    NpzFile file;
    file.arrays = {{"c/weight", NpyArray::from(w)}, {"c/bn_scale", NpyArray::from(scale)}, {"c/bn_bias", NpyArray::from(bias)}};
    IntTensor image({net.input.channels, net.input.height, net.input.width});
    for (auto& v : image.data) v = net.input_zero + pick(-1, 1);
    const FloatTensor y = FloatNetwork(net, file).run(image);
    const Layer layer = layer_of(n);
    for (int o = 0; o < node.cout; ++o)
      for (int oy = 0; oy < layer.out_h(); ++oy)
        for (int ox = 0; ox < layer.out_w(); ++ox) {
          double sum = 0;
          for (int c = 0; c < cin; ++c)
            for (int ky = 0; ky < node.kh; ++ky)
              for (int kx = 0; kx < node.kw; ++kx) {
                const int iy = layer.row(oy, ky), ix = layer.column(ox, kx);
                if (iy < 0 || iy >= layer.h || ix < 0 || ix >= layer.w) continue;
                const auto x = static_cast<float>(static_cast<double>(image(o / cout * cin + c, iy, ix) - net.input_zero) * net.input_scale);
                sum += static_cast<double>(w(o, c, ky, kx)) * static_cast<double>(x);
              }
          const float v = static_cast<float>(static_cast<double>(scale(o)) * sum + static_cast<double>(bias(o)));
          RC_ASSERT(y(o, oy, ox) == (node.lo == 0 && v < 0 ? 0.0f : v));
        }
    grouped += node.groups > 1;
    wide += cout > 16;
  });
  REQUIRE(grouped > 5);
  REQUIRE(wide > 5);
}
