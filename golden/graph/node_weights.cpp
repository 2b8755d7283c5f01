// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/graph/node_weights.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace epim {
namespace {

/// Looks arrays up and notes which.
class Reader {
 public:
  Reader(const Node& node, const NpzFile& file, std::vector<std::string>* remarks) : node_(node), file_(file), remarks_(remarks) {}

  const NpyArray* find(const std::string& name) {
    const NpyArray* a = file_.find(name);
    if (a) read.push_back(name);
    return a;
  }
  /// First of X + key.
  const NpyArray* first(const std::vector<std::string>& keys) { return first(node_.name, keys); }
  const NpyArray* first(const std::string& name, const std::vector<std::string>& keys) {
    for (const std::string& key : keys)
      if (const NpyArray* a = find(name + key)) return a;
    return nullptr;
  }
  [[noreturn]] void missing(const std::string& what) const {
    throw InputError(node_.where, "missing-array", fmt::format("node {}: {} holds no array {}", node_.name, file_.path, what));
  }
  [[noreturn]] void refuse(const std::string& rule, const std::string& text) const {
    throw InputError(node_.where, rule, fmt::format("node {}: {}: {}", node_.name, file_.path, text));
  }
  /// [cout] from one or cout values.
  std::vector<float> channels(const NpyArray& array, const char* what) const {
    std::vector<float> v = array.floats().data;
    const auto cout = static_cast<std::size_t>(node_.cout);
    if (v.size() == 1) v.assign(cout, v[0]);
    if (v.size() != cout)
      throw InputError(node_.where, "tensor-shape",
                       fmt::format("node {}: its {} in {} has {} values; {} output channels need one each", node_.name, what, file_.path,
                                   v.size(), cout));
    return v;
  }
  void remark(const std::string& rule, const std::string& text) {
    if (remarks_)
      remarks_->push_back(fmt::format("{}:{}:{}: warning: {}: node {}: {}", node_.where.file, node_.where.line, node_.where.column, rule,
                                      node_.name, text));
  }

  std::vector<std::string> read;

