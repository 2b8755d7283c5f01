// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Two load ports in a chain against a model that looks at whole packets: what is stored, in order; commits, errors,
/// status. Every single bit of a program flipped; words lost and doubled; random frames, right and wrong, under hold and back pressure.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

namespace reg {
#define REG(name, offset, access, reset, meaning) constexpr std::uint32_t name = offset;
#include "gen/core/register_map.def"
#undef REG
}  // namespace reg
constexpr std::uint32_t kGeometryWords = (reg::pad_value - reg::last_patch) / 4 + 1, kFrames = (reg::frames - reg::last_patch) / 4;
constexpr std::uint32_t kSizes[] = {5, 9, 5, 32, 1, 64, 0, 0xe, 3}, kPes = P_Pes;  // of tb/modules/modules.txt
constexpr int kGeometry = 0xF0, kBegin = 0xF1, kEnd = 0xF2;
constexpr std::uint64_t kCores[] = {3, 9};

struct Word {
  std::uint64_t data;
  bool last;
};
using Words = std::vector<Word>;

/// CRC-32 of IEEE 802.3, bit by bit.
std::uint32_t crc_of(const std::vector<std::uint64_t>& words) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (std::uint64_t w : words)
    for (int i = 0; i < 64; ++i) {
      const bool one = ((crc ^ (w >> i)) & 1) != 0;
      crc >>= 1;
      if (one) crc ^= 0xEDB88320;
    }
  return ~crc;
}

Words frame(std::uint64_t core, int kind, int pe, std::uint32_t address, std::uint32_t step, const std::vector<std::uint64_t>& payload) {
  std::vector<std::uint64_t> w = {core | static_cast<std::uint64_t>(kind) << 16 | static_cast<std::uint64_t>(pe) << 24 |
                                      static_cast<std::uint64_t>(payload.size()) << 40,
                                  address | static_cast<std::uint64_t>(step) << 32};
  w.insert(w.end(), payload.begin(), payload.end());
  Words out;
  for (std::uint64_t x : w) out.push_back({x, false});
  out.push_back({crc_of(w), true});
  return out;
}

struct Store {
  bool geometry;
  std::uint64_t kind, pe, address, data;
  bool operator==(const Store&) const = default;
};

/// One load port as its host sees it.
struct Port {
  std::uint64_t core = 0;
  bool end = false;  ///< of the chain
  bool locked = false;
  bool begun = false, error = false;
  std::uint32_t reason = 0, frames = 0, words = 0, failed_core = 0, failed_kind = 0, failed_pe = 0, failed_address = 0;
  std::vector<Store> stores;
  std::uint64_t commits = 0, errors = 0;

  void fail(std::uint32_t why, std::uint64_t at_core, std::uint64_t kind, std::uint64_t pe, std::uint64_t address) {
    ++errors;
    if (error) return;
    error = true;
    reason = why;
    failed_core = static_cast<std::uint32_t>(at_core);
    failed_kind = static_cast<std::uint32_t>(kind);
    failed_pe = static_cast<std::uint32_t>(pe);
    failed_address = static_cast<std::uint32_t>(address);
  }
  void forget() { begun = error = false, reason = frames = words = 0; }

  /// A whole packet. False: it is for another core.
  bool take(const Words& p) {
    const std::uint64_t to = p[0].data & 0xFFFF, kind = p[0].data >> 16 & 0xFF, pe = p[0].data >> 24 & 0xFFFF, count = p[0].data >> 40;
    if (to != core) {
      if (end) fail(7, to, kind, pe, 0);
      return end;
    }
    if (p.size() == 1) return fail(2, core, kind, pe, 0), true;
    const std::uint64_t first = p[1].data & 0xFFFFFFFF, step = p[1].data >> 32 & 0xFFFF;
    const auto wrong = [&](std::uint32_t why) { fail(why, core, kind, pe, first); };
    if (p.size() == 2) return wrong(2), true;
    begun = true;
    bool bad = true;
    const bool service = kind == kBegin || kind == kEnd;
    const std::uint64_t size = kind == kGeometry ? kGeometryWords : kind < 9 ? kSizes[kind] : 0;
    if (service ? count != 0 : size == 0 || step == 0 || p[1].data >> 48) wrong(3);
    else if (locked && kind != kEnd) wrong(4);
    else bad = false;
    std::uint32_t address = static_cast<std::uint32_t>(first);
    for (std::uint64_t i = 0; i < count; ++i, address += static_cast<std::uint32_t>(step)) {
      if (i + 2 == p.size() - 1) return wrong(2), true;
      if (bad) continue;
      const std::uint64_t v = p[i + 2].data;
      bad = true;
      if (address >= size || ((kind == 4 || kind == 5 || kind == 6) && pe >= kPes)) wrong(3);
      else if (kind == kGeometry && address == kFrames && ((v & mask(P_FrameBits)) == 0 || (v & 0xFFFFFFFF) >> P_FrameBits)) wrong(5);
      else {
        bad = false;
        stores.push_back({kind == kGeometry, kind, pe, address, v});
      }
    }
    const std::uint64_t at = count + 2;
    if (at + 1 < p.size()) return wrong(2), true;
    std::vector<std::uint64_t> all;
    for (std::uint64_t i = 0; i < at; ++i) all.push_back(p[i].data);
    if (p[at].data != crc_of(all)) return wrong(1), true;
    if (bad) return true;
    if (kind == kBegin) {
      forget();
      begun = true;
    } else if (kind == kEnd) {
      if (error) return true;
      if (first != frames || p[1].data >> 32 != words) return wrong(6), true;
      forget();
      ++commits;
    } else {
      ++frames;
      words += static_cast<std::uint32_t>(count);
    }
    return true;
  }
};

