// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Crossbar counts, utilisations and parameter rates against the paper's Table 1 and 3.
#include "tb/unit/catch.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include "golden/graph/crossbar_count.hpp"
#include "tb/unit/files.hpp"

using namespace epim;

namespace {

Network uniform(const std::string& name) {
  Network net = model(name);
  apply_uniform(net, 1024, 256);
  return net;
}

NetworkCount count(const Network& net, int bits, int classifier = 0, CountRule rule = CountRule::paper) {
  return count_network(net, uniform_bits(net, bits, classifier), rule);
}

}  // namespace

TEST_CASE("paper rule gives the printed crossbar counts", "[estimate][table1]") {
  struct Row {
    std::string net;
    int bits, classifier;
    bool epitome;
    std::int64_t derived, printed;
  };
  const std::vector<Row> rows = {
      {"resnet50", 32, 0, false, 13120, 13120}, {"resnet101", 32, 0, false, 22912, 22912},
      {"resnet50", 32, 0, true, 5696, 5696},    {"resnet101", 32, 0, true, 10592, 10592},
      {"resnet50", 9, 0, true, 1424, 1424},     {"resnet101", 9, 0, true, 2648, 2648},
      {"resnet50", 7, 0, true, 1076, 1076},     {"resnet101", 7, 0, true, 1994, 1994},
      {"resnet50", 5, 0, true, 720, 720},       {"resnet101", 5, 0, true, 1332, 1584},  // the one that does not fit
      {"resnet50", 3, 4, true, 428, 428},       {"resnet101", 3, 5, true, 734, 734},    // classifier keeps 4-5 bits
  };
  int exact = 0;
  for (const Row& r : rows) {
    CAPTURE(r.net, r.bits, r.epitome);
    const NetworkCount n = count(r.epitome ? uniform(r.net) : model(r.net), r.bits, r.classifier);
    CHECK(n.crossbars == r.derived);
    exact += n.crossbars == r.printed;
  }
  CHECK(exact == 11);
}

TEST_CASE("utilisations and parameter rates of the paper", "[estimate][table1]") {
  CHECK(100 * count(model("resnet50"), 32).utilisation == Approx(94.91).margin(0.01));
  CHECK(100 * count(uniform("resnet50"), 32).utilisation == Approx(96.71).margin(0.01));
  CHECK(100 * count(model("resnet101"), 32).utilisation == Approx(94.71).margin(0.01));
  CHECK(100 * count(uniform("resnet101"), 32).utilisation == Approx(98.23).margin(0.01));
  CHECK(parameter_rate(count(model("resnet50"), 32), count(uniform("resnet50"), 32)) ==
        Approx(2.2546).margin(0.0001));
  CHECK(parameter_rate(count(model("resnet101"), 32), count(uniform("resnet101"), 32)) ==
        Approx(2.0803).margin(0.0001));
  CHECK(count(model("resnet50"), 32).parameters == 25557032);
  CHECK(count(model("vgg16"), 32).weights == 138357544 - 13416);
}

TEST_CASE("physical rule counts whole crossbars", "[estimate]") {
  const Network net = uniform("resnet50");
  const auto of = [&](const std::string& name, int bits, CountGeometry g) {
    return count_layer(net, net.find(name), bits, CountRule::physical, g);
  };
  const LayerCount c2 = of("layer3.1.conv2", 9, {});  // 256 x 64 x 4 x 4
  CHECK(c2.rows == 1024);
  CHECK(c2.crossbars == 2 * 4 * 4 * 1);
  CHECK(c2.utilisation == 1.0);
  CHECK(of("layer3.1.conv2", 3, {64, 64, 2, 1}).crossbars == 2 * 1 * 16 * 4);
  CHECK(of("layer3.1.conv2", 9, {256, 256, 4, 1}).crossbars == 2 * 2 * 4 * 1);
  CHECK(of("layer3.1.conv2", 2, {256, 256, 1, 1}).slices == 1);
  const LayerCount stem = of("conv1", 9, {});  // 64 x 147
  CHECK(stem.crossbars == 8);
  CHECK(stem.utilisation == Approx(147.0 * 64 / 65536));
  CHECK(of("conv1", 9, {256, 256, 2, 8}).crossbars == 16);  // 3 channels take 8 lanes: 392 rows
  for (const CountRule rule : {CountRule::paper, CountRule::physical}) {
    const NetworkCount n = count(net, 9, 0, rule);
    std::int64_t sum = 0;
    for (const LayerCount& l : n.layers) {
      sum += l.crossbars;
      CHECK(l.utilisation <= 1.0);
      CHECK(l.utilisation > 0.0);
    }
    CHECK(sum == n.crossbars);
  }
  CHECK(count(net, 9, 0, CountRule::physical).crossbars >= count(net, 9).crossbars);
  CHECK_THROWS_AS(of("conv1", 1, {}), InputError);
  CHECK_THROWS_AS(of("conv1", 33, {}), InputError);
}
