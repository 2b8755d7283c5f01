// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Register accesses, start and status against a model made from gen/core/register_map.def; misuse is refused and shown.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

namespace reg {
#define REG(name, offset, access, reset, meaning) constexpr std::uint32_t name = offset;
#include "gen/core/register_map.def"
#undef REG
}  // namespace reg

enum Access { RO, WO, RW };
struct Register {
  std::uint32_t offset;
  Access access;
  std::uint32_t reset;
};
const std::vector<Register> kMap = {
#define REG(name, offset, access, reset, meaning) {offset, access, reset},
#include "gen/core/register_map.def"
#undef REG
};

#define X(id, unit, meaning) +1
constexpr int kEvents = 0
#include "golden/events.def"
    ;
#undef X

constexpr bool kWritable = P_Writable, kLoad = P_Load;
#ifdef P_Banks
constexpr int kBanks = P_Banks;
#else
constexpr int kBanks = 1;
#endif
#ifdef P_Parity
constexpr bool kParity = P_Parity;
#else
constexpr bool kParity = false;
#endif
constexpr std::uint64_t kHash = P_Hash;
constexpr std::uint32_t kBusy = 1, kDone = 2, kCommitted = 4, kStartRefused = 1 << 8, kWriteRefused = 1 << 9;
constexpr std::uint32_t kStart = 1, kAbort = 2, kCommit = 4, kDiscard = 8;
// Sizes of the memories by kind, and PEs: the parameters of tb/modules/modules.txt.
constexpr std::uint32_t kSizes[] = {5, 9, 5, 32, 1, 64, 0x18, 0xe, 3}, kPes = 3;
constexpr int kFrameBits = P_FrameBits;

bool is_geometry(std::uint32_t a) { return a >= reg::last_patch && a <= reg::pad_value && a % 4 == 0; }

/// What software may rely on.
struct Model {
  std::map<std::uint32_t, std::uint32_t> geometry;
  std::uint32_t select = 0, addr = 0, low = 0, errors = 0, enable = 0, pending = 0;
  bool irq = false;
  std::uint64_t high = 0;  // high word of the counter whose low word was read last
  bool half = false, committed = !kWritable, starting = false, running = false, done = false;
  bool done_known = true;  // what an abort leaves in `done` is not specified
  // An accepted write of the cycle before: a geometry word or an entry is stored in this one.
  bool late = false, late_entry = false;
  bool load_open = false;  // what the load port shows in the cycle to come
  std::uint32_t late_address = 0, late_data = 0, late_addr = 0;
  bool aborted = false, cut = false;  // in the cycle before
  // With two programs: the geometry of the run, which program it is, whether an entry was stored since its start.
  std::map<std::uint32_t, std::uint32_t> taken;
  bool bank = false, changed = false;
  std::uint32_t inject = 0;  // with parity
  /// The entry that select and address name is there.
  bool inside() const {
    const std::uint32_t kind = select & 0xff;
    return kind < 9 && addr < kSizes[kind] && (kind < 4 || select >> 8 < kPes);
  }
  Model() {
    for (const Register& r : kMap)
      if (is_geometry(r.offset)) geometry[r.offset] = r.reset;
    taken = geometry;
  }
  bool busy() const { return starting || running; }
  std::uint32_t status() const {
    return errors | (committed ? kCommitted : 0) | (done ? kDone : 0) | (busy() ? kBusy : 0) | (bank ? 8u : 0u) | (changed ? 16u : 0u);
  }
};

std::uint64_t event_value(int e) { return (0x123456789abcull * static_cast<std::uint64_t>(e + 1)) & mask(48); }

/// What a load port does in a cycle.
struct Load {
  bool touch = false, commit = false, error = false, geometry = false;
  std::uint32_t word = 0, data = 0;
  bool store = false;  // an entry of this kind
  std::uint32_t kind = 0;
};

struct Bench {
  Vdut& d;
  Model m;
  Load load = {};  // in the next cycle
  bool written = false;  // in the cycle before, and what
  std::uint32_t last_address = 0, last_data = 0;

