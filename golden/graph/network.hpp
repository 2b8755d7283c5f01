// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A network as a typed graph: read from models/<net>/network.json, checked, ordered, with the shape of every map.
/// The format is described by models/network.schema.json.
#pragma once
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "golden/diagnostic.hpp"
#include "golden/layer.hpp"

namespace epim {

struct JsonValue;

/// What nodes compute, on real numbers; docs/networks.md has the integer meaning.
enum class Op {
  conv,             ///< convolution or epitome, then per-channel scale and bias, then the node's pointwise function
  fc,               ///< convolution whose kernel is the whole input map (1x1 on a 1x1 map); output 1x1
  batch_norm,       ///< scale and bias per channel (also a product with or a sum of constants): a 1x1 convolution of as many
                    ///< groups as channels, on a core
  add,              ///< sum of two or more maps of one shape, then optional ReLU
  mul,              ///< product of two maps, of one shape or one of them 1x1
  concat,           ///< maps of one height and width, their channels in order
  relu,             ///< max(0, x)
  clip,             ///< min(max(x, lo), hi)
  leaky_relu,       ///< x, slope*x where x < 0
  prelu,            ///< the same with a slope per channel
  function,         ///< Node::function
  softmax,          ///< exp(x)/(sum of exp(x) over all channels of the place)
  max_pool,         ///< maximum over a window; padded places do not take part
  avg_pool,         ///< mean over a window; padded places are zeros of it, or do not take part
  global_avg_pool,  ///< mean over the whole map
  global_max_pool,  ///< maximum over the whole map
  resize,           ///< every place becomes factor.y x factor.x places
  flatten,          ///< [C][H][W] -> [C*H*W][1][1], same order
  same,             ///< what changes nothing: identity, dropout
};

/// Functions of one value that an integer map takes from a table.
enum class Function {
  sigmoid,       ///< 1/(1+exp(-x))
  hard_sigmoid,  ///< min(max(alpha*x + beta, 0), 1)
  hard_swish,    ///< x*min(max(x/6 + 1/2, 0), 1)
  silu,          ///< x/(1+exp(-x))
  tanh,
};

/// The constants per channel of a batch_norm node: arrays of the weights file.
struct ChannelConstants {
  /// norm: a batch norm, or scale and bias. product: the scale. sum: the bias.
  enum class Kind { norm, product, sum };
  std::string name;             ///< of the node: the arrays' names begin with it
  Kind kind = Kind::norm;
  std::optional<double> value;  ///< of all channels: product, in place of an array, and sum
  bool operator==(const ChannelConstants&) const = default;
};

/// What a padding says where it does not give numbers: output = ceil(size/stride), an odd rest at the end or in front.
enum class AutoPad { none, same_upper, same_lower };

/// What a convolution is for; decides which layers a uniform design replaces.
enum class Role {
  none,
  stem,        ///< first convolution
  bottleneck,  ///< main path of a block: the ones that a uniform design may replace
  downsample,  ///< 1x1 convolution on a residual shortcut
  classifier,  ///< fully connected head
};

/// How the default sampler chooses spatial starts: by input group, or by input plus output group.
enum class SpatialCycle { cycle, distinct };

/// Channels x height x width of a feature map. `stored` <= channels is the period with which a wrapped producer
/// stored it: virtual channel v is stored channel v mod `stored`.
struct MapShape {
  int channels = 0, height = 0, width = 0;
  int stored = 0;
  bool operator==(const MapShape&) const = default;
  /// channels * height * width
  std::int64_t elements() const { return std::int64_t{channels} * height * width; }
};

struct Node {
  std::string name;
  Op op = Op::conv;
  Role role = Role::none;
  Position where;                   ///< the node's object in the file
  std::vector<std::string> inputs;  ///< names as written
  std::vector<int> input_ids;       ///< indices into Network::nodes; -1 is the network's input
  int cout = 0;                     ///< conv, fc
  int kh = 1, kw = 1;               ///< conv, pools; fc: the input map's size
  Axes stride, dilation;            ///< conv; pools: stride
  int groups = 1;                   ///< conv: output channel o reads the input channels of its group alone
  Padding pad;                      ///< after infer_shapes: numbers, whatever auto_pad says
  AutoPad auto_pad = AutoPad::none;
  bool ceil_mode = false;           ///< pools: a last window that only begins inside the map (or before it) counts
  bool count_padding = true;        ///< avg_pool: padded places are zeros of the mean
  Axes factor{2};                   ///< resize
  std::optional<EpitomeShape> epitome;  ///< absent: plain convolution, or a pool
  std::optional<PoolChoice> pool;       ///< its weights are read from the network's weight pool (docs/pool.md)
  SpatialCycle sampler = SpatialCycle::cycle;
  Wrap wrap = Wrap::off;
  int copies = 1;           ///< conv, batch_norm, max_pool, avg_pool: blocks of a chip that share the output rows (docs/chip.md)
  int weight_bits = 0;      ///< conv, fc: width of the weights where a design asks for one; 0 = the core's
  bool batch_norm = false;  ///< conv: per-channel scale and bias; fc: a bias
  ChannelConstants constants;       ///< batch_norm: its own
  std::vector<ChannelConstants> norms;  ///< of batch_norm nodes behind it that it has taken in
  /// Pointwise function of conv, fc and add, and what relu, clip, leaky_relu and prelu are: v = x < 0 ? slope*x : x, then
  /// min(max(v, lo), hi).
  double lo = -std::numeric_limits<double>::infinity(), hi = std::numeric_limits<double>::infinity();
  std::optional<double> slope;      ///< leaky_relu
  std::string slopes;               ///< prelu: name in the weights file of one slope per channel; "" = none
  Function function = Function::sigmoid;
  double alpha = 0.2, beta = 0.5;   ///< hard_sigmoid
  double act_scale = 0.0;           ///< real value of one integer step of the output; 0 = not given
  std::optional<int> act_bits;      ///< format of the output where it has one of its own: bits,
  std::optional<bool> act_signed;   ///< two's complement,
  int zero_point = 0;               ///< and the code of 0

