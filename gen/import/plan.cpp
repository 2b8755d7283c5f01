// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/plan.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <stdexcept>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gen/import/plan_nodes.hpp"

namespace epim::importer {

namespace {

/// The format that a quantiser of a map gives, and the codes that occur.
struct GivenFormat {
  MapFormat format;
  std::int64_t lo = 0, hi = 0;
  bool operator==(const GivenFormat&) const = default;
};

bool reads_once(const Node& n, const std::string& tensor) { return std::count(n.inputs.begin(), n.inputs.end(), tensor) == 1; }

class Planner {
 public:
  Planner(const Graph& graph, const Evaluator& values) : g_(graph), values_(values) {
    for (const Node& n : graph.nodes)
      for (std::size_t i = 0; i < n.inputs.size(); ++i)
        if (!n.inputs[i].empty() && std::find(n.inputs.begin(), n.inputs.begin() + static_cast<std::ptrdiff_t>(i), n.inputs[i]) == n.inputs.begin() + static_cast<std::ptrdiff_t>(i))
          readers_[n.inputs[i]].push_back(&n);
    for (const GraphOutput& o : graph.outputs) outputs_.insert(o.tensor);
  }

  Plan run() {
    input();
    for (const Node& n : g_.nodes) {
      if (done_.count(&n) || n.host || values_.fixed(n.outputs[0])) continue;
      const bool ready = std::all_of(n.inputs.begin(), n.inputs.end(), [&](const std::string& in) { return in.empty() || values_.fixed(in) || map_of_.count(in); });
      if (!ready) continue;  // behind a node that was refused
      convert(n);
    }
    refuse(g_.file, complaints_);
    outputs();
    check_widths();
    refuse(g_.file, complaints_);
    if (std::none_of(plan_.nodes.begin(), plan_.nodes.end(), [](const PlannedNode& n) { return n.has_weights(); }))
      throw InputError({g_.file, 0, 0}, "no-layer", "the graph has no Conv, Gemm or BatchNormalization, legal: at least one node with weights");
    return std::move(plan_);
  }

 private:
  void complain(const Node& n, const std::string& what, const std::string& legal, const std::string& rewrite) {
    complaints_.push_back({n.name, n.op, what, legal, rewrite});
  }

  /// Format of a quantiser of maps; nothing (and a complaint) where a map cannot have it.
  std::optional<GivenFormat> given(const Node& n, const Quantiser& q, bool never_negative = true) {
    if (q.kind == Quantiser::Kind::bipolar) {
      complain(n, "it gives a map of -scale and scale", "weights of 1 bit; maps of 2 bits and more", "a Quant of 2 bits");
      return std::nullopt;
    }
    if (q.count() != 1) {
      complain(n, fmt::format("it has {} scales for a map", q.count()), "one scale per map; one per output channel of weights", "one scale");
      return std::nullopt;
    }
    const bool trunc = q.kind == Quantiser::Kind::trunc;
    const double zero = static_cast<double>(trunc ? q.out_zero : q.zero[0]);
    GivenFormat f;
    const bool unknown = trunc && !q.clamps && !never_negative;  // version 1 does not say; it does not clip either
    f.format = {q.bits + unknown, trunc && !q.clamps ? unknown : q.is_signed, static_cast<double>(trunc ? q.out_scale : q.scale[0]), static_cast<int>(std::nearbyint(zero))};
    if (zero != std::nearbyint(zero) || zero < static_cast<double>(f.format.least()) || zero > static_cast<double>(f.format.greatest())) {
      complain(n, fmt::format("its zero point is {}", zero), fmt::format("a whole number of {} .. {}", f.format.least(), f.format.greatest()), "another zero point");
      return std::nullopt;
    }
    f.lo = f.format.least();
    f.hi = f.format.greatest();
    if (!trunc || q.clamps) {
      f.lo = std::max(f.lo, static_cast<std::int64_t>(q.lo));
      f.hi = std::min(f.hi, static_cast<std::int64_t>(q.hi));
    }
    return f;
  }

  static bool is_clip(const Node& n) { return n.op == "Relu" || (n.op == "Clip" && n.domain == "epim"); }
  static double lower(const Node& n) { return n.op == "Relu" ? 0 : n.real("min", -INFINITY); }
  static double upper(const Node& n) { return n.op == "Relu" ? INFINITY : n.real("max", INFINITY); }