  std::uint32_t read(std::uint32_t address, bool& error) {
    d.late_waddr_i = last_address;
    d.late_wdata_i = last_data;
    d.raddr_i = address;
    settle(d);
    d.event_count_i = event_value(d.event_o);
    settle(d);
    error = d.read_error_o;
    return d.rdata_o;
  }
  /// A read that the bus makes: the low word of a counter is read.
  std::uint32_t take(std::uint32_t address) {
    bool error;
    const std::uint32_t v = read(address, error);
    CHECK_EQ(error, 0);
    d.read_i = 1;
    cycle(false);
    d.read_i = 0;
    return v;
  }
  void expect(std::uint32_t address, std::uint32_t value) {
    bool error;
    const std::uint32_t got = read(address, error);
    CHECK_EQ(error, 0);
    if (!CHECK_EQ(got, value) && failures <= 20) std::printf("  read of register 0x%03x\n", address);
  }
  void expect_status() {
    bool error;
    const std::uint32_t got = read(reg::status, error), ignore = m.done_known ? 0 : kDone;
    CHECK_EQ(error, 0);
    CHECK_EQ(got & ~ignore, m.status() & ~ignore);
    CHECK_EQ(d.busy_o, m.running);
    CHECK_EQ(d.start_o, m.starting);
    CHECK_EQ(d.irq_o, m.irq);
    CHECK_EQ(d.error_o, (m.errors >> 10 & 31) != 0);
    CHECK_EQ(d.locked_o, kBanks == 1 && m.busy());
    CHECK_EQ(d.program_bank_o, m.bank);
    CHECK_EQ(d.store_o, m.late);
  }

