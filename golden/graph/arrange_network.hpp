// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The second half of reading a network: names to indices, order, nodes that are none.
#pragma once
#include <string>
#include <vector>

#include "golden/files/json_document.hpp"
#include "golden/graph/network.hpp"

namespace epim {

/// Resolves the inputs of all nodes and the outputs, orders the nodes, and rewrites what need not be a node:
///   identity, dropout: their readers read their input;
///   flatten before fc: the fc's kernel is the map, in the same order;
///   softmax, log_softmax, argmax at the end: Network::host;
///   batch_norm, leaky_relu, prelu behind a node with weights that nobody else reads, and that has no function of its own
///   yet: part of it;
///   flatten before a global pool: the pool reads the map, with a remark;
///   nodes that lead to no output: left out, with a remark.
/// `texts`: the nodes' objects; `output`: where the outputs are named. Throws InputError: duplicate-node, unknown-input,
/// unknown-output, network-cycle, host-operator (log_softmax, argmax before another node).
void arrange_network(Network& network, const std::vector<JsonValue>& texts, const std::vector<std::string>& outputs,
                     const JsonValue& output);

}  // namespace epim
