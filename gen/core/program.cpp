// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/core/program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "golden/diagnostic.hpp"

namespace epim {
namespace {

std::uint32_t cell_address(const CoreParameters& p, int cstep, int lane, int plane, int chunk) {
  const int chunk_w = idx_width(p.chunks()), plane_w = idx_width(p.planes()), lane_w = idx_width(p.hw.adcs());
  return static_cast<std::uint32_t>(
      (((((cstep << lane_w) | lane) << plane_w) | plane) << chunk_w) | chunk);
}

/// Cells of one PE: one entry per (column step, lane, plane, chunk), addresses rounded to powers of two.
std::vector<ProgramBlock> cell_blocks(const CoreParameters& p, const Layer& layer, const LayerData& data) {
  const Hardware& hw = p.hw;
  const EpitomeShape& e = layer.epitome;
  const int planes = p.planes(), chunks = p.chunks(), adcs = hw.adcs();
  const std::size_t per_pe = static_cast<std::size_t>(hw.column_steps()) * adcs * planes * chunks;
  std::vector<std::vector<std::uint64_t>> cells(static_cast<std::size_t>(hw.pe_rows * hw.pe_cols),
                                                std::vector<std::uint64_t>(per_pe));
  const auto& codes = data.epitome;
  const int word_bits = hw.word_bits();
  if (data.analog) {  // as they are programmed, physical place by physical place
    for (int t = 0; t < hw.pe_rows; ++t)
      for (int sn = 0; sn < 2 * hw.slices(); ++sn)
        for (int r = 0; r < hw.xb_rows; ++r)
          for (int c = 0; c < hw.pe_cols * hw.xb_cols; ++c) {
            const unsigned g = data.analog->cells[AnalogData::place(hw, t, sn / 2, sn % 2, r, c)];
            auto& pe = cells[static_cast<std::size_t>(t * hw.pe_cols + c / hw.xb_cols)];
            for (int b = 0; b < word_bits; ++b)
              if (g >> b & 1)
                pe[static_cast<std::size_t>((c % hw.xb_cols * planes + sn * word_bits + b) * chunks + r / 64)] |= std::uint64_t{1} << (r % 64);
          }
  }
  for (int o = 0; !data.analog && o < e.e_out; ++o)
    for (int c = 0; c < e.e_in; ++c)
      for (int i = 0; i < e.p; ++i)
        for (int j = 0; j < e.q; ++j) {
          const std::int64_t code = codes(o, c, i, j);
          if (code == 0) continue;
          const int row = ((c / hw.lanes * e.p + i) * e.q + j) * hw.lanes + c % hw.lanes;
          const int t = row / hw.xb_rows, r = row % hw.xb_rows, u = o / hw.xb_cols, column = o % hw.xb_cols;
          const std::uint64_t magnitude = static_cast<std::uint64_t>(std::llabs(code));
          auto& pe = cells[static_cast<std::size_t>(t * hw.pe_cols + u)];
          for (int s = 0; s < hw.slices(); ++s)
            for (int b = 0; b < hw.cell_bits; ++b)
              if (magnitude >> (s * hw.cell_bits + b) & 1) {
                const int plane = (s * 2 + (code < 0 ? 1 : 0)) * word_bits + hw.fraction_bits + b;
                // column = step * adcs + lane
                pe[static_cast<std::size_t>((column * planes + plane) * chunks + r / 64)] |= std::uint64_t{1} << (r % 64);
              }
        }
  std::vector<ProgramBlock> blocks;
  for (std::size_t pe = 0; pe < cells.size(); ++pe)
    for (int column = 0; column < hw.column_steps() * adcs; ++column) {
      // Addresses run on within a column where planes and chunks are powers of two; else chunk runs are separate.
      const bool dense = (1 << idx_width(chunks)) == chunks;
      for (int plane = 0; plane < planes; plane += dense ? planes : 1) {
        ProgramBlock block{ProgramKind::cells, static_cast<int>(pe),
                           cell_address(p, column / adcs, column % adcs, plane, 0), {}};
        const auto first = cells[pe].begin() + (static_cast<std::ptrdiff_t>(column) * planes + plane) * chunks;
        // A single chunk still has one address bit: entries then lie two addresses apart.
        if (chunks == 1) {
          for (int q = 0; q < planes; ++q) {
            blocks.push_back({ProgramKind::cells, static_cast<int>(pe),
                              cell_address(p, column / adcs, column % adcs, q, 0), {*(first + q)}});
          }
          break;
        }
        block.entries.assign(first, first + (dense ? planes * chunks : chunks));
        blocks.push_back(std::move(block));
      }
    }
  return blocks;
}

/// {O, N, K} and the seed of every ADC of a PE.
ProgramBlock trim_block(const CoreParameters& p, const LayerData& data, int pe) {
  ProgramBlock block{ProgramKind::trims, pe, 0, {}};
  const auto field = [](std::uint64_t value, int bits) { return value & ((std::uint64_t{1} << bits) - 1); };
  const auto converters = static_cast<std::size_t>(p.converters());
  for (std::size_t i = 0; i < converters; ++i) {
    const AdcTrim a = data.analog && !data.analog->trims.empty() ? data.analog->trims[static_cast<std::size_t>(pe) * converters + i] : AdcTrim{};
    block.entries.push_back(field(static_cast<std::uint64_t>(a.offset), AdcTrim::offset_bits) << (AdcTrim::gain_bits + AdcTrim::noise_bits) |
                            field(a.noise, AdcTrim::noise_bits) << AdcTrim::gain_bits | field(a.gain, AdcTrim::gain_bits));
    block.entries.push_back(a.seed);
  }
  return block;
}

}  // namespace

LayerProgram build_program(const CoreParameters& p, const Layer& layer, const LayerData& data, int frames) {
  const Hardware& hw = p.hw;
  LayerProgram program;
  program.tables = build_tables(hw, layer, &data);
  const LayerTables& t = program.tables;

  ProgramBlock ifat{ProgramKind::ifat, 0, 0, {}}, ifrt{ProgramKind::ifrt, 0, 0, {}}, ofat{ProgramKind::ofat, 0, 0, {}};
  for (const auto& e : t.ifat) ifat.entries.push_back(pack(p, e));
  for (const auto& sequence : t.ifrt)
    for (const auto& e : sequence) ifrt.entries.push_back(pack(p, e));
  for (const auto& e : t.ofat) ofat.entries.push_back(pack(p, e));
  program.blocks = {std::move(ifat), std::move(ifrt), std::move(ofat)};
  if (layer.pool) {
    ProgramBlock opt{ProgramKind::opt, 0, 0, {}};
    for (const auto& e : t.opt) opt.entries.push_back(pack(p, e));
    program.blocks.push_back(std::move(opt));
  }

  const std::uint64_t scale_mask = (std::uint64_t{1} << hw.channel_scale_bits) - 1;
  const int lane_width = p.lane_width();
  for (std::size_t n = 0; n < t.drain.size(); ++n) {
    ProgramBlock block{ProgramKind::channel, 0, static_cast<std::uint32_t>(n << lane_width), {}};
    for (int channel : t.drain[n]) {
      const auto at = static_cast<std::size_t>(std::max(channel, 0));
      const auto g = channel < 0 ? 0 : static_cast<std::uint64_t>(data.channel_scale.data[at]);
      const auto b = channel < 0 ? 0 : static_cast<std::uint64_t>(data.channel_bias.data[at]);
      block.entries.push_back((g & scale_mask) | b << hw.channel_scale_bits);
    }
    program.blocks.push_back(std::move(block));
  }
  // A core with slopes reads them for every layer: slope 1 where the layer has none.
  const std::uint64_t slope_mask = (std::uint64_t{1} << hw.slope_bits) - 1;
  for (std::size_t n = 0; hw.slope_bits > 0 && n < t.drain.size(); ++n) {
    ProgramBlock block{ProgramKind::slopes, 0, static_cast<std::uint32_t>(n << lane_width), {}};
    for (int channel : t.drain[n]) {
      const std::int64_t a = channel < 0 ? 0 : layer.slopes ? data.channel_slope.data[static_cast<std::size_t>(channel)] : hw.slope_one();
      block.entries.push_back(static_cast<std::uint64_t>(a) & slope_mask);
    }
    program.blocks.push_back(std::move(block));
  }
  for (int pe = 0; pe < hw.pe_rows * hw.pe_cols; ++pe) {
    const auto at = static_cast<std::size_t>(pe);
    const auto m = static_cast<std::uint32_t>(data.crossbar_scale.data[at]);
    const auto z = static_cast<std::uint32_t>(data.zero_point.data[at]);
    program.blocks.push_back({ProgramKind::scale, pe, 0, {static_cast<std::uint64_t>(z) << 32 | m}});
  }
  for (int pe = 0; hw.adc_trims && pe < hw.pe_rows * hw.pe_cols; ++pe) program.blocks.push_back(trim_block(p, data, pe));
  for (ProgramBlock& block : cell_blocks(p, layer, data)) program.blocks.push_back(std::move(block));

  const int blocks = (layer.stored_cin() + hw.lanes - 1) / hw.lanes;
  const int last_lanes = layer.stored_cin() - (blocks - 1) * hw.lanes;
  const std::int64_t row_words = layer.row_words(hw.lanes);
  const auto ring_rows = static_cast<int>(hw.ring_rows(row_words));
  if (frames > hw.dim_max())
    throw InputError({}, "frames",
                     fmt::format("a run of {} frames, legal: at most {} with dim_bits = {}", frames, hw.dim_max(), hw.dim_bits));
  const auto u32 = [](std::int64_t v) { return static_cast<std::uint32_t>(v); };
  // Words that `rows` rows of the map are apart in the ring.
  const auto ring_distance = [&](std::int64_t rows) {
    const std::int64_t rest = rows % ring_rows;
    return (rest < 0 ? rest + ring_rows : rest) * row_words;
  };
  const Hardware format = hardware_for(hw, layer);
  const bool narrow = format.act_signed && hw.dac_bits == 2 && (format.act_bits - 1) % 2 == 1;
  program.geometry = {u32(static_cast<std::int64_t>(t.ifat.size()) - 1),
                      u32(layer.kh | layer.kw << 8),
                      u32(layer.stride.y | layer.stride.x << 8),
                      u32(std::max(layer.pad.top, 0) | layer.pad.left << 8 | std::max(-layer.pad.top, 0) << 16),
                      u32(layer.h | std::int64_t{layer.w} << 16),
                      u32(layer.out_h() | std::int64_t{layer.out_w()} << 16),
                      u32(blocks | std::int64_t{last_lanes} << 16),
                      u32(row_words),
                      u32(ring_rows),
                      u32(std::int64_t{ring_rows} * row_words),
                      u32(std::int64_t{layer.stride.x} * blocks),
                      u32(-std::int64_t{layer.pad.left} * blocks),
                      u32(frames),
                      u32(layer.shift),
                      u32(layer.clamp_lo),
                      u32(layer.clamp_hi),
                      u32(layer.dilation.y | layer.dilation.x << 8),
                      u32(layer.window_h()),
                      u32(std::int64_t{layer.dilation.x} * blocks),
                      u32(ring_distance(-layer.pad.top)),
                      u32(ring_distance(layer.stride.y)),
                      u32(ring_distance(layer.dilation.y)),
                      u32(format.act_bits | (format.act_signed ? 1 << 8 : 0) | (narrow ? 1 << 9 : 0) | (format.steps() - 1) << 16),
                      u32(layer.pad_value() & ((1 << hw.act_bits) - 1))};
  return program;
}

IntTensor rebuild_weights(const CoreParameters& p, const Layer& layer, const LayerProgram& program) {
  const Hardware& hw = p.hw;
  const int planes = p.planes(), adcs = hw.adcs();
  std::map<std::pair<int, std::uint32_t>, std::uint64_t> cells;
  for (const ProgramBlock& block : program.blocks)
    if (block.kind == ProgramKind::cells)
      for (std::size_t i = 0; i < block.entries.size(); ++i)
        cells[{block.pe, block.address + static_cast<std::uint32_t>(i)}] = block.entries[i];
  const auto weight = [&](int t, int r, int column) {
    const int u = column / hw.xb_cols, in_pe = column % hw.xb_cols;
    std::int64_t w = 0;
    for (int plane = 0; plane < planes; ++plane) {
      const std::uint32_t a = cell_address(p, in_pe / adcs, in_pe % adcs, plane, r / 64);
      const auto it = cells.find({t * hw.pe_cols + u, a});
      if (it == cells.end() || (it->second >> (r % 64) & 1) == 0) continue;
      const int bit = plane % hw.word_bits() - hw.fraction_bits, slice = plane / hw.word_bits() / 2;
      if (bit < 0) continue;
      const std::int64_t level = std::int64_t{1} << (slice * hw.cell_bits + bit);
      w += plane / hw.word_bits() % 2 ? -level : level;
    }
    return w;
  };
  std::map<int, std::int64_t> scale;
  for (const ProgramBlock& block : program.blocks)
    if (block.kind == ProgramKind::scale) scale[block.pe] = static_cast<std::int64_t>(block.entries[0] & 0xFFFFFFFF);
  const LayerTables& tables = program.tables;
  IntTensor rebuilt({tables.stored_cout, layer.cin, layer.kh, layer.kw});
  const int window = layer.kh * layer.kw, blocks_in = (layer.cin + hw.lanes - 1) / hw.lanes;
  for (std::size_t j = 0; j < tables.ifat.size(); ++j) {
    const IfatEntry& in = tables.ifat[j];
    const OfatEntry& out = tables.ofat[j];
    const auto& sequence = tables.ifrt[static_cast<std::size_t>(in.sequence)];
    const int columns = out.last - out.first + 1;
    if (layer.pool) {
      const int of_block = hw.xb_rows / hw.lanes;
      const int block_words = std::min(of_block, blocks_in - in.block), tap = (in.start - in.block * window) / block_words;
      for (int word = 0; word < in.stop - in.start; ++word)
        for (int lane = 0; lane < hw.lanes; ++lane) {
          const int channel = (in.block + word) * hw.lanes + lane;
          if (channel >= layer.cin) continue;
          for (int f = 0; f < columns; ++f) {
            const OptEntry& opt = tables.opt[j * static_cast<std::size_t>(hw.column_steps()) + static_cast<std::size_t>(f / adcs)];
            const IfrtEntry& entry = sequence[static_cast<std::size_t>(word)];
            std::int64_t w = scale[0] * weight(0, word * hw.lanes + lane, opt[static_cast<std::size_t>(f % adcs)] * adcs + f % adcs);
            if (entry.used) w += scale[entry.pe_row] * weight(entry.pe_row, entry.group * hw.lanes + lane, f);
            rebuilt(out.start + f, channel, tap / layer.kw, tap % layer.kw) += w;
          }
        }
      continue;
    }
    for (int word = in.start; word < in.stop; ++word) {
      const IfrtEntry& entry = sequence[static_cast<std::size_t>(word - in.start)];
      for (int lane = 0; lane < hw.lanes; ++lane) {
        const int channel = word / window * hw.lanes + lane;
        if (channel >= layer.cin) continue;
        const int r = entry.group * hw.lanes + lane;
        for (int ch = out.start; ch < out.stop; ++ch)
          rebuilt(ch, channel, word % window / layer.kw, word % layer.kw) +=
              weight(entry.pe_row, r, out.first + (ch - out.start) % columns);
      }
    }
  }
  return rebuilt;
}

}  // namespace epim
