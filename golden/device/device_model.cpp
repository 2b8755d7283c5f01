// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/device/device_model.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "golden/device/draws.hpp"
#include "golden/diagnostic.hpp"
#include "golden/evaluate.hpp"
#include "golden/read_noise.hpp"

namespace epim {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

/// What a draw is for: a field of its key.
enum Purpose : std::uint64_t { programming = 1, drifting, sticking, gaining, offsetting, seeding };

/// The code of every place of the array, row by row: [row of the array][column of the array].
std::vector<std::int16_t> codes_by_place(const Hardware& hw, const Layer& layer, const LayerData& data) {
  const EpitomeShape& e = layer.epitome;
  const std::size_t columns = at(hw.pe_cols * hw.xb_cols);
  std::vector<std::int16_t> codes(at(hw.pe_rows * hw.xb_rows) * columns);
  for (int o = 0; o < e.e_out; ++o)
    for (int c = 0; c < e.e_in; ++c)
      for (int p = 0; p < e.p; ++p)
        for (int q = 0; q < e.q; ++q)
          codes[at(physical_row(e, hw.lanes, c, p, q)) * columns + at(o)] = static_cast<std::int16_t>(data.epitome(o, c, p, q));
  return codes;
}

/// One crossbar: all its cells.
class Crossbar {
 public:
  Crossbar(const DeviceModel& d, const Hardware& hw, DrawKey key, bool negative)
      : d_(d), top_((1 << hw.cell_bits) - 1), leak_(d.on_off_ratio > 0 ? 1 / d.on_off_ratio : 0),
        stuck_on_((negative ? d.stuck_on_negative : d.stuck_on_positive) + d.stuck / 2),
        stuck_off_((negative ? d.stuck_off_negative : d.stuck_off_positive) + d.stuck / 2),
        unit_(std::ldexp(1.0, hw.fraction_bits)), most_((1 << hw.word_bits()) - 1), drifts_(d.drift_time > d.drift_reference),
        drift_(drifts_ ? std::log(d.drift_time / d.drift_reference) : 0), programs_(key.with(programming)), drifting_(key.with(drifting)), sticks_(key.with(sticking)) {}

  /// The keys of one row's draws.
  struct Row {
    int row;
    DrawKey programs, drifting, sticks;
  };
  Row row(int r) const { return {r, programs_.with(static_cast<std::uint64_t>(r)), drifting_.with(static_cast<std::uint64_t>(r)), sticks_.with(static_cast<std::uint64_t>(r))}; }

  std::uint16_t cell(int level, const Row& row, int column) const {
    const auto of = [&](DrawKey key) { return key.with(static_cast<std::uint64_t>(column)); };
    if (const int state = stuck_state(row, column); state != 0) return stuck(state > 0);
    double g = level + (top_ - level) * leak_;
    if (d_.program_sigma > 0) {
      const double z = d_.program_sigma * of(row.programs).normal();
      const double error = d_.program_lognormal ? std::exp(z) - 1 : z;
      g += (d_.program_proportional ? g : top_) * error;
    }
    if (drifts_) {
      const double nu = d_.drift_exponent + (d_.drift_exponent_sigma > 0 ? d_.drift_exponent_sigma * of(row.drifting).normal() : 0);
      g *= std::exp(-nu * drift_);
    }
    if (!d_.attenuation.factors.empty()) {
      const AttenuationTable& a = d_.attenuation;
      g *= a.factors[at(a.rows == 1 ? 0 : row.row) * at(a.columns) + at(a.columns == 1 ? 0 : column)];
    }
    return word(g);
  }
  /// What the rates say: 1 on, -1 off, 0 neither.
  std::int8_t stuck_state(const Row& row, int column) const {
    if (stuck_on_ <= 0 && stuck_off_ <= 0) return 0;
    const double u = row.sticks.with(static_cast<std::uint64_t>(column)).uniform();
    return static_cast<std::int8_t>(u < stuck_on_ ? 1 : u < stuck_on_ + stuck_off_ ? -1 : 0);
  }
  std::uint16_t stuck(bool on) const { return word(on ? top_ : top_ * leak_); }

