// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/integer_fidelity.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>

#include "gen/network/golden_network.hpp"
#include "golden/parallel.hpp"

namespace epim::importer {

double MapFidelity::decibels() const { return noise > 0 ? 10 * std::log10(signal / noise) : INFINITY; }

bool IntegerFidelity::good() const {
  return std::all_of(maps.begin(), maps.end(), [](const MapFidelity& m) { return m.good(); });
}

void IntegerFidelity::add(const IntegerFidelity& other) {
  images += other.images;
  for (std::size_t k = 0; k < maps.size(); ++k) {
    MapFidelity& m = maps[k];
    const MapFidelity& o = other.maps[k];
    m.elements += o.elements;
    m.one_step += o.one_step;
    m.boundary += o.boundary;
    m.more += o.more;
    m.worst = std::max(m.worst, o.worst);
    m.signal += o.signal;
    m.noise += o.noise;
    m.whole_worst = std::max(m.whole_worst, o.whole_worst);
    m.whole_off += o.whole_off;
  }
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    OutputAgreement& a = outputs[k];
    const OutputAgreement& o = other.outputs[k];
    a.images += o.images;
    a.agree += o.agree;
    if (o.right_graph < 0) continue;
    a.right_graph = std::max<std::int64_t>(a.right_graph, 0) + o.right_graph;
    a.right = std::max<std::int64_t>(a.right, 0) + o.right;
  }
}

namespace {

/// The values of this map in the graph are on the grid of its format.
bool on_grid(const Plan& plan, int id) {
  if (id < 0) return plan.input_source == FormatSource::file;
  const PlannedNode& n = plan.nodes[static_cast<std::size_t>(id)];
  return n.source == FormatSource::file || n.exact_mean || (n.source == FormatSource::input && on_grid(plan, n.inputs[0]));
}

/// The graph says which integers this map holds: its quantiser, or operands on their grids and weights of integers.
bool is_judged(const Plan& plan, int id, const CompiledNetwork& net) {
  const PlannedNode& n = plan.nodes[static_cast<std::size_t>(id)];
  if (!n.epitome.empty()) return false;  // other weights than the graph's
  if (n.source == FormatSource::file) return true;
  if (!n.weights.empty() && !net.weights.find(n.name + "/codes")) return false;
  return std::all_of(n.inputs.begin(), n.inputs.end(), [&](int in) { return on_grid(plan, in); });
}

/// The quantiser that gives a tensor of integers or of reals on a grid, past a Clip of the integers.
const Node* quantiser_before(const Graph& graph, const std::string& tensor) {
  const Node* n = graph.producer_of(tensor);
  while (n && (n->op == "Clip" || n->op == "DequantizeLinear")) n = graph.producer_of(n->inputs[0]);
  return n && is_quantiser(*n) ? n : nullptr;
}

/// Real values in front of a quantiser, in steps: how far each lies from the nearest rounding boundary. Where the file has no
/// quantiser, in front of the rounding to the map's format.
class BoundaryDistance {
 public:
  BoundaryDistance(const Graph& graph, const PlannedNode& node) {
    const Node* n = node.source == FormatSource::calibrated ? nullptr : quantiser_before(graph, node.tensor);
    before = n ? n->inputs[0] : node.tensor;
    if (n) quantiser_ = quantiser_in(graph, *n);
    step_ = node.format.scale;
    if (node.format.bits > 9) ulp_ = std::ldexp(1.0, -23);
  }
  std::string before;
  bool near(double x) const {
    const double limit = std::max(1e-5, std::fabs(x / step_) * ulp_);
    if (!quantiser_) return std::fabs(x / step_ - std::floor(x / step_) - 0.5) < limit;
    const Quantiser& q = *quantiser_;
    const double steps = x / static_cast<double>(q.scale[0]) / static_cast<double>(q.divisor), rest = steps - std::floor(steps);
    const bool nearest = q.rounding == Rounding::half_even || q.rounding == Rounding::half_up || q.rounding == Rounding::half_down;
    return (nearest ? std::fabs(rest - 0.5) : std::min(rest, 1 - rest)) < limit;
  }

