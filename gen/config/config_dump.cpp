// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The resolved configuration as text, and its hashes.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "gen/config/config.hpp"
#include "gen/config/config_keys.hpp"
#include "gen/base/hash.hpp"

namespace epim {

namespace {

using Texts = std::map<std::string, std::string>;  ///< key -> value as TOML

std::string quoted(const std::string& text) { return nlohmann::json(text).dump(); }

/// What depends on the hardware alone is a number; what depends on layers is its word where it is automatic.
Texts hardware_texts(const CoreRequest& c) {
  Texts t;
  for (const auto& key : config_keys()) {
    if (key.fixed != nullptr) t[key.path] = std::to_string(c.hw.*key.fixed);
    if (key.automatic != nullptr)
      t[key.path] = c.hw.*key.automatic ? std::to_string(*(c.hw.*key.automatic)) : quoted(key.first_word());
    if (key.flag != nullptr) t[key.path] = c.hw.*key.flag ? "true" : "false";
  }
  if (c.hw.bipolar_weights) t["hardware.weight_bits"] = "1";
  const Hardware alone = resolve(c, {}).hw;
  t["hardware.adc_bits"] = std::to_string(alone.adc_bits);
  t["hardware.adc_step"] = std::to_string(alone.adc_step);
  t["hardware.joint_lanes"] = std::to_string(alone.joint_lanes);
  t["hardware.crossbar"] = quoted(fmt::format("{}x{}", c.hw.xb_rows, c.hw.xb_cols));
  t["hardware.tables"] = c.tables == Tables::rom ? "\"rom\"" : "\"writable\"";
  t["hardware.event_counters"] = c.event_counters ? "true" : "false";
  t["hardware.storage"] = c.storage == Storage::ram ? "\"ram\"" : "\"flat\"";
  return t;
}

/// `built` is the layer of a single-layer configuration, or null when it has not been made.
Texts layer_texts(const Config& c, const Layer* built) {
  const LayerSource& s = *c.layer;
  const auto given = [&](const char* key, const std::string& fallback) {
    const auto found = c.given.find(key);
    return found == c.given.end() ? fallback : found->second;
  };
  const auto range = [](std::int64_t lo, std::int64_t hi) { return fmt::format("[{}, {}]", lo, hi); };
  Texts t;
  t["layer.name"] = quoted(s.name);
  t["layer.cin"] = std::to_string(s.cin);
  t["layer.cout"] = std::to_string(s.cout);
  t["layer.kernel"] = fmt::format("[{}, {}]", s.kh, s.kw);
  t["layer.stride"] = fmt::format("[{}, {}]", s.stride.y, s.stride.x);
  t["layer.padding"] = fmt::format("[{}, {}, {}, {}]", s.pad.top, s.pad.left, s.pad.bottom, s.pad.right);
  t["layer.height"] = std::to_string(s.h);
  t["layer.width"] = std::to_string(s.w);
  t["layer.groups"] = std::to_string(s.groups);
  t["layer.dilation"] = fmt::format("[{}, {}]", s.dilation.y, s.dilation.x);
  t["layer.act_bits"] = s.act_bits ? std::to_string(*s.act_bits) : "\"core\"";
  t["layer.act_signed"] = !s.act_signed ? "\"core\"" : *s.act_signed ? "\"true\"" : "\"false\"";
  t["layer.pad_value"] = std::to_string(s.pad_value);
  t["layer.slopes"] = s.slopes ? "true" : "false";
  t["layer.in_period"] = std::to_string(s.in_period);
  t["layer.wrap"] = s.wrap == Wrap::off ? "\"off\"" : s.wrap == Wrap::copies ? "\"copies\"" : "\"stored_once\"";
  t["layer.shift"] = built != nullptr ? std::to_string(built->shift)
                     : s.shift        ? std::to_string(*s.shift)
                                      : "\"auto\"";
  t["layer.clamp"] = built != nullptr ? range(built->clamp_lo, built->clamp_hi)
                     : s.clamp        ? range(s.clamp->first, s.clamp->second)
                                      : "\"auto\"";
  if (s.epitome) {
    const EpitomeShape& e = s.epitome->shape;
    t["layer.epitome.e_out"] = std::to_string(e.e_out);
    t["layer.epitome.e_in"] = std::to_string(e.e_in);
    t["layer.epitome.p"] = std::to_string(e.p);
    t["layer.epitome.q"] = std::to_string(e.q);
    if (s.epitome->sampler == Sampler::file)
      t["layer.epitome.patches"] = given("layer.epitome.patches", quoted(s.epitome->patches));
    else
      t["layer.epitome.sampler"] = s.epitome->sampler == Sampler::cycle ? "\"cycle\"" : "\"distinct\"";
  }
  if (s.pool) {
    t["layer.pool.kept"] = s.pool->kept_one_in == 1 ? "\"1\"" : fmt::format("\"1/{}\"", s.pool->kept_one_in);
    t["layer.pool.kept_first"] = std::to_string(s.pool->kept_first);
    t["layer.pool.group"] = built != nullptr ? std::to_string(built->pool->group) : s.pool->group ? std::to_string(*s.pool->group) : "\"auto\"";
  }
  t["layer.data.seed"] = std::to_string(s.seed);
  if (!s.input.empty()) t["layer.data.input"] = given("layer.data.input", quoted(s.input));
  return t;
}

/// Keys in table order under their section headings.
std::string toml_of(const Texts& texts) {
  std::string out, open;
  for (const auto& key : config_keys()) {
    const auto found = texts.find(key.path);
    if (found == texts.end()) continue;
    if (key.section() != open) {
      open = key.section();
      out += fmt::format("\n[{}]\n", open);
    }
    out += fmt::format("{} = {}\n", key.leaf(), found->second);
  }
  return out;
}

std::string layer_comment(const Layer& l) {
  std::string text = fmt::format(
      "\n# layer {}: {}x{}x{}x{}, stride {} {}, dilation {} {}, groups {}, padding {} {} {} {}, input {}x{}x{} (stored {}), epitome {}x{}x{}x{}, "
      "wrap {}, shift {}, clamp {} {}{}\n# patches: p q c_in c_out beta1 beta2 dst_in dst_out\n",
      l.name, l.cout, l.cin, l.kh, l.kw, l.stride.y, l.stride.x, l.dilation.y, l.dilation.x, l.groups, l.pad.top, l.pad.left, l.pad.bottom, l.pad.right, l.cin, l.h, l.w,
      l.stored_cin(), l.epitome.e_out, l.epitome.e_in, l.epitome.p, l.epitome.q,
      l.wrap == Wrap::off ? "off" : l.wrap == Wrap::copies ? "copies" : "stored_once", l.shift, l.clamp_lo,
      l.clamp_hi, l.slopes ? ", slopes" : "");
  if (l.pool)
    text += fmt::format("# pool: vectors of {}, groups of {}, error kept in one word of {} from {} on; tap of each patch at the end\n", l.pool->vector,
                        l.pool->group, l.pool->kept_one_in, l.pool->kept_first);
  for (const auto& p : l.patches)
    text += fmt::format("# {} {} {} {} {} {} {} {}{}\n", p.p, p.q, p.c_in, p.c_out, p.beta1, p.beta2, p.dst_in,
                        p.dst_out, l.pool ? fmt::format(" {} {}", p.ky, p.kx) : "");
  return text;
}

}  // namespace

std::string resolved_toml(const Config& config, const CoreRequest& core, const std::vector<Layer>& layers) {
  Texts texts = hardware_texts(core);
  texts["schema"] = "1";
  texts["name"] = quoted(config.name);
  for (const auto& [key, text] : config.given)
    if (key.rfind("device.", 0) == 0) texts[key] = text;
  if (config.layer) texts.merge(layer_texts(config, layers.size() == 1 ? &layers.front() : nullptr));
  for (const char* key : {"network.file", "network.images", "network.labels", "network.design", "network.weights", "network.integers",
                          "network.adc_calibration", "network.adc_calibration_clip"})
    if (const auto found = config.given.find(key); found != config.given.end()) texts[key] = found->second;
  std::string out = "# Resolved configuration: every value as used.\n" + toml_of(texts);
  for (const auto& layer : layers) out += layer_comment(layer);
  return out;
}

std::uint64_t hardware_hash(const CoreRequest& core) {
  Texts texts = hardware_texts(core);
  if (core.hw.slope_bits.value_or(0) == 0) texts.erase("hardware.slope_bits");  // the hash of a core from before that key
  if (core.hw.pool.value_or(0) == 0) texts.erase("hardware.pool");
  if (core.hw.read_rows() == core.hw.xb_rows) texts.erase("hardware.rows_per_read");
  for (const char* key : {"hardware.adc_latency", "hardware.adc_interval", "hardware.program_banks"})
    if (texts.at(key) == "1") texts.erase(key);
  for (const char* key : {"hardware.fraction_bits", "hardware.adc_step"})
    if (texts.at(key) == "0") texts.erase(key);
  for (const char* key : {"hardware.hold_free", "hardware.load_stream", "hardware.parity", "hardware.adc_trims", "hardware.read_noise"})
    if (texts.at(key) == "false") texts.erase(key);
  return fnv1a(toml_of(texts));
}
std::uint64_t hardware_hash(const CoreSpec& core) { return hardware_hash(request_of(core)); }

}  // namespace epim