  /// The format with as few bits as the codes between two real numbers need.
  static GivenFormat narrowed(GivenFormat f, double lo, double hi) {
    if (std::isfinite(lo)) f.lo = std::max(f.lo, code_of(lo, f.format));
    if (std::isfinite(hi)) f.hi = std::min(f.hi, code_of(hi, f.format));
    MapFormat small = f.format;
    const std::int64_t least = std::min<std::int64_t>(f.lo, small.zero), most = std::max<std::int64_t>(f.hi, small.zero);
    for (small.bits = 1 + small.is_signed; small.least() > least || small.greatest() < most;) ++small.bits;
    if (small.bits < f.format.bits) f.format = small;
    return f;
  }
  /// What a Relu or Clip and the quantiser behind it give together, where all codes of a format are left: then the format
  /// clips as they do.
  std::optional<GivenFormat> clipped_format(const Node& clip) {
    if (!is_clip(clip) || g_.maps.at(clip.outputs[0]).type != Type::f32) return std::nullopt;
    const Node* behind = only_reader(clip.outputs[0]);
    const auto q = behind ? quantiser_in(g_, *behind) : std::nullopt;
    if (!q || (q->kind != Quantiser::Kind::quantise && q->kind != Quantiser::Kind::quant) || towards_one_side(q->rounding)) return std::nullopt;
    auto f = given(*behind, *q);
    if (!f) return std::nullopt;
    f = narrowed(*f, lower(clip), upper(clip));
    return f->lo == f->format.least() && f->hi == f->format.greatest() ? f : std::nullopt;
  }

  std::vector<const Node*> readers(const std::string& tensor) const {
    std::vector<const Node*> out;
    if (const auto at = readers_.find(tensor); at != readers_.end())
      for (const Node* n : at->second)
        if (!n->host) out.push_back(n);
    return out;
  }
  bool read_by_host(const std::string& tensor) const {
    const auto at = readers_.find(tensor);
    return outputs_.count(tensor) > 0 || (at != readers_.end() && std::any_of(at->second.begin(), at->second.end(), [](const Node* n) { return n->host; }));
  }
  /// The one node that sees this tensor.
  const Node* only_reader(const std::string& tensor) const {
    const std::vector<const Node*> all = readers(tensor);
    return all.size() == 1 && !read_by_host(tensor) && reads_once(*all[0], tensor) ? all[0] : nullptr;
  }

  /// PyTorch's exporter names nodes by the path of modules and the operator, "/layer1/layer1.0/conv1/Conv": the module's own
  /// name, "layer1.0.conv1", of a node that is all of a module. Other names stay.
  std::string module_name(const std::string& name) const {
    if (!name.starts_with('/')) return name;
    std::vector<std::string> parts;
    for (std::size_t at = 1; at <= name.size();) {
      const std::size_t end = std::min(name.find('/', at), name.size());
      std::string part = name.substr(at, end - at);
      // "layer1/layer1.0": a module in a sequence repeats the name of the sequence.
      if (!parts.empty() && part.starts_with(parts.back() + ".")) parts.pop_back();
      parts.push_back(std::move(part));
      at = end + 1;
    }
    static const char* const whole[] = {"Conv", "Gemm", "MatMul", "BatchNormalization"};
    if (parts.size() > 1 && std::any_of(std::begin(whole), std::end(whole), [&](const char* w) { return parts.back() == w; })) parts.pop_back();
    return fmt::format("{}", fmt::join(parts, "."));
  }

  std::string unique(const std::string& wanted) {
    std::string name;
    for (const char c : module_name(wanted)) name += c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 ? '.' : c;
    name.erase(0, std::min(name.find_first_not_of('.'), name.size()));
    if (name.empty()) name = "node";
    std::string free = name;
    for (int k = 2; !names_.insert(free).second; ++k) free = fmt::format("{}_{}", name, k);
    return free;
  }

