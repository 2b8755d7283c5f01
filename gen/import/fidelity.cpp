// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/fidelity.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gen/import/quantiser.hpp"

namespace epim::importer {

std::vector<std::map<std::string, Value>> images_of(const Graph& graph, const NpzFile& images) {
  std::vector<std::map<std::string, Value>> out;
  for (const GraphInput& in : graph.inputs) {
    const NpyArray* a = images.find(in.name);
    if (!a && graph.inputs.size() == 1) a = images.find("input");
    if (!a)
      throw InputError({images.path, 0, 0}, "missing-array",
                       fmt::format("no array '{}'{}, legal: one per input of the graph", in.name,
                                   graph.inputs.size() == 1 ? " or 'input'" : ""));
    Dims one(a->shape.begin(), a->shape.end());
    const std::int64_t each = element_count(in.dims).value_or(0);
    const bool fits = one.size() == in.dims.size() && one[0] % std::max<std::int64_t>(1, in.dims[0]) == 0 &&
                      std::equal(one.begin() + 1, one.end(), in.dims.begin() + 1);
    if (!fits || each == 0)
      throw InputError({images.path, 0, 0}, "array-shape",
                       fmt::format("'{}' is [{}], legal: {} behind a number of images", in.name, fmt::join(a->shape, ","),
                                   text_of(Dims(in.dims.begin() + (in.dims.empty() ? 0 : 1), in.dims.end()))));
    const FloatTensor all = a->floats();
    const std::size_t count = all.data.size() / static_cast<std::size_t>(each);
    if (!out.empty() && out.size() != count)
      throw InputError({images.path, 0, 0}, "array-shape",
                       fmt::format("'{}' has {} images, legal: {} as the other inputs", in.name, count, out.size()));
    out.resize(count);
    for (std::size_t k = 0; k < count; ++k) {
      Value v(in.type, in.dims);
      for (std::int64_t i = 0; i < each; ++i)
        v.set(i, static_cast<double>(all.data[k * static_cast<std::size_t>(each) + static_cast<std::size_t>(i)]));
      out[k].emplace(in.name, std::move(v));
    }
  }
  return out;
}

namespace {

/// Quantisers by the tensor that they read.
class Boundaries {
 public:
  explicit Boundaries(const Graph& graph) {
    for (const Node& n : graph.nodes) {
      if (!is_quantiser(n) || n.host || n.op == "DequantizeLinear" || n.op == "BipolarQuant" || graph.constant(n.inputs[0]))
        continue;
      quantisers_.emplace(n.inputs[0], *quantiser_in(graph, n));
      counts_[n.inputs[0]].tensor = n.inputs[0];
    }
  }
  bool any() const { return !quantisers_.empty(); }
  void observe(const std::string& tensor, const Value& v) {
    const auto at = quantisers_.find(tensor);
    if (at == quantisers_.end()) return;
    const Quantiser& q = at->second;
    std::int64_t inner = 1;
    for (std::size_t k = q.axis < 0 ? v.dims().size() : static_cast<std::size_t>(q.axis) + 1; k < v.dims().size(); ++k)
      inner *= v.dims()[k];
    BoundaryCount& count = counts_[tensor];
    count.elements += v.size();
    for (std::int64_t i = 0; i < v.size(); ++i) {
      const std::size_t c = q.count() == 1 ? 0 : static_cast<std::size_t>(i / inner) % q.count();
      const double x = v.number(i) / static_cast<double>(q.scale[c]) / static_cast<double>(q.divisor),
                   z = x + static_cast<double>(q.zero[c]);
      if (z < q.lo || z > q.hi) continue;
      const double rest = x - std::floor(x), edge = q.rounding == Rounding::half_even || q.rounding == Rounding::half_up ||
                                                            q.rounding == Rounding::half_down
                                                        ? std::fabs(rest - 0.5)
                                                        : std::min(rest, 1 - rest);
      if (edge < 1e-5 && x != 0) ++count.boundary;
    }
  }
  std::vector<BoundaryCount> found() const {
    std::vector<BoundaryCount> out;
    for (const auto& [tensor, count] : counts_)
      if (count.boundary > 0) out.push_back(count);
    return out;
  }

