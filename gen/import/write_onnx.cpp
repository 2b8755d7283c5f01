// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/write_onnx.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include "golden/graph/node_weights.hpp"

namespace epim::importer {
namespace {

using Sizes = std::vector<std::int64_t>;

class Writer {
 public:
  Writer(const Plan& plan, const CompiledNetwork& net, const std::string& name) : plan_(plan), net_(net) {
    model_.set_ir_version(8);
    model_.set_producer_name("epim");
    graph_ = model_.mutable_graph();
    graph_->set_name(name);
    bool wide = plan.input_format.bits > 8;
    for (const PlannedNode& n : plan.nodes) wide = wide || n.format.bits > 8;
    auto* set = model_.add_opset_import();
    set->set_domain("");
    set->set_version(wide ? 21 : 13);
    if (wide) model_.set_ir_version(10);
  }

  std::string write() {
    const Dims& in = plan_.input_dims;
    tensor_info(*graph_->add_input(), plan_.input_name, onnx::TensorProto::FLOAT, in);
    real_[-1] = quantised(plan_.input_name, plan_.input_name, plan_.input_format, in, plan_.input_name + "/dequantised");
    for (std::size_t k = 0; k < plan_.nodes.size(); ++k) node(static_cast<int>(k));
    return model_.SerializeAsString();
  }

 private:
  static void tensor_info(onnx::ValueInfoProto& v, const std::string& name, int type, const Sizes& dims) {
    v.set_name(name);
    auto* t = v.mutable_type()->mutable_tensor_type();
    t->set_elem_type(type);
    for (const std::int64_t d : dims) t->mutable_shape()->add_dim()->set_dim_value(d);
  }

  onnx::TensorProto& initialiser(const std::string& name, int type, const Sizes& dims) {
    auto* t = graph_->add_initializer();
    t->set_name(name);
    t->set_data_type(type);
    for (const std::int64_t d : dims) t->add_dims(d);
    return *t;
  }
  std::string reals(const std::string& name, const std::vector<float>& v, const Sizes& dims) {
    initialiser(name, onnx::TensorProto::FLOAT, dims).set_raw_data(v.data(), v.size() * sizeof(float));
    return name;
  }
  std::string real(const std::string& name, double x) { return reals(name, {static_cast<float>(x)}, {}); }

  onnx::NodeProto& op(const std::string& kind, const std::string& name, const std::vector<std::string>& in, const std::string& out) {
    auto* n = graph_->add_node();
    n->set_op_type(kind);
    n->set_name(name);
    for (const std::string& i : in) n->add_input(i);
    n->add_output(out);
    return *n;
  }
  static void attribute(onnx::NodeProto& n, const char* name, std::int64_t x) {
    auto* a = n.add_attribute();
    a->set_name(name);
    a->set_type(onnx::AttributeProto::INT);
    a->set_i(x);
  }
  static void attribute(onnx::NodeProto& n, const char* name, float x) {
    auto* a = n.add_attribute();
    a->set_name(name);
    a->set_type(onnx::AttributeProto::FLOAT);
    a->set_f(x);
  }
  static void attribute(onnx::NodeProto& n, const char* name, const std::string& x) {
    auto* a = n.add_attribute();
    a->set_name(name);
    a->set_type(onnx::AttributeProto::STRING);
    a->set_s(x);
  }
  static void attribute(onnx::NodeProto& n, const char* name, const Sizes& x) {
    auto* a = n.add_attribute();
    a->set_name(name);
    a->set_type(onnx::AttributeProto::INTS);
    for (const std::int64_t i : x) a->add_ints(i);
  }

