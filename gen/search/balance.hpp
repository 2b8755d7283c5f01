// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Copies for every node of a chip, and its weights' operator with them: the fewest crossbars for an interval, the least interval
/// for a number of crossbars.
///
/// A chip whose FIFOs are deep enough takes as long per image as its slowest block, and the rate of a block depends on its own
/// form alone. So the nodes can be chosen one by one: for an interval T the fewest crossbars of a chip are the sum over the nodes
/// of the fewest crossbars with which each keeps T. That sum does not grow with T and changes at rates of blocks only, so
/// bisection over these finds the least interval of a budget. docs/search.md.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gen/config/config.hpp"
#include "gen/search/space.hpp"
#include "golden/timing/chip_timing.hpp"

namespace epim {

/// One form of one node.
struct BalanceItem {
  std::string candidate;        ///< "1024x256"; "" where nothing is chosen, as of a pool
  int choice = -1;              ///< index of the candidate
  int copies = 1;
  std::int64_t crossbars = 0;   ///< of all copies
  ImageRate rate;               ///< of the slowest copy
};

struct BalanceNode {
  int node = 0;                 ///< index into Network::nodes
  std::vector<BalanceItem> items;
};

struct BalanceTable {
  std::vector<BalanceNode> nodes;  ///< those with weights, and the pools
  ImageRate floor;                 ///< of the blocks that have one form: the largest map at a word per cycle
  std::string floor_map;           ///< what gives that map
};

/// All forms: the candidates of `layers` (other nodes as they are), each with the copies for which every number of rows of the
/// first copy occurs once, with the fewest copies. Cores as a chip has them (CorePolicy::own); rates: steady_rate, pools
/// stepped. Throws what map_network throws.
BalanceTable balance_table(const Network& network, const std::vector<SearchLayer>& layers, const HardwareRequest& base);

/// A form for every node.
struct Balance {
  std::vector<std::size_t> items;  ///< per BalanceTable::nodes
  std::int64_t crossbars = 0;
  ImageRate interval;              ///< of the slowest block
};

/// Fewest crossbars, of equals fewest copies, of equals the fastest; nothing where some block is slower than `interval`.
std::optional<Balance> fewest_crossbars(const BalanceTable& table, const ImageRate& interval);

/// Least interval with at most `budget` crossbars, with the fewest crossbars for it. Throws budget-too-small.
Balance least_interval(const BalanceTable& table, std::int64_t budget);

/// The least interval of any number of crossbars.
ImageRate shortest_interval(const BalanceTable& table);

/// All designs that no other beats in both: ascending crossbars, descending interval.
std::vector<Balance> balance_front(const BalanceTable& table);

/// The network with these forms.
Network balanced(const Network& network, const std::vector<SearchLayer>& layers, const BalanceTable& table, const Balance& balance);

/// These forms as a design for `network`: copies stand in it where there are several, or where the network says otherwise.
Design balance_design(const Network& network, const std::vector<SearchLayer>& layers, const BalanceTable& table, const Balance& balance);

/// Steps every block of a chosen design; throws std::logic_error where one is slower or faster than the table says.
void check_balance(const Network& balanced, const HardwareRequest& base, const BalanceTable& table, const Balance& balance);

}  // namespace epim
