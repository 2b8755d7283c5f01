// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Random OFAT tables: which column steps fire, in which cycle, with which ADCs; the pipeline behind; table errors.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

constexpr int kPeCols = P_PeCols, kXbCols = P_XbCols, kAdcs = P_Adcs, kJoint = P_JointLanes, kSteps = P_Steps;
constexpr int kMaxPatches = P_MaxPatches, kChannelW = P_ChannelW;
constexpr bool kSigned = P_ActSigned;
#ifdef P_RowGroups
constexpr int kRowGroups = P_RowGroups;
#else
constexpr int kRowGroups = 1;
#endif
#ifdef P_Interval
constexpr int kInterval = P_Interval;
#else
constexpr int kInterval = 1;
#endif
#ifdef P_AdcStages
constexpr int kStages = P_AdcStages;
#else
constexpr int kStages = 1;
#endif
#ifdef P_HoldFree
constexpr bool kHoldFree = P_HoldFree;
#else
constexpr bool kHoldFree = false;
#endif
constexpr bool kSequenced = kRowGroups > 1 || kInterval > 1;

int csteps() { return ceil_div(kXbCols, kAdcs); }
int groups() { return ceil_div(kAdcs, kJoint); }
// Input steps of the layer that runs, sign step, narrow step behind it.
int live_steps = kSteps;
bool live_signed = kSigned, live_narrow = kSigned;
int period() { return std::max(live_steps * kRowGroups * kInterval, groups()); }  // of the longest column step

struct Entry {
  int start, stop, first, last;  // channels, columns
};
std::uint64_t pack(int column) {
  const int in_pe = column % kXbCols, adc = in_pe % kAdcs;
  std::uint64_t v = static_cast<std::uint64_t>(column / kXbCols);
  v = v << index_bits(csteps()) | static_cast<std::uint64_t>(in_pe / kAdcs);
  v = v << index_bits(groups()) | static_cast<std::uint64_t>(adc / kJoint);
  return v << index_bits(kJoint) | static_cast<std::uint64_t>(adc % kJoint);
}
int column_of(int pe_col, int cstep, int lane) {
  return lane < kAdcs && cstep * kAdcs + lane < kXbCols ? pe_col * kXbCols + cstep * kAdcs + lane : -1;
}
bool selected(const Entry& e, int pe_col, int cstep, int lane) {
  const int column = column_of(pe_col, cstep, lane);
  return column >= e.first && column <= e.last && column >= 0;
}
std::set<int> csteps_of(const Entry& e) {
  std::set<int> steps;
  for (int u = 0; u < kPeCols; ++u)
    for (int k = 0; k < csteps(); ++k)
      for (int l = 0; l < kAdcs; ++l)
        if (selected(e, u, k, l)) steps.insert(k);
  return steps;
}

std::vector<Entry> random_table() {
  std::vector<Entry> table;
  const int patches = static_cast<int>(pick(1, kMaxPatches));
  int channel = 0;
  while (static_cast<int>(table.size()) < patches) {
    Entry e{};
    const int columns = kPeCols * kXbCols, room = static_cast<int>(mask(kChannelW)) - channel;
    if (room < 1) break;
    e.first = static_cast<int>(pick(0, columns - 1));
    e.last = static_cast<int>(chance(40) ? pick(e.first, columns - 1)
                                         : pick(e.first, std::min(columns - 1, e.first + 2 * kAdcs)));
    e.start = channel;
    e.stop = channel + static_cast<int>(pick(1, std::min(room, 2 * columns)));
    channel = e.stop;
    for (std::int64_t n = pick(1, 3); n > 0 && static_cast<int>(table.size()) < patches; --n) table.push_back(e);
  }
  return table;
}

/// Columns of a group of finished psums, on its way to the joint module.
struct Token {
  int group, cstep, n;
  bool first_k, last_k;
};
struct Acc {
  bool valid = false, first = false, step = false, last = false;
  int b = 0;
};

struct Setup {
  int rounds, en, full;
  int bad = -1;  // entry that must be flagged
};

void start(Vdut& d, const std::vector<Entry>& table) {
  d.cfg_last_patch_i = static_cast<std::uint32_t>(table.size() - 1);
  if (chance(40)) live_steps = static_cast<int>(pick(1, kSteps));
  live_signed = kSigned && live_steps > 1 && chance(60);
  live_narrow = live_signed && chance(50);
  d.cfg_last_step_i = static_cast<std::uint32_t>(live_steps - 1);
  d.cfg_signed_i = live_signed;
  d.cfg_narrow_i = live_narrow;
  d.run_i = 0;
  d.en_i = 1;
  d.bank_full_i = 0;
  d.range_release_i = 0;
  put(d.row_groups_i, 0, 2 * kRowGroups, mask(2 * kRowGroups));
  d.clear_i = 1;
  tick(d);
  d.clear_i = 0;
  d.run_i = 1;
}

