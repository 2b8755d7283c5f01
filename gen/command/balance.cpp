// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/command/balance.hpp"

#include <chrono>
#include <iostream>

#include <fmt/format.h>

#include "gen/command/command.hpp"
#include "gen/base/output_folder.hpp"
#include "gen/search/balance.hpp"

namespace epim::command {
namespace {

/// Whole cycles where they are whole.
nlohmann::ordered_json cycles_json(const ImageRate& rate) {
  if (rate.cycles % rate.images == 0) return rate.cycles / rate.images;
  return rate.per_image();
}

std::string cycles_text(const ImageRate& rate) {
  return rate.cycles % rate.images == 0 ? fmt::to_string(rate.cycles / rate.images) : fmt::format("{:.1f}", rate.per_image());
}

std::string seconds_since(std::chrono::steady_clock::time_point t) {
  return fmt::format("{:.2f} s", std::chrono::duration<double>(std::chrono::steady_clock::now() - t).count());
}

/// The design without copies that takes the fewest crossbars: what copies are measured against.
Balance without_copies(BalanceTable table) {
  for (BalanceNode& node : table.nodes) std::erase_if(node.items, [](const BalanceItem& i) { return i.copies > 1; });
  return balance_front(table).front();
}

}  // namespace

void search_interval(const BalanceRequest& o) {
  const auto begin = std::chrono::steady_clock::now();
  const BalanceTable table = balance_table(o.network, o.layers, o.hw);
  const std::string table_time = seconds_since(begin);
  Balance found;
  if (o.interval > 0) {
    const auto least = fewest_crossbars(table, {o.interval, 1});
    if (!least)
      throw InputError({"--interval", 0, 0}, "interval-too-short",
                       fmt::format("no chip of these candidates takes {} cycles per image, legal: at least {:.1f} (the map of {} alone takes {})", o.interval,
                                   shortest_interval(table).per_image(), table.floor_map, cycles_text(table.floor)));
    if (o.budget && least->crossbars > *o.budget)
      throw InputError({"--budget", 0, 0}, "budget-too-small",
                       fmt::format("an interval of {} cycles takes {} crossbars, legal: at least so many, or without --budget", o.interval, least->crossbars));
    found = *least;
  } else {
    found = least_interval(table, o.budget.value());
  }
  const Network design_network = balanced(o.network, o.layers, table, found);
  const auto checking = std::chrono::steady_clock::now();
  check_balance(design_network, o.hw, table, found);
  const std::string check_time = seconds_since(checking);
  const Balance plain = without_copies(table);

  nlohmann::ordered_json balance = o.provenance;
  balance["crossbars"] = found.crossbars;
  balance["cycles_per_image"] = cycles_json(found.interval);
  if (!o.out.empty()) {
    Design design = balance_design(o.network, o.layers, table, found);
    design.weight_bits = o.weight_bits;
    design.provenance = balance;
    write_file_atomically(o.out, design_text(design));
  }
  const std::vector<Balance> front = o.front ? balance_front(table) : std::vector<Balance>{};
  if (o.json) {
    balance["without_copies"] = {{"crossbars", plain.crossbars}, {"cycles_per_image", cycles_json(plain.interval)}};
    nlohmann::ordered_json j = {{"network", o.network.name}, {"balance", balance}, {"layers", nlohmann::ordered_json::array()}};
    for (std::size_t n = 0; n < table.nodes.size(); ++n) {
      const BalanceItem& item = table.nodes[n].items[found.items[n]];
      j["layers"].push_back({{"node", o.network.nodes[static_cast<std::size_t>(table.nodes[n].node)].name}, {"candidate", item.candidate},
                             {"copies", item.copies}, {"crossbars", item.crossbars}, {"cycles_per_image", cycles_json(item.rate)}});
    }
    for (const Balance& b : front) j["front"].push_back({{"crossbars", b.crossbars}, {"cycles_per_image", cycles_json(b.interval)}});
    std::cout << j.dump(1) << "\n";
    return;
  }
  fmt::print("{}: W{}A{}, crossbars {}x{} of {}-bit cells, {} lanes: one chip, every layer on cores of its own\n", o.network.name, o.hw.weight_bits, o.hw.act_bits,
             o.hw.xb_rows, o.hw.xb_cols, o.hw.cell_bits, o.hw.lanes);
  fmt::print("table {}; every block of the design stepped: the same cycles ({})\n\n", table_time, check_time);
  fmt::print("{:<24} {:<20} {:>6} {:>9} {:>10}\n", "node", "candidate", "copies", "crossbars", "cycles");
  for (std::size_t n = 0; n < table.nodes.size(); ++n) {
    const BalanceItem& item = table.nodes[n].items[found.items[n]];
    fmt::print("{:<24} {:<20} {:>6} {:>9} {:>10}{}\n", o.network.nodes[static_cast<std::size_t>(table.nodes[n].node)].name, item.candidate, item.copies, item.crossbars,
               cycles_text(item.rate), item.rate == found.interval ? "  slowest" : "");
  }
  fmt::print("\nfound: {} cycles per image with {} crossbars, proven over all candidates and copies\n", cycles_text(found.interval), found.crossbars);
  fmt::print("without copies, fewest crossbars: {} cycles per image with {}\n", cycles_text(plain.interval), plain.crossbars);
  if (!front.empty()) {
    fmt::print("\ncrossbars against cycles per image, every point proven: {} points\n{:>10} {:>14}\n", front.size(), "crossbars", "cycles");
    const std::size_t stride = front.size() > 40 ? (front.size() + 39) / 40 : 1;
    for (std::size_t i = 0; i < front.size(); ++i)
      if (i % stride == 0 || i + 1 == front.size()) fmt::print("{:>10} {:>14}\n", front[i].crossbars, cycles_text(front[i].interval));
    if (stride > 1) fmt::print("(every {}th; --json has all)\n", stride);
  }
  if (!o.out.empty()) fmt::print("design       {}\n", o.out);
}

}  // namespace epim::command
