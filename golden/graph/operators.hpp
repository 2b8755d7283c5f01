// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The operators of a network file: one table of names, operands and keys.
#pragma once
#include <string_view>
#include <vector>

#include "golden/graph/network.hpp"

namespace epim {

/// An operator as a file names it.
struct OperatorName {
  std::string_view name;
  Op op;
  Function function = Function::sigmoid;  ///< of Op::function
};
/// Every name; the first of an operator is what op_name gives.
const std::vector<OperatorName>& operator_names();

/// Operators that a network file may not hold, and what stands in their place.
struct RefusedOperator {
  std::string_view name, reason;
};
const std::vector<RefusedOperator>& refused_operators();

/// Operators that give the caller of the network its answer: at the end they are left to the host.
const std::vector<std::string_view>& host_operators();

/// Least and largest number of inputs.
struct Arity {
  std::size_t least = 1, most = 1;
};
Arity arity_of(Op op);
/// Keys that a node of this operator may have.
std::vector<std::string_view> keys_of(Op op, Function function);

/// Node::function of x, in float64.
double apply(const Node& node, double x);
const char* name_of(Function function);

}  // namespace epim