/// The OFAT memory: one cycle from the read to the fields.
void read_ofat(Vdut& d, const std::vector<Entry>& table, bool re, int patch) {
  if (!re) return;
  const Entry& e = table[static_cast<std::size_t>(patch) % table.size()];
  CHECK(patch < static_cast<int>(table.size()));
  d.ofat_start_i = static_cast<std::uint32_t>(e.start);
  d.ofat_stop_i = static_cast<std::uint32_t>(e.stop);
  put(d.ofat_first_i, 0, 32, pack(e.first));
  put(d.ofat_last_i, 0, 32, pack(e.last));
}

void one(Vdut& d, const std::vector<Entry>& table, Setup setup) {
  start(d, table);
  const int patches = static_cast<int>(table.size()), total = setup.rounds * patches;
  const auto entry = [&](int n) -> const Entry& { return table[static_cast<std::size_t>(n % patches)]; };
  const auto same = [&](int a, int b) { return entry(a).start == entry(b).start && entry(a).stop == entry(b).stop; };
  const auto opens = [&](int n) { return n % patches == 0 || !same(n, n - 1); };
  const auto ends_round = [&](int n) { return n % patches == patches - 1; };
  const auto closes = [&](int n) { return ends_round(n) || !same(n, n + 1); };

  // Row groups of every patch: one, some, all.
  std::vector<std::vector<int>> row_groups(static_cast<std::size_t>(patches));
  for (auto& list : row_groups)
    do
      for (int g = 0, density = static_cast<int>(pick(1, 100)); g < kRowGroups; ++g)
        if (chance(density)) list.push_back(g);
    while (list.empty());
  const auto groups_of = [&](int m) -> const std::vector<int>& { return row_groups[static_cast<std::size_t>(m % patches)]; };

  int n = -1;  // activation that fires or fired last
  bool active = false;
  int c = 0, k = 0;    // cycle of the column step (sequenced: firing ones), column step
  std::int64_t joint_free = 0;  // sequenced: array cycle from which on the last read of a column step may begin
  std::set<int> left;  // column steps still to come
  bool first_k = false;
  int banks = 2, ranges = 0;  // hold-free: accumulator banks that no range has; ranges that hold one
  int loaded = 0;  // patches loaded: patch m is in bank m % 2
  int released = 0;
  std::deque<Acc> acc(1 + kStages);
  std::map<std::int64_t, Token> serial;  // by array cycle
  std::int64_t array_cycle = 0;
  int run_cycles = 0, guard = (kHoldFree ? 600 : 60) * total * csteps() * period() + 2000, quiet = 0;
  while (quiet < period() + 8 + kStages && --guard) {
    while (loaded < total && loaded < released + 2 && chance(setup.full)) ++loaded;
    d.bank_full_i = 0;
    put(d.row_groups_i, 0, 2 * kRowGroups, random_bits(2 * kRowGroups));
    for (int m = released; m < loaded; ++m) {
      d.bank_full_i |= 1u << (m % 2);
      std::uint64_t read = 0;
      for (const int g : groups_of(m)) read |= std::uint64_t{1} << g;
      put(d.row_groups_i, m % 2 * kRowGroups, kRowGroups, read);
    }
    d.en_i = chance(setup.en);
    // A range that has been dispatched is drained at some time; how long it takes does not matter here.
    d.range_release_i = kHoldFree && ranges > 0 && chance(15);
    settle(d);

    const int reads = active ? static_cast<int>(groups_of(n).size()) : 1;  // of an input step
    const int fires = live_steps * reads * kInterval;                      // cycles of a column step that fire
    const int b = c / kInterval / reads, read_of_step = c / kInterval % reads;
    const bool begins = c % kInterval == 0, last_read = c / kInterval == live_steps * reads - 1;
    const bool waits = kSequenced && last_read && begins && array_cycle < joint_free;
    const bool fire = active && c < fires && !waits, read = fire && begins;
    const bool step_end = fire && (c + 1) % (kInterval * reads) == 0;
    CHECK_EQ(d.fire_o, fire);
    CHECK_EQ(d.read_o, read);
    CHECK_EQ(d.step_end_o, step_end);
    CHECK_EQ(d.load_o, fire && c == 0);
    if (fire) {
      if (kRowGroups > 1)
        CHECK_EQ(get(d.row_group_o, 0, kRowGroups), std::uint64_t{1} << groups_of(n)[static_cast<std::size_t>(read_of_step)]);
      if (c == 0) {
        k = d.cstep_o;
        if (!CHECK_EQ(left.count(k), 1) && failures <= 20) std::printf("  column step %d of activation %d\n", k, n);
      }
      CHECK_EQ(d.cstep_o, k);
      CHECK_EQ(d.step_o, live_steps - 1 - b);
      CHECK_EQ(d.sign_o, live_signed && b == 0);
      CHECK_EQ(d.bank_o, n % 2);
      CHECK_EQ(d.fire_opens_o, opens(n));
      for (int u = 0; u < kPeCols; ++u)
        for (int l = 0; l < kAdcs; ++l) CHECK_EQ(get(d.sel_o, u * kAdcs + l, 1), selected(entry(n), u, k, l));
    }
    const bool last_k = active && (left.empty() || (left.size() == 1 && left.count(k)));
    const bool release = d.en_i && fire && c == fires - 1 && last_k;
    CHECK_EQ(d.release_o, release);
    // The next activation starts in the last cycle of this one, or at once when nothing fires.
    const bool column_ends = active && (kSequenced ? fire && c == fires - 1 : c == period() - 1);
    const bool last_cycle = column_ends && last_k;
    const bool ready = loaded > n + 1 && d.en_i && (!active || last_cycle) && (!kHoldFree || !opens(n + 1) || banks > 0);
    if (run_cycles >= 2)
      CHECK_EQ(d.dispatch_o, ready);
    else if (d.dispatch_o)
      CHECK(ready);
    const bool dispatch = d.dispatch_o;
    CHECK_EQ(d.err_ofat_o, dispatch && setup.bad >= 0 && (n + 1) % patches == setup.bad);

    // Behind the array: a conversion and one array cycle to the codes, the groups from the next one on.
    if (d.en_i) {
      const Acc a = acc.front();
      CHECK_EQ(d.acc_valid_o, a.valid);
      if (a.valid) {
        CHECK_EQ(d.acc_first_o, a.first);
        CHECK_EQ(d.acc_step_o, a.step);
        CHECK_EQ(d.acc_last_o, a.last);
        CHECK_EQ(d.acc_sign_o, live_signed && a.b == 0);
        CHECK_EQ(d.acc_narrow_o, live_narrow && a.b == 1);
      }
      const auto it = serial.find(array_cycle);
      CHECK_EQ(d.ser_valid_o, it != serial.end());
      if (it != serial.end()) {
        const Token& t = it->second;
        const bool last_group = t.group == groups() - 1;
        CHECK_EQ(d.ser_group_o, t.group);
        CHECK_EQ(d.ser_cstep_o, t.cstep);
        CHECK_EQ(d.ser_opens_o, opens(t.n));
        CHECK_EQ(d.ser_open_first_o, opens(t.n) && t.first_k && t.group == 0);
        CHECK_EQ(d.ser_closes_o, closes(t.n) && t.last_k && last_group);
        if (d.ser_closes_o) {
          CHECK_EQ(d.ser_end_round_o, ends_round(t.n));
          CHECK_EQ(d.ser_start_o, entry(t.n).start);
          CHECK_EQ(d.ser_stop_o, entry(t.n).stop);
          CHECK_EQ(get(d.ser_first_o, 0, 32), pack(entry(t.n).first));
          CHECK_EQ(get(d.ser_last_o, 0, 32), pack(entry(t.n).last));
        }
      }
      acc.pop_front();
      acc.push_back({read, read && c == 0, read_of_step == 0, last_read, b});
      if (read && last_read) {
        joint_free = array_cycle + groups();
        for (int g = 0; g < groups(); ++g) serial[array_cycle + 2 + kStages + g] = {g, k, n, first_k, last_k};
      }
      ++array_cycle;
      if (active) {
        if (!waits) ++c;
        if (column_ends) {
          c = 0;
          first_k = false;
          left.erase(k);
          if (last_k) active = false;
        }
      }
    }
    if (release) ++released;
    if (d.range_release_i) {
      ++banks;
      --ranges;
    }
    if (dispatch && opens(n + 1)) {
      --banks;
      ++ranges;
    }
    if (dispatch) {
      ++n;
      active = true;
      c = 0;
      first_k = true;
      left = csteps_of(entry(n));
    }
    const bool re = d.ofat_re_o;
    const int patch = d.ofat_patch_o;
    tick(d);
    read_ofat(d, table, re, patch);
    if (d.en_i) ++run_cycles;
    quiet = n == total - 1 && !active ? quiet + (d.en_i ? 1 : 0) : 0;
  }
  CHECK(guard > 0);
  CHECK_EQ(n, total - 1);
}

