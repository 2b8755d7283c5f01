// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/search/mixed_precision.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "gen/search/exact.hpp"
#include "golden/files/json_document.hpp"

namespace epim {

const LayerTrace& HessianTraces::of(const std::string& node) const {
  for (const LayerTrace& l : layers)
    if (l.node == node) return l;
  std::vector<std::string> names;
  for (const LayerTrace& l : layers) names.push_back(l.node);
  throw InputError({file, 0, 0}, "missing-trace",
                   fmt::format("no trace for layer '{}'; the file has {}", node, fmt::join(names, ", ")));
}

HessianTraces parse_traces(const std::string& text, const std::string& file) {
  const JsonValue doc = parse_json(text, file);
  const std::string what = "the trace file";
  json_object(doc, what);
  json_refuse_unknown_keys(doc, what, {"schema", "network", "layers", "made"});
  const JsonValue& schema = json_required(doc, "schema", what);
  if (json_integer(schema, "schema", 0, 1 << 20) != 1)
    throw InputError(schema.where, "unsupported-schema", fmt::format("schema {} is not known; must be 1", schema.integer));
  HessianTraces t;
  t.file = file;
  t.network = json_string(json_required(doc, "network", what), "network");
  for (const JsonValue& v : json_array(json_required(doc, "layers", what), "layers")) {
    LayerTrace l;
    l.where = v.where;
    json_object(v, "a layer");
    l.node = json_string(json_required(v, "node", "a layer"), "node");
    const std::string layer = fmt::format("layer '{}'", l.node);
    json_refuse_unknown_keys(v, layer, {"node", "trace", "standard_error"});
    l.trace = json_real(json_required(v, "trace", layer), layer + ": trace", 0, 1e30);
    if (const JsonValue* e = v.find("standard_error")) l.standard_error = json_real(*e, layer + ": standard_error", 0, 1e30);
    for (const LayerTrace& other : t.layers)
      if (other.node == l.node)
        throw InputError(l.where, "duplicate-layer", fmt::format("{} stands in line {} already", layer, other.where.line));
    t.layers.push_back(std::move(l));
  }
  return t;
}

HessianTraces read_traces(const std::string& path) { return parse_traces(read_text(path), path); }

LayerBits bit_options(const Network& network, int node, const Layer& layer, const FloatTensor& epitome,
                      const Hardware& hw, const std::vector<int>& bits, const HessianTraces& traces, CountRule rule,
                      const QuantiseOptions& options) {
  LayerBits out;
  out.node = node;
  out.trace = traces.of(layer.name).trace;
  const CountGeometry geometry{hw.xb_rows, hw.xb_cols, hw.cell_bits, hw.lanes};
  for (int b : bits) {
    Hardware codes = hw;
    codes.weight_bits = b;
    BitOption o;
    o.bits = b;
    o.crossbars = count_layer(network, node, b, rule, geometry).crossbars;
    o.error = quantise(codes, layer, epitome, options).error;
    o.cost = out.trace / static_cast<double>(epitome.size()) * o.error;
    out.options.push_back(o);
  }
  return out;
}

BitAssignment assign_bits(const Network& network, std::vector<LayerBits> layers, std::int64_t budget) {
  double most = 0;
  for (const LayerBits& l : layers)
    for (const BitOption& o : l.options) most = std::max(most, o.cost);
  int exponent = 0;  // most < 2^exponent; 2^104 of them fit a sum over 2^22 layers
  std::frexp(most, &exponent);
  std::vector<std::vector<KnapsackItem>> items;
  std::int64_t least = 0, largest = -1;
  std::string name;
  for (const LayerBits& l : layers) {
    std::vector<KnapsackItem> item;
    std::int64_t lightest = l.options.at(0).crossbars;
    for (std::size_t i = 0; i < l.options.size(); ++i) {
      const BitOption& o = l.options[i];
      item.push_back({o.crossbars, static_cast<WideInt>(std::nearbyint(std::ldexp(o.cost, 104 - exponent))), static_cast<int>(i)});
      lightest = std::min(lightest, o.crossbars);
    }
    items.push_back(std::move(item));
    least += lightest;
    if (lightest > largest) {
      largest = lightest;
      name = network.nodes[static_cast<std::size_t>(l.node)].name;
    }
  }
  const Knapsack knapsack(items, budget);
  if (knapsack.front().empty())
    throw InputError({"--budget", 0, 0}, "budget-too-small",
                     fmt::format("{} crossbars; the narrowest widths take {}, of which layer '{}' takes {}; legal: at least {}",
                                 budget, least, name, largest, least));
  const Selection chosen = knapsack.selection(knapsack.front().size() - 1);
  BitAssignment out;
  out.layers = std::move(layers);
  for (std::size_t i = 0; i < out.layers.size(); ++i) {
    out.layers[i].chosen = chosen[i];
    out.crossbars += out.layers[i].choice().crossbars;
    out.cost += out.layers[i].choice().cost;
  }
  return out;
}

std::vector<int> parse_bit_set(const std::string& text, const std::string& where) {
  std::vector<int> bits;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const char *first = text.data() + at, *last = text.data() + comma;
    at = comma + 1;
    if (first == last && text.empty()) break;
    int value = 0;
    const auto [end, error] = std::from_chars(first, last, value);
    if (error != std::errc{} || end != last || value < 2 || value > 9)
      throw InputError({where, 0, 0}, "bit-width",
                       fmt::format("\"{}\" in \"{}\" is no weight width; legal: 2..9, separated by commas",
                                   std::string(first, last), text));
    if (std::find(bits.begin(), bits.end(), value) != bits.end())
      throw InputError({where, 0, 0}, "duplicate-bits", fmt::format("{} stands twice in \"{}\"", value, text));
    bits.push_back(value);
  }
  if (bits.empty())
    throw InputError({where, 0, 0}, "empty-bit-set", "no width to choose from; legal: widths 2..9, separated by commas, e.g. 3,5");
  std::sort(bits.begin(), bits.end());
  return bits;
}

}  // namespace epim