  void input() {
    if (g_.inputs.size() != 1)
      throw InputError({g_.file, 0, 0}, "one-input", fmt::format("the graph has {} inputs, legal: one", g_.inputs.size()));
    const GraphInput& in = g_.inputs[0];
    plan_.input_name = unique(in.name);
    plan_.input_tensor = in.name;
    plan_.input_dims = g_.maps.at(in.name).dims;
    map_of_[in.name] = -1;
    std::vector<const Node*> all = readers(in.name);
    std::optional<GivenFormat> format;
    if (all.size() == 1 && in.type == Type::f32 && !read_by_host(in.name))
      if (const auto f = clipped_format(*all[0]); f && f->format.bits <= 9) {
        done_.insert(all[0]);
        all = {only_reader(all[0]->outputs[0])};
        format = f;
      }
    for (const Node* n : format ? std::vector<const Node*>{} : all) {
      const auto q = quantiser_in(g_, *n);
      const bool right = q && (in.type == Type::f32 ? q->kind == Quantiser::Kind::quantise || q->kind == Quantiser::Kind::quant
                                                    : q->kind == Quantiser::Kind::dequantise);
      const auto f = right ? given(*n, *q) : std::nullopt;
      if (!f || f->format.bits > 9 || (format && !(*format == *f)) || f->lo != f->format.least() || f->hi != f->format.greatest()) {
        if (in.type == Type::f32) return;  // calibrated; quantisers behind it are nodes
        complain(*n, fmt::format("it reads the input of type {}", name_of(in.type)), "a DequantizeLinear of 4 or 8 bits behind an input of integers", "a float input");
        return;
      }
      format = f;
    }
    if (!format) return;
    plan_.input_source = FormatSource::file;
    plan_.input_format = format->format;
    for (const Node* n : all) {
      map_of_[n->outputs[0]] = -1;
      done_.insert(n);
    }
    if (in.type == Type::f32) plan_.input_tensor = all[0]->outputs[0];
  }

  /// The node's own operands as indices.
  std::vector<int> maps_in(const Node& n) const {
    std::vector<int> ids;
    for (const std::string& in : n.inputs)
      if (map_of_.count(in)) ids.push_back(map_of_.at(in));
    return ids;
  }

  void convert(const Node& n) {
    if (const auto q = quantiser_in(g_, n)) {
      if (q->kind == Quantiser::Kind::dequantise) dequantise(n, *q);
      else requantise(n, *q);
      return;
    }
    std::variant<PlannedNode, Complaint> base = planned_node(g_, n, plan_, maps_in(n));
    if (const Complaint* c = std::get_if<Complaint>(&base)) {
      complaints_.push_back(*c);
      return;
    }
    PlannedNode node = std::get<PlannedNode>(std::move(base));
    node.origin = n.name;
    // An addition of a 1x1 map: its one place is copied first.
    if (node.op == "add") spread_operands(n, node);
    absorb(std::move(node), n.outputs[0], n);
  }

  void spread_operands(const Node& n, PlannedNode& node) {
    const Dims& out = g_.maps.at(n.outputs[0]).dims;
    for (int& id : node.inputs) {
      const Dims& in = plan_.dims_of(id);
      if (in[2] == out[2] && in[3] == out[3]) continue;
      PlannedNode copy;
      copy.op = "resize";
      copy.origin = n.name;
      copy.name = unique(n.name + ".spread");
      copy.inputs = {id};
      copy.keys["factor"] = std::vector<std::int64_t>{out[2] / in[2], out[3] / in[3]};
      copy.source = FormatSource::input;
      copy.tensor = "";  // nothing of the file: not compared
      copy.dims = out;
      plan_.nodes.push_back(std::move(copy));
      id = static_cast<int>(plan_.nodes.size()) - 1;
    }
  }

  /// Pointwise functions behind a node go into it, as far as nobody sees what lies between.
  void absorb(PlannedNode node, std::string tensor, const Node& origin) {
    const bool clips = node.has_weights() || node.op == "add" || node.op == "clip";
    while (const Node* r = only_reader(tensor)) {
      if (r->outputs.size() != 1 || g_.maps.at(tensor).type != Type::f32) break;
      const bool plain = node.lo == -std::numeric_limits<double>::infinity() && node.hi == std::numeric_limits<double>::infinity();
      const bool sloped = node.slope || !node.slopes.empty();
      if (r->op == "Affine" && node.has_weights() && node.op != "batch_norm" && plain && !sloped && node.norm_scale.empty()) {
        node.norm_scale = g_.constant(r->inputs[1])->floats();
        node.norm_bias = g_.constant(r->inputs[2])->floats();
      } else if (is_clip(*r) && ((clips && node.slopes.empty()) || clipped_format(*r))) {
        node.lo = std::clamp(node.lo, lower(*r), upper(*r));
        node.hi = std::clamp(node.hi, lower(*r), upper(*r));
      } else if (r->op == "LeakyRelu" && node.has_weights() && plain && !sloped) {
        node.slope = r->real("alpha", 0.01);
      } else if (r->op == "PRelu" && node.has_weights() && plain && !sloped && values_.fixed(r->inputs[1])) {
        node.slopes = values_.fixed(r->inputs[1])->floats();
      } else {
        break;
      }
      if (node.slope || !node.slopes.empty()) node.source = FormatSource::calibrated;  // it may widen the range
      done_.insert(r);
      node.origin += ", " + r->name;
      tensor = r->outputs[0];
    }
    emit(std::move(node), tensor, origin);
  }