  std::string host_op;      ///< softmax and its like, until arrange_network has left it to the host or made it an Op::softmax

  MapShape in;   ///< shape of the first input
  MapShape out;

  /// conv, fc and batch_norm hold weights and run on a core.
  bool has_weights() const { return op == Op::conv || op == Op::fc || op == Op::batch_norm; }
  bool relu() const { return lo == 0; }
  bool has_slopes() const { return slope.has_value() || !slopes.empty(); }
  /// Takes its values from a table, in a format that does not follow from the input's.
  bool has_table() const { return op == Op::function || op == Op::softmax; }
  /// A format of its own, not that of the hardware.
  bool has_format() const { return act_bits.has_value(); }
  /// Stored weights: the epitome, or [cout][cin/groups][kh][kw].
  EpitomeShape weight_shape() const { return epitome ? *epitome : EpitomeShape{cout, in.channels / groups, kh, kw}; }
};
/// Where its weights come from.
inline WeightOperator operator_of(const Node& node) {
  return node.pool ? WeightOperator::pool : node.epitome ? WeightOperator::epitome : WeightOperator::plain;
}

struct Network {
  std::string name;
  std::string file;  ///< where it was read from
  std::string input_name;
  MapShape input;
  Position input_where;  ///< the input's object in the file
  int input_bits = 8;
  bool input_signed = false;
  double input_scale = 1.0;
  int input_zero = 0;       ///< code of 0
  std::vector<Node> nodes;  ///< topological order; file order where that is one
  std::vector<int> outputs; ///< indices of the output nodes, as named in the file
  std::vector<std::string> host;     ///< what follows on the host, one line each: "softmax of fc"
  std::vector<std::string> remarks;  ///< what the reader decided and its user should know: warnings
  std::string weights;      ///< path as written, relative to the file's folder; empty = none
  bool scales_trained = false;  ///< the weights were trained with these act_scales and their clamps, so that what they cut is meant
  double float_accuracy = -1.0;  ///< of the trained network before quantisation, 0..1; -1 = not given