  /// Clip where the codes have fewer bits than the type that holds them, QuantizeLinear, DequantizeLinear: the tensor `out`.
  std::string quantised(const std::string& map, std::string from, const MapFormat& f, const Dims& dims, const std::string& out) {
    const bool wide = f.bits > 8;
    const int width = wide ? 16 : 8;
    if (f.bits < width) {
      const std::string cut = map + "/cut";
      op("Clip", cut, {from, real(map + "/least", f.scale * static_cast<double>(f.least() - f.zero)), real(map + "/most", f.scale * static_cast<double>(f.greatest() - f.zero))}, cut);
      info(cut, onnx::TensorProto::FLOAT, dims);
      from = cut;
    }
    const int type = wide ? (f.is_signed ? onnx::TensorProto::INT16 : onnx::TensorProto::UINT16) : (f.is_signed ? onnx::TensorProto::INT8 : onnx::TensorProto::UINT8);
    const std::string scale = real(map + "/scale", f.scale), zero = map + "/zero_point", codes = map + "/codes";
    std::uint8_t bytes[2] = {static_cast<std::uint8_t>(f.zero & 0xff), static_cast<std::uint8_t>((f.zero >> 8) & 0xff)};
    initialiser(zero, type, {}).set_raw_data(bytes, wide ? 2 : 1);
    op("QuantizeLinear", map + "/quantise", {from, scale, zero}, codes);
    info(codes, type, dims);
    op("DequantizeLinear", map + "/dequantise", {codes, scale, zero}, out);
    if (!outputs_.count(out)) info(out, onnx::TensorProto::FLOAT, dims);
    return out;
  }
  void info(const std::string& name, int type, const Dims& dims) { tensor_info(*graph_->add_value_info(), name, type, dims); }

  /// Weights that the core holds, as real numbers, in the shape of the node: code*M*G/2^SH in steps of the maps.
  std::vector<float> held_weights(const CompiledLayer& layer, const epim::Node& node) const {
    const int group_in = node.in.channels / node.groups, group_out = node.cout / node.groups;
    const double steps = layer.out.format.scale / layer.in.format.scale;
    const FloatTensor& values = layer.quantised.values;
    std::vector<float> w;
    for (int o = 0; o < node.cout; ++o)
      for (int c = 0; c < group_in; ++c)
        for (int y = 0; y < node.kh; ++y)
          for (int x = 0; x < node.kw; ++x) {
            const std::size_t at = values.index(o, o / group_out % layer.merged_groups * group_in + c, y + layer.widening.before_y, x + layer.widening.before_x);
            const auto code = static_cast<double>(layer.quantised.codes.data[at]);
            const std::int64_t m = code == 0 ? 0 : crossbar_scale(layer, static_cast<double>(values.data[at]) / code);
            const auto g = static_cast<double>(layer.data.channel_scale.data[static_cast<std::size_t>(o)]);
            w.push_back(static_cast<float>(code * static_cast<double>(m) * std::ldexp(g, -layer.layer.shift) * steps));
          }
    return w;
  }
  /// M of the block whose scale this is.
  static std::int64_t crossbar_scale(const CompiledLayer& layer, double scale) {
    const BlockQuantisation* nearest = nullptr;
    for (const BlockQuantisation& b : layer.quantised.blocks)
      if (b.scale > 0 && (!nearest || std::fabs(b.scale - scale) < std::fabs(nearest->scale - scale))) nearest = &b;
    return layer.data.crossbar_scale(nearest->pe_row, nearest->pe_col);
  }

  void node(int id) {
    const PlannedNode& n = plan_.nodes[static_cast<std::size_t>(id)];
    std::vector<std::string> in;
    for (const int i : n.inputs) in.push_back(real_.at(i));
    std::string out = n.name + "/dequantised";
    for (const PlannedOutput& o : plan_.outputs)
      if (o.node == id && !outputs_.count(n.name)) {
        out = n.name;  // outputs bear the names of their nodes
        outputs_[out] = true;
        tensor_info(*graph_->add_output(), out, onnx::TensorProto::FLOAT, n.dims);
      }
    std::string now = n.has_weights() ? layer(n, in) : operation(n, in);
    now = pointwise(n, std::move(now));
    real_[id] = quantised(n.name, now, n.format, n.dims, out);
  }

