// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/files/integer_bundle.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>

#include "golden/diagnostic.hpp"
#include "golden/evaluate.hpp"
#include "golden/pool.hpp"

namespace epim {
namespace {

[[noreturn]] void fail(const NpzFile& bundle, const char* rule, const std::string& text) {
  throw InputError({bundle.path, 0, 0}, rule, text);
}

/// What the integers depend on, in the order of the file.
std::vector<std::pair<const char*, int>> hardware_keys(const FixedHardware& hw) {
  return {{"xb_rows", hw.xb_rows}, {"xb_cols", hw.xb_cols}, {"lanes", hw.lanes}, {"act_bits", hw.act_bits},
          {"act_signed", hw.act_signed ? 1 : 0}};
}

IntTensor vector_of(std::vector<std::int64_t> values) {
  IntTensor t({static_cast<int>(values.size())});
  t.data = std::move(values);
  return t;
}

NpyArray doubles(const std::vector<int>& shape, const std::vector<double>& values) {
  NpyArray a;
  a.dtype = DType::f64;
  a.shape = shape;
  a.bytes.resize(values.size() * sizeof(double));
  std::memcpy(a.bytes.data(), values.data(), a.bytes.size());
  return a;
}

IntTensor ints(const NpzFile& bundle, const std::string& name, const std::vector<int>& shape) {
  IntTensor t;
  try {
    t = bundle.at(name).ints();
  } catch (const InputError& e) {
    if (!e.where().file.empty()) throw;
    fail(bundle, e.rule().c_str(), fmt::format("{}: {}", name, e.text()));
  }
  if (t.shape != shape)
    fail(bundle, "bundle-shape", fmt::format("{} has shape [{}]; it must be [{}]", name, fmt::join(t.shape, "]["),
                                             fmt::join(shape, "][")));
  return t;
}

}  // namespace

std::vector<std::pair<std::string, NpyArray>> integer_bundle(const FixedHardware& hw,
                                                             const std::vector<IntegerBundleLayer>& layers) {
  std::vector<std::pair<std::string, NpyArray>> out;
  out.emplace_back("format", NpyArray::from(vector_of({1}), DType::i32));
  for (const auto& [key, value] : hardware_keys(hw))
    out.emplace_back(std::string("hardware/") + key, NpyArray::from(vector_of({value}), DType::i32));
  for (const IntegerBundleLayer& l : layers) {
    const auto add = [&](const char* key, const IntTensor& t, DType type) {
      out.emplace_back(l.layer->name + "/" + key, NpyArray::from(t, type));
    };
    const std::vector<int> array = {l.quantised->pe_rows, l.quantised->pe_cols};
    IntTensor m(array), z(array);
    std::vector<double> s;
    for (const BlockQuantisation& b : l.quantised->blocks) {
      m(b.pe_row, b.pe_col) = l.data->crossbar_scale(b.pe_row, b.pe_col);
      z(b.pe_row, b.pe_col) = l.data->zero_point(b.pe_row, b.pe_col);
      s.push_back(b.scale);
    }
    add("weight_bits", vector_of({l.weight_bits}), DType::i32);
    add("epitome", l.data->epitome, DType::i16);
    add("crossbar_scale", m, DType::i32);
    add("zero_point", z, DType::i32);
    add("channel_scale", l.data->channel_scale, DType::i32);
    add("channel_bias", l.data->channel_bias, DType::i64);
    if (l.layer->slopes) add("channel_slope", l.data->channel_slope, DType::i32);
    if (l.layer->pool) add("permutation", l.data->permutation, DType::i16);
    add("shift", vector_of({l.layer->shift}), DType::i32);
    add("clamp", vector_of({l.layer->clamp_lo, l.layer->clamp_hi}), DType::i64);
    out.emplace_back(l.layer->name + "/scale", doubles(array, s));
  }
  return out;
}

void check_integer_bundle(const NpzFile& bundle, const FixedHardware& hw) {
  if (bundle.find("format") == nullptr)
    fail(bundle, "bundle-format", "no array 'format': this is no integer bundle; epim quantize writes them");
  const std::int64_t format = ints(bundle, "format", {1}).data[0];
  if (format != 1) fail(bundle, "bundle-format", fmt::format("format {} is not known; legal: 1", format));
  for (const auto& [key, value] : hardware_keys(hw)) {
    const std::int64_t made_for = ints(bundle, std::string("hardware/") + key, {1}).data[0];
    if (made_for != value)
      fail(bundle, "bundle-hardware", fmt::format("quantised for {} = {}, the configuration has {}; quantise again or "
                                                  "change the configuration", key, made_for, value));
  }
}

LayerData read_integer_layer(const NpzFile& bundle, const Hardware& hw, Layer& layer) {
  const std::string& node = layer.name;
  const auto read = [&](const char* key, const std::vector<int>& shape) {
    return ints(bundle, node + "/" + key, shape);
  };
  const std::int64_t bits = read("weight_bits", {1}).data[0];
  if (bits < 1 || bits > 9)
    fail(bundle, "bundle-range", fmt::format("{}/weight_bits is {}; legal: 1..9", node, bits));
  if (bits > hw.weight_bits)
    fail(bundle, "contradictory-bits", fmt::format("layer {} has {}-bit codes, the core weight_bits = {}; legal: at least {}",
                                                   node, bits, hw.weight_bits, bits));
  const EpitomeShape& e = layer.epitome;
  LayerData data;
  data.epitome = read("epitome", {e.e_out, e.e_in, e.p, e.q});
  const std::int64_t top = bits == 1 ? 1 : (std::int64_t{1} << (bits - 1)) - 1;
  for (std::size_t i = 0; i < data.epitome.size(); ++i)
    if (data.epitome.data[i] < -top || data.epitome.data[i] > top)
      fail(bundle, "bundle-range", fmt::format("{}/epitome element {} is {}; {}-bit codes are {}..{}", node, i,
                                               data.epitome.data[i], bits, -top, top));
  const PeArray array = pe_array_for(hw, e);
  if (array.rows > hw.pe_rows || array.cols > hw.pe_cols)
    fail(bundle, "pe-array-too-small", fmt::format("layer {} takes {}x{} PEs, the array has {}x{}", node, array.rows,
                                                   array.cols, hw.pe_rows, hw.pe_cols));
  const IntTensor m = read("crossbar_scale", {array.rows, array.cols});
  const IntTensor z = read("zero_point", {array.rows, array.cols});
  data.crossbar_scale = IntTensor({hw.pe_rows, hw.pe_cols});
  data.zero_point = IntTensor({hw.pe_rows, hw.pe_cols});
  for (int t = 0; t < array.rows; ++t)
    for (int u = 0; u < array.cols; ++u) {
      data.crossbar_scale(t, u) = m(t, u);
      data.zero_point(t, u) = z(t, u);
    }
  data.channel_scale = read("channel_scale", {layer.cout});
  data.channel_bias = read("channel_bias", {layer.cout});
  layer.slopes = layer.slopes || bundle.find(node + "/channel_slope") != nullptr;
  if (layer.slopes) data.channel_slope = read("channel_slope", {layer.cout});
  if (layer.pool) {
    data.permutation = read("permutation", {static_cast<int>(layer.patches.size()), layer.pool->vector});
    try {
      check_pool_data(layer, data, hw.lanes);
    } catch (const InputError& e) {
      fail(bundle, e.rule().c_str(), e.text());
    }
  } else if (bundle.find(node + "/permutation") != nullptr) {
    fail(bundle, "bundle-pool", fmt::format("{}/permutation: its weights are read from a pool, layer {} of the network has none; quantise again, or give it "
                                            "the pool", node, node));
  }
  const std::int64_t shift = read("shift", {1}).data[0];
  if (shift < 0 || shift > 62) fail(bundle, "bundle-range", fmt::format("{}/shift is {}; legal: 0..62", node, shift));
  layer.shift = static_cast<int>(shift);
  const IntTensor clamp = read("clamp", {2});
  layer.clamp_lo = clamp.data[0];
  layer.clamp_hi = clamp.data[1];
  return data;
}

}  // namespace epim