 private:
  std::uint16_t word(double g) const {
    return static_cast<std::uint16_t>(std::clamp(std::floor(g * unit_ + 0.5), 0.0, most_));
  }
  const DeviceModel& d_;
  double top_, leak_, stuck_on_, stuck_off_, unit_, most_;
  bool drifts_;
  double drift_;
  DrawKey programs_, drifting_, sticks_;
};

std::uint64_t field(int i) { return static_cast<std::uint64_t>(i); }

DrawKey crossbar_key(const DeviceModel& d, int layer_number, int t, int u, int n, int s) {
  return DrawKey(static_cast<std::uint64_t>(d.seed)).with(field(layer_number)).with(field(t)).with(field(u)).with(field(n)).with(field(s));
}

/// visit(PE row, PE column, negative, slice, crossbar)
template <class Visit> void each_crossbar(const DeviceModel& d, const Hardware& hw, int layer_number, const Visit& visit) {
  for (int t = 0; t < hw.pe_rows; ++t)
    for (int u = 0; u < hw.pe_cols; ++u)
      for (int n = 0; n < 2; ++n)
        for (int s = 0; s < hw.slices(); ++s) visit(t, u, n, s, Crossbar(d, hw, crossbar_key(d, layer_number, t, u, n, s), n == 1));
}

bool is_in(const StuckCell& f, int layer_number, int t, int u, int n, int s) {
  return f.layer == layer_number && f.pe_row == t && f.pe_column == u && f.negative == (n == 1) && f.slice == s;
}

AdcTrim trim_of(const DeviceModel& d, const Hardware& hw, DrawKey key) {
  AdcTrim a;
  const double unit = std::ldexp(1.0, hw.fraction_bits + adc_gain_fraction);
  const auto limited = [](double v, double lo, double hi) { return std::clamp(std::floor(v + 0.5), lo, hi); };
  if (d.gain_sigma > 0)
    a.gain = static_cast<std::uint32_t>(
        limited(std::ldexp(1 + d.gain_sigma * key.with(gaining).normal(), adc_gain_fraction), 0, (1 << AdcTrim::gain_bits) - 1));
  if (d.offset_sigma > 0) {
    const double most = static_cast<double>(signed_max(AdcTrim::offset_bits));
    a.offset = static_cast<std::int32_t>(limited(d.offset_sigma * key.with(offsetting).normal() * unit, -most - 1, most));
  }
  if (d.read_noise > 0)
    a.noise = static_cast<std::uint32_t>(
        limited(std::ldexp(d.read_noise * unit / noise_fields_sigma, noise_fraction), 0, (1 << AdcTrim::noise_bits) - 1));
  a.seed = static_cast<std::uint32_t>(key.with(seeding).bits());
  return a;
}

}  // namespace

bool DeviceModel::any() const {
  DeviceModel ideal;
  ideal.seed = seed;
  ideal.spare_columns = spare_columns;
  ideal.program_lognormal = program_lognormal;
  ideal.program_proportional = program_proportional;
  ideal.drift_reference = drift_reference;
  if (drift_time <= drift_reference) {
    ideal.drift_time = drift_time;
    ideal.drift_exponent = drift_exponent;
    ideal.drift_exponent_sigma = drift_exponent_sigma;
  }
  return *this != ideal;
}

void check_device(const DeviceModel& d, const FixedHardware& hw) {
  if ((d.gain_sigma > 0 || d.offset_sigma > 0) && !hw.adc_trims)
    fail("device-not-built", "device.gain_sigma and device.offset_sigma need ADCs with trims, legal: hardware.adc_trims = true, or 0");
  if (d.read_noise > 0 && !hw.read_noise)
    fail("device-not-built", "device.read_noise needs ADCs with noise, legal: hardware.adc_trims = true and hardware.read_noise = true, or 0");
  for (const double share : {d.stuck + d.stuck_on_positive + d.stuck_off_positive, d.stuck + d.stuck_on_negative + d.stuck_off_negative})
    if (share > 1) fail("device-stuck", fmt::format("{} of the cells of a polarity are stuck, legal: on and off together at most 1", share));
  const AttenuationTable& a = d.attenuation;
  if (!a.factors.empty() && ((a.rows != 1 && a.rows != hw.xb_rows) || (a.columns != 1 && a.columns != hw.xb_cols)))
    fail("device-attenuation", fmt::format("device.attenuation is a table of {}x{}, legal: 1 or {} rows, 1 or {} columns", a.rows, a.columns, hw.xb_rows, hw.xb_cols));
  for (const StuckCell& c : d.faults)
    if (c.slice >= hw.slices() || c.row >= hw.xb_rows || c.column >= hw.xb_cols)
      fail("device-fault", fmt::format("a stuck cell is slice {}, row {}, column {}, legal: {} slices of {}x{} cells", c.slice, c.row, c.column, hw.slices(),
                                       hw.xb_rows, hw.xb_cols));
}