 private:
  const Node& node_;
  const NpzFile& file_;
  std::vector<std::string>* remarks_;
};

/// The array with the shape of the node's weights.
FloatTensor shaped(const Node& node, const NpzFile& file, const std::string& name, const NpyArray& array) {
  const EpitomeShape e = node.weight_shape();
  const std::vector<int> wanted = {e.e_out, e.e_in, e.p, e.q};
  FloatTensor w = array.floats();
  std::vector<int> shape = w.shape;
  // An fc's weights as a matrix: the map's places in the order (C, H, W).
  const bool matrix = node.op == Op::fc && !node.epitome && shape.size() >= 2 && shape[0] == e.e_out &&
                      w.size() == static_cast<std::size_t>(e.e_out) * static_cast<std::size_t>(e.e_in * e.p * e.q) &&
                      std::all_of(shape.begin() + 2, shape.end(), [](int n) { return n == 1; });
  // A 1-D convolution is one of a single row.
  const bool row = shape.size() == 3 && e.p == 1 && shape == std::vector<int>{e.e_out, e.e_in, e.q};
  if (shape != wanted && !matrix && !row)
    throw InputError(node.where, "tensor-shape",
                     fmt::format("node {}: {} in {} has shape [{}]; this network with this design needs [{}]", node.name, name, file.path,
                                 fmt::join(shape, ", "), fmt::join(wanted, ", ")));
  w.shape = wanted;
  return w;
}

void read_weights(Reader& reader, const Node& node, const NpzFile& file, NodeWeights& w) {
  if (node.op == Op::batch_norm) {
    w.epitome = FloatTensor({node.cout, 1, 1, 1});
    std::fill(w.epitome.data.begin(), w.epitome.data.end(), 1.0f);
    return;
  }
  if (const NpyArray* a = reader.first({"/epitome", "/weight", ".weight", "/kernel"})) {
    w.epitome = shaped(node, file, reader.read.back(), *a);
    return;
  }
  const NpyArray* codes = reader.first({"/codes"});
  if (!codes) reader.missing(fmt::format("{0}/epitome (nor {0}/weight, {0}.weight, {0}/codes)", node.name));
  w.epitome = shaped(node, file, node.name + "/codes", *codes);
  w.quantised = true;
  float most = 1;
  for (float v : w.epitome.data) most = std::max(most, std::abs(v));
  while (std::ldexp(1.0, w.code_bits) - 1 < static_cast<double>(most)) ++w.code_bits;
  ++w.code_bits;
  const NpyArray* scale = reader.first({"/weight_scale"});
  if (!scale) reader.missing(node.name + "/weight_scale, the step of its codes");
  w.scale = reader.channels(*scale, "weight_scale");
  for (float s : w.scale)
    if (!(s > 0) || !std::isfinite(s))
      throw InputError(node.where, "weight-scale", fmt::format("node {}: weight_scale {} in {}, legal: above 0", node.name, s, file.path));
}

std::optional<GivenPool> read_given_pool(Reader& reader, const Node& node) {
  if (!node.pool) return std::nullopt;
  const NpyArray* order = reader.first({"/permutation"});
  const NpyArray* scale = reader.first({"/pool_scale"});
  if (!order && !scale) return std::nullopt;
  if (!scale) reader.missing(node.name + "/pool_scale, the a and e of its pool");
  if (!order) reader.missing(node.name + "/permutation, the columns of its pool");
  const std::vector<float> ae = scale->floats().data;
  if (ae.size() != 2) reader.refuse("tensor-shape", fmt::format("pool_scale has {} values, legal: two, a and e", ae.size()));
  GivenPool given;
  try {
    given.permutation = order->ints();
  } catch (const InputError& e) {
    reader.refuse(e.rule(), "permutation: " + e.text());
  }
  given.a = static_cast<double>(ae[0]);
  given.e = static_cast<double>(ae[1]);
  return given;
}

struct Norm {
  std::vector<float> scale, bias;
};

/// The batch norm under the name `x`, where the file has one; `alone`: x is a batch norm and nothing else.
std::optional<Norm> read_norm(Reader& reader, const Node& node, const std::string& x, bool alone) {
  const auto cout = static_cast<std::size_t>(node.cout);
  if (const NpyArray* s = reader.first(x, {"/bn_scale"})) {
    Norm n{reader.channels(*s, "bn_scale"), std::vector<float>(cout, 0.0f)};
    const NpyArray* b = reader.first(x, {"/bn_bias"});
    if (!b) reader.missing(x + "/bn_bias");
    n.bias = reader.channels(*b, "bn_bias");
    return n;
  }
  std::vector<std::string> places = {"/bn/", "/bn.", ".bn.", "_bn.", "_bn/"};
  if (alone) places.insert(places.begin(), {".", "/"});
  for (const std::string& at : places) {
    const NpyArray* mean = reader.first(x, {at + "running_mean"});
    if (!mean) continue;
    const NpyArray* var = reader.first(x, {at + "running_var"});
    if (!var) reader.missing(x + at + "running_var");
    const std::vector<float> m = reader.channels(*mean, "running_mean"), v = reader.channels(*var, "running_var");
    std::vector<float> gamma(cout, 1.0f), beta(cout, 0.0f);
    if (const NpyArray* a = reader.first(x, {at + "weight"})) gamma = reader.channels(*a, "norm weight");
    if (const NpyArray* a = reader.first(x, {at + "bias"})) beta = reader.channels(*a, "norm bias");
    double eps = 1e-5;
    if (const NpyArray* a = reader.first(x, {at + "eps"}); a && a->floats().size() == 1) eps = static_cast<double>(a->floats().data[0]);
    reader.first(x, {at + "num_batches_tracked"});
    Norm n{std::vector<float>(cout), std::vector<float>(cout)};
    for (std::size_t c = 0; c < cout; ++c) {
      const double s = static_cast<double>(gamma[c]) / std::sqrt(static_cast<double>(v[c]) + eps);
      n.scale[c] = static_cast<float>(s);
      n.bias[c] = static_cast<float>(static_cast<double>(beta[c]) - static_cast<double>(m[c]) * s);
    }
    return n;
  }
  return std::nullopt;
}

/// What a batch_norm node does to every channel, where the file or the node says it.
std::optional<Norm> read_constants(Reader& reader, const Node& node, const ChannelConstants& c) {
  using Kind = ChannelConstants::Kind;
  const auto cout = static_cast<std::size_t>(node.cout);
  std::optional<Norm> n;
  if (c.kind == Kind::norm) {
    n = read_norm(reader, node, c.name, true);
    if (n) return n;
    if (const NpyArray* a = reader.first(c.name, {"/bias", ".bias", "/bn_bias"})) n = Norm{std::vector<float>(cout, 1.0f), reader.channels(*a, "bias")};
    return n;
  }
  n = Norm{std::vector<float>(cout, 1.0f), std::vector<float>(cout, 0.0f)};
  std::vector<float>& v = c.kind == Kind::product ? n->scale : n->bias;
  if (c.value) v.assign(cout, static_cast<float>(*c.value));
  else if (const NpyArray* a = reader.first(c.name, {"/scale", ".scale", "/weight", ".weight", "/value", ".value"})) v = reader.channels(*a, "scale");
  else return std::nullopt;
  return n;
}

/// What read_constants looked for in vain.
std::string constants_wanted(const ChannelConstants& c) {
  if (c.kind == ChannelConstants::Kind::norm) return fmt::format("running_mean, running_var or bn_scale of {}", c.name);
  return fmt::format("array {0}/scale, and {0}, a product with one operand, has no value", c.name);
}

std::vector<float> read_slopes(Reader& reader, const Node& node, std::size_t channels) {
  if (node.slope) return std::vector<float>(channels, static_cast<float>(*node.slope));
  const NpyArray* a = reader.find(node.slopes);
  if (!a) {
    reader.remark("default-slope", fmt::format("no array {}; its slopes are 0.25, PyTorch's initial value", node.slopes));
    return std::vector<float>(channels, 0.25f);
  }
  std::vector<float> s = a->floats().data;
  if (s.size() == 1) s.assign(channels, s[0]);
  if (s.size() != channels)
    throw InputError(node.where, "tensor-shape",
                     fmt::format("node {}: {} has {} values, legal: one, or one for each of {} channels", node.name, node.slopes, s.size(), channels));
  for (float v : s)
    if (!(std::abs(v) < 8))
      throw InputError(node.where, "slope-range", fmt::format("node {}: slope {} in {}, legal: between -8 and 8", node.name, v, node.slopes));
  return s;
}

NodeWeights read_node_weights(Reader& reader, const Node& node, const NpzFile& file) {
  NodeWeights w;
  const auto cout = static_cast<std::size_t>(node.cout);
  w.scale.assign(cout, 1.0f);
  read_weights(reader, node, file, w);
  w.pool = read_given_pool(reader, node);
  w.bias.assign(cout, 0.0f);
  const auto apply = [&](const Norm& n) {
    for (std::size_t c = 0; c < cout; ++c) {
      w.bias[c] = n.scale[c] * w.bias[c] + n.bias[c];
      w.scale[c] *= n.scale[c];
    }
  };
  const auto apply_constants = [&](const ChannelConstants& c) {
    if (const std::optional<Norm> n = read_constants(reader, node, c)) apply(*n);
    else reader.remark("no-norm", fmt::format("{} holds no {}: it changes nothing", file.path, constants_wanted(c)));
  };
  if (node.op == Op::batch_norm) {
    apply_constants(node.constants);
  } else {
    const std::optional<Norm> norm = read_norm(reader, node, node.name, false);
    const NpyArray* plain = reader.first({"/bias", ".bias"});
    if (!plain && !norm) plain = reader.first({"/bn_bias"});
    if (plain) w.bias = reader.channels(*plain, "bias");
    if (norm) {
      apply(*norm);
    } else if (node.batch_norm && !plain) {
      reader.missing(fmt::format("{0}/bn_scale (nor {0}.bn.running_mean, {0}/bias), and the node says batch_norm", node.name));
    } else if (node.batch_norm) {
      reader.remark("no-norm", fmt::format("it says batch_norm, {} holds a bias alone: scale 1", file.path));
    }
  }
  for (const ChannelConstants& c : node.norms) apply_constants(c);
  if (node.has_slopes()) w.slope = read_slopes(reader, node, cout);
  return w;
}

}  // namespace

NodeWeights weights_of(const Node& node, const NpzFile& file, std::vector<std::string>* remarks) {
  Reader reader(node, file, remarks);
  return read_node_weights(reader, node, file);
}

std::vector<float> slopes_of(const Node& node, const NpzFile& file, std::vector<std::string>* remarks) {
  Reader reader(node, file, remarks);
  return read_slopes(reader, node, static_cast<std::size_t>(node.in.channels));
}

std::vector<std::string> arrays_of(const Node& node, const NpzFile& file, std::vector<std::string>* remarks) {
  Reader reader(node, file, remarks);
  if (node.has_weights()) read_node_weights(reader, node, file);
  else if (node.op == Op::prelu) read_slopes(reader, node, static_cast<std::size_t>(node.in.channels));
  return reader.read;
}

}  // namespace epim
