// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "gen/import/plan.hpp"

namespace epim::importer {

std::optional<WeightCodes> weight_codes(const Graph& graph, const Evaluator& values, const std::string& tensor, std::string& why) {
  why.clear();
  if (graph.constant(tensor)) return std::nullopt;
  const Node* node = graph.producer_of(tensor);
  const auto q = node ? quantiser_in(graph, *node) : std::nullopt;
  const Value* reals = values.fixed(tensor);
  if (!q || !reals) return std::nullopt;
  const Dims& dims = reals->dims();
  const auto outputs = static_cast<std::size_t>(dims.at(0));
  if (q->kind == Quantiser::Kind::trunc || q->kind == Quantiser::Kind::quantise) return std::nullopt;
  if (q->count() != 1 && (q->axis != 0 || q->count() != outputs)) {
    why = fmt::format("their scales run over axis {}, not over output channels", q->axis);
    return std::nullopt;
  }
  WeightCodes w;
  for (std::size_t o = 0; o < outputs; ++o) w.scale.push_back(q->scale[q->count() == 1 ? 0 : o]);
  w.codes.resize(static_cast<std::size_t>(reals->size()));
  const std::size_t inner = w.codes.size() / outputs;
  for (std::size_t i = 0; i < w.codes.size(); ++i) {
    const double code = reals->number(static_cast<std::int64_t>(i)) / static_cast<double>(w.scale[i / inner]);
    if (std::fabs(code - std::nearbyint(code)) > 1e-3) {
      why = "their zero point is no whole number";
      return std::nullopt;
    }
    if (std::fabs(code) > 1e15) {
      why = fmt::format("codes of up to {:g}, a core holds 9 bits with sign: 255", code);
      return std::nullopt;
    }
    w.codes[i] = static_cast<std::int64_t>(std::nearbyint(code));
    w.most = std::max(w.most, std::abs(w.codes[i]));
  }
  if (w.most > 255) {
    why = fmt::format("codes of up to {}, a core holds 9 bits with sign: 255", w.most);
    return std::nullopt;
  }
  return w;
}

}  // namespace epim::importer