  /// One cycle: an optional write, done and error pulses. Compares every output with the model.
  void cycle(bool write, std::uint32_t address = 0, std::uint32_t data = 0, bool done = false, int errors = 0) {
    d.write_i = write;
    d.waddr_i = address;
    d.wdata_i = data;
    d.done_i = done;
    d.error_i = static_cast<std::uint32_t>(errors);
    d.late_waddr_i = written ? last_address : static_cast<std::uint32_t>(random_bits(12));
    d.late_wdata_i = written ? last_data : static_cast<std::uint32_t>(random_bits(32));
    d.load_open_i = m.load_open;
    d.load_touch_i = load.touch;
    d.load_commit_i = load.commit;
    d.load_error_i = load.error;
    d.load_geometry_we_i = load.geometry;
    d.load_word_i = load.word;
    d.load_data_i = load.data;
    // What is stored is seen again: the register port comes first.
    const bool by_port = m.late && m.late_entry, stored = by_port || load.store;
    const std::uint32_t kind = by_port ? m.select & 0xff : load.kind;
    d.stored_i = stored;
    d.stored_kind_i = kind;
    settle(d);
    written = write;
    last_address = address;
    last_data = data;
    Model next = m;
    next.late = next.late_entry = false;
    if (m.late && !m.late_entry) next.geometry[m.late_address] = m.late_data;
    if (m.aborted) errors = 0;  // of the run that the abort has ended
    next.errors |= static_cast<std::uint32_t>(errors) << 10 | (load.error ? 1u << 14 : 0u);
    if (load.touch) next.committed = false;
    if (load.commit) next.committed = true;
    if (load.geometry && !(m.late && !m.late_entry)) next.geometry[reg::last_patch + 4 * load.word] = load.data;
    const bool hit = kParity && m.inject >> 31 && stored && kind == (m.inject & 0xff), last = (m.inject >> 8 & 0x7fffff) == 0;
    CHECK_EQ(d.flip_o, hit && last);
    if (hit) next.inject = last ? m.inject & 0x7fffffff : m.inject - 0x100;
    next.changed = kBanks > 1 && (m.changed || stored);
    next.starting = false;
    next.irq = (m.pending & m.enable) != 0;
    bool raise_error = errors != 0 || load.error, raise_done = m.running && !m.starting && done, dropped = false;
    if (m.starting) {
      next.running = true;
      next.done = false;
      next.done_known = true;
    } else if (m.running && done) {
      next.running = false;
      next.done = true;
    }
    bool refused = false, aborted = false, clears = false;
    if (write) {
      const bool table = is_geometry(address) || address == reg::prog_data;
      if (table) {
        refused = !(kWritable || address == reg::frames) || (kBanks == 1 && m.busy());  // frames: also when tables are ROMs
        if (address == reg::frames) refused |= data == 0 || data >> kFrameBits != 0;
        if (address == reg::prog_data && !refused && m.half && !m.inside()) {
          refused = true;
          next.half = false;
        }
        if (refused) {
          next.errors |= kWriteRefused;
          raise_error = true;
        } else {
          next.committed = !kWritable;
          if (is_geometry(address)) {
            next.late = true;
          } else if (!m.half) {
            next.low = data;
            next.half = true;
          } else {
            next.late = next.late_entry = true;
            next.late_addr = m.addr;
            next.addr = m.addr + 1;
            next.half = false;
          }
          next.late_address = address;
          next.late_data = data;
        }
      } else if (address == reg::control) {
        const bool commit = (data & kCommit) && !(m.load_open && !(data & kAbort));
        if (commit) next.committed = true;
        if (commit || (data & kAbort)) next.half = false;
        if (data & kAbort) {
          aborted = true;
          next.running = next.starting = false;
          next.errors = 0;
          next.done_known = false;
          raise_error = raise_done = false;
        }
        // Together with an abort nothing is started: the abort alone is carried out.
        if (data & kStart) {
          if (m.busy() || (data & kAbort) || !(m.committed || (data & kCommit)) || m.load_open) refused = true;
          else next.starting = true;
        }
        if (data & kDiscard) {
          if (m.busy() || (data & (kAbort | kStart))) refused = true;
          else dropped = true;
        }
        if ((data & kCommit) && !commit) refused = true;
        if (refused) {
          next.errors |= kStartRefused;
          raise_error = true;
        }
      } else if (address == reg::prog_select) {
        next.select = data;
        next.half = false;
      } else if (address == reg::prog_addr) {
        next.addr = data;
        next.half = false;
      } else if (address == reg::irq_enable) {
        next.enable = data & 3;
      } else if (address == reg::irq_pending) {
        next.pending &= ~data;
      } else if (kParity && address == reg::inject) {
        next.inject = data;
      } else if (kLoad && address == reg::load_status) {
        clears = (data & 2) != 0;
      } else {
        refused = true;
      }
      if (!CHECK_EQ(d.write_error_o, refused) && failures <= 20) std::printf("  write of register 0x%03x\n", address);
    }
    if (next.starting) {  // takes what has been written, the word of this cycle too
      if (next.changed) next.bank = !m.bank;
      next.changed = false;
      next.taken = next.geometry;
    }
    if (kBanks == 1) next.taken = next.geometry;
    next.pending |= (raise_error ? 2u : 0u) | (raise_done ? 1u : 0u);
    CHECK_EQ(d.abort_o, aborted);
    CHECK_EQ(d.abort_late_o, m.aborted);
    CHECK_EQ(d.cut_late_o, m.cut);
    next.aborted = aborted;
    next.cut = aborted && m.busy();
    CHECK_EQ(d.forget_o, aborted && !m.busy());
    CHECK_EQ(d.drop_o, dropped);
    CHECK_EQ(d.load_clear_o, clears);
    CHECK_EQ(d.prog_we_o, m.late && m.late_entry);
    if (m.late && m.late_entry) {
      CHECK_EQ(d.prog_kind_o, m.select & 0xff);
      CHECK_EQ(d.prog_pe_o, (m.select >> 8) & 0xffff);
      CHECK_EQ(d.prog_addr_o, m.late_addr);
      CHECK_EQ(d.prog_data_o, (std::uint64_t{m.late_data} << 32) | m.low);
    }
    tick(d);
    m = next;
    d.write_i = d.done_i = 0;
    d.error_i = 0;
    load = {};
    expect_status();
  }
  void write(std::uint32_t address, std::uint32_t data) { cycle(true, address, data); }