 private:
  std::map<std::string, Quantiser> quantisers_;
  std::map<std::string, BoundaryCount> counts_;
};

/// What float32 leaves open where a function of 0..1 ends the graph: half a unit in the last place of 1. Processors compute a
/// sigmoid as 1/2 + ..., which has that error also where the result is 1e-6.
double resolution_of(const Graph& graph, const std::string& tensor) {
  static const char* const layout[] = {"View", "Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Concat", "Cast"};
  std::vector<std::string> open = {tensor};
  std::set<std::string> seen;
  while (!open.empty()) {
    const std::string t = std::move(open.back());
    open.pop_back();
    const Node* n = t.empty() || !seen.insert(t).second ? nullptr : graph.producer_of(t);
    if (!n) continue;
    if (n->op == "Sigmoid" || n->op == "Softmax") return std::ldexp(1.0, -24);
    if (std::any_of(std::begin(layout), std::end(layout), [&](const char* l) { return n->op == l; }))
      open.insert(open.end(), n->inputs.begin(), n->inputs.end());
  }
  return 0;
}

}  // namespace

FidelityReport check_fidelity(const Graph& graph, const std::vector<std::map<std::string, Value>>& images,
                              const NpzFile& reference, int jobs, const std::function<void(double)>& progress) {
  std::vector<FloatTensor> answers;
  for (std::size_t k = 0; k < graph.outputs.size(); ++k) {
    const NpyArray* a = reference.find(graph.outputs[k].name);
    if (!a) a = reference.find(fmt::format("output{}", k));
    if (!a)
      throw InputError({reference.path, 0, 0}, "missing-array",
                       fmt::format("no array '{}' or 'output{}', legal: one per output of the graph", graph.outputs[k].name, k));
    answers.push_back(a->floats());
    if (images.empty() || answers.back().data.size() % images.size() != 0)
      throw InputError(
          {reference.path, 0, 0}, "array-shape",
          fmt::format("'output{}' is [{}] for {} images, legal: answers for each", k, fmt::join(a->shape, ","), images.size()));
  }
  std::vector<double> resolution;
  for (const GraphOutput& o : graph.outputs) resolution.push_back(resolution_of(graph, o.tensor));
  FidelityReport report;
  report.images = static_cast<std::int64_t>(images.size());
  Boundaries boundaries(graph);
  report.quantised = boundaries.any();
  const auto evaluate = [&](Sums sums, bool first) {
    Evaluator evaluator(graph, jobs, sums);
    std::vector<double> worst(answers.size(), 0.0);
    for (std::size_t i = 0; i < images.size(); ++i) {
      if (progress)
        progress((static_cast<double>(i) + (first ? 0 : static_cast<double>(images.size()))) /
                 static_cast<double>(images.size()) / (boundaries.any() ? 2 : 1));
      const std::vector<Value> outputs = evaluator.run(
          images[i], first ? Observer([&](const std::string& t, const Value& v) { boundaries.observe(t, v); }) : Observer());
      for (std::size_t k = 0; k < outputs.size(); ++k) {
        const auto each = static_cast<std::int64_t>(answers[k].data.size() / images.size());
        if (outputs[k].size() != each)
          throw InputError(
              {reference.path, 0, 0}, "array-shape",
              fmt::format("'output{}' has {} elements per image, legal: {} as the graph", k, each, outputs[k].size()));
        const auto from = answers[k].data.begin() + static_cast<std::ptrdiff_t>(i) * each;
        Fidelity f = compare(outputs[k], Value::of(std::vector<float>(from, from + each), {each}));
        f.largest_difference = std::max(0.0, f.largest_difference - resolution[k]);
        worst[k] = std::max(worst[k], f.relative());
      }
    }
    return worst;
  };
  const std::vector<double> exact = evaluate(Sums::exact, true);
  bool good = true;
  for (std::size_t k = 0; k < exact.size(); ++k) {
    report.outputs.push_back({graph.outputs[k].name, exact[k], -1});
    good = good && report.outputs[k].good();
  }
  report.boundaries = boundaries.found();
  if (!good && boundaries.any()) {
    const std::vector<double> again = evaluate(Sums::float32, false);
    for (std::size_t k = 0; k < again.size(); ++k) report.outputs[k].float32 = again[k];
  }
  return report;
}

}  // namespace epim::importer