  struct Group {
    std::optional<GivenFormat> format;
    Rounding rounding = Rounding::half_even;
    double gain = 1;
    std::vector<const Node*> quantisers;
  };

  /// One node per format that the readers of `tensor` want.
  void emit(const PlannedNode& node, const std::string& tensor, const Node& origin) {
    std::vector<Group> groups;
    bool other = read_by_host(tensor) || readers(tensor).empty();
    if (g_.maps.at(tensor).type == Type::f32)
      for (const Node* r : readers(tensor)) {
        const auto q = quantiser_in(g_, *r);
        const bool trunc = q && q->kind == Quantiser::Kind::trunc && node.has_weights() && node.slopes.empty();
        const bool takes = q && (q->kind == Quantiser::Kind::quantise || q->kind == Quantiser::Kind::quant || trunc) && can_round(node, q->rounding);
        const auto f = takes ? given(*r, *q, gives_no_negative(node)) : std::nullopt;
        if (!f) {
          other = true;
          continue;
        }
        const auto same = std::find_if(groups.begin(), groups.end(),
                                       [&](const Group& k) { return k.format == f && k.rounding == q->rounding && k.gain == gain_of(*q); });
        if (same != groups.end()) same->quantisers.push_back(r);
        else groups.push_back({f, q->rounding, gain_of(*q), {r}});
      }
    else other = true;
    if (other) groups.push_back({});
    for (const Group& k : groups) emit_as(node, tensor, origin, k);
  }

  static bool towards_one_side(Rounding r) { return r == Rounding::floor || r == Rounding::ceil || r == Rounding::up || r == Rounding::down; }
  static bool can_round(const PlannedNode& node, Rounding r) {
    if (!towards_one_side(r)) return true;
    return node.has_weights() && (r == Rounding::floor || r == Rounding::ceil || node.lo >= 0);
  }
  /// What is added in front of rounding to the nearest, in steps. 2^-17 keeps whole numbers where they are.
  static double offset_of(Rounding r) {
    if (r == Rounding::floor || r == Rounding::down) return -0.5 + std::ldexp(1.0, -17);
    if (r == Rounding::ceil || r == Rounding::up) return 0.5 - std::ldexp(1.0, -17);
    return 0;
  }
  /// What a quantiser multiplies by: Trunc of version 1 divides.
  static double gain_of(const Quantiser& q) {
    if (q.kind != Quantiser::Kind::trunc) return 1;
    const double gain = static_cast<double>(q.out_scale) / (static_cast<double>(q.scale[0]) * static_cast<double>(q.divisor));
    return std::fabs(gain - 1) < 1e-6 ? 1 : gain;
  }