  void expect_geometry() {
    for (const auto& [address, stored] : m.geometry) {
      const bool late = m.late && !m.late_entry && m.late_address == address;
      expect(address, late ? m.late_data : stored);
      if (late && kBanks == 1) continue;
      CHECK_EQ(get(d.geometry_o, static_cast<int>(address - reg::last_patch) * 8, 32), m.taken.at(address));
    }
    expect(reg::prog_select, m.select);
    expect(reg::prog_addr, m.addr);
    expect(reg::irq_enable, m.enable);
    expect(reg::irq_pending, m.pending);
    if (kParity) expect(reg::inject, m.inject);
  }
};

void identity_and_counters(Bench& b) {
  b.expect(reg::id, 0x4550494D);
  for (const Register& r : kMap)
    if (r.offset == reg::version) b.expect(reg::version, r.reset);
  b.expect(reg::hash_lo, static_cast<std::uint32_t>(kHash));
  b.expect(reg::hash_hi, static_cast<std::uint32_t>(kHash >> 32));
  b.d.cycles_i = 0xabcd12345678ull;
  b.d.first_fire_i = 0x1111aaaabbbbull;
  b.d.last_fire_i = 0xfffffffffffeull;
  // The counters run on between the two reads: the high word is that of the moment of the low one.
  const auto both = [&b](std::uint32_t address) {
    const std::uint64_t low = b.take(address);
    b.d.cycles_i ^= 0xffff00000000ull;
    b.d.first_fire_i ^= 0xffff00000000ull;
    b.d.last_fire_i ^= 0xffff00000000ull;
    for (int i = static_cast<int>(pick(0, 2)); i > 0; --i) b.cycle(false);
    const std::uint64_t high = b.take(address + 4);
    b.d.cycles_i ^= 0xffff00000000ull;
    b.d.first_fire_i ^= 0xffff00000000ull;
    b.d.last_fire_i ^= 0xffff00000000ull;
    return low | high << 32;
  };
  CHECK_EQ(both(reg::cycles), 0xabcd12345678ull);
  CHECK_EQ(both(reg::first_fire), 0x1111aaaabbbbull);
  CHECK_EQ(both(reg::last_fire), 0xfffffffffffeull);
  for (int e = 0; e < kEvents; ++e) CHECK_EQ(both(reg::events + 8 * static_cast<std::uint32_t>(e)), event_value(e));
  // Reads of other registers in between leave it.
  b.take(reg::cycles);
  b.take(reg::status);
  b.take(reg::hash_lo);
  CHECK_EQ(b.take(reg::cycles + 4), 0xabcd);
}

/// Every address of the map's 12 bits that no register has.
void unmapped(Bench& b) {
  std::set<std::uint32_t> readable, known;
  for (const Register& r : kMap) {
    known.insert(r.offset);
    if (!kLoad && r.offset >= reg::load_status && r.offset <= reg::load_address) continue;
    if (!kParity && r.offset == reg::inject) {
      known.erase(r.offset);
      continue;
    }
    if (r.access != WO) readable.insert(r.offset);
  }
  for (const std::uint32_t wide : {reg::cycles, reg::first_fire, reg::last_fire}) {
    readable.insert(wide + 4);
    known.insert(wide + 4);
  }
  for (int w = 0; w < 2 * kEvents; ++w) {
    readable.insert(reg::events + 4 * static_cast<std::uint32_t>(w));
    known.insert(reg::events + 4 * static_cast<std::uint32_t>(w));
  }
  for (std::uint32_t a = 0; a < 4096; ++a) {
    bool error;
    b.read(a, error);
    if (readable.count(a)) CHECK_EQ(error, 0);
    if (!known.count(a) && !CHECK_EQ(error, 1) && failures <= 20) std::printf("  read of address 0x%03x\n", a);
  }
  const Model before = b.m;
  for (std::uint32_t a = 0; a < 4096; ++a) {
    const auto it = std::find_if(kMap.begin(), kMap.end(), [&](const Register& r) { return r.offset == a; });
    if (it == kMap.end() || it->access == RO) b.write(a, static_cast<std::uint32_t>(random_bits(32)));
  }
  b.m.geometry = before.geometry;
  b.m.taken = before.taken;
  b.expect_geometry();
  b.expect(reg::id, 0x4550494D);
}

