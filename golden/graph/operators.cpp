// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/graph/operators.hpp"

#include <algorithm>
#include <cmath>

namespace epim {

const std::vector<OperatorName>& operator_names() {
  static const std::vector<OperatorName> names = {
      {"conv", Op::conv},
      {"fc", Op::fc},
      {"batch_norm", Op::batch_norm},
      {"add", Op::add},
      {"mul", Op::mul},
      {"concat", Op::concat},
      {"relu", Op::relu},
      {"relu6", Op::clip},
      {"clip", Op::clip},
      {"leaky_relu", Op::leaky_relu},
      {"prelu", Op::prelu},
      {"sigmoid", Op::function, Function::sigmoid},
      {"hard_sigmoid", Op::function, Function::hard_sigmoid},
      {"hard_swish", Op::function, Function::hard_swish},
      {"hardsigmoid", Op::function, Function::hard_sigmoid},
      {"hardswish", Op::function, Function::hard_swish},
      {"silu", Op::function, Function::silu},
      {"swish", Op::function, Function::silu},
      {"tanh", Op::function, Function::tanh},
      {"softmax", Op::softmax},
      {"max_pool", Op::max_pool},
      {"avg_pool", Op::avg_pool},
      {"global_avg_pool", Op::global_avg_pool},
      {"global_max_pool", Op::global_max_pool},
      {"resize", Op::resize},
      {"upsample", Op::resize},
      {"flatten", Op::flatten},
      {"identity", Op::same},
      {"dropout", Op::same},
  };
  return names;
}

const std::vector<RefusedOperator>& refused_operators() {
  static const std::vector<RefusedOperator> refused = {
      {"conv_transpose", "a transposed convolution has no patches on a crossbar; legal: resize (nearest) and a conv behind it"},
      {"lstm", "recurrent operators keep state between calls, which a core does not; legal: feed-forward operators"},
      {"gru", "recurrent operators keep state between calls, which a core does not; legal: feed-forward operators"},
      {"attention", "products of two maps as matrices do not run on a crossbar, whose weights are fixed; legal: conv, fc, mul"},
      {"matmul", "legal: fc, a matrix product with fixed weights"},
      {"layer_norm", "its mean and variance depend on the image; legal: batch_norm, whose are fixed"},
      {"group_norm", "its mean and variance depend on the image; legal: batch_norm, whose are fixed"},
      {"gelu", "legal: silu, the nearest function that has a table"},
  };
  return refused;
}

const std::vector<std::string_view>& host_operators() {
  static const std::vector<std::string_view> names = {"softmax", "log_softmax", "argmax"};
  return names;
}

Arity arity_of(Op op) {
  switch (op) {
    case Op::add:
    case Op::concat: return {2, 64};
    case Op::mul: return {1, 2};
    default: return {1, 1};
  }
}

std::vector<std::string_view> keys_of(Op op, Function function) {
  std::vector<std::string_view> keys{"name", "op", "inputs", "act_scale", "act_bits", "act_signed", "zero_point"};
  const auto add = [&](std::initializer_list<std::string_view> more) { keys.insert(keys.end(), more); };
  switch (op) {
    case Op::conv:
      add({"role", "cout", "kernel", "stride", "padding", "groups", "dilation", "epitome", "pool", "wrap", "weight_bits", "copies"});
      add({"batch_norm", "bias"});
      add({"relu", "relu6", "activation", "clip", "slope"});
      break;
    case Op::fc:
      add({"role", "cout", "groups", "epitome", "pool", "wrap", "weight_bits", "batch_norm", "bias", "relu", "relu6", "activation", "clip", "slope"});
      break;
    case Op::batch_norm: add({"copies", "relu", "relu6", "activation", "clip", "slope"}); break;
    case Op::add: add({"relu", "relu6", "clip", "value"}); break;
    case Op::mul: add({"value"}); break;
    case Op::clip: add({"lo", "hi"}); break;
    case Op::leaky_relu: add({"slope"}); break;
    case Op::function:
      if (function == Function::hard_sigmoid) add({"alpha", "beta"});
      break;
    case Op::max_pool: add({"kernel", "stride", "padding", "ceil_mode", "copies"}); break;
    case Op::avg_pool: add({"kernel", "stride", "padding", "ceil_mode", "count_include_pad", "copies"}); break;
    case Op::resize: add({"factor"}); break;
    default: break;
  }
  return keys;
}

double apply(const Node& node, double x) {
  switch (node.function) {
    case Function::sigmoid: return 1 / (1 + std::exp(-x));
    case Function::hard_sigmoid: return std::clamp(node.alpha * x + node.beta, 0.0, 1.0);
    case Function::hard_swish: return x * std::clamp(x / 6 + 0.5, 0.0, 1.0);
    case Function::silu: return x / (1 + std::exp(-x));
    case Function::tanh: return std::tanh(x);
  }
  return 0;
}

const char* name_of(Function function) {
  for (const OperatorName& o : operator_names())
    if (o.op == Op::function && o.function == function) return o.name.data();
  return "";
}

}  // namespace epim