/// Columns that the array does not have: flagged, and the activation ends.
void missing_columns(Vdut& d) {
  const auto missing = [](std::uint64_t place) {
    const auto take = [&place](int bits) {
      const std::uint64_t v = place & mask(bits);
      place >>= bits;
      return static_cast<int>(v);
    };
    const int lane = take(index_bits(kJoint)), group = take(index_bits(groups())), step = take(index_bits(csteps()));
    const int adc = group * kJoint + lane;
    return take(index_bits(kPeCols)) >= kPeCols || step >= csteps() || lane >= kJoint || adc >= kAdcs
           || step * kAdcs + adc >= kXbCols;
  };
  const int bits = index_bits(kJoint) + index_bits(groups()) + index_bits(csteps()) + index_bits(kPeCols);
  for (int i = 0; i < 200; ++i) {
    const std::vector<Entry> table = {{0, 1, 0, 0}};
    const std::uint64_t ends[] = {random_bits(bits), random_bits(bits)};
    const bool bad = missing(ends[0]) || missing(ends[1]);
    start(d, table);
    bool dispatched = false, ended = false;
    for (int c = 0; c < (csteps() + 2) * period() + 20 && !ended; ++c) {
      d.bank_full_i = dispatched ? 0 : 1;
      d.range_release_i = 0;
      settle(d);
      CHECK_EQ(d.err_ofat_o, d.dispatch_o && (bad || ends[1] < ends[0]));
      dispatched = dispatched || d.dispatch_o;
      ended = d.release_o;
      const bool re = d.ofat_re_o;
      tick(d);
      read_ofat(d, table, re, 0);
      put(d.ofat_first_i, 0, 32, ends[0]);
      put(d.ofat_last_i, 0, 32, ends[1]);
    }
    CHECK(dispatched && ended);
  }
}

