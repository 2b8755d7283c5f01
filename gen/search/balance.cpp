// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/search/balance.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <tuple>

#include <fmt/format.h>

#include "gen/network/copy_hardware.hpp"
#include "gen/network/mapping.hpp"
#include "gen/search/exact.hpp"
#include "golden/timing/row_copies.hpp"
#include "golden/timing/steady_rate.hpp"

namespace epim {
namespace {

/// Rates of cores and pools, each computed once: networks repeat their layers.
class Rates {
 public:
  explicit Rates(bool stepped) : stepped_(stepped) {}

  /// Of the slowest of `copies` copies; nothing where a copy cannot be built.
  std::optional<ImageRate> of(const Node& node, const Hardware& hw, const Layer& layer, int copies) {
    const auto [at, fresh] = known_.try_emplace(key(hw, layer, copies));
    if (!fresh) return at->second;
    ImageRate slowest{0, 1};
    try {
      for (int k = 0; k < copies; ++k) {
        const Layer part = copies == 1 ? layer : copy_of(layer, copies, k);
        const Hardware core = copies == 1 ? hw : copy_hardware(hw, part);
        slowest = std::max(slowest, stepped_ ? stepped_rate(core, part) : steady_rate(core, part));
      }
      at->second = slowest;
    } catch (const InputError& e) {
      if (copies == 1) throw InputError(node.where, e.rule(), fmt::format("node {}: {}", node.name, e.text()));
    }
    return at->second;
  }

  static ImageRate of_pool(const Node& node, int lanes, int copies) {
    ImageRate slowest{0, 1};
    for (const ChipBlock& block : pool_blocks(node, lanes, copies)) slowest = std::max(slowest, stepped_rate(block));
    return slowest;
  }

 private:
  /// All that decides the time of a layer.
  static std::vector<std::int64_t> key(const Hardware& hw, const Layer& l, int copies) {
    std::vector<std::int64_t> k = {copies, l.cin, l.cout, l.in_period, l.kh, l.kw, l.stride.y, l.stride.x, l.dilation.y, l.dilation.x, l.pad.top, l.pad.left,
                                   l.pad.bottom, l.pad.right, l.h, l.w, l.groups, static_cast<int>(l.wrap), l.act ? l.act->bits : 0, l.act && l.act->is_signed,
                                   l.slopes, l.pool ? l.pool->kept_one_in : 0, l.pool ? l.pool->kept_first : 0, l.pool ? l.pool->group : 0,
                                   hw.weight_bits, hw.act_bits, hw.pe_rows, hw.pe_cols, hw.joint_lanes, hw.out_bits, hw.slope_bits, hw.buffer_words};
    for (const Patch& p : l.patches) k.insert(k.end(), {p.p, p.q, p.c_in, p.c_out, p.beta1, p.beta2, p.dst_in, p.dst_out, p.ky, p.kx});
    return k;
  }