struct Bench {
  Vdut& d;
  explicit Bench(Vdut& dut) : d(dut) {
    port[0].core = 3;
    port[1].core = 9;
    port[1].end = true;
  }
  Port port[2];
  std::vector<Store> seen[2];
  std::uint64_t commits[2] = {}, errors[2] = {};
  int hold_percent = 0, link_percent = 100, gap_percent = 0;

  void cycle(const Word* word, bool& taken) {
    d.s_load_valid_i = word != nullptr;
    d.s_load_data_i = word ? word->data : random_bits(64);
    d.s_load_last_i = word ? word->last : random_bits(1);
    d.hold_i = static_cast<std::uint8_t>((chance(hold_percent) ? 1 : 0) | (chance(hold_percent) ? 2 : 0));
    d.link_i = chance(link_percent);
    d.locked_i = static_cast<std::uint8_t>((port[0].locked ? 1 : 0) | (port[1].locked ? 2 : 0));
    settle(d);
    taken = word && d.s_load_ready_o;
    // No path from an input to the handshakes.
    const auto ready = d.s_load_ready_o;
    const auto link = d.link_valid_o;
    d.s_load_valid_i = !d.s_load_valid_i;
    d.link_i = !d.link_i;
    settle(d);
    CHECK_EQ(d.s_load_ready_o, ready);
    CHECK_EQ(d.link_valid_o, link);
    d.s_load_valid_i = !d.s_load_valid_i;
    d.link_i = !d.link_i;
    settle(d);
    CHECK_EQ(d.m_load_valid_o, 0);
    for (int c = 0; c < 2; ++c) {
      const bool store = d.prog_we_o >> c & 1, geometry = d.geometry_we_o >> c & 1;
      CHECK(!(store && geometry));
      CHECK(!((store || geometry) && (d.hold_i >> c & 1)));
      if (store || geometry)
        seen[c].push_back({geometry, get(d.prog_kind_o, 8 * c, 8), get(d.prog_pe_o, 16 * c, 16), get(d.prog_addr_o, 32 * c, 32),
                           get(d.prog_data_o, 64 * c, 64)});
      commits[c] += d.commit_o >> c & 1;
      errors[c] += d.error_o >> c & 1;
    }
    tick(d);
  }

  void drain() {
    bool taken;
    const int link = link_percent;
    link_percent = 100;
    for (int i = 0; i < 12 || hold_percent; ++i) {
      if (i == 12) hold_percent = 0, i = 0;
      cycle(nullptr, taken);
    }
    link_percent = link;
  }

  /// Sends packets, and compares what has come of them.
  void send(const Words& words) {
    const int hold = hold_percent;
    for (std::size_t i = 0; i < words.size();) {
      bool taken = false;
      if (chance(gap_percent)) cycle(nullptr, taken);
      else cycle(&words[i], taken);
      i += taken;
    }
    drain();
    hold_percent = hold;
    Words packet;
    for (const Word& w : words) {
      packet.push_back(w);
      if (!w.last) continue;
      if (!port[0].take(packet)) port[1].take(packet);
      packet.clear();
    }
  }
  void compare() {
    for (int c = 0; c < 2; ++c) {
      const Port& m = port[c];
      CHECK_EQ(seen[c].size(), m.stores.size());
      CHECK(seen[c] == m.stores);
      CHECK_EQ(commits[c], m.commits);
      CHECK_EQ(errors[c], m.errors);
      CHECK_EQ(d.open_o >> c & 1, m.begun || m.error);
      const auto state = [&](int i) { return get(d.state_o, 160 * c + 32 * i, 32); };
      CHECK_EQ(state(0) & 0xFF, (m.begun ? 1 : 0) | (m.error ? 2 : 0) | m.reason << 4);
      CHECK_EQ(state(1), m.frames);
      CHECK_EQ(state(2), m.words);
      if (m.error) {
        CHECK_EQ(state(0) >> 16, m.failed_core);
        CHECK_EQ(state(3), m.failed_kind | m.failed_pe << 8);
        CHECK_EQ(state(4), m.failed_address);
      }
    }
  }
  void clear(int c, bool all) {
    bool taken;
    if (all) d.clear_i = static_cast<std::uint8_t>(1 << c);
    else d.clear_error_i = static_cast<std::uint8_t>(1 << c);
    cycle(nullptr, taken);
    d.clear_i = d.clear_error_i = 0;
    if (all) port[c].forget();
    else port[c].error = false, port[c].reason = 0;
  }
  void restart() {
    drain();
    for (int c = 0; c < 2; ++c) {
      clear(c, true);
      seen[c].clear();
      port[c].stores.clear();
      commits[c] = errors[c] = port[c].commits = port[c].errors = 0;
    }
  }
};