  /// Index of a node by name; -1 when absent.
  int find(const std::string& node) const;
  bool is_output(int node) const;
  /// The output that labels and largest values refer to: the first.
  int output() const { return outputs.at(0); }
  const Node& output_node() const { return nodes[static_cast<std::size_t>(output())]; }
  /// Nodes that read node `id`, each once per reading.
  std::vector<int> readers(int id) const;
  /// Some map has a format of its own: then every map has, the input's bits included (docs/networks.md).
  bool own_formats() const;
  /// Shape of input `id` (-1 = network input, else a node's output).
  const MapShape& shape_of(int id) const { return id < 0 ? input : nodes[static_cast<std::size_t>(id)].out; }
};

/// Reads, checks and orders a network. Throws InputError with file:line:column; rules: those of read_json and
/// wrong-type, unknown-key, missing-key, value-out-of-range, unsupported-schema, duplicate-node, unknown-op,
/// unknown-input, unknown-output, wrong-input-count, unknown-choice, grouped-convolution (of an fc), unsupported-operator,
/// host-operator, clamp-range, act-scale-not-used, network-cycle, and those of infer_shapes. What leads to no output is left
/// out, with a remark.
Network load_network(const std::string& path);

/// The same from text; `file` is only used in positions.
Network parse_network(const std::string& text, const std::string& file);

/// Fills `in` and `out` of every node (nodes in topological order, input_ids set):
///   out = floor((size + pad_before + pad_after - span) / stride) + 1 per axis, span = (kernel - 1)*dilation + 1; with
///   ceil_mode rounded up, as long as the last window begins inside the map or the padding before it;
/// and the padding that auto_pad asks for. A wrapped node (`stored_once`) has channels = cout and stored = e_out; pooling and ReLU keep the period, an add
/// keeps it when both operands have the same one and otherwise stores every channel. fc and global_avg_pool
/// take the whole map. Throws InputError at the node: shape-mismatch, kernel-exceeds-map, groups-divide-channels, epitome-exceeds-convolution,
/// pool-and-epitome, wrap-without-epitome, wrap-without-copies, wrap-distinct-sampler.
void infer_shapes(Network& network);

/// Geometry of a conv or fc node as a Layer, without patches and integer parameters. A plain convolution gets the
/// epitome [cout][cin][kh][kw].
Layer layer_of(const Node& node);

/// The replaced-layer rule of the uniform design rows x cols (own inference from the crossbar counts that the paper's
/// Table 1 prints): role bottleneck and (cin*kh*kw > rows or cout > cols).
bool replaced_by_uniform(const Node& node, int rows, int cols);

/// Epitome of the uniform design "rows x cols" for a node (own factorisation; the paper gives only the product):
///   e_out = min(cout, cols); 1x1: e_in = min(cin, rows);
///   larger kernels: e_in = cin and P,Q = kh,kw when cin*kh*kw <= rows, else P,Q = kh+1,kw+1 and
///   e_in = min(cin, floor(rows / (P*Q))), so that 1024 rows of a 3x3 are 64 x 4 x 4.
/// Throws InputError uniform-rows-too-few at the node when not even one channel fits.
EpitomeShape uniform_epitome(const Node& node, int rows, int cols);

/// Gives every replaced node its uniform epitome, clears the others' epitomes and all wrapping, infers shapes again.
void apply_uniform(Network& network, int rows, int cols);

/// Layers that a design of pools replaces: conv and fc but the first layer (role stem, or it reads the network's input), the last
/// one (role classifier, or an output of the network), those with groups, and kernels that their padding covers.
bool replaced_by_pool(const Network& network, int node);
/// Gives every replaced node its pool, clears the others' epitomes, pools and all wrapping, infers shapes again.
void apply_pools(Network& network, const PoolChoice& pool);

std::string op_name(Op op);
std::string role_name(Role role);
std::string wrap_name(Wrap wrap);
std::string sampler_name(SpatialCycle sampler);
/// The inverse of the two; `what` names the value. Throws InputError wrong-type, unknown-choice.
Wrap read_wrap(const JsonValue& v, const std::string& what);
SpatialCycle read_sampler(const JsonValue& v, const std::string& what);
/// {"kept": "1" | "1/2" | "1/4" | "1/8", "kept_first": n, "group": n}; the last two may be absent. Throws InputError wrong-type,
/// unknown-key, missing-key, unknown-choice, value-out-of-range.
PoolChoice read_pool(const JsonValue& v, const std::string& what);
std::string kept_name(int kept_one_in);  ///< "1", "1/2", "1/4", "1/8"

}  // namespace epim