 private:
  std::optional<Quantiser> quantiser_;
  double step_ = 1, ulp_ = 0;  ///< ulp_: of float32, where a map has so many steps that it counts
};

/// An image through the graph and, both ways, through the integers.
class Comparison {
 public:
  /// jobs: threads of one image
  Comparison(const Plan& plan, const Graph& graph, const CompiledNetwork& net, int jobs)
      : plan_(plan), nodes_(net, false), jobs_(jobs), evaluator_(graph, jobs) {
    for (std::size_t k = 0; k < plan.nodes.size(); ++k) {
      const PlannedNode& n = plan.nodes[k];
      index_.push_back(net.network.find(n.name));
      if (index_.back() < 0) continue;
      for (const int in : n.inputs) last_use_[in] = static_cast<int>(k);
      if (n.tensor.empty()) continue;
      distance_.emplace(static_cast<int>(k), BoundaryDistance(graph, n));
      for (const std::string& t : {n.tensor, distance_.at(static_cast<int>(k)).before}) last_comparison_[t] = k;
      MapFidelity m;
      m.node = n.name;
      m.op = n.op;
      m.judged = is_judged(plan, static_cast<int>(k), net);
      any_judged_ = any_judged_ || m.judged;
      const int layer = net.layer_of_node(index_.back());
      if (layer >= 0) m.scale_error = net.layers[static_cast<std::size_t>(layer)].channel_error;
      else
        for (const Requantiser& r : net.arithmetic.nodes[static_cast<std::size_t>(index_.back())].requantise) m.scale_error = std::max(m.scale_error, r.error);
      slot_[static_cast<int>(k)] = nothing_.maps.size();
      nothing_.maps.push_back(std::move(m));
    }
    for (const PlannedOutput& o : plan.outputs) nothing_.outputs.push_back({o.name, plan.name_of(o.node)});
  }

  /// The report of no image.
  const IntegerFidelity& nothing() const { return nothing_; }

  /// The integers of a node are evaluated as soon as the graph has the values to compare them with, which are dropped then.
  /// Several threads may call this at once.
  IntegerFidelity run(const std::map<std::string, Value>& image, IntTensor input, std::optional<std::int64_t> label) const {
    IntegerFidelity report = nothing_;
    report.images = 1;
    std::map<std::string, Value> seen;
    std::map<int, IntTensor> own, reference;  // of the whole network; of the graph
    own[-1] = input;
    if (any_judged_) reference[-1] = std::move(input);
    std::size_t next = 0;
    const auto is_ready = [&](std::size_t k) {
      if (!slot_.count(static_cast<int>(k))) return true;
      return seen.count(plan_.nodes[k].tensor) && seen.count(distance_.at(static_cast<int>(k)).before);
    };
    const auto step = [&](std::size_t k) {
      const int id = static_cast<int>(k);
      if (index_[k] < 0) return;
      own[id] = nodes_.run_node(index_[k], operands(plan_.nodes[k], own), jobs_);
      IntTensor alone;
      if (any_judged_) alone = nodes_.run_node(index_[k], operands(plan_.nodes[k], reference), jobs_);
      if (slot_.count(id)) {
        compare(id, seen, own[id], alone, reference, label, report);
        for (const std::string& t : {plan_.nodes[k].tensor, distance_.at(id).before})
          if (last_comparison_.at(t) == k) seen.erase(t);
      } else if (any_judged_) {
        reference[id] = std::move(alone);
      }
      for (const int in : plan_.nodes[k].inputs)
        if (last_use_.at(in) == id) {
          own.erase(in);
          reference.erase(in);
        }
    };
    evaluator_.run(image, [&](const std::string& tensor, const Value& v) {
      if (last_comparison_.count(tensor)) seen.emplace(tensor, v);
      while (next < plan_.nodes.size() && is_ready(next)) step(next++);
    });
    if (next < plan_.nodes.size())
      throw std::logic_error(fmt::format("'{}' is not computed by the graph", plan_.nodes[next].tensor));
    return report;
  }

 private:
  static std::vector<const IntTensor*> operands(const PlannedNode& n, const std::map<int, IntTensor>& maps) {
    std::vector<const IntTensor*> in;
    for (const int id : n.inputs) in.push_back(&maps.at(id));
    return in;
  }