  bool stepped_;
  std::map<std::vector<std::int64_t>, std::optional<ImageRate>> known_;
};

/// The fewest copies for each number of rows that the first one has.
std::vector<int> sensible_copies(int rows, int stride, bool pool) {
  std::vector<int> list;
  for (int copies = 1; copies <= rows && (pool || copies * stride <= 255); ++copies)
    if (copies == 1 || rows_of_copy(rows, copies, 0) < rows_of_copy(rows, copies - 1, 0)) list.push_back(copies);
  return list;
}

std::int64_t words_of(const MapShape& map, int lanes) { return std::int64_t{map.height} * map.width * ((map.stored + lanes - 1) / lanes); }

bool is_pool(const Node& node) {
  return node.op == Op::max_pool || node.op == Op::avg_pool || node.op == Op::global_avg_pool || node.op == Op::global_max_pool;
}

auto order(const BalanceItem& i) { return std::tuple(i.crossbars, i.copies); }

}  // namespace

BalanceTable balance_table(const Network& network, const std::vector<SearchLayer>& layers, const HardwareRequest& base) {
  BalanceTable table;
  Rates rates(false);
  std::vector<int> searched(network.nodes.size(), -1), place(network.nodes.size(), -1);
  std::size_t most = 1;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    searched[static_cast<std::size_t>(layers[l].node)] = static_cast<int>(l);
    most = std::max(most, layers[l].candidates.size());
  }
  for (const SearchLayer& l : layers)
    for (const Candidate& c : l.candidates)
      if (c.wrap == Wrap::stored_once) throw InputError({"--wrap", 0, 0}, "interval-stored-once", "wrap stored_once changes what consumers take, legal: off, copies");
  table.floor = {words_of(network.input, base.lanes), 1};
  table.floor_map = network.input_name;
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    if (node.wrap == Wrap::stored_once)
      throw InputError(node.where, "interval-stored-once", fmt::format("node {}: wrap stored_once changes what its consumers take, legal: off, copies", node.name));
    if (const ImageRate own{words_of(node.out, base.lanes), 1}; table.floor < own) {
      table.floor = own;
      table.floor_map = node.name;
    }
    if (!is_pool(node) && !node.has_weights()) continue;
    place[n] = static_cast<int>(table.nodes.size());
    table.nodes.push_back({static_cast<int>(n), {}});
    if (!is_pool(node)) continue;
    for (int copies : sensible_copies(node.out.height, node.stride.y, true))
      table.nodes.back().items.push_back({"", -1, copies, 0, Rates::of_pool(node, base.lanes, copies)});
  }
  for (std::size_t k = 0; k < most; ++k) {
    Selection selection;
    for (const SearchLayer& l : layers) selection.push_back(static_cast<int>(std::min(k, l.candidates.size() - 1)));
    const Network chosen = select(network, layers, selection);
    const Mapping mapping = map_network(chosen, base, {}, CorePolicy::own);
    for (std::size_t m = 0; m < mapping.layers.size(); ++m) {
      const MappedLayer& mapped = mapping.layers[m];
      const auto n = static_cast<std::size_t>(mapped.node);
      const int l = searched[n];
      if (l < 0 ? k > 0 : k >= layers[static_cast<std::size_t>(l)].candidates.size()) continue;
      const Hardware& hw = mapping.cores[static_cast<std::size_t>(mapped.core)].hw;
      for (int copies : sensible_copies(mapped.layer.out_h(), mapped.layer.stride.y, false)) {
        const auto rate = rates.of(chosen.nodes[n], hw, mapped.layer, copies);
        if (!rate) continue;
        table.nodes[static_cast<std::size_t>(place[n])].items.push_back(
            {l < 0 ? "" : candidate_name(layers[static_cast<std::size_t>(l)].candidates[k]), l < 0 ? -1 : static_cast<int>(k), copies,
             std::int64_t{copies} * crossbars_of(mapping, m), *rate});
      }
    }
  }
  return table;
}

std::optional<Balance> fewest_crossbars(const BalanceTable& table, const ImageRate& interval) {
  if (interval < table.floor) return std::nullopt;
  Balance b;
  b.interval = table.floor;
  for (const BalanceNode& node : table.nodes) {
    const BalanceItem* best = nullptr;
    for (const BalanceItem& i : node.items) {
      if (interval < i.rate) continue;
      if (!best || order(i) < order(*best) || (order(i) == order(*best) && i.rate < best->rate)) best = &i;
    }
    if (!best) return std::nullopt;
    b.items.push_back(static_cast<std::size_t>(best - node.items.data()));
    b.crossbars += best->crossbars;
    b.interval = std::max(b.interval, best->rate);
  }
  return b;
}

