// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/misuse_banks.hpp"

#include <string>
#include <vector>

#include "sim/misuse_bench.hpp"
#include "sim/misuse_load.hpp"

namespace epim::misuse {
namespace {

constexpr std::uint32_t bank_bit = 8, changed_bit = 16;
using Frames = std::vector<LoadFrame>;

/// Another layer for the core: other weights, another shift.
struct Other {
  LayerProgram program;
  IntTensor output, next;  ///< of both inputs of the bench
};
Other other_layer(const Bench& b) {
  SyntheticLayer s = b.made();
  for (std::int64_t& w : s.data.epitome.data) w = -w;
  s.layer.shift += s.layer.shift < 20 ? 1 : -1;
  EventCounts events;
  const GoldenLayer golden(s.core.hw, s.layer, s.data);
  Other other = {build_program(b.core().parameters, s.layer, s.data, 1), golden.run(s.input, events), golden.run(synthetic_input(s.layer, s.core.hw, 46), events)};
  require(other.output != b.golden_output(0), "bench", "both layers give one map");
  return other;
}

/// Starts, streams one frame with `during` in the middle, compares with `want`.
void run(Bench& b, const IntTensor& want, const char* what, const std::function<void()>& during = {}) {
  try {
    b.driver().write(reg::control, start);
    b.expect(b.stream(b.words(), 1, during), {want});
  } catch (const CheckFailed& e) {
    throw CheckFailed(e.stage(), std::string(what) + ": " + e.what());
  }
}
void expect_status(Bench& b, std::uint32_t mask, std::uint32_t want, const char* what) {
  const std::uint32_t got = b.status();
  require((got & mask) == want, "status", fmt::format("{}: 0x{:04X}, expected 0x{:04X} of 0x{:04X}", what, got, want, mask));
}

}  // namespace

void banks_beside_runs(Bench& b) {
  const Other other = other_layer(b);
  const IntTensor& first = b.golden_output(0);
  b.fresh();
  expect_status(b, bank_bit | changed_bit | committed_bit, changed_bit | committed_bit, "loaded");
  run(b, first, "first program");
  expect_status(b, bank_bit | changed_bit | committed_bit, bank_bit | committed_bit, "first program");
  run(b, first, "first program again");
  run(b, first, "first program, another comes", [&] {
    send(b, load_frames(other.program, 0));
    expect_status(b, busy_bit | bank_bit | changed_bit | committed_bit | error_bits, busy_bit | bank_bit | changed_bit | committed_bit, "loaded beside a run");
    require(b.driver().read(reg::load_status) == 0, "load port", "a program beside a run is not whole");
    require(!b.driver().try_write(reg::control, start), "control bus", "start while busy answered OKAY");
  });
  b.expect_error(start_refused, "start while busy");
  b.driver().write(reg::control, abort_run);
  run(b, other.output, "second program");
  expect_status(b, bank_bit | changed_bit, 0, "second program");
  run(b, other.output, "second program again");
  // Two programs beside one run: the last one counts.
  run(b, other.output, "second program, two come", [&] {
    send(b, load_frames(b.program(), 0));
    send(b, load_frames(other.program, 0));
  });
  run(b, other.output, "the later of two");
  // Loaded between runs.
  send(b, load_frames(b.program(), 0));
  run(b, first, "loaded between runs");
  b.expect_error(0, "at the end");
}

void banks_half_programs(Bench& b) {
  const Other other = other_layer(b);
  const IntTensor& first = b.golden_output(0);
  const Frames frames = load_frames(other.program, 0);
  const auto half = static_cast<std::ptrdiff_t>(frames.size() / 2);
  b.fresh();
  run(b, first, "half a program comes", [&] { send(b, Frames(frames.begin(), frames.begin() + half)); });
  refuse_start(b, "half a program");
  send(b, Frames(frames.begin() + half, frames.end()));
  b.driver().write(reg::control, abort_run);  // the refused start's bit
  run(b, other.output, "the other half came between runs");
  // A damaged frame: its error shows beside the run, which is not touched.
  const Frames back = load_frames(b.program(), 0);
  run(b, other.output, "a damaged program comes", [&] {
    std::vector<LoadWord> words = load_words(back);
    words.at(words.size() / 2).data ^= 4;
    send(b, words);
    b.expect_error(load_error, "a damaged frame beside a run");
    require(b.port("busy_o").high(), "load port", "a damaged frame ends a run");
  });
  refuse_start(b, "a damaged program");
  send(b, back);
  b.driver().write(reg::control, abort_run);
  run(b, first, "sent again");
  // An abort in the middle of a program: both are forgotten.
  b.driver().write(reg::control, start);
  b.stream(b.words(), 1, [&] {
    send(b, Frames(frames.begin(), frames.begin() + half));
    b.driver().write(reg::control, abort_run);
  });
  require(!b.driver().try_write(reg::control, start), "control bus", "start after an abort of half a program answered OKAY");
  b.driver().write(reg::control, abort_run);
  b.driver().write(reg::control, abort_run);  // the rest of the frame that the abort has cut
  b.port("m_axis_tready_i").set(1);           // a beat that it left
  b.driver().tick();
  b.port("m_axis_tready_i").set(0);
  b.driver().load(b.program());
  b.clean_run();
}

void banks_registers(Bench& b) {
  const Other other = other_layer(b);
  const IntTensor& first = b.golden_output(0);
  b.fresh();
  run(b, first, "registers beside a run", [&] {
    for (std::uint32_t a = reg::last_patch; a <= reg::pad_value; a += 4) b.driver().write(a, a == reg::frames ? 1 : 0xFFFFFFFF);
    require(b.driver().read(reg::shift) == 0xFFFFFFFF, "control bus", "what is written for the next run is not read back");
    b.patch(ProgramKind::ofat, {{0, 0}, {4, 0}});
    b.patch(ProgramKind::scale, {{0, 0}});
    load_program(b.driver(), other.program, false);
  });
  b.expect_error(0, "registers beside a run");
  run(b, other.output, "a program by the register port");
  // Frames alone: the tables stay.
  run(b, other.output, "frames beside a run", [&] { b.set_frames(2); });
  b.driver().write(reg::control, start);
  b.expect(b.stream(b.words(2)), {other.output, other.next});
  // The last word with the start.
  b.driver().write(reg::frames, 1);
  b.driver().write(reg::control, commit | start);
  b.expect(b.stream(b.words(1)), {other.output});
}

void banks_parity(Bench& b) {
  const Other other = other_layer(b);
  for (const ProgramKind kind : {ProgramKind::ifat, ProgramKind::ifrt, ProgramKind::ofat, ProgramKind::channel, ProgramKind::slopes, ProgramKind::cells}) {
    b.fresh();
    run(b, b.golden_output(0), "a wrong entry comes", [&] {
      b.driver().write(reg::inject, 1u << 31 | static_cast<std::uint32_t>(kind));
      send(b, load_frames(other.program, 0));
    });
    b.expect_error(0, "a wrong entry beside a run");
    b.driver().write(reg::control, start);
    b.stream(b.words());
    require(b.status() & parity_error, "parity", fmt::format("a run of a wrong entry of kind {}: not noticed", static_cast<int>(kind)));
    b.driver().write(reg::control, abort_run);
    b.driver().load(b.program());
    b.clean_run();
  }
}

}  // namespace epim::misuse