  void compare(int id, const std::map<std::string, Value>& seen, const IntTensor& own, const IntTensor& alone, std::map<int, IntTensor>& reference,
               std::optional<std::int64_t> label, IntegerFidelity& report) const {
    const PlannedNode& n = plan_.nodes[static_cast<std::size_t>(id)];
    MapFidelity& m = report.maps[slot_.at(id)];
    const Value& value = seen.at(n.tensor);
    const auto add_noise = [&](const auto& reals) {
      for (std::size_t i = 0; i < reals.size(); ++i) {
        const auto real = static_cast<double>(reals[i]), ours = n.format.scale * static_cast<double>(own.data[i] - n.format.zero);
        m.signal += real * real;
        m.noise += (real - ours) * (real - ours);
      }
    };
    if (value.type() == Type::f32) add_noise(value.as<float>());
    else add_noise(reals_of(value, n.format));
    if (any_judged_) {
      IntTensor codes(own.shape);
      codes.data = codes_of(value, n.format);
      const BoundaryDistance& distance = distance_.at(id);
      const Value& before = seen.at(distance.before);
      m.elements += static_cast<std::int64_t>(codes.size());
      for (std::size_t i = 0; i < codes.size(); ++i) {
        const std::int64_t off = std::abs(alone.data[i] - codes.data[i]), whole = std::abs(own.data[i] - codes.data[i]);
        m.whole_worst = std::max(m.whole_worst, whole);
        m.whole_off += whole != 0;
        if (off == 0) continue;
        m.worst = std::max(m.worst, off);
        if (off > 1) ++m.more;
        else if (distance.near(before.number(static_cast<std::int64_t>(i)))) ++m.boundary;
        else ++m.one_step;
      }
      reference[id] = std::move(codes);
    }
    for (std::size_t o = 0; o < plan_.outputs.size(); ++o) {
      if (plan_.outputs[o].node != id) continue;
      OutputAgreement& a = report.outputs[o];
      const std::vector<double> reals = reals_of(value, n.format);
      const auto at = std::max_element(reals.begin(), reals.end()) - reals.begin();
      const auto ours = std::max_element(own.data.begin(), own.data.end()) - own.data.begin();
      ++a.images;
      a.agree += at == ours;
      if (!label || o != 0) continue;
      a.right_graph = std::max<std::int64_t>(a.right_graph, 0) + (at == *label);
      a.right = std::max<std::int64_t>(a.right, 0) + (ours == *label);
    }
  }

  const Plan& plan_;
  GoldenNetwork nodes_;
  int jobs_;
  Evaluator evaluator_;
  std::vector<int> index_;              ///< of a planned node in the network
  std::map<int, int> last_use_;
  std::map<int, BoundaryDistance> distance_;
  std::map<int, std::size_t> slot_;     ///< in IntegerFidelity::maps
  std::map<std::string, std::size_t> last_comparison_;  ///< of the values of a tensor: the planned node
  IntegerFidelity nothing_;
  bool any_judged_ = false;
};

}  // namespace

IntegerFidelity check_integers(const Plan& plan, const Graph& graph, const CompiledNetwork& net, const Images& images, const IntTensor& codes,
                               std::size_t count, const std::vector<std::int64_t>& labels, int jobs, const std::function<void(double)>& progress) {
  count = std::min(count, images.size());
  const Comparison comparison(plan, graph, net, jobs_within(count, jobs));
  const std::vector<int> one(codes.shape.begin() + 1, codes.shape.end());
  std::vector<IntegerFidelity> reports(count);
  std::mutex mutex;
  std::size_t done = 0;
  parallel(count, jobs, [&](std::size_t i) {
    IntTensor input(one);
    std::copy_n(codes.data.begin() + static_cast<std::ptrdiff_t>(i * input.size()), input.size(), input.data.begin());
    reports[i] = comparison.run(images[i], std::move(input), i < labels.size() ? std::optional(labels[i]) : std::nullopt);
    const std::lock_guard lock(mutex);
    ++done;
    if (progress) progress(static_cast<double>(done) / static_cast<double>(count));
  });
  IntegerFidelity all = comparison.nothing();
  for (const IntegerFidelity& r : reports) all.add(r);
  return all;
}

}  // namespace epim::importer