std::vector<std::uint64_t> random_words(std::size_t n) {
  std::vector<std::uint64_t> w;
  for (std::size_t i = 0; i < n; ++i) w.push_back(random_bits(64));
  return w;
}
void append(Words& to, const Words& w) { to.insert(to.end(), w.begin(), w.end()); }

/// A small right program for a core, frames in a list.
std::vector<Words> program(std::uint64_t core) {
  std::vector<Words> p = {frame(core, kBegin, 0, 0, 0, {}), frame(core, 0, 0, 0, 1, random_words(5)),
                          frame(core, 5, 2, 1, 2, random_words(4)), frame(core, kGeometry, 0, kFrames, 1, {1 + random_bits(P_FrameBits - 1)})};
  p.push_back(frame(core, kEnd, 0, 3, 10, {}));
  return p;
}

void send_all(Bench& b, const std::vector<Words>& frames) {
  Words all;
  for (const Words& f : frames) append(all, f);
  b.send(all);
  b.compare();
}

void test(Vdut& d) {
  d.s_load_valid_i = 0;
  d.hold_i = d.locked_i = d.clear_i = d.clear_error_i = 0;
  d.link_i = 1;
  d.rst_ni = 0;
  tick(d);
  settle(d);
  CHECK_EQ(d.s_load_ready_o, 0);
  reset(d);
  Bench b(d);

  // Right programs for both, one word per cycle, whoever they are for.
  for (std::uint64_t core : kCores) {
    Words all;
    for (const Words& f : program(core)) append(all, f);
    const std::uint64_t before = cycle;
    bool taken;
    for (const Word& w : all) {
      b.cycle(&w, taken);
      CHECK(taken);
    }
    CHECK_EQ(cycle - before, all.size());
    Words packet;
    b.drain();
    for (const Word& w : all) {
      packet.push_back(w);
      if (w.last) {
        if (!b.port[0].take(packet)) b.port[1].take(packet);
        packet.clear();
      }
    }
    b.compare();
    CHECK_EQ(b.commits[core == 9], 1);
    CHECK_EQ(b.commits[core != 9], core == 9);
  }

  // Any bit of any word flipped: never committed, and one of the two cores shows an error.
  for (std::uint64_t core : kCores) {
    const std::vector<Words> right = program(core);
    for (std::size_t f = 0; f < right.size(); ++f)
      for (std::size_t w = 0; w < right[f].size(); ++w)
        for (int bit = 0; bit < 65; ++bit) {
          if (w >= 2 && w + 1 < right[f].size() && bit != 64 && !chance(20)) continue;
          std::vector<Words> sent = right;
          if (bit == 64) sent[f][w].last = !sent[f][w].last;
          else sent[f][w].data ^= std::uint64_t{1} << bit;
          b.restart();
          // What a lost tlast joins with comes to its end in another frame.
          sent.push_back(frame(core, 4, 0, 0, 1, {7}));
          send_all(b, sent);
          // A begin frame that goes to another core leaves the rest whole; the last core knows it is nobody's.
          CHECK_EQ(b.commits[0] + b.commits[1], core == 3 && f == 0 && w == 0 && bit < 16);
          CHECK(b.port[0].error || b.port[1].error);
        }
  }
  // A frame, or a word, lost or doubled.
  for (std::uint64_t core : kCores) {
    const std::vector<Words> right = program(core);
    for (std::size_t f = 1; f + 1 < right.size(); ++f)
      for (int what = 0; what < 4; ++what) {
        std::vector<Words> sent = right;
        const auto w = static_cast<std::ptrdiff_t>(pick(0, static_cast<std::int64_t>(right[f].size()) - 1));
        if (what == 0) sent.erase(sent.begin() + static_cast<std::ptrdiff_t>(f));
        if (what == 1) sent.insert(sent.begin() + static_cast<std::ptrdiff_t>(f), right[f]);
        if (what == 2) sent[f].erase(sent[f].begin() + w);
        if (what == 3) sent[f].insert(sent[f].begin() + w, sent[f][static_cast<std::size_t>(w)]);
        b.restart();
        sent.push_back(frame(core, 4, 0, 0, 1, {7}));
        send_all(b, sent);
        // The second of two CRCs is a packet of its own, for nobody: the last core's error.
        const bool stray = what == 3 && w + 1 == static_cast<std::ptrdiff_t>(right[f].size());
        CHECK_EQ(b.commits[0] + b.commits[1], stray && core == 3);
        CHECK(!stray || b.port[1].error);
      }
  }
  // The frame that failed is sent again, the error cleared, and the program is whole.
  for (int c = 0; c < 2; ++c) {
    b.restart();
    std::vector<Words> right = program(kCores[c]);
    std::vector<Words> first(right.begin(), right.end() - 1);
    first[2][3].data ^= 1;
    send_all(b, first);
    CHECK(b.port[c].error);
    send_all(b, {right.back()});  // refused
    CHECK_EQ(b.commits[c], 0);
    b.clear(c, false);
    b.compare();
    send_all(b, {right[2], right.back()});
    CHECK_EQ(b.commits[c], 1);
  }

  // Anything.
  for (int round = 0; round < 300; ++round) {
    if (chance(30)) b.restart();
    b.hold_percent = chance(50) ? 0 : static_cast<int>(pick(1, 60));
    b.link_percent = chance(50) ? 100 : static_cast<int>(pick(20, 99));
    b.gap_percent = chance(50) ? 0 : static_cast<int>(pick(1, 60));
    for (Port& p : b.port) p.locked = chance(15);
    std::vector<Words> sent;
    const int count = static_cast<int>(pick(1, 6));
    for (int i = 0; i < count; ++i) {
      const std::uint64_t core = chance(5) ? random_bits(16) : kCores[pick(0, 1)];
      const Port& p = b.port[core == 9];
      const int roll = static_cast<int>(pick(0, 99));
      Words f;
      if (roll < 8) f = frame(core, kBegin, 0, 0, 0, {});
      else if (roll < 20) f = frame(core, kEnd, 0, p.frames, p.words, {});
      else if (roll < 35) {
        const auto n = static_cast<std::size_t>(pick(1, 4));
        f = frame(core, kGeometry, 0, static_cast<std::uint32_t>(pick(0, kGeometryWords)), 1, random_words(n));
      } else {
        const int kind = chance(4) ? static_cast<int>(random_bits(8)) : static_cast<int>(pick(0, 6));
        const std::uint32_t size = kind < 9 ? kSizes[kind] : 9, step = chance(5) ? static_cast<std::uint32_t>(random_bits(17)) : static_cast<std::uint32_t>(pick(1, 3));
        const auto n = static_cast<std::size_t>(pick(0, std::max<std::int64_t>(1, size / step)));
        const std::uint32_t at = chance(5) ? static_cast<std::uint32_t>(random_bits(32)) : static_cast<std::uint32_t>(pick(0, std::max<std::int64_t>(0, std::int64_t{size} - static_cast<std::int64_t>(n * step) + (chance(10) ? 2 : 0))));
        f = frame(core, kind, static_cast<int>(pick(0, chance(90) ? kPes - 1 : kPes)), at, step, random_words(n));
      }
      if (chance(10)) f[static_cast<std::size_t>(pick(1, static_cast<std::int64_t>(f.size()) - 1))].data ^= std::uint64_t{1} << pick(0, 63);
      if (chance(4)) f[static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(f.size()) - 2))].last = true;
      sent.push_back(f);
    }
    send_all(b, sent);
    if (chance(20)) b.clear(static_cast<int>(pick(0, 1)), chance(50));
  }

  // Locked or cleared in the middle of a frame: nothing is stored from then on, and the program is open no more, or in error.
  for (int round = 0; round < 100; ++round) {
    b.hold_percent = 0;
    b.link_percent = 100;
    for (Port& p : b.port) p.locked = false;
    b.restart();
    const Words f = frame(3, 5, 1, 0, 1, random_words(20));
    const bool lock = chance(50);
    const auto at = static_cast<std::size_t>(pick(lock ? 0 : 1, 20));
    bool taken;
    for (std::size_t i = 0; i < f.size(); ++i) {
      if (i == at && lock) b.port[0].locked = true;
      d.clear_i = i == at && !lock;
      b.cycle(&f[i], taken);
      if (i > at + 1) CHECK_EQ(d.prog_we_o & 1, 0);
    }
    d.clear_i = 0;
    b.drain();
    CHECK(b.seen[0].size() <= at);
    if (lock) CHECK_EQ(get(d.state_o, 0, 8) >> 4, 4);
    else CHECK_EQ(get(d.state_o, 32, 32), 0);  // no good frame
  }
}

}  // namespace

int main() { return RUN(test); }
