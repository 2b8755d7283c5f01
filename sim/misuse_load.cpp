// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Misuse checks of the load port: damaged, lost and misplaced frames, frames during a run, and the register port beside it.
#include "sim/misuse_load.hpp"

#include <cstdint>
#include <vector>

#include "sim/misuse_bench.hpp"

namespace epim::misuse {

using Frames = std::vector<LoadFrame>;

void send(Bench& b, const std::vector<LoadWord>& words) {
  b.driver().queue_load(words);
  for (int i = 0; b.driver().load_waits() > 0; ++i) {
    require(i < 100000, "load port", "words are not taken");
    b.driver().tick();
  }
  for (int i = 0; i < 4; ++i) b.driver().tick();
}
void send(Bench& b, const Frames& frames) { send(b, load_words(frames)); }

void refuse_start(Bench& b, const char* what) {
  for (const std::uint32_t control : {start, commit, commit | start})
    require(!b.driver().try_write(reg::control, control), "load port", fmt::format("{}: control {} answered OKAY", what, control));
  for (int i = 0; i < 3; ++i) b.driver().tick();
  require(!b.port("busy_o").high() && !(b.status() & committed_bit), "load port", fmt::format("{}: a run started", what));
}

namespace {

/// The load port shows an error with this reason, for this frame; status bit 14 says so.
void expect_failed(Bench& b, std::uint32_t reason, const LoadFrame& f, const char* what) {
  const std::uint32_t state = b.driver().read(reg::load_status);
  require((state & 0xF2) == (2 | reason << 4), "load port", fmt::format("{}: load_status 0x{:08X}, expected reason {}", what, state, reason));
  require(state >> 16 == static_cast<std::uint32_t>(f.core), "load port", fmt::format("{}: core {}", what, state >> 16));
  const std::uint32_t target = b.driver().read(reg::load_target), address = b.driver().read(reg::load_address);
  require(target == (static_cast<std::uint32_t>(f.kind) | static_cast<std::uint32_t>(f.pe) << 8), "load port", fmt::format("{}: target 0x{:08X}", what, target));
  require(reason == 7 || address == f.address, "load port", fmt::format("{}: address 0x{:08X}", what, address));
  b.expect_error(load_error, what);
  require(b.port("error_o").high(), "load port", fmt::format("{}: error_o is low", what));
}
void clear_errors(Bench& b) { b.driver().write(reg::control, abort_run); }

/// Program frames with a damaged copy of frame `n` in place of it.
std::vector<LoadWord> damaged(const Frames& frames, std::size_t n, std::size_t word, std::uint64_t flip) {
  std::vector<LoadWord> words;
  for (std::size_t f = 0; f < frames.size(); ++f) {
    auto w = load_words({frames[f]});
    if (f == n) w.at(word).data ^= flip;
    words.insert(words.end(), w.begin(), w.end());
  }
  return words;
}

}  // namespace

void load_damaged(Bench& b) {
  const Frames frames = load_frames(b.program(), 0);
  for (std::size_t n = 1; n + 1 < frames.size(); ++n) {
    if (n > 6 && n + 3 < frames.size() && n % 7 != 0) continue;
    // Payload or CRC; everything after it is right, the end frame too.
    b.driver().reset();
    send(b, damaged(frames, n, n % 2 ? 2 : 2 + frames[n].payload.size(), 1u << n % 20));
    expect_failed(b, 1, frames[n], "a damaged frame");
    refuse_start(b, "a damaged frame");
    // The frame again: all is there, and still the error stands. Cleared, the end again: whole.
    send(b, Frames{frames[n], frames.back()});
    refuse_start(b, "a damaged frame that came again");
    b.driver().write(reg::load_status, 2);
    send(b, Frames{frames.back()});
    require(b.driver().read(reg::load_status) == 0 && (b.status() & committed_bit), "load port", "a program is not whole after its damaged frame came again");
    clear_errors(b);
    b.clean_run();
  }
}

void load_lost(Bench& b) {
  const Frames frames = load_frames(b.program(), 0);
  for (std::size_t n = 1; n + 1 < frames.size(); ++n) {
    if (n > 4 && n % 9 != 0) continue;
    b.driver().reset();
    Frames sent = frames;
    sent.erase(sent.begin() + static_cast<std::ptrdiff_t>(n));
    send(b, sent);
    expect_failed(b, 6, frames.back(), "a lost frame");
    refuse_start(b, "a lost frame");
    // The whole program from its begin frame on.
    send(b, frames);
    clear_errors(b);
    require((b.status() & committed_bit) != 0, "load port", "not committed after a whole program");
    b.clean_run();
  }
  // A program that ends in the middle.
  b.driver().reset();
  send(b, Frames(frames.begin(), frames.begin() + 4));
  require(b.driver().read(reg::load_status) == 1 && b.driver().read(reg::load_frames) == 3, "load port", "an open program is not shown");
  refuse_start(b, "half a program");
  // An abort forgets it: the host is free to load over the control bus.
  clear_errors(b);
  require(b.driver().read(reg::load_status) == 0, "load port", "an abort leaves a program open");
  load_program(b.driver(), b.program(), false);
  b.clean_run();
}

void load_places(Bench& b) {
  const CoreParameters& p = b.core().parameters;
  b.fresh();
  const auto kind = [](ProgramKind k) { return static_cast<int>(k); };
  const std::uint64_t frames_word = (reg::frames - reg::last_patch) / 4;
  const auto patches = static_cast<std::uint32_t>(p.max_patches);
  const std::vector<std::pair<std::uint32_t, LoadFrame>> wrong = {
      {3, {0, kind(ProgramKind::ifat), 0, patches, 1, {1}}},
      {3, {0, kind(ProgramKind::ofat), 0, patches - 1, 1, {b.program().blocks.at(2).entries.back(), 1}}},
      {3, {0, kind(ProgramKind::ifrt), 0, static_cast<std::uint32_t>(p.ifrt_depth), 1, {1}}},
      {3, {0, kind(ProgramKind::channel), 0, 0x80000000u, 1, {1}}},
      {3, {0, kind(ProgramKind::cells), p.hw.pe_rows * p.hw.pe_cols, 0, 1, {1}}},
      {3, {0, kind(ProgramKind::scale), 0, 1, 1, {1}}},
      {3, {0, kind(ProgramKind::slopes), 0, 0, 1, {1}}},
      {3, {0, kind(ProgramKind::ifat), 0, 0, 0, {1}}},
      {3, {0, kLoadGeometry, 0, kGeometryWords, 1, {1}}},
      {3, {0, 0xF3, 0, 0, 1, {1}}},
      {5, {0, kLoadGeometry, 0, static_cast<std::uint32_t>(frames_word), 1, {0}}},
      {5, {0, kLoadGeometry, 0, static_cast<std::uint32_t>(frames_word), 1, {0x10000}}},
      {7, {1, kind(ProgramKind::ifat), 0, 0, 1, {1}}},
  };
  for (const auto& [reason, frame] : wrong) {
    send(b, Frames{frame});
    expect_failed(b, reason, frame, "a frame for a place that is not there");
    clear_errors(b);
  }
  // Not ready before the reset has ended, two clocks behind its pin.
  Signal reset = b.port("rst_ni");
  reset.set(0);
  b.driver().model().eval();
  for (int i = 0; i < 3; ++i) {
    b.driver().tick();
    require(!b.port("s_load_tready_o").high(), "load port", "ready during reset");
  }
  reset.set(1);
  b.driver().model().eval();
  require(!b.port("s_load_tready_o").high(), "load port", "ready with the end of the reset pin");
  b.fresh();
  send(b, Frames{wrong.front().second});
  clear_errors(b);
  // Nothing of it was stored.
  b.driver().write(reg::control, commit);
  b.clean_run();
}

void load_while_busy(Bench& b) {
  b.fresh();
  const Frames frames = load_frames(b.program(), 0);
  LoadFrame zeros = frames.at(1);
  for (std::uint64_t& entry : zeros.payload) entry = 0;
  b.driver().write(reg::control, start);
  const Streamed got = b.stream(b.words(), 1, [&] {
    send(b, Frames{zeros});
    require(b.port("busy_o").high(), "load port", "a frame ends a run");
  });
  b.expect(got, {b.golden_output(0)});
  expect_failed(b, 4, zeros, "a frame during a run");
  clear_errors(b);
  require((b.status() & committed_bit) != 0, "load port", "a refused frame withdraws the commit");
  b.clean_run();
  // A run starts while a frame is on its way: what comes after it is not stored.
  b.driver().queue_load(load_words({zeros}));
  b.driver().write(reg::control, start);
  b.expect(b.stream(b.words()), {b.golden_output(0)});
  expect_failed(b, 4, zeros, "a frame at the start of a run");
  clear_errors(b);
  b.clean_run();
}

void load_beside_registers(Bench& b) {
  // The host writes registers while frames come: the last geometry word, over and over, and entries.
  b.driver().reset();
  const Frames frames = load_frames(b.program(), 0);
  std::vector<LoadWord> words = load_words(Frames(frames.begin(), frames.end() - 1));
  b.driver().queue_load(words);
  const ProgramBlock& ifat = b.program().blocks.at(0);
  b.driver().write(reg::prog_select, 0);
  for (std::size_t i = 0; b.driver().load_waits() > 0; ++i) {
    b.driver().write(reg::prog_addr, ifat.address + static_cast<std::uint32_t>(i % ifat.entries.size()));
    b.driver().write(reg::prog_data, static_cast<std::uint32_t>(ifat.entries[i % ifat.entries.size()]));
    b.driver().write(reg::prog_data, static_cast<std::uint32_t>(ifat.entries[i % ifat.entries.size()] >> 32));
    b.driver().write(reg::pad_value, b.program().geometry.back());
  }
  send(b, Frames{frames.back()});
  require(b.driver().read(reg::load_status) == 0 && (b.status() & committed_bit), "load port", "not whole beside register writes");
  b.clean_run();
  // A register write withdraws what the load port has committed.
  b.driver().write(reg::pad_value, b.program().geometry.back());
  require(!(b.status() & committed_bit), "load port", "committed after a register write");
  b.driver().write(reg::control, commit);
  b.clean_run();
  // A frame withdraws what the host has committed, and the host cannot commit it.
  send(b, Frames{frames.at(1)});
  refuse_start(b, "a frame after a commit");
  send(b, Frames{{0, kLoadEnd, 0, 1, static_cast<std::uint32_t>(frames.at(1).payload.size()), {}}});
  clear_errors(b);
  b.clean_run();
}

}  // namespace epim::misuse