  std::string step(const PlannedNode& n, const std::string& what, const std::string& kind, std::vector<std::string> in) {
    const std::string name = n.name + "/" + what;
    last_ = &op(kind, name, in, name);
    info(name, onnx::TensorProto::FLOAT, n.dims);
    return name;
  }

  /// The window of a convolution or pool, from the network's own node.
  void window(const epim::Node& node, bool dilated) {
    attribute(*last_, "kernel_shape", Sizes{node.kh, node.kw});
    attribute(*last_, "strides", Sizes{node.stride.y, node.stride.x});
    attribute(*last_, "pads", Sizes{node.pad.top, node.pad.left, node.pad.bottom, node.pad.right});
    if (dilated) attribute(*last_, "dilations", Sizes{node.dilation.y, node.dilation.x});
  }

  std::string layer(const PlannedNode& n, const std::vector<std::string>& in) {
    const int index = net_.network.find(n.name);
    const epim::Node& node = net_.network.nodes.at(static_cast<std::size_t>(index));
    const CompiledLayer& compiled = net_.layers.at(static_cast<std::size_t>(net_.layer_of_node(index)));
    const NodeWeights w = weights_of(node, net_.weights);
    const Sizes channels{1, node.cout, 1, 1};
    if (n.op == "batch_norm") {
      const std::string scaled = step(n, "scaled", "Mul", {in[0], reals(n.name + "/norm_scale", w.scale, channels)});
      return step(n, "sum", "Add", {scaled, reals(n.name + "/norm_bias", w.bias, channels)});
    }
    const Sizes shape{node.cout, node.in.channels / node.groups, node.kh, node.kw};
    std::string weights = n.name + "/weights";
    bool apart = false;  // scale and bias behind the convolution
    const bool bytes = w.quantised && std::all_of(w.epitome.data.begin(), w.epitome.data.end(), [](float c) { return c >= -128 && c <= 127; });
    if (bytes) {
      const NpyArray* scale = net_.weights.find(n.name + "/weight_scale");
      std::string codes;
      for (const float c : w.epitome.data) codes += static_cast<char>(static_cast<std::int8_t>(c));
      initialiser(weights + "/codes", onnx::TensorProto::INT8, shape).set_raw_data(codes);
      reals(weights + "/scale", scale->floats().data, {node.cout});
      auto& dequantise = op("DequantizeLinear", weights, {weights + "/codes", weights + "/scale"}, weights);
      attribute(dequantise, "axis", std::int64_t{0});
      apart = !n.norm_scale.empty();
    } else {
      reals(weights, held_weights(compiled, node), shape);
    }
    std::vector<std::string> operands{in[0], weights};
    if (!apart) operands.push_back(reals(n.name + "/bias", w.bias, {node.cout}));
    std::string now = step(n, "sum", "Conv", operands);
    window(node, true);
    attribute(*last_, "group", std::int64_t{node.groups});
    if (!apart) return now;
    now = step(n, "scaled", "Mul", {now, reals(n.name + "/norm_scale", n.norm_scale, channels)});
    return step(n, "shifted", "Add", {now, reals(n.name + "/norm_bias", w.bias, channels)});
  }

