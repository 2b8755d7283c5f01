// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/device/spare_columns.hpp"

#include <algorithm>
#include <cstdlib>

#include "golden/evaluate.hpp"

namespace epim {
namespace {

std::size_t of(int i) { return static_cast<std::size_t>(i); }

/// The last PE column of a layer: the columns that it holds and how far they may move.
struct LastColumn {
  int first = 0, columns = 0, spares = 0;
};

LastColumn last_column(const DeviceModel& d, const Hardware& hw, const Layer& layer) {
  LastColumn c;
  c.first = (layer.epitome.e_out - 1) / hw.xb_cols * hw.xb_cols;
  c.columns = layer.epitome.e_out - c.first;
  // The columns of a wrapped layer are one run: those of several PE columns stay.
  c.spares = layer.wrap != Wrap::off && c.first > 0 ? 0 : std::min(static_cast<int>(d.spare_columns), hw.xb_cols - c.columns);
  return c;
}

/// D of every column at every place: [column][places up].
std::vector<double> damages(const DeviceModel& d, const Hardware& hw, const Layer& layer, const LayerData& data, const LastColumn& last, int layer_number) {
  const EpitomeShape& e = layer.epitome;
  const std::vector<std::int8_t> stuck = stuck_cells(d, hw, layer_number);
  const int top = (1 << hw.cell_bits) - 1, u = last.first / hw.xb_cols;
  const double off = d.on_off_ratio > 0 ? top / d.on_off_ratio : 0;
  std::vector<double> sum(of(last.columns) * of(last.spares + 1));
  for (int c = 0; c < e.e_in; ++c)
    for (int p = 0; p < e.p; ++p)
      for (int q = 0; q < e.q; ++q) {
        const int line = physical_row(e, hw.lanes, c, p, q), t = line / hw.xb_rows, row = line % hw.xb_rows;
        const double m = static_cast<double>(data.crossbar_scale(t, u));
        for (int l = 0; l < last.columns; ++l) {
          const int code = static_cast<int>(data.epitome(last.first + l, c, p, q));
          for (int k = 0; k <= last.spares; ++k) {
            double error = 0;
            for (int s = 0; s < hw.slices(); ++s)
              for (int n = 0; n < 2; ++n) {
                const std::int8_t state = stuck[AnalogData::place(hw, t, s, n, row, last.first + l + k)];
                if (state == 0) continue;
                const int level = (code < 0) == (n == 1) ? (std::abs(code) >> (s * hw.cell_bits)) & top : 0;
                error += (n == 1 ? -1.0 : 1.0) * ((state > 0 ? top : off) - level) * static_cast<double>(1 << (s * hw.cell_bits));
              }
            sum[of(l) * of(last.spares + 1) + of(k)] += m * m * error * error;
          }
        }
      }
  return sum;
}

/// Damage, then gaps between columns.
struct Price {
  double damage = 0;
  int gaps = 0;
  bool operator<(const Price& o) const { return damage != o.damage ? damage < o.damage : gaps < o.gaps; }
};

/// Places up of every column, never falling: the least price, by dynamic programming over the columns.
std::vector<int> least(const std::vector<double>& damage, const LastColumn& last, bool together) {
  const int places = last.spares + 1;
  std::vector<Price> price(of(last.columns) * of(places));
  std::vector<int> before(price.size());
  for (int l = 0; l < last.columns; ++l)
    for (int k = 0; k < places; ++k) {
      const std::size_t here = of(l) * of(places) + of(k);
      before[here] = k;
      if (l > 0) {
        const Price* const row = &price[of(l - 1) * of(places)];
        price[here] = row[k];
        for (int j = 0; j < k && !together; ++j) {
          const Price moved{row[j].damage, row[j].gaps + 1};
          if (moved < price[here]) {
            price[here] = moved;
            before[here] = j;
          }
        }
      }
      price[here].damage += damage[here];
    }
  std::vector<int> up(of(last.columns));
  const Price* const end = &price[of(last.columns - 1) * of(places)];
  up.back() = static_cast<int>(std::min_element(end, end + places) - end);
  for (int l = last.columns - 1; l > 0; --l) up[of(l - 1)] = before[of(l) * of(places) + of(up[of(l)])];
  return up;
}

/// Patches whose columns lie at `place`: one per run of neighbours, those of an output range side by side.
std::vector<Patch> moved_patches(const std::vector<Patch>& patches, const std::vector<int>& place) {
  std::vector<Patch> out;
  for (std::size_t first = 0, next = 0; first < patches.size(); first = next) {
    while (next < patches.size() && patches[next].dst_out == patches[first].dst_out) ++next;
    const Patch& range = patches[first];
    for (int a = 0, b = 0; a < range.beta2; a = b) {
      for (b = a + 1; b < range.beta2 && place[of(range.c_out + b)] == place[of(range.c_out + b - 1)] + 1;) ++b;
      for (std::size_t j = first; j < next; ++j) {
        out.push_back(patches[j]);
        out.back().c_out = place[of(range.c_out + a)];
        out.back().beta2 = b - a;
        out.back().dst_out += a;
      }
    }
  }
  return out;
}

}  // namespace

std::optional<SpareColumns> use_spare_columns(const DeviceModel& d, const Hardware& hw, const Layer& layer, const LayerData& data, int layer_number) {
  if (d.spare_columns == 0 || layer.pool) return std::nullopt;
  const LastColumn last = last_column(d, hw, layer);
  if (last.spares < 1) return std::nullopt;
  const std::vector<double> damage = damages(d, hw, layer, data, last, layer_number);
  const std::vector<int> up = least(damage, last, layer.wrap != Wrap::off);
  if (up.back() == 0) return std::nullopt;
  SpareColumns s;
  s.layer = layer;
  for (int c = 0; c < layer.epitome.e_out; ++c) s.place.push_back(c < last.first ? c : c + up[of(c - last.first)]);
  for (int l = 0; l < last.columns; ++l) {
    s.before += damage[of(l) * of(last.spares + 1)];
    s.after += damage[of(l) * of(last.spares + 1) + of(up[of(l)])];
  }
  s.layer.spare_columns += up.back();
  s.layer.epitome.e_out += up.back();
  s.layer.patches = moved_patches(layer.patches, s.place);
  s.epitome = IntTensor({s.layer.epitome.e_out, layer.epitome.e_in, layer.epitome.p, layer.epitome.q});
  const std::size_t column = s.epitome.size() / of(s.layer.epitome.e_out);
  for (int c = 0; c < layer.epitome.e_out; ++c)
    std::copy_n(data.epitome.data.begin() + static_cast<std::ptrdiff_t>(of(c) * column), column,
                s.epitome.data.begin() + static_cast<std::ptrdiff_t>(of(s.place[of(c)]) * column));
  return s;
}

void program_layer(const DeviceModel& d, const Hardware& hw, Layer& layer, LayerData& data, int layer_number) {
  if (d.any()) check_device(d, hw);
  if (auto spare = use_spare_columns(d, hw, layer, data, layer_number)) {
    layer = std::move(spare->layer);
    data.epitome = std::move(spare->epitome);
  }
  data.analog = program_cells(d, hw, layer, data, layer_number);
}

}  // namespace epim
