// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/chip_core.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "gen/base/interrupt.hpp"
#include "sim/store_cells.hpp"

namespace epim {
namespace {

constexpr const char* kImages = "given/";
/// A stretch of cycles with one and the same input, and nothing that moves, is looked at for a standing state where it is so long;
/// after so many cycles of it; again after twice as many.
constexpr std::size_t kStretch = 64, kSettle = 16;

/// What a core's parameters would set at reset: geometry, then M (and Z) of each PE.
std::vector<CellMemory> registers_of(const CoreText& text) {
  std::vector<CellMemory> all;
  for (int w = 0; w < static_cast<int>(text.program.geometry.size()); ++w)
    all.push_back({0, 0, "", fmt::format("u_b_core.u_control.u_regs.gen_geometry[{}].word_q", w)});
  for (const CellMemory& c : text.rtl.cells) {
    all.push_back({c.row, c.col, c.pe, "gen_scale_bank[0].scale_q"});
    if (text.parameters.hw.zero_point) all.push_back({c.row, c.col, c.pe, "gen_zero.gen_zero_bank[0].zero_q"});
  }
  return all;
}

}  // namespace

CoreText core_text(const ChipDesign& chip, std::size_t n, const Sources* rtl) {
  const ChipCore& core = chip.cores[n];
  CoreText t;
  t.rtl = elaborate_chip_core(chip, n, kImages);
  if (rtl) replace_texts(t.rtl.blocks, *rtl);
  t.loaded = chip.loaded();
  if (t.loaded) return t;
  for (auto& [name, text] : t.rtl.images) t.images[kImages + name] = std::move(text);
  t.rtl.images.clear();
  t.parameters = core_parameters(core.hw, {core.layer});
  t.program = build_program(t.parameters, core.layer, core.data);
  return t;
}

std::string build_core_text(const CoreText& text, const BuildOptions& options) {
  if (text.loaded) return build_elaborated(text.rtl, options);
  BuildOptions build = options;
  build.bare = true;
  build.registers = registers_of(text);
  return build_elaborated(text.rtl, build);
}

CoreModel::CoreModel(const CoreText& text, const std::string& object)
    : model_(object), clk_(model_.port("clk_i")), rst_(model_.port("rst_ni")), s_valid_(model_.port("s_valid_i")),
      s_ready_(model_.port("s_ready_o")), s_data_(model_.port("s_data_i")), s_last_(model_.port("s_last_i")),
      m_valid_(model_.port("m_valid_o")), m_ready_(model_.port("m_ready_i")), m_data_(model_.port("m_data_o")),
      m_last_(model_.port("m_last_o")), error_(model_.port("error_o")), word_(static_cast<std::size_t>(m_data_.bits() + 63) / 64) {
  const CoreParameters& p = text.parameters;
  for (Signal* s : {&clk_, &rst_, &s_valid_, &s_last_, &m_ready_}) s->set(0);
  s_data_.clear();
  model_.give_images(text.images);
  model_.eval();
  for (int i = 0; i < 2; ++i) {
    edge();
    clk_.set(0);
    model_.eval();
  }
  for (const ProgramBlock& b : text.program.blocks)
    if (b.kind == ProgramKind::cells && !store_cells(model_, p, b)) throw std::logic_error("the cells of a chip's core cannot be reached");
  // These stand in registers that reset alone writes.
  rst_.set(1);
  model_.eval();
  const auto write = [&](std::size_t index, std::uint64_t value, int bits, bool needed) {
    const auto [at, bytes] = model_.find_register(static_cast<int>(index));
    if (!at && needed) throw std::logic_error(fmt::format("register {} of a chip's core cannot be reached", index));
    value &= (std::uint64_t{1} << bits) - 1;
    if (at) std::memcpy(at, &value, static_cast<std::size_t>(bytes));
  };
  const std::size_t words = text.program.geometry.size(), each = p.hw.zero_point ? 2 : 1;
  for (std::size_t w = 0; w < words; ++w) write(w, text.program.geometry[w], 32, false);
  for (const ProgramBlock& b : text.program.blocks) {
    if (b.kind != ProgramKind::scale) continue;
    const std::size_t at = words + static_cast<std::size_t>(b.pe) * each;
    write(at, b.entries[0], p.hw.scale_bits, true);
    if (p.hw.zero_point) write(at + 1, b.entries[0] >> 32, p.zero_bits(), true);
  }
  model_.settle();
  edge();  // the first one without reset: cycle 0 follows

  const auto [state, bytes] = model_.state();
  std::vector<std::pair<const std::uint8_t*, std::size_t>> cells;
  const std::size_t cell_words = static_cast<std::size_t>(p.hw.column_steps()) * static_cast<std::size_t>(p.hw.adcs() * p.planes() * p.chunks());
  for (int pe = 0; pe < p.hw.pe_rows * p.hw.pe_cols; ++pe)
    cells.emplace_back(reinterpret_cast<const std::uint8_t*>(model_.cells(pe / p.hw.pe_cols, pe % p.hw.pe_cols)), cell_words * sizeof(std::uint64_t));
  std::sort(cells.begin(), cells.end());
  const std::uint8_t* at = state;
  for (const auto& [begin, size] : cells) {
    if (begin < at || begin + size > state + bytes) throw std::logic_error("the cells of a PE are not in its model's state");
    parts_.emplace_back(at, static_cast<std::size_t>(begin - at));
    at = begin + size;
  }
  parts_.emplace_back(at, static_cast<std::size_t>(state + bytes - at));
}

void CoreModel::drive(bool word, const std::uint64_t* data, bool last, bool room) {
  clk_.set(0);
  s_valid_.set(word);
  if (word) {
    s_data_.set_words(data);
    s_last_.set(last);
  }
  m_ready_.set(room);
  model_.eval();
}

void CoreModel::edge() {
  clk_.set(1);
  model_.eval();
}

void CoreModel::keep() {
  kept_.clear();
  for (const auto& [at, size] : parts_) kept_.insert(kept_.end(), at, at + size);
}

bool CoreModel::same() const {
  std::size_t n = 0;
  for (const auto& [at, size] : parts_) {
    if (std::memcmp(kept_.data() + n, at, size) != 0) return false;
    n += size;
  }
  return true;
}

CoreReplay replay_core(const std::string& name, CoreModel& core, const CoreSchedule& schedule, const WordTape& in, const WordTape& out,
                       const std::function<void(std::int64_t)>& progress) {
  using S = CoreSchedule;
  const std::vector<std::uint8_t>& cycles = schedule.cycles();
  const auto begin = std::chrono::steady_clock::now();
  CoreReplay r;
  r.name = name;
  r.cycles = static_cast<std::int64_t>(cycles.size());
  std::size_t look = 0;  // cycle after which the state is compared with that of the cycle before; 0: not planned
  std::size_t settle = kSettle, stretch_end = 0, told = 0;
  bool kept = false;
  for (std::size_t t = 0; t < cycles.size(); ++t) {
    const std::uint8_t now = cycles[t];
    const bool word = now & S::word, room = now & S::room, takes = word && now & S::ready, sends = room && now & S::valid;
    if (t >= stretch_end) {  // a new stretch of equal cycles
      stretch_end = t + 1;
      while (stretch_end < cycles.size() && cycles[stretch_end] == now) ++stretch_end;
      settle = kSettle;
      look = !takes && !sends && stretch_end - t >= kStretch ? t + settle : 0;
      kept = false;
    }
    if (word && r.words_in >= in.count()) throw ChipMismatch("input", fmt::format("core {}: no word {} to offer", name, r.words_in), static_cast<std::int64_t>(t));
    core.drive(word, word ? in.at(r.words_in) : nullptr, word && in.last(r.words_in), room);
    ++r.stepped;
    const auto fail = [&](const char* stage, const std::string& text) {
      throw ChipMismatch(stage, fmt::format("core {}, cycle {}: {}", name, t, text), static_cast<std::int64_t>(t));
    };
    if (core.ready() != ((now & S::ready) != 0) || core.valid() != ((now & S::valid) != 0))
      fail("timing", fmt::format("ready {}, valid {}, predicted {} and {}", core.ready(), core.valid(), (now & S::ready) != 0, (now & S::valid) != 0));
    if (core.error()) fail("status", "error_o is set");
    if (core.valid()) {
      if (r.words_out >= out.count()) fail("output", fmt::format("word {} is one too many", r.words_out));
      if (!out.equals(r.words_out, core.word())) {
        const std::uint64_t *is = core.word(), *want = out.at(r.words_out);
        std::size_t i = 0;
        while (i + 1 < out.size && is[i] == want[i]) ++i;
        fail("output", fmt::format("image {}, output word {}: RTL {:016x} golden {:016x} (bits {} and up)", r.words_out / out.per_image,
                                   r.words_out % out.per_image, is[i], want[i], 64 * i));
      }
      if (core.last() != out.last(r.words_out)) fail("output", fmt::format("output word {}: tlast is {}", r.words_out, core.last()));
    }
    r.words_in += takes;
    r.words_out += sends;
    core.edge();
    if (look > 0 && t + 1 == look) {
      core.keep();
      kept = true;
    } else if (kept) {
      // Equal state, equal inputs: every cycle of the stretch is this one again.
      kept = false;
      if (core.same()) {
        t = stretch_end - 1;
      } else {
        settle *= 2;
        look = t + settle < stretch_end ? t + settle : 0;
      }
    }
    if (t - told >= 4096) {
      check_interrupt();
      if (progress) progress(static_cast<std::int64_t>(t));
      told = t;
    }
  }
  if (progress) progress(r.cycles);
  r.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return r;
}

}  // namespace epim