std::vector<std::int8_t> stuck_cells(const DeviceModel& device, const Hardware& hw, int layer_number) {
  const std::size_t columns = at(hw.pe_cols * hw.xb_cols);
  std::vector<std::int8_t> states(at(hw.pe_rows * hw.slices() * 2) * at(hw.xb_rows) * columns);
  each_crossbar(device, hw, layer_number, [&](int t, int u, int n, int s, const Crossbar& crossbar) {
    for (int r = 0; r < hw.xb_rows; ++r) {
      const Crossbar::Row row = crossbar.row(r);
      for (int c = 0; c < hw.xb_cols; ++c) states[AnalogData::place(hw, t, s, n, r, u * hw.xb_cols + c)] = crossbar.stuck_state(row, c);
    }
    for (const StuckCell& f : device.faults)
      if (is_in(f, layer_number, t, u, n, s)) states[AnalogData::place(hw, t, s, n, f.row, u * hw.xb_cols + f.column)] = f.on ? 1 : -1;
  });
  return states;
}

std::shared_ptr<const AnalogData> program_cells(const DeviceModel& device, const Hardware& hw, const Layer& layer, const LayerData& data, int layer_number) {
  if (!device.any()) return nullptr;
  check_device(device, hw);
  if (layer.pool) throw InputError({}, "device-not-built", "[device] with a weight pool is not built, legal: one of the two");
  auto analog = std::make_shared<AnalogData>();
  const int slices = hw.slices();
  const std::size_t columns = at(hw.pe_cols * hw.xb_cols);
  const std::vector<std::int16_t> codes = codes_by_place(hw, layer, data);
  analog->cells.resize(at(hw.pe_rows * slices * 2) * at(hw.xb_rows) * columns);
  each_crossbar(device, hw, layer_number, [&](int t, int u, int n, int s, const Crossbar& crossbar) {
    for (int r = 0; r < hw.xb_rows; ++r) {
      const Crossbar::Row row = crossbar.row(r);
      const std::int16_t* const of_row = codes.data() + at(t * hw.xb_rows + r) * columns + at(u * hw.xb_cols);
      std::uint16_t* const cells = analog->cells.data() + AnalogData::place(hw, t, s, n, r, u * hw.xb_cols);
      for (int c = 0; c < hw.xb_cols; ++c) {
        const int code = of_row[c];
        const int level = (code < 0) == (n == 1) ? (std::abs(code) >> (s * hw.cell_bits)) & ((1 << hw.cell_bits) - 1) : 0;
        cells[c] = crossbar.cell(level, row, c);
      }
    }
    for (const StuckCell& f : device.faults)
      if (is_in(f, layer_number, t, u, n, s)) analog->cells[AnalogData::place(hw, t, s, n, f.row, u * hw.xb_cols + f.column)] = crossbar.stuck(f.on);
  });
  if (!hw.adc_trims) return analog;
  for (int t = 0; t < hw.pe_rows; ++t)
    for (int u = 0; u < hw.pe_cols; ++u)
      for (int lane = 0; lane < hw.adcs(); ++lane)
        for (int s = 0; s < slices; ++s)
          for (int n = 0; n < 2; ++n)
            analog->trims.push_back(trim_of(device, hw, crossbar_key(device, layer_number, t, u, n, s).with(field(lane))));
  return analog;
}

}  // namespace epim