namespace {

/// All intervals that a chip can have, ascending.
std::vector<ImageRate> intervals(const BalanceTable& table) {
  const ImageRate least = shortest_interval(table);
  std::vector<ImageRate> all{least};
  for (const BalanceNode& node : table.nodes)
    for (const BalanceItem& i : node.items)
      if (least < i.rate) all.push_back(i.rate);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace

ImageRate shortest_interval(const BalanceTable& table) {
  ImageRate least = table.floor;
  for (const BalanceNode& node : table.nodes) {
    const auto fastest = std::min_element(node.items.begin(), node.items.end(), [](const BalanceItem& a, const BalanceItem& b) { return a.rate < b.rate; });
    least = std::max(least, fastest->rate);
  }
  return least;
}

Balance least_interval(const BalanceTable& table, std::int64_t budget) {
  const std::vector<ImageRate> all = intervals(table);
  const auto at = std::partition_point(all.begin(), all.end(), [&](const ImageRate& t) { return fewest_crossbars(table, t)->crossbars > budget; });
  if (at == all.end()) refuse_budget(budget, fewest_crossbars(table, all.back())->crossbars);
  return *fewest_crossbars(table, *at);
}

std::vector<Balance> balance_front(const BalanceTable& table) {
  std::vector<Balance> front;
  for (const ImageRate& t : intervals(table)) {
    Balance b = *fewest_crossbars(table, t);
    if (front.empty() || b.crossbars < front.back().crossbars) front.push_back(std::move(b));
  }
  std::reverse(front.begin(), front.end());
  return front;
}

Network balanced(const Network& network, const std::vector<SearchLayer>& layers, const BalanceTable& table, const Balance& balance) {
  Selection selection(layers.size(), 0);
  for (std::size_t n = 0; n < table.nodes.size(); ++n)
    for (std::size_t l = 0; l < layers.size(); ++l)
      if (layers[l].node == table.nodes[n].node) selection[l] = table.nodes[n].items[balance.items[n]].choice;
  Network out = select(network, layers, selection);
  for (std::size_t n = 0; n < table.nodes.size(); ++n)
    out.nodes[static_cast<std::size_t>(table.nodes[n].node)].copies = table.nodes[n].items[balance.items[n]].copies;
  return out;
}

Design balance_design(const Network& network, const std::vector<SearchLayer>& layers, const BalanceTable& table, const Balance& balance) {
  const Network chosen = balanced(network, layers, table, balance);
  Design d = design_of(chosen);
  for (const BalanceNode& n : table.nodes) {
    const Node &before = network.nodes[static_cast<std::size_t>(n.node)], &after = chosen.nodes[static_cast<std::size_t>(n.node)];
    if (before.copies == after.copies) continue;
    auto at = std::find_if(d.layers.begin(), d.layers.end(), [&](const LayerDesign& l) { return l.node == after.name; });
    if (at == d.layers.end()) {
      d.layers.emplace_back();
      at = d.layers.end() - 1;
      at->node = after.name;
    }
    at->copies = after.copies;
  }
  return d;
}

void check_balance(const Network& net, const HardwareRequest& base, const BalanceTable& table, const Balance& balance) {
  const Mapping mapping = map_network(net, base, {}, CorePolicy::own);
  Rates stepped(true);
  std::int64_t crossbars = 0;
  for (std::size_t n = 0; n < table.nodes.size(); ++n) {
    const BalanceItem& item = table.nodes[n].items[balance.items[n]];
    const Node& node = net.nodes[static_cast<std::size_t>(table.nodes[n].node)];
    ImageRate rate{0, 1};
    if (is_pool(node)) {
      rate = Rates::of_pool(node, base.lanes, node.copies);
    } else {
      const auto at = std::find_if(mapping.layers.begin(), mapping.layers.end(), [&](const MappedLayer& m) { return m.node == table.nodes[n].node; });
      rate = stepped.of(node, mapping.cores[static_cast<std::size_t>(at->core)].hw, at->layer, node.copies).value();
      crossbars += std::int64_t{node.copies} * crossbars_of(mapping, static_cast<std::size_t>(at - mapping.layers.begin()));
    }
    if (!(rate == item.rate))
      throw std::logic_error(fmt::format("node {} takes {} cycles per image, the search's table says {}", node.name, rate.per_image(), item.rate.per_image()));
  }
  if (crossbars != balance.crossbars) throw std::logic_error(fmt::format("the chip has {} crossbars, the search's table says {}", crossbars, balance.crossbars));
}

}  // namespace epim