void run_once(Bench& b, int cycles) {
  b.write(reg::control, kCommit);
  b.write(reg::control, kStart);
  for (int i = 0; i < cycles; ++i) b.cycle(false);
  b.cycle(false, 0, 0, true);
  bool error;
  CHECK_EQ(b.read(reg::status, error) & (kBusy | kDone), kDone);
}

void misuse(Bench& b) {
  bool error;
  // Start before commit.
  if (kWritable) {
    b.write(reg::last_patch, 3);
    b.write(reg::control, kStart);
    b.cycle(false);
    CHECK_EQ(b.d.busy_o, 0);
    CHECK_EQ(b.read(reg::status, error) & (kStartRefused | kBusy), kStartRefused);
    b.write(reg::control, kAbort);
    CHECK_EQ(b.read(reg::status, error) & kStartRefused, 0);
  }
  // Start and abort in one write: the abort, and a refused start.
  b.write(reg::control, kCommit);
  b.write(reg::control, kStart | kAbort);
  CHECK_EQ(b.d.start_o, 0);
  CHECK_EQ(b.read(reg::status, error) & (kStartRefused | kBusy), kStartRefused);
  b.write(reg::control, kStart);
  b.cycle(false);
  b.write(reg::control, kStart | kAbort);
  b.cycle(false);
  CHECK_EQ(b.d.busy_o, 0);
  CHECK_EQ(b.read(reg::status, error) & (kStartRefused | kBusy), kStartRefused);
  b.write(reg::control, kAbort);
  // No frames, or more than the counters hold.
  for (const std::uint32_t frames : {0u, 1u << kFrameBits, 0xFFFFFFFFu}) {
    b.write(reg::frames, frames);
    CHECK_EQ(b.read(reg::status, error) & kWriteRefused, kWriteRefused);
    b.write(reg::control, kAbort);
  }
  b.write(reg::frames, (1u << kFrameBits) - 1);
  b.write(reg::frames, 1);
  run_once(b, 3);
  // A table write after commit needs a new commit.
  if (kWritable) {
    b.write(reg::prog_data, 1);
    b.write(reg::control, kStart);
    CHECK_EQ(b.d.start_o, 0);
    b.write(reg::control, kAbort | kCommit);
  }
  // Start, geometry and program data while busy; the run goes on.
  b.write(reg::control, kStart);
  b.cycle(false);
  b.write(reg::control, kStart);
  CHECK_EQ(b.read(reg::status, error) & (kStartRefused | kBusy), kStartRefused | kBusy);
  b.write(reg::kernel, 0x0505);
  b.write(reg::prog_data, 7);
  b.write(reg::prog_data, 8);
  const std::uint32_t write_refused = kBanks == 1 ? kWriteRefused : 0;
  CHECK_EQ(b.read(reg::status, error) & (kWriteRefused | kBusy), write_refused | kBusy);
  b.cycle(false);
  b.expect_geometry();
  b.cycle(false, 0, 0, true);
  CHECK_EQ(b.read(reg::status, error) & (kDone | kWriteRefused | kStartRefused), kDone | write_refused | kStartRefused);
  b.write(reg::control, kAbort);
  // Writes in the cycle right after the start: the status says busy, so they are refused.
  b.write(reg::control, kStart | kCommit);
  b.write(reg::padding, 0x0101);
  b.expect_geometry();
  b.write(reg::control, kAbort);
  b.write(reg::control, kStart | kCommit);
  b.write(reg::control, kStart);
  b.cycle(false);
  // Abort ends the run.
  b.write(reg::control, kAbort);
  CHECK_EQ(b.d.busy_o, 0);
  // Core errors stay until an abort.
  b.cycle(false);  // in the cycle after an abort they are of the run that has ended
  for (int e = 0; e < 4; ++e) b.cycle(false, 0, 0, false, 1 << e);
  CHECK_EQ(b.read(reg::status, error) >> 10 & 15, 15);
  b.write(reg::control, kAbort);
  CHECK_EQ(b.read(reg::status, error) >> 10 & 15, 0);
}

