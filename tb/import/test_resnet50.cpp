// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// ResNet-50 as PyTorch's exporter writes it (names, order, operators), with weights of zeros: the same map as the shipped network.
#include "gen/import/network_folder.hpp"
#include "gen/import/plan.hpp"
#include "gen/network/mapping.hpp"
#include "tb/import/check.hpp"

using namespace import_test;
using epim::importer::Evaluator;
using epim::importer::Plan;
using epim::importer::PlannedNode;

namespace {

class Exported {
 public:
  Exported() {
    std::string x = b_.input("image", {-1, 3, 224, 224});
    x = relu(conv(x, "/conv1", 3, 64, 7, 2), "/relu");
    x = b_.op("MaxPool", {x}, {at("ceil_mode", 0), at("dilations", Ints{1, 1}), at("kernel_shape", Ints{3, 3}), at("pads", Ints{1, 1, 1, 1}), at("strides", Ints{2, 2})}, "",
              "/maxpool/MaxPool");
    int in = 64;
    const int blocks[] = {3, 4, 6, 3};
    for (int l = 1; l <= 4; ++l)
      for (int k = 0; k < blocks[l - 1]; ++k) {
        const std::string at = fmt::format("/layer{0}/layer{0}.{1}", l, k);
        const int width = 32 << l, stride = k == 0 && l > 1 ? 2 : 1;
        std::string y = relu(conv(x, at + "/conv1", in, width, 1, 1), at + "/relu");
        y = relu(conv(y, at + "/conv2", width, width, 3, stride), at + "/relu_1");
        y = conv(y, at + "/conv3", width, 4 * width, 1, 1);
        if (k == 0) x = conv(x, at + "/downsample/downsample.0", in, 4 * width, 1, stride);
        x = relu(b_.op("Add", {y, x}, {}, "", at + "/Add"), at + "/relu_2");
        in = 4 * width;
      }
    x = b_.op("GlobalAveragePool", {x}, {}, "", "/avgpool/GlobalAveragePool");
    x = b_.op("Flatten", {x}, {at("axis", 1)}, "", "/Flatten");
    b_.output(b_.op("Gemm", {x, zeros({1000, 2048}), zeros({1000})}, {at("alpha", 1.0), at("beta", 1.0), at("transB", 1)}, "", "/fc/Gemm"));
  }
  const Builder& file() const { return b_; }

 private:
  std::string zeros(const Ints& dims) { return b_.op("ConstantOfShape", {b_.ints(dims)}); }
  std::string relu(const std::string& x, const std::string& module) { return b_.op("Relu", {x}, {}, "", module + "/Relu"); }
  /// Its batch norm is folded: the exporter does that.
  std::string conv(const std::string& x, const std::string& module, int in, int out, int k, int stride) {
    return b_.op("Conv", {x, zeros({out, in, k, k}), zeros({out})},
                 {at("dilations", Ints{1, 1}), at("group", 1), at("kernel_shape", Ints{k, k}), at("pads", Ints(4, k / 2)), at("strides", Ints{stride, stride})}, "", module + "/Conv");
  }
  Builder b_;
};

epim::Mapping mapped(const epim::Network& net, bool uniform) {
  epim::HardwareRequest hw;  // that of `epim map`
  hw.xb_rows = hw.xb_cols = 256;
  hw.ask_weight_bits(9);
  hw.act_bits = 9;
  hw.lanes = 16;
  hw.out_bits = 12;
  hw.channel_bias_bits = 40;
  epim::DesignChoice design;
  design.uniform = uniform;
  return epim::map_network(net, hw, design);
}

}  // namespace

TEST_CASE("resnet50: exported by PyTorch it maps as the shipped network does", "[resnet50]") {
  Graph g = epim::importer::normalise(prepared(Exported().file()), 1);
  const Evaluator values(g, 1);
  Plan plan = epim::importer::plan_network(g, values);
  plan.input_format = {8, false, 1.0 / 256, 0};
  for (PlannedNode& n : plan.nodes) n.format = n.is_output ? epim::MapFormat{12, true, 1, 0} : epim::MapFormat{9, n.lo < 0 && n.op == "conv", 1, 0};
  const epim::Network imported = epim::parse_network(epim::importer::network_text(plan, "resnet50"), "network.json");
  const epim::Network shipped = epim::load_network(EPIM_SOURCE_DIR "/models/resnet50/network.json");
  for (const bool uniform : {false, true}) {
    INFO(uniform);
    const epim::Mapping ours = mapped(imported, uniform), theirs = mapped(shipped, uniform);
    REQUIRE(ours.layers.size() == theirs.layers.size());
    REQUIRE(ours.cores.size() == theirs.cores.size());
    for (std::size_t k = 0; k < ours.cores.size(); ++k) {
      CHECK(ours.cores[k].hw.pe_rows == theirs.cores[k].hw.pe_rows);
      CHECK(ours.cores[k].hw.pe_cols == theirs.cores[k].hw.pe_cols);
      CHECK(ours.cores[k].hw.buffer_words == theirs.cores[k].hw.buffer_words);
      CHECK(ours.cores[k].layers == theirs.cores[k].layers);
    }
    for (std::size_t k = 0; k < ours.layers.size(); ++k) {
      const epim::MappedLayer &a = ours.layers[k], &b = theirs.layers[k];
      INFO(b.layer.name);
      const std::string name = ours.network.nodes[static_cast<std::size_t>(a.node)].name, wanted = theirs.network.nodes[static_cast<std::size_t>(b.node)].name;
      CHECK((name == wanted || name == wanted + ".0"));  // downsample.0
      CHECK(a.layer.cin == b.layer.cin);
      CHECK(a.layer.cout == b.layer.cout);
      CHECK((a.layer.kh == b.layer.kh && a.layer.kw == b.layer.kw));
      CHECK((a.layer.h == b.layer.h && a.layer.w == b.layer.w));
      CHECK((a.layer.stride.y == b.layer.stride.y && a.layer.stride.x == b.layer.stride.x));
      CHECK(a.layer.epitome == b.layer.epitome);
      CHECK(a.layer.patches == b.layer.patches);
      CHECK((a.part == b.part && a.parts == b.parts && a.first_channel == b.first_channel));
      CHECK((a.space_to_depth == b.space_to_depth && a.subsample == b.subsample));
      CHECK(a.core == b.core);
    }
  }
}
