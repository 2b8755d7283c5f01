// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// From [layer] to a checked Layer.
#include <fmt/format.h>

#include "gen/config/config.hpp"
#include "golden/evaluate.hpp"
#include "golden/files/json_document.hpp"
#include "golden/pool.hpp"
#include "golden/sampler.hpp"

namespace epim {

namespace {

/// The key that an error of the operator's rules is about.
std::string key_of_rule(const std::string& rule, bool explicit_patches, bool needs_sign) {
  if (rule == "padding-range") return "layer.padding";
  if (rule == "kernel-larger-than-map") return "layer.kernel";
  if (rule == "groups-divide-channels" || rule == "groups-in-words" || rule == "wrapped-input-groups") return "layer.groups";
  if (rule == "pad-value-range") return "layer.pad_value";
  if (rule == "activation-format" && needs_sign) return "layer.act_signed";
  if (rule == "bit-width" || rule == "activation-format") return "layer.act_bits";
  if (rule == "pool-kept") return "layer.pool.kept_first";
  if (rule == "pool-group") return "layer.pool.group";
  if (rule.rfind("pool-", 0) == 0) return "layer.pool";
  if (rule == "wrapped-input-alignment") return "layer.in_period";
  if (rule == "wrap-not-possible") return "layer.wrap";
  if (rule == "patch-alignment" && !explicit_patches) return "layer.epitome.e_in";
  if (rule.rfind("patch-", 0) == 0 || rule == "no-patches") return "layer.epitome.patches";
  if (rule.rfind("epitome-", 0) == 0) return "layer.epitome";
  return "layer";
}

/// [{p, q, c_in, c_out, w, h, beta1, beta2, dst_in, dst_out}, ...]; w, h (optional) must be the kernel's.
std::vector<Patch> read_patches(const std::string& path, int kh, int kw) {
  constexpr std::int64_t most = 1 << 20;
  const JsonValue document = read_json(path);
  std::vector<Patch> patches;
  for (const auto& entry : json_array(document, "the patch list")) {
    const std::string who = fmt::format("patch {}", patches.size());
    json_object(entry, who);
    json_refuse_unknown_keys(entry, who,
                             {"p", "q", "c_in", "c_out", "w", "h", "beta1", "beta2", "dst_in", "dst_out"});
    const auto number = [&](const char* key) {
      return static_cast<int>(json_integer(json_required(entry, key, who), who + ": " + key, 0, most));
    };
    const auto kernel_size = [&](const char* key, int size) {
      const JsonValue* v = entry.find(key);
      if (v != nullptr && json_integer(*v, who + ": " + key, 0, most) != size)
        throw InputError(v->where, "patch-file",
                         fmt::format("{}: {} is {}, legal: the kernel's {}", who, key, v->integer, size));
    };
    kernel_size("w", kh);
    kernel_size("h", kw);
    patches.push_back({number("p"), number("q"), number("c_in"), number("c_out"), number("beta1"), number("beta2"),
                       number("dst_in"), number("dst_out")});
  }
  return patches;
}

/// Keeps absurd sizes from exhausting memory before any other rule can speak.
void check_size(const Layer& l, const LayerSource& source) {
  constexpr std::int64_t elements = std::int64_t{1} << 27, patches = std::int64_t{1} << 20;
  const EpitomeShape& e = l.epitome;
  const auto check = [&](const char* key, const char* what, std::int64_t size, std::int64_t most) {
    if (size > most)
      throw InputError(source.locate(key), "layer-too-large",
                       fmt::format("layer {}: {} {}, legal: at most {}", l.name, size, what, most));
  };
  check("layer.height", "elements in the input map", std::int64_t{l.stored_cin()} * l.h * l.w, elements);
  check("layer.epitome", "weights per input channel", std::int64_t{e.e_out} * e.p * e.q, elements);
  check("layer.epitome", "weights", std::int64_t{e.e_out} * e.p * e.q * e.e_in, elements);
  const std::int64_t groups = std::int64_t{(l.cin + e.e_in - 1) / e.e_in} * ((l.cout + e.e_out - 1) / e.e_out);
  check("layer.epitome", "patches", groups, patches);
}

}  // namespace

Layer make_layer(const LayerSource& source, const FixedHardware& hw) {
  Layer layer;
  layer.name = source.name;
  layer.cin = source.cin;
  layer.cout = source.cout;
  layer.in_period = source.in_period;
  layer.kh = source.kh;
  layer.kw = source.kw;
  layer.stride = source.stride;
  layer.dilation = source.dilation;
  layer.groups = source.groups;
  if (source.act_bits || source.act_signed || source.pad_value != 0)
    layer.act = ActFormat{source.act_bits.value_or(hw.act_bits), source.act_signed.value_or(hw.act_signed), source.pad_value};
  layer.pad = source.pad;
  layer.h = source.h;
  layer.w = source.w;
  layer.wrap = source.wrap;
  layer.slopes = source.slopes;
  layer.shift = source.shift.value_or(0);
  layer.clamp_lo = source.clamp ? source.clamp->first : 0;
  layer.clamp_hi = source.clamp ? source.clamp->second : (std::int64_t{1} << hw.out_bits) - 1;
  layer.epitome = source.epitome ? source.epitome->shape : EpitomeShape{layer.cout, layer.cin / std::max(1, layer.groups), layer.kh, layer.kw};
  if (source.pool) layer.pool = pool_of(*source.pool, hw);
  const bool from_file = source.epitome && source.epitome->sampler == Sampler::file;
  if (layer.cin > 0 && layer.cout > 0 && layer.epitome.e_in > 0 && layer.epitome.e_out > 0) check_size(layer, source);
  try {
    if (from_file) layer.patches = read_patches(source.epitome->patches, layer.kh, layer.kw);
    validate_geometry(layer, hw.lanes);
    if (layer.pool) check_pool_core(hw, layer);
    if (!from_file) lay_out(layer, hw.lanes, source.epitome && source.epitome->sampler == Sampler::distinct);
    validate_patches(layer, hw.lanes);
    plan_firings(layer);
    check_format(hw, layer);
  } catch (const InputError& e) {
    if (e.where().line > 0) throw;  // inside the patch file
    if (!e.where().file.empty())    // the patch file itself
      throw InputError(source.locate("layer.epitome.patches"), e.rule(),
                       fmt::format("{}: {}, legal: a JSON list of patches", e.where().file, e.text()));
    throw e.at(source.locate(key_of_rule(e.rule(), from_file, source.act_signed.value_or(false) && !hw.act_signed)));
  }
  check_clamp(hw, layer, source.locate("layer.clamp"));
  return layer;
}

}  // namespace epim