  std::string operation(const PlannedNode& n, const std::vector<std::string>& in) {
    const epim::Node& node = net_.network.nodes.at(static_cast<std::size_t>(net_.network.find(n.name)));
    if (n.op == "add" || n.op == "mul") {
      std::string sum = in[0];
      for (std::size_t i = 1; i < in.size(); ++i) sum = step(n, fmt::format("result{}", i), n.op == "add" ? "Add" : "Mul", {sum, in[i]});
      return sum;
    }
    if (n.op == "concat") {
      const std::string joined = step(n, "joined", "Concat", in);
      attribute(*last_, "axis", std::int64_t{1});
      return joined;
    }
    if (n.op == "max_pool" || n.op == "avg_pool") {
      const std::string pooled = step(n, "pooled", n.op == "max_pool" ? "MaxPool" : "AveragePool", {in[0]});
      window(node, false);
      attribute(*last_, "ceil_mode", std::int64_t{node.ceil_mode});
      if (n.op == "avg_pool") attribute(*last_, "count_include_pad", std::int64_t{node.count_padding});
      return pooled;
    }
    if (n.op == "global_avg_pool") return step(n, "pooled", "GlobalAveragePool", {in[0]});
    if (n.op == "global_max_pool") return step(n, "pooled", "GlobalMaxPool", {in[0]});
    if (n.op == "resize") {
      const std::vector<float> factors{1, 1, static_cast<float>(node.factor.y), static_cast<float>(node.factor.x)};
      const std::string copied = step(n, "copied", "Resize", {in[0], "", reals(n.name + "/factors", factors, {4})});
      attribute(*last_, "mode", std::string("nearest"));
      attribute(*last_, "nearest_mode", std::string("floor"));
      attribute(*last_, "coordinate_transformation_mode", std::string("asymmetric"));
      return copied;
    }
    if (n.op == "sigmoid") return step(n, "value", "Sigmoid", {in[0]});
    if (n.op == "tanh") return step(n, "value", "Tanh", {in[0]});
    if (n.op == "silu") return step(n, "value", "Mul", {in[0], step(n, "gate", "Sigmoid", {in[0]})});
    if (n.op == "hard_sigmoid" || n.op == "hard_swish") {
      const bool swish = n.op == "hard_swish";  // HardSwish is younger than operator set 13
      const std::string gate = step(n, "gate", "HardSigmoid", {in[0]});
      attribute(*last_, "alpha", swish ? 1.0f / 6 : static_cast<float>(node.alpha));
      attribute(*last_, "beta", swish ? 0.5f : static_cast<float>(node.beta));
      return swish ? step(n, "value", "Mul", {in[0], gate}) : gate;
    }
    return in[0];  // clip, relu, leaky_relu, prelu: the pointwise function alone
  }

  /// A slope as the core, or the host, holds it.
  float held_slope(const PlannedNode& n, double slope) const {
    const int layer = net_.layer_of_node(net_.network.find(n.name));
    const int fraction = layer >= 0 ? net_.layers[static_cast<std::size_t>(layer)].hw.slope_fraction_bits() : NodeArithmetic::slope_fraction;
    return static_cast<float>(std::ldexp(std::nearbyint(std::ldexp(slope, fraction)), -fraction));
  }

  std::string pointwise(const PlannedNode& n, std::string now) {
    if (n.slope) {
      now = step(n, "sloped", "LeakyRelu", {now});
      attribute(*last_, "alpha", held_slope(n, *n.slope));
    }
    if (!n.slopes.empty()) {
      std::vector<float> held;
      for (const float s : n.slopes) held.push_back(held_slope(n, static_cast<double>(s)));
      now = step(n, "sloped", "PRelu", {now, reals(n.name + "/slopes", held, {static_cast<std::int64_t>(held.size()), 1, 1})});
    }
    if (n.lo == 0 && std::isinf(n.hi)) return step(n, "clipped", "Relu", {now});
    if (std::isinf(n.lo) && std::isinf(n.hi)) return now;
    const std::string lo = std::isinf(n.lo) ? "" : real(n.name + "/lo", n.lo), hi = std::isinf(n.hi) ? "" : real(n.name + "/hi", n.hi);
    return hi.empty() ? step(n, "clipped", "Clip", {now, lo}) : step(n, "clipped", "Clip", {now, lo, hi});
  }

  const Plan& plan_;
  const CompiledNetwork& net_;
  onnx::ModelProto model_;
  onnx::GraphProto* graph_ = nullptr;
  onnx::NodeProto* last_ = nullptr;
  std::map<int, std::string> real_;      ///< dequantised tensor of a map
  std::map<std::string, bool> outputs_;
};

}  // namespace

std::string onnx_bytes(const Plan& plan, const CompiledNetwork& net, const std::string& name) { return Writer(plan, net, name).write(); }

}  // namespace epim::importer