  void emit_as(PlannedNode node, std::string tensor, const Node& origin, const Group& group) {
    const std::vector<const Node*>& quantisers = group.quantisers;
    node.name = unique(origin.name);
    const int id = static_cast<int>(plan_.nodes.size());
    if (!group.format) {
      node.tensor = tensor;
      node.dims = g_.maps.at(tensor).dims;
      map_of_[tensor] = id;
      plan_.nodes.push_back(std::move(node));
      return;
    }
    GivenFormat f = *group.format;
    node.mean_places = 0;
    for (const Node* q : quantisers) {
      map_of_[q->outputs[0]] = id;
      done_.insert(q);
    }
    tensor = quantisers[0]->outputs[0];
    if (node.origin != quantisers[0]->name) node.origin += ", " + quantisers[0]->name;
    // A Clip of the integers narrows them.
    if (quantisers.size() == 1)
      if (const Node* c = only_reader(tensor); c && c->op == "Clip" && g_.maps.at(tensor).type != Type::f32) {
        f.lo = std::max(f.lo, static_cast<std::int64_t>(std::clamp(c->real("min", -INFINITY), -1e6, 1e6)));
        f.hi = std::min(f.hi, static_cast<std::int64_t>(std::clamp(c->real("max", INFINITY), -1e6, 1e6)));
        done_.insert(c);
        node.origin += ", " + c->name;
        tensor = c->outputs[0];
        map_of_[tensor] = id;
      }
    if (const double offset = offset_of(group.rounding); offset != 0 || group.gain != 1) add_step(node, group.gain, offset * f.format.scale);
    node.source = FormatSource::file;
    node.tensor = tensor;
    node.dims = g_.maps.at(tensor).dims;
    const double least = f.format.scale * static_cast<double>(f.lo - f.format.zero), most = f.format.scale * static_cast<double>(f.hi - f.format.zero);
    const std::int64_t first = f.lo, last = f.hi;
    f = narrowed(f, node.lo, node.hi);
    const bool clips = node.has_weights() || node.op == "add" || node.op == "clip", narrow = first > f.format.least() || last < f.format.greatest();
    if (!clips || !node.slopes.empty()) {  // clipped_format: the format does it
      node.lo = -INFINITY;
      node.hi = INFINITY;
    }
    node.format = f.format;
    if (narrow && clips && node.slopes.empty()) {
      if (first > f.format.least()) node.lo = std::max(node.lo, least);
      if (last < f.format.greatest()) node.hi = std::min(node.hi, most);
      plan_.nodes.push_back(std::move(node));
      return;
    }
    plan_.nodes.push_back(std::move(node));
    if (!narrow) return;
    PlannedNode clip = plan_.nodes.back();
    plan_.nodes.back().tensor = "";  // what the clip leaves is what the file has
    PlannedNode limit;
    limit.op = "clip";
    limit.name = unique(origin.name + ".narrow");
    limit.origin = clip.origin;
    limit.inputs = {id};
    limit.lo = least;
    limit.hi = most;
    limit.source = FormatSource::file;
    limit.format = clip.format;
    limit.tensor = tensor;
    limit.dims = clip.dims;
    plan_.nodes.push_back(std::move(limit));
    for (auto& [t, at] : map_of_)
      if (at == id) at = id + 1;
  }

  /// Multiplies, then adds, behind weights, bias and norm.
  void add_step(PlannedNode& node, double gain, double offset) {
    if (node.norm_scale.empty()) {
      const auto count = static_cast<std::size_t>(g_.maps.at(node.weights).dims[0]);
      node.norm_scale.assign(count, 1.0f);
      node.norm_bias.assign(count, 0.0f);
    }
    for (float& s : node.norm_scale) s = static_cast<float>(static_cast<double>(s) * gain);
    for (float& b : node.norm_bias) b = static_cast<float>(static_cast<double>(b) * gain + offset);
    node.lo *= gain;
    node.hi *= gain;
  }

  void dequantise(const Node& n, const Quantiser& q) {
    const int id = map_of_.at(n.inputs[0]);
    const auto f = given(n, q);
    if (!f) return;
    const MapFormat& have = plan_.format_of(id);
    if (have.scale > 0 && (have.scale != f->format.scale || have.zero != f->format.zero)) {
      complain(n, fmt::format("scale {} and zero point {} of integers with scale {} and zero point {}", f->format.scale, f->format.zero, have.scale, have.zero),
               "those of the quantiser before it", "another QuantizeLinear in between");
      return;
    }
    map_of_[n.outputs[0]] = id;
  }