/// A new selection or address starts a new entry: a half-written one is dropped. The address counts up.
void program_port(Bench& b) {
  if (!kWritable) return;
  b.write(reg::prog_select, 0x00000205);
  b.write(reg::prog_addr, 40);
  for (int i = 0; i < 5; ++i) {
    b.write(reg::prog_data, static_cast<std::uint32_t>(random_bits(32)));
    b.write(reg::prog_data, static_cast<std::uint32_t>(random_bits(32)));
  }
  b.expect(reg::prog_addr, 45);
  b.expect(reg::prog_select, 0x00000205);
  b.write(reg::prog_data, 1);
  b.write(reg::prog_addr, 2);
  b.write(reg::prog_data, 3);
  b.write(reg::prog_data, 4);
  b.write(reg::prog_data, 5);
  b.write(reg::prog_select, 1);
  b.write(reg::prog_data, 6);
  b.write(reg::prog_data, 7);
  // The last entry of every memory and the first behind it, by address and by counting; kinds and PEs there are not.
  bool error;
  const auto entry = [&](std::uint32_t select, std::uint32_t address, bool good) {
    b.write(reg::prog_select, select);
    b.write(reg::prog_addr, address);
    b.write(reg::prog_data, 8);
    b.write(reg::prog_data, 9);
    CHECK_EQ(b.read(reg::status, error) & kWriteRefused, good ? 0 : kWriteRefused);
    b.expect(reg::prog_addr, good ? address + 1 : address);
    b.write(reg::control, kAbort);
  };
  for (std::uint32_t kind = 0; kind < 9; ++kind) {
    entry(kind, kSizes[kind] - 1, true);
    entry(kind, kSizes[kind], false);
    entry(kind, 0x80000000u, false);
    b.write(reg::prog_addr, kSizes[kind] - 1);
    for (int i = 0; i < 4; ++i) b.write(reg::prog_data, 10);  // the second entry is behind the end
    CHECK_EQ(b.read(reg::status, error) & kWriteRefused, kWriteRefused);
    b.write(reg::control, kAbort);
  }
  for (const std::uint32_t kind : {9u, 10u, 128u, 255u}) entry(kind, 0, false);
  for (const std::uint32_t kind : {4u, 5u, 6u, 7u, 8u}) {
    entry(kind | (kPes - 1) << 8, 0, true);
    entry(kind | kPes << 8, 0, false);
    entry(kind | 0x10000u << 8, 0, false);
  }
  // Half an entry does not survive an abort or a commit.
  for (const std::uint32_t control : {kAbort, kCommit}) {
    b.write(reg::prog_select, 1);
    b.write(reg::prog_addr, 0);
    b.write(reg::prog_data, 11);
    b.write(reg::control, control);
    b.write(reg::prog_data, 12);
    b.write(reg::prog_data, 13);
    b.expect(reg::prog_addr, 1);
  }
}

