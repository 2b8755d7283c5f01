// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/normalise.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "gen/import/canonical.hpp"
#include "gen/import/lower.hpp"
#include "gen/import/patterns.hpp"
#include "gen/import/shapes.hpp"

namespace epim::importer {

void prepare(Graph& graph, const std::map<std::string, Dims>& shapes) {
  lower_integer_operators(graph);
  check_support(graph);
  fix_inputs(graph, shapes);
  infer_shapes(graph);
  remove_unused(graph);
}

namespace {

/// A pass that leaves shapes as they are is followed by their inference, which checks it.
void check_shapes(Graph& graph, const char* pass) {
  const std::map<std::string, Info> before = graph.maps;
  try {
    infer_shapes(graph);
  } catch (const InputError& e) {
    throw std::logic_error(fmt::format("import: {} gave a graph that does not fit together: {}", pass, e.what()));
  }
  for (const auto& [tensor, info] : graph.maps)
    if (const auto at = before.find(tensor); at != before.end() && at->second != info)
      throw std::logic_error(
          fmt::format("import: {} changed '{}' from {} to {}", pass, tensor, text_of(at->second.dims), text_of(info.dims)));
}

/// Views of all inputs with which the fewest nodes are left out; the first of them where several are alike.
Graph choose_layout(const Graph& graph, const Evaluator& values) {
  std::vector<View> views;
  for (const GraphInput& in : graph.inputs) {
    const std::vector<View> possible = possible_views(in.dims);
    if (possible.empty())
      throw InputError({graph.file, 0, 0}, "input-shape",
                       fmt::format("input '{}' is {}, legal: 2 to 4 dimensions", in.name, text_of(in.dims)));
    views.push_back(possible[0]);
  }
  const auto badness = [](const Canonical& c, const Graph& g) {
    return c.complaints().size() * 1000 +
           static_cast<std::size_t>(
               std::count_if(g.nodes.begin(), g.nodes.end(), [](const Node& n) { return n.host && n.op != "View"; }));
  };
  Canonical best(graph, values, views);
  Graph out = best.take();
  std::vector<Complaint> complaints = best.complaints();
  std::size_t least = badness(best, out);
  for (std::size_t i = 0; i < std::min<std::size_t>(views.size(), 4) && least > 0; ++i)
    for (const View& view : possible_views(graph.inputs[i].dims)) {
      if (view == views[i]) continue;
      std::vector<View> other = views;
      other[i] = view;
      Canonical c(graph, values, other);
      Graph g = c.take();
      if (const std::size_t b = badness(c, g); b < least) {
        least = b;
        views = other;
        out = std::move(g);
        complaints = c.complaints();
      }
    }
  refuse(graph.file, complaints);
  for (const GraphInput& in : out.inputs)
    if (*in.view != possible_views(in.dims)[0])
      out.remarks.push_back(fmt::format("input '{}' lies as {} in the file", in.name, text_of(*in.view)));
  return out;
}

/// Weights, scales, slopes: numbers of a size that float32 holds, also behind a dequantiser.
void check_finite(const Graph& graph, int jobs) {
  const Evaluator values(graph, jobs);
  for (const Node& node : graph.nodes)
    for (std::size_t k = 1; k < node.inputs.size() && !node.host; ++k)
      if (const Value* v = values.fixed(node.inputs[k]); v && v->type() == Type::f32)
        for (const float x : v->as<float>())
          if (!std::isfinite(x))
            node.fail("not-a-number", fmt::format("an element of '{}' is {}, legal: finite numbers", node.inputs[k], x));
}

}  // namespace

Graph normalise(const Graph& graph, int jobs) try {
  const Evaluator values(graph, jobs);
  Graph out = choose_layout(graph, values);
  for (const GraphInput& in : out.inputs)
    if (const std::int64_t images = out.maps.at(in.name).dims[0]; images != 1)
      throw InputError({}, "input-shape",
                       fmt::format("input '{}' holds {} images at once, legal: 1; give its sizes by --input-shape {}=1,...",
                                   in.name, images, in.name));
  remove_unused(out);
  check_shapes(out, "the canonical form");
  name_functions(out);
  check_shapes(out, "naming of functions");
  fold_affines(out);
  check_shapes(out, "folding of scales");
  fold_padding(out);
  check_shapes(out, "folding of padding");
  remove_unused(out);
  check_finite(out, jobs);
  return out;
} catch (const InputError& e) {
  rethrow_at(e, graph.file);
}

}  // namespace epim::importer