/// Runs until the entry `bad` is dispatched for the first time and expects the error there and not before.
void bad_columns(Vdut& d, const std::vector<Entry>& table, int bad) {
  start(d, table);
  int loaded = 0, released = 0, dispatched = 0, ranges = 0;
  for (int i = 0; i < 5000; ++i) {
    loaded = released + 2;
    d.bank_full_i = 3;
    d.range_release_i = kHoldFree && ranges > 0;
    ranges -= d.range_release_i;
    settle(d);
    CHECK_EQ(d.err_ofat_o, d.dispatch_o && dispatched == bad);
    if (d.err_ofat_o) return;
    if (d.dispatch_o) {
      const Entry& now = table[static_cast<std::size_t>(dispatched) % table.size()];
      const Entry& before = table[static_cast<std::size_t>(dispatched + static_cast<int>(table.size()) - 1) % table.size()];
      ranges += static_cast<std::size_t>(dispatched) % table.size() == 0 || now.start != before.start || now.stop != before.stop;
    }
    dispatched += d.dispatch_o;
    released += d.release_o;
    const bool re = d.ofat_re_o;
    const int patch = d.ofat_patch_o;
    tick(d);
    read_ofat(d, table, re, patch);
  }
  CHECK(false);
}

void test(Vdut& d) {
  d.clear_i = d.run_i = d.en_i = 0;
  d.bank_full_i = 0;
  reset(d);
  // All columns; one column; back to back without stalls.
  one(d, {{0, 1, 0, kPeCols * kXbCols - 1}}, {3, 100, 100});
  for (int column = 0; column < kPeCols * kXbCols; column += 3) one(d, {{0, 1, column, column}}, {2, 100, 100});
  for (int i = 0; i < 40; ++i) one(d, random_table(), {3, 100, 100});
  for (int i = 0; i < 60; ++i)
    one(d, random_table(), {2, static_cast<int>(pick(20, 100)), static_cast<int>(pick(3, 100))});
  // Table errors: a gap, an overlap, an empty range, columns in the wrong order.
  if (kMaxPatches >= 3) {
    one(d, {{0, 4, 0, 3}, {5, 8, 0, 2}, {8, 9, 1, 1}}, {2, 80, 80, 1});
    one(d, {{0, 4, 0, 3}, {0, 4, 0, 3}, {2, 6, 0, 2}}, {2, 80, 80, 2});
    one(d, {{0, 4, 0, 3}, {4, 4, 0, 2}, {4, 9, 1, 1}}, {2, 80, 80, 1});
    bad_columns(d, {{0, 4, 0, 3}, {0, 4, 0, 3}, {4, 6, 3, 2}}, 2);
    one(d, random_table(), {2, 80, 80});
  }
  missing_columns(d);
}

}  // namespace

int main() { return RUN(test); }