/// What the load port shows, and what it and the host ask for side by side.
void load_port(Bench& b) {
  for (int i = 0; i < 5; ++i) put(b.d.load_state_i, 32 * i, 32, 0x10101010u * static_cast<std::uint32_t>(i + 1) + 7);
  if (!kLoad) return;
  const std::uint32_t shown[] = {reg::load_status, reg::load_frames, reg::load_words, reg::load_target, reg::load_address};
  for (std::uint32_t i = 0; i < 5; ++i) b.expect(shown[i], 0x10101010u * (i + 1) + 7);
  b.write(reg::load_status, 1);
  b.write(reg::load_status, 2);
  // A program that is not complete: neither commit nor start.
  b.write(reg::control, kCommit);
  b.m.load_open = true;
  b.write(reg::control, kStart);
  b.write(reg::control, kCommit);
  b.write(reg::control, kCommit | kStart);
  b.write(reg::control, kAbort);
  b.write(reg::control, kAbort | kCommit);
  b.m.load_open = false;
  b.write(reg::control, kStart);
  b.write(reg::control, kAbort);
  // The memories change, and are complete.
  b.load.touch = true;
  b.cycle(false);
  b.write(reg::control, kStart);
  b.write(reg::control, kAbort);
  b.load.commit = true;
  b.cycle(false);
  b.write(reg::control, kStart);
  b.write(reg::control, kAbort);
  for (std::uint32_t w = 0; w < (reg::pad_value - reg::last_patch) / 4 + 1; ++w) {
    b.load = {false, false, false, true, w, static_cast<std::uint32_t>(random_bits(32))};
    b.cycle(false);
  }
  b.expect_geometry();
}


/// The next program beside a run: what a start takes, and when the memories change.
void two_programs(Bench& b) {
  if (kBanks == 1) return;
  const auto bank = [&b](bool changes) {
    const bool before = b.m.bank;
    b.write(reg::control, kCommit | kStart);
    CHECK_EQ(b.m.bank != before, changes);
    b.expect_geometry();
    b.cycle(false);
    b.expect_geometry();
  };
  const auto end = [&b] { b.cycle(false, 0, 0, true); };
  const auto entry = [&b] {
    b.write(reg::prog_select, 0);
    b.write(reg::prog_addr, 1);
    b.write(reg::prog_data, 5);
    b.write(reg::prog_data, 6);
  };
  b.write(reg::control, kAbort);
  entry();
  b.cycle(false);
  bank(true);
  // Geometry of the next run, the last word of it with the start.
  b.write(reg::kernel, 0x0203);
  b.write(reg::stride, 0x0303);
  b.expect_geometry();
  end();
  b.write(reg::padding, 0x0102);
  bank(false);
  // An entry beside the run; the last one a cycle before the start, stored with it.
  entry();
  end();
  bank(true);
  end();
  entry();
  bank(true);
  end();
  bank(false);
  // Entries of the load port, one in the cycle of a start.
  b.load.store = true;
  b.cycle(false);
  end();
  bank(true);
  end();
  b.load.store = true;
  bank(true);
  end();
  bank(false);
  end();
}

/// A wrong bit: in the entry after the next n of its kind, once.
void wrong_bits(Bench& b) {
  if (!kParity) return;
  b.write(reg::control, kAbort);
  for (const std::uint32_t n : {0u, 1u, 5u, 0x7fffffu}) {
    b.write(reg::inject, 0x80000000u | n << 8 | 1u);
    for (std::uint32_t i = 0; i < 30; ++i) {
      b.load.store = true;
      b.load.kind = i % 3;
      b.cycle(false);
      b.expect(reg::inject, b.m.inject);
    }
    // By the register port; not armed; armed anew in the cycle of a hit.
    b.write(reg::inject, 0x80000000u | 1u);
    b.write(reg::prog_select, 1);
    b.write(reg::prog_addr, 0);
    b.write(reg::prog_data, 1);
    b.write(reg::prog_data, 2);
    b.cycle(false);
    CHECK_EQ(b.m.inject, kWritable ? 1u : 0x80000001u);
    b.load.store = true;
    b.load.kind = 1;
    b.cycle(false);
    b.write(reg::inject, 0x80000000u | 2u << 8 | 1u);
    b.load.store = true;
    b.load.kind = 1;
    b.write(reg::inject, 0x80000000u | 3u << 8 | 1u);
    b.expect(reg::inject, 0x80000301u);
    b.write(reg::inject, 0);
  }
}