  /// A quantiser of a map that has a format already, or gets one by the images.
  void requantise(const Node& n, const Quantiser& q) {
    const int id = map_of_.at(n.inputs[0]);
    const auto f = given(n, q, never_negative(id));
    if (!f) return;
    const bool trunc = q.kind == Quantiser::Kind::trunc;
    const FormatSource source = id < 0 ? plan_.input_source : plan_.nodes[static_cast<std::size_t>(id)].source;
    if (!trunc && source != FormatSource::calibrated && known_format(id) == f->format && f->lo == f->format.least() && f->hi == f->format.greatest()) {
      map_of_[n.outputs[0]] = id;  // it only repeats what is
      return;
    }
    PlannedNode node;
    node.inputs = {id};
    node.origin = n.name;
    if (gain_of(q) != 1 || towards_one_side(q.rounding)) {
      if ((q.rounding == Rounding::up || q.rounding == Rounding::down) && !never_negative(id)) {
        complain(n, "rounding_mode UP or DOWN of what may be negative", "ROUND, FLOOR, CEIL; UP and DOWN behind a Relu", "FLOOR");
        return;
      }
      node.op = "batch_norm";
      node.norm_scale.assign(static_cast<std::size_t>(g_.maps.at(n.inputs[0]).dims[1]), 1.0f);
      node.norm_bias.assign(node.norm_scale.size(), 0.0f);
    } else {
      node.op = "clip";
    }
    emit_as(std::move(node), n.inputs[0], n, {f, q.rounding, gain_of(q), {&n}});
  }

  MapFormat known_format(int id) const {
    if (id < 0) return plan_.input_format;
    const PlannedNode& n = plan_.nodes[static_cast<std::size_t>(id)];
    return n.source == FormatSource::input ? known_format(n.inputs[0]) : n.format;
  }
  bool never_negative(int id) const {
    if (id < 0) return plan_.input_format.scale > 0 && !plan_.input_format.is_signed && plan_.input_format.zero == 0;
    const PlannedNode& n = plan_.nodes[static_cast<std::size_t>(id)];
    return n.format.scale > 0 ? !n.format.is_signed && n.format.zero == 0 : gives_no_negative(n);
  }
  bool gives_no_negative(const PlannedNode& n) const {
    if (n.lo >= 0 || n.op == "sigmoid" || n.op == "hard_sigmoid") return true;
    const auto positive = [](const std::vector<float>& v) { return std::all_of(v.begin(), v.end(), [](float x) { return x >= 0; }); };
    if (n.op == "batch_norm" && !(positive(n.norm_scale) && positive(n.norm_bias))) return false;
    return (n.op == "batch_norm" || n.op.find("pool") != std::string::npos || n.op == "resize") && never_negative(n.inputs[0]);
  }

  void outputs() {
    for (const GraphOutput& out : g_.outputs) {
      std::vector<std::string> host;
      std::set<int> maps;
      trace(out.tensor, host, maps);
      for (const int id : maps) {
        if (id < 0) throw InputError({g_.file, 0, 0}, "unsupported-operators", fmt::format("output '{}' is the input, legal: a map that a node computes", out.name));
        plan_.nodes[static_cast<std::size_t>(id)].is_output = true;
        plan_.outputs.push_back({out.name, id, fmt::format("{}", fmt::join(host, " and "))});
      }
    }
  }

  /// Maps that a tensor at the end is made of, and what the host does to them.
  void trace(const std::string& tensor, std::vector<std::string>& host, std::set<int>& maps) const {
    if (const auto at = map_of_.find(tensor); at != map_of_.end()) {
      maps.insert(at->second);
      return;
    }
    const Node* n = g_.producer_of(tensor);
    if (!n || values_.fixed(tensor)) return;
    if (!n->host) throw std::logic_error(fmt::format("plan_network: '{}' was not planned", n->name));
    for (const std::string& in : n->inputs)
      if (!in.empty()) trace(in, host, maps);
    if (n->op != "View" && !is_quantiser(*n)) host.push_back(n->op);
  }

  /// What a core reads has at most 9 bits.
  void check_widths() {
    for (const PlannedNode& n : plan_.nodes) {
      if (!n.has_weights()) continue;
      const MapFormat f = known_format(n.inputs[0]);
      if (f.bits <= 9) continue;
      complaints_.push_back({n.origin, n.op, fmt::format("it reads '{}' of {} bits", plan_.name_of(n.inputs[0]), f.bits), "maps of at most 9 bits before a layer",
                             "a quantiser of 8 bits before it"});
    }
  }

  const Graph& g_;
  const Evaluator& values_;
  Plan plan_;
  std::map<std::string, std::vector<const Node*>> readers_;
  std::set<std::string> outputs_, names_;
  std::map<std::string, int> map_of_;
  std::set<const Node*> done_;
  std::vector<Complaint> complaints_;
};

}  // namespace

Plan plan_network(const Graph& graph, const Evaluator& values) try {
  return Planner(graph, values).run();
} catch (const InputError& e) {
  rethrow_at(e, graph.file);
}

}  // namespace epim::importer
