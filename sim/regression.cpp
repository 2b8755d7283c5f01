// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/regression.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include <fmt/format.h>

#include "gen/base/hash.hpp"
#include "golden/device/spare_columns.hpp"
#include "golden/bounds.hpp"
#include "golden/timing/rtl_model.hpp"
#include "sim/two_programs.hpp"

namespace epim {
namespace {

/// Gives all layers one core: the largest array, buffer and accumulator that any of them asks for.
void unify(Case& item, const std::vector<Config>& configs) {
  item.core = item.layers.at(0).core;
  Hardware& hw = item.core.hw;
  for (const SyntheticLayer& s : item.layers) {
    hw.pe_rows = std::max(hw.pe_rows, s.core.hw.pe_rows);
    hw.pe_cols = std::max(hw.pe_cols, s.core.hw.pe_cols);
    hw.buffer_words = std::max(hw.buffer_words, s.core.hw.buffer_words);
    hw.slope_bits = std::max(hw.slope_bits, s.core.hw.slope_bits);  // automatic ones are equal where there are any
  }
  int acc_bits = 1;
  for (std::size_t i = 0; i < configs.size(); ++i) {
    SyntheticLayer& s = item.layers[i];
    const std::uint64_t seed = configs[i].layer->seed;
    if (hw.pe_rows != s.core.hw.pe_rows || hw.pe_cols != s.core.hw.pe_cols) {
      s.data = make_synthetic(s.layer, hw, seed);
      s.layer.shift = automatic_shift(s.layer, hw, s.data, seed);
    }
    program_layer(configs[i].device, hw, s.layer, s.data, static_cast<int>(i));
    acc_bits = std::max(acc_bits, accumulator_bound(hw, s.layer, s.data).bits);
  }
  item.core = with_accumulators(configs.at(0).core.hw, std::move(item.core), acc_bits);
}

}  // namespace

Case named_case(const std::string& path) {
  Case item;
  item.name = std::filesystem::path(path).stem().string();
  item.reproduce = "epim sim --config " + path;
  const Config config = load_config(path);
  if (!config.layer) throw InputError({path, 0, 0}, "layer-or-network", "a [layer] is needed here");
  std::vector<Config> configs = {config};
  // One core holds layers with slopes and layers without, one after the other.
  if (config.layer->slopes && config.core.tables == Tables::writable) {
    configs.insert(configs.end(), {config, config});
    configs[1].layer->slopes = false;
    configs[1].layer->seed ^= 1;
  }
  // Two programs in turn: another map, other weights.
  if (config.core.hw.program_banks > 1) {
    configs.push_back(config);
    configs.back().layer->stride = {2, 2};
    configs.back().layer->seed ^= 1;
  }
  for (Config c : configs) {
    c.device.spare_columns = 0;  // programmed below, on the core that all layers share
    item.layers.push_back(prepare_layer(c));
  }
  for (std::size_t i = 1; i < item.layers.size(); ++i) item.layers[i].layer.name += fmt::format("-{}", i);
  unify(item, configs);
  return item;
}

std::string random_configuration(std::uint64_t seed, int index, int layer) {
  Random hardware(fnv1a(fmt::format("{} {}", seed, index)));
  const auto pick = [](Random& r, std::initializer_list<int> of) {
    return *(of.begin() + r.uniform(0, static_cast<std::int64_t>(of.size()) - 1));
  };
  Random& h = hardware;
  const int lanes = pick(h, {1, 2, 3, 4, 4, 6, 8, 8, 16});
  const int rows = lanes * static_cast<int>(h.uniform(std::max(1, 8 / lanes), std::max(2, 96 / lanes)));
  const int cols_per_adc = pick(h, {1, 2, 3, 4, 4, 5, 8, 8});
  const int cols = cols_per_adc * static_cast<int>(h.uniform(std::max(1, 4 / cols_per_adc), std::max(2, 40 / cols_per_adc)));
  const bool is_signed = h.chance(40);
  const int act_bits = static_cast<int>(h.uniform(is_signed ? 2 : 1, 9));
  const int cell_bits = pick(h, {1, 2, 2, 4});
  const int weight_bits = static_cast<int>(h.uniform(2, 9));
  const int dac_bits = pick(h, {1, 1, 2});
  Hardware probe;
  probe.xb_rows = rows;
  probe.cell_bits = cell_bits;
  probe.dac_bits = dac_bits;
  const int adc_bits = h.chance(60) ? 0 : static_cast<int>(h.uniform(1, probe.lossless_adc_bits()));
  const bool zero_point = h.chance(30);
  const int max_joint = std::min(lanes, (cols + cols_per_adc - 1) / cols_per_adc);
  const int joint = h.chance(60) ? 0 : static_cast<int>(h.uniform(1, max_joint));
  const int scale_bits = static_cast<int>(h.uniform(1, 8)), out_bits = static_cast<int>(h.uniform(1, 12));
  const bool ram = h.chance(25);
  const bool serial = h.chance(25), shift = dac_bits == 1 && h.chance(30), counters = !ram || h.chance(60);
  const int adc_stages = pick(h, {1, 1, 1, 2});
  const int channel_scale_bits = h.chance(60) ? 16 : static_cast<int>(h.uniform(2, 20));

  Random l(fnv1a(fmt::format("{} {} {}", seed, index, layer)));
  const int kh = pick(l, {1, 1, 2, 3, 3, 3, 5}), kw = l.chance(80) ? kh : pick(l, {1, 2, 3, 5});
  const int stride = pick(l, {1, 1, 1, 2, 2, 3});
  const int groups_in = static_cast<int>(l.uniform(1, 3)), groups_out = static_cast<int>(l.uniform(1, 4));
  const int e_in = std::max(lanes, lanes * static_cast<int>(l.uniform(1, std::max(1, 12 / lanes))));
  const int e_out = static_cast<int>(l.uniform(1, 30));
  const bool plain = l.chance(25);
  // A last input group may be partial; so may a last output group.
  const int cin = plain ? static_cast<int>(l.uniform(1, 20)) : e_in * (groups_in - 1) + static_cast<int>(l.uniform(1, e_in));
  const int wrap = plain || groups_out == 1 ? 0 : static_cast<int>(l.uniform(0, 2));
  const int cout = plain ? static_cast<int>(l.uniform(1, 40))
                   : wrap == 2 ? e_out * groups_out
                               : e_out * (groups_out - 1) + static_cast<int>(l.uniform(1, e_out));
  const int p = kh + static_cast<int>(l.uniform(0, 2)), q = kw + static_cast<int>(l.uniform(0, 2));
  const bool fits = !plain && std::int64_t{e_out} * e_in * p * q <= std::int64_t{cout} * cin * kh * kw && e_in <= cin && e_out <= cout;
  const int pad_top = static_cast<int>(l.uniform(0, kh - 1)), pad_left = static_cast<int>(l.uniform(0, kw - 1));
  const int pad_bottom = static_cast<int>(l.uniform(0, kh - 1)), pad_right = static_cast<int>(l.uniform(0, kw - 1));
  const int extra_height = static_cast<int>(l.uniform(0, 6)), extra_width = static_cast<int>(l.uniform(0, 6));

  // Formats, groups and what differs per axis: a stream of its own.
  Random f(fnv1a(fmt::format("formats {} {} {}", seed, index, layer)));
  const int stride_x = f.chance(70) ? stride : static_cast<int>(f.uniform(1, 3));
  const int dilation_y = pick(f, {1, 1, 1, 2, 3}), dilation_x = f.chance(70) ? dilation_y : static_cast<int>(f.uniform(1, 3));
  const int groups = plain && f.chance(40) ? static_cast<int>(f.uniform(2, 3)) : 1;
  const int grouped_cin = groups == 1 ? cin : groups * lanes * static_cast<int>(f.uniform(1, std::max(1, 12 / lanes)));
  const int grouped_cout = groups == 1 ? cout : groups * static_cast<int>(f.uniform(1, 12));
  const bool own_format = f.chance(50), own_signed = is_signed && f.chance(50);
  const int own_bits = shift ? act_bits : static_cast<int>(f.uniform(own_signed ? 2 : 1, act_bits));
  const std::int64_t half = std::int64_t{1} << (own_bits - 1);
  const std::int64_t pad_value = !own_format || f.chance(40) ? 0 : own_signed ? f.uniform(-half, half - 1) : f.uniform(0, 2 * half - 1);
  const int height = std::max((kh - 1) * dilation_y + 1 - pad_top - pad_bottom, 1) + extra_height;
  const int width = std::max((kw - 1) * dilation_x + 1 - pad_left - pad_right, 1) + extra_width;

  // Slopes of negative values: of the core, automatic or not; of the layer; outputs below zero, or none.
  Random slope_core(fnv1a(fmt::format("slopes {} {}", seed, index))), slope(fnv1a(fmt::format("slopes {} {} {}", seed, index, layer)));
  const bool slopes = slope_core.chance(40), automatic_slopes = slope_core.chance(40);
  const int slope_bits = slopes ? static_cast<int>(slope_core.uniform(8, 18)) : 0;
  const bool own_slopes = slopes && slope.chance(70), below_zero = slopes && slope.chance(70);

  // Row groups and slow converters: a stream of its own.
  Random reads(fnv1a(fmt::format("reads {} {}", seed, index)));
  int rows_per_read = 0;
  if (reads.chance(40)) do rows_per_read = static_cast<int>(reads.uniform(1, rows)); while (rows % rows_per_read != 0);
  const int adc_latency = reads.chance(70) ? 1 : static_cast<int>(reads.uniform(2, 9));
  const bool hold_free = reads.chance(30);
  const int adc_interval = reads.chance(75) ? 1 : static_cast<int>(reads.uniform(2, 5));

  // Weight pools: a stream of its own, on one hardware in six.
  Random pool_core(fnv1a(fmt::format("pools {} {}", seed, index))), pool(fnv1a(fmt::format("pools {} {} {}", seed, index, layer)));
  if (pool_core.chance(17)) {
    const int group = pick(pool_core, {1, 2, 4, 8}), scanned = group * pick(pool_core, {1, 1, 2}), pool_lanes = pick(pool_core, {1, 2, 4, 4, 8});
    int vector = scanned * static_cast<int>(pool_core.uniform(1, 3));
    while (vector < 2 || vector % pool_lanes != 0) vector += scanned;
    const int shares = vector / pool_lanes, kept = shares % 8 == 0 ? pick(pool, {1, 2, 4, 8}) : shares % 4 == 0 ? pick(pool, {1, 2, 4}) : shares % 2 == 0 ? pick(pool, {1, 2}) : 1;
    std::string text = fmt::format("# random configuration: seed {}, hardware {}, layer {}\nschema = 1\nname = \"random\"\n", seed, index, layer);
    text += fmt::format("[hardware]\ncrossbar = \"{0}x{0}\"\ncell_bits = 1\nweight_bits = 1\nact_bits = {1}\nact_signed = {2}\ndac_bits = {3}\n"
                        "cols_per_adc = {4}\nlanes = {5}\nout_bits = {6}\nscale_bits = {7}\nstorage = \"{8}\"\nserial_multiply = {9}\ninput_shift = {10}\n"
                        "adc_stages = {11}\nadc_latency = {12}\nadc_interval = {13}\nhold_free = {14}\n",
                        vector, act_bits, is_signed, dac_bits, scanned, pool_lanes, out_bits, scale_bits, ram ? "ram" : "flat", serial, shift,
                        adc_stages, adc_latency, adc_interval, hold_free);
    if (pool_core.chance(30)) text += fmt::format("adc_bits = {}\n", pool_core.uniform(1, 4));
    if (pool_core.chance(30)) {
      int read = vector;
      do read = static_cast<int>(pool_core.uniform(1, vector)); while (vector % read != 0);
      text += fmt::format("rows_per_read = {}\n", read);
    }
    text += fmt::format("[layer]\ncin = {}\ncout = {}\nkernel = [{}, {}]\nstride = [{}, {}]\ndilation = [{}, {}]\npadding = [{}, {}, {}, {}]\nheight = {}\nwidth = {}\n",
                        pool.uniform(1, 3 * vector), pool.uniform(1, 3 * vector), kh, kw, stride, stride_x, dilation_y, dilation_x, pad_top, pad_left,
                        pad_bottom, pad_right, height, width);
    if (own_format) text += fmt::format("act_bits = {}\nact_signed = \"{}\"\npad_value = {}\n", own_bits, own_signed, pad_value);
    text += fmt::format("[layer.pool]\nkept = \"{}\"\nkept_first = {}\ngroup = {}\n", kept == 1 ? "1" : fmt::format("1/{}", kept), pool.uniform(0, kept - 1), group);
    return text + fmt::format("[layer.data]\nseed = {}\n", layer + 1);
  }
  // Cells and ADCs that are not ideal: a stream of its own.
  Random analog(fnv1a(fmt::format("device {} {}", seed, index)));
  const bool degraded = analog.chance(35);
  const int fraction_bits = degraded && analog.chance(75) ? static_cast<int>(analog.uniform(1, 6)) : 0;
  const bool adc_trims = degraded && analog.chance(60), read_noise = adc_trims && analog.chance(60);
  const int adc_step = degraded && analog.chance(40) ? static_cast<int>(analog.uniform(1, 3)) : 0;
  const auto sometimes = [&](double most) { return analog.chance(60) ? most * static_cast<double>(analog.uniform(1, 100)) / 100 : 0.0; };
  std::string device;
  if (degraded) {
    device = fmt::format("[device]\nseed = {}\n", analog.uniform(0, 1 << 20));
    device += fmt::format("on_off_ratio = {}\nprogram_sigma = {}\nprogram_distribution = \"{}\"\nprogram_scale = \"{}\"\n", analog.chance(50) ? 10 : 0,
                          sometimes(0.3), analog.chance(50) ? "normal" : "lognormal", analog.chance(50) ? "absolute" : "proportional");
    device += fmt::format("drift_time = {}\ndrift_exponent = {}\ndrift_exponent_sigma = {}\n", sometimes(1e6), sometimes(0.1), sometimes(0.05));
    device += fmt::format("stuck_on_positive = {}\nstuck_on_negative = {}\nstuck_off_positive = {}\nstuck_off_negative = {}\n", sometimes(0.2), sometimes(0.2),
                          sometimes(0.2), sometimes(0.2));
    if (adc_trims) device += fmt::format("gain_sigma = {}\noffset_sigma = {}\n", sometimes(0.2), sometimes(4));
    if (read_noise) device += fmt::format("read_noise = {}\n", sometimes(2));
    Random spare(fnv1a(fmt::format("spare {} {} {}", seed, index, layer)));
    if (spare.chance(50)) device += fmt::format("spare_columns = {}\n", spare.uniform(1, 8));
  }

  std::string s = fmt::format("# random configuration: seed {}, hardware {}, layer {}\nschema = 1\nname = \"random\"\n", seed, index, layer);
  s += fmt::format("[hardware]\ncrossbar = \"{}x{}\"\ncell_bits = {}\nweight_bits = {}\nact_bits = {}\nact_signed = {}\n"
                   "dac_bits = {}\nadc_bits = {}\ncols_per_adc = {}\nlanes = {}\njoint_lanes = {}\nout_bits = {}\n"
                   "scale_bits = {}\nzero_point = {}\nstorage = \"{}\"\nserial_multiply = {}\ninput_shift = {}\n"
                   "event_counters = {}\nchannel_scale_bits = {}\nadc_stages = {}\n",
                   rows, cols, cell_bits, weight_bits, act_bits, is_signed, dac_bits,
                   adc_bits ? std::to_string(adc_bits) : "\"lossless\"", cols_per_adc, lanes,
                   joint ? std::to_string(joint) : "\"auto\"", out_bits, scale_bits, zero_point, ram ? "ram" : "flat",
                   serial, shift, counters, channel_scale_bits, adc_stages);
  if (slopes) s += automatic_slopes ? "slope_bits = \"auto\"\n" : fmt::format("slope_bits = {}\n", slope_bits);
  if (rows_per_read > 0) s += fmt::format("rows_per_read = {}\n", rows_per_read);
  if (adc_latency > 1) s += fmt::format("adc_latency = {}\n", adc_latency);
  if (hold_free) s += "hold_free = true\n";
  if (adc_interval > 1) s += fmt::format("adc_interval = {}\n", adc_interval);
  // How programs come: a stream of its own.
  Random load(fnv1a(fmt::format("load {} {}", seed, index)));
  const bool load_stream = load.chance(30);
  if (load_stream) s += "load_stream = true\n";
  if (load.chance(25)) s += "parity = true\n";
  if (load_stream && !adc_trims && load.chance(60)) s += "program_banks = 2\n";
  if (fraction_bits > 0) s += fmt::format("fraction_bits = {}\n", fraction_bits);
  if (adc_trims) s += fmt::format("adc_trims = true\nread_noise = {}\n", read_noise);
  if (adc_step > 0) s += fmt::format("adc_step = {}\n", adc_step);
  s += device;
  static const char* const wraps[] = {"off", "copies", "stored_once"};
  s += fmt::format("[layer]\ncin = {}\ncout = {}\nkernel = [{}, {}]\nstride = [{}, {}]\ndilation = [{}, {}]\ngroups = {}\npadding = [{}, {}, {}, {}]\n"
                   "height = {}\nwidth = {}\nwrap = \"{}\"\n",
                   grouped_cin, grouped_cout, kh, kw, stride, stride_x, dilation_y, dilation_x, groups, pad_top, pad_left, pad_bottom,
                   pad_right, height, width, fits ? wraps[wrap] : "off");
  if (own_slopes) s += "slopes = true\n";
  if (below_zero) s += fmt::format("clamp = [{}, {}]\n", -(1 << (out_bits - 1)), (1 << (out_bits - 1)) - 1);
  if (own_format) s += fmt::format("act_bits = {}\nact_signed = \"{}\"\npad_value = {}\n", own_bits, own_signed, pad_value);
  if (fits)
    s += fmt::format("[layer.epitome]\ne_out = {}\ne_in = {}\np = {}\nq = {}\nsampler = \"{}\"\n", e_out, e_in, p, q,
                     wrap == 0 && l.chance(30) ? "distinct" : "cycle");
  s += fmt::format("[layer.data]\nseed = {}\n", layer + 1);
  return s;
}

Case random_case(std::uint64_t seed, int index, int layers) {
  Case item;
  item.name = fmt::format("random-{}-{}", seed, index);
  item.reproduce = fmt::format("epim verify --random-seed {} --random-hardware {}", seed, index);
  std::vector<Config> configs;
  for (int l = 0; static_cast<int>(configs.size()) < layers && l < 20 * layers; ++l) {
    // A layer that its random hardware cannot hold is drawn again.
    try {
      Config config = parse_config(random_configuration(seed, index, l), fmt::format("random-{}-{}-{}.toml", seed, index, l));
      Config unmoved = config;
      unmoved.device.spare_columns = 0;  // as above
      SyntheticLayer s = prepare_layer(unmoved);
      s.layer.name = fmt::format("layer{}", l);
      if (s.core.hw.pe_rows * s.core.hw.pe_cols > 16) continue;
      item.layers.push_back(std::move(s));
      configs.push_back(std::move(config));
    } catch (const InputError&) {
    }
  }
  if (configs.empty()) throw std::logic_error("no legal layer for " + item.name);
  unify(item, configs);
  return item;
}

void record(CaseResult& result, const std::function<void()>& work) {
  try {
    work();
    result.passed = true;
  } catch (const CheckFailed& e) {
    result.stage = e.stage();
    result.message = e.what();
  } catch (const InputError& e) {
    result.stage = "input";
    result.message = e.what();
  } catch (const MissingTool&) {
    throw;
  } catch (const std::exception& e) {
    result.stage = "build";
    result.message = e.what();
  }
}

namespace {

/// Seconds that the runs of a case take in a model that is not optimised: what its ADCs cost, measured on a few cases.
double unoptimised_seconds(const Case& item) {
  double cycles = 0;
  for (const SyntheticLayer& s : item.layers) cycles += 4 * static_cast<double>(fast_timing(item.core.hw, s.layer).cycles);
  const Hardware& hw = item.core.hw;
  const double adcs = 2.0 * hw.slices() * hw.adcs() * hw.pe_rows * hw.pe_cols;
  return cycles * adcs * (hw.analog() ? 1e-6 : 0.1e-6);
}

}  // namespace

CaseResult run_case(const Case& item, const BuildOptions& options, const Sources* rtl) {
  BuildOptions build = options;
  build.fast = build.brief = unoptimised_seconds(item) > 10;
  CaseResult result;
  result.name = item.name;
  const auto begin = std::chrono::steady_clock::now();
  const auto since = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(); };
  record(result, [&] {
    std::vector<Layer> shapes;
    for (const SyntheticLayer& s : item.layers) shapes.push_back(s.layer);
    const Core core = build_core_from(item.core, shapes, &item.layers.at(0).data, build, rtl);
    result.build_seconds = since();
    CoreDriver driver(core);
    for (const SyntheticLayer& s : item.layers) {
      for (int variant = 0; variant < 3; ++variant) {
        RunOptions run_options;
        run_options.reproduce = item.reproduce;
        run_options.watchdog = 20000;
        if (variant > 0) run_options.stalls = {30, variant == 1 ? 50 : 20, variant == 2, static_cast<std::uint64_t>(variant)};
        const std::vector<IntTensor> inputs(variant == 2 ? 2 : 1, s.input);
        const LayerRun run = run_layer(driver, core, s.layer, s.data, inputs, run_options);
        result.cycles += run.cycles;
        result.bins.sample(item.core, core.parameters, s.layer, s.data, inputs, run, run_options.stalls.any());
      }
      ++result.configurations;
    }
    if (item.core.hw.program_banks > 1) {
      RunOptions run_options;
      run_options.reproduce = item.reproduce;
      run_options.watchdog = 20000;
      for (std::size_t i = 0; i < item.layers.size(); ++i) {
        const TwoPrograms pair = run_two_programs(driver, core, item.layers[i], item.layers[(i + 1) % item.layers.size()], run_options);
        result.cycles += pair.total;
        result.bins.sample_two_programs(pair.runs.front().cycles > pair.loads.back());
      }
    }
  });
  result.seconds = since();
  return result;
}

}  // namespace epim
