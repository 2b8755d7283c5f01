// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Design files: read back as written, refused with layer and position, planned as they say.
#include "tb/unit/catch.hpp"

#include "gen/config/config.hpp"
#include "gen/network/mapping.hpp"
#include "gen/search/space.hpp"
#include "gen/core/synthetic.hpp"

using namespace epim;

namespace {

Network resnet50() { return load_network(std::string(EPIM_SOURCE_DIR) + "/models/resnet50/network.json"); }

void refuses(const std::string& layers, const std::string& want, const std::string& head = "\"network\": \"resnet50\"") {
  const std::string text = "{\"schema\": 1, " + head + ", \"layers\": [\n" + layers + "\n]}";
  CAPTURE(text);
  const auto apply = [&] {
    Network net = resnet50();
    apply_design(net, parse_design(text, "d.json"));
  };
  CHECK_THROWS_WITH(apply(), Catch::StartsWith(want));
}

}  // namespace

TEST_CASE("a design reads back as it was written", "[design]") {
  const Network net = resnet50();
  const auto layers = search_layers(net, {});
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Random r(seed);
    Selection s;
    for (const SearchLayer& l : layers) s.push_back(static_cast<int>(r.uniform(0, static_cast<std::int64_t>(l.candidates.size()) - 1)));
    Design d = selection_design(net, layers, s);
    d.weight_bits = seed % 2 ? 9 : 0;
    for (LayerDesign& l : d.layers)
      if (r.chance(30)) l.weight_bits = static_cast<int>(r.uniform(2, 9));
    if (seed % 3) d.provenance = {{"tool", "t"}, {"cost", {1, 2.5, "x", nullptr, true}}};
    const std::string text = design_text(d);
    const Design back = parse_design(text, "d.json");
    REQUIRE(design_text(back) == text);
    Network designed = net;
    apply_design(designed, back);
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const Node& node = designed.nodes[static_cast<std::size_t>(layers[l].node)];
      const Candidate& c = layers[l].candidates[static_cast<std::size_t>(s[l])];
      REQUIRE(node.epitome == c.epitome);
      REQUIRE(node.wrap == c.wrap);
    }
    for (const LayerDesign& l : d.layers) {
      const int want = l.weight_bits > 0 ? l.weight_bits : d.weight_bits;
      REQUIRE(designed.nodes[static_cast<std::size_t>(designed.find(l.node))].weight_bits == want);
    }
  }
}

TEST_CASE("designs are refused with layer and position", "[design]") {
  const std::string ok = R"("epitome": {"e_out": 64, "e_in": 16, "p": 4, "q": 4})";
  refuses(R"({"node": "layer1.0.conv9"})", "d.json:2:1: unknown-layer: network 'resnet50' has no layer 'layer1.0.conv9'");
  refuses(R"({"node": "pool1"})", "d.json:2:1: design-without-weights: layer 'pool1' (max_pool)");
  refuses(R"({"node": "layer1.0.conv2", "epitome": {"e_out": 128, "e_in": 16, "p": 4, "q": 4}})",
          "d.json:2:1: epitome-exceeds-convolution: node 'layer1.0.conv2'");
  refuses(R"({"node": "layer1.0.conv2", "epitome": {"e_out": 64, "e_in": 16, "p": 2, "q": 4}})",
          "d.json:2:1: epitome-exceeds-convolution: node 'layer1.0.conv2': epitome of 2x4 positions cannot hold the kernel 3x3");
  refuses("{\"node\": \"layer1.0.conv2\", " + ok + ", \"wrap\": \"copies\"}", "d.json:2:1: wrap-without-copies: node 'layer1.0.conv2'");
  refuses(R"({"node": "conv1", "wrap": "copies"})", "d.json:2:1: design-without-epitome: layer 'conv1'");
  refuses(R"({"node": "conv1", "weight_bits": 1})", "d.json:2:34: value-out-of-range: layer 'conv1': weight_bits");
  refuses("{\"node\": \"conv1\", \"weight_bits\": 5},\n{\"node\": \"conv1\", \"weight_bits\": 7}",
          "d.json:3:34: contradictory-bits: layer 'conv1' has weight_bits 7 here and 5 in line 2");
  refuses("{\"node\": \"conv1\"},\n{\"node\": \"conv1\"}", "d.json:3:1: duplicate-layer: layer 'conv1'");
  refuses(R"({"node": "conv1", "epitome": null, "bits": 3})", "d.json:2:36: unknown-key: ");
  refuses("", "d.json:1:26: design-network: the design is for network 'vgg16'", "\"network\": \"vgg16\"");
}

TEST_CASE("cores are grouped by array and weight width", "[design]") {
  const Network net = resnet50();
  HardwareRequest hw;
  hw.xb_rows = hw.xb_cols = 256;
  hw.lanes = 16;
  DesignChoice choice;
  choice.file = parse_design(R"({"schema": 1, "network": "resnet50", "weight_bits": 5, "layers": [
    {"node": "layer1.0.conv1", "weight_bits": 3},
    {"node": "layer1.0.conv2", "epitome": {"e_out": 64, "e_in": 16, "p": 4, "q": 4}}]})", "d.json");
  const Mapping plan = map_network(net, hw, choice);
  for (const MappedLayer& l : plan.layers) {
    const Hardware& core = plan.cores[static_cast<std::size_t>(l.core)].hw;
    CHECK(core.weight_bits == (l.layer.name == "layer1.0.conv1" ? 3 : 5));
    if (l.layer.name == "layer1.0.conv2") CHECK(l.layer.patches.size() == 4);
  }
  choice.file->layers[0].weight_bits = 12;
  CHECK_THROWS_WITH(map_network(net, hw, choice), Catch::StartsWith("d.json:2:5: value-out-of-range: node layer1.0.conv1"));
}