void interrupts(Bench& b) {
  b.write(reg::control, kAbort);
  b.write(reg::irq_pending, 3);
  b.expect(reg::irq_pending, 0);
  for (std::uint32_t enable = 0; enable < 4; ++enable) {
    b.write(reg::irq_enable, enable);
    run_once(b, 3);
    b.cycle(false);
    b.expect(reg::irq_pending, 1);
    CHECK_EQ(b.d.irq_o, enable & 1);
    b.cycle(false, 0, 0, false, 4);
    b.cycle(false);
    b.expect(reg::irq_pending, 3);
    CHECK_EQ(b.d.irq_o, enable != 0);
    b.write(reg::control, kAbort);  // clears the error bit, not the interrupt
    b.expect(reg::irq_pending, 3);
    b.write(reg::irq_pending, 1);
    b.cycle(false);
    CHECK_EQ(b.d.irq_o, enable >> 1);
    b.write(reg::irq_pending, 2);
    b.cycle(false);
    CHECK_EQ(b.d.irq_o, 0);
    b.expect(reg::irq_pending, 0);
    // An abort is no end of a run.
    b.write(reg::control, kCommit | kStart);
    b.cycle(false);
    b.write(reg::control, kAbort);
    b.expect(reg::irq_pending, 0);
  }
}

void random_accesses(Bench& b) {
  for (int i = 0; i < 6000; ++i) {
    std::uint32_t address = kMap[static_cast<std::size_t>(pick(0, static_cast<int>(kMap.size()) - 1))].offset;
    std::uint32_t data = static_cast<std::uint32_t>(random_bits(32));
    if (chance(35)) address = reg::control;
    if (chance(20)) address = reg::prog_data;
    if (chance(3)) address = static_cast<std::uint32_t>(random_bits(12));
    if (address == reg::prog_select && chance(80)) data &= 0x00000305;
    if (address == reg::prog_addr && chance(80)) data &= 0xf;
    if (address == reg::frames && chance(80)) data &= 0xff;
    if (address == reg::control && chance(80))
      data = chance(40) ? kStart : chance(50) ? kCommit : chance(50) ? kCommit | kStart : chance(30) ? kAbort : 0;
    const int errors = chance(3) ? static_cast<int>(random_bits(4)) : 0;
    const bool write = chance(70), abort = write && address == reg::control && (data & kAbort);
    if (kLoad) {
      if (chance(5)) b.m.load_open = !b.m.load_open;
      // It waits for what the register port stores.
      const bool table = write && (is_geometry(address) || address == reg::prog_data);
      b.load = {chance(3), !table && chance(3), !abort && chance(3), !b.m.late && chance(5), static_cast<std::uint32_t>(pick(0, (reg::pad_value - reg::last_patch) / 4)),
                static_cast<std::uint32_t>(random_bits(32)), !b.m.late && chance(10), static_cast<std::uint32_t>(pick(0, 3))};
    }
    b.cycle(write, address, data, chance(15), abort ? 0 : errors);
    if (i % 50 == 0) b.expect_geometry();
  }
}

void test(Vdut& d) {
  d.write_i = 0;
  d.done_i = 0;
  d.error_i = 0;
  d.raddr_i = 0;
  d.read_i = 0;
  d.load_open_i = d.load_touch_i = d.load_commit_i = d.load_error_i = d.load_geometry_we_i = 0;
  reset(d);
  Bench b{d, {}};
  b.expect_status();
  b.expect_geometry();
  identity_and_counters(b);
  misuse(b);
  program_port(b);
  load_port(b);
  two_programs(b);
  wrong_bits(b);
  interrupts(b);
  unmapped(b);
  random_accesses(b);
}

}  // namespace

int main() { return RUN(test); }
