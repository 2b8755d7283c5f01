// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Random ranges of several activations, a random reader, stalls only when both banks are taken, exact latencies.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

constexpr int kPeRows = P_PeRows, kPeCols = P_PeCols, kCSteps = P_CSteps, kGroups = P_Groups, kJoint = P_JointLanes;
constexpr int kProd = P_ProdW, kAcc = P_AccBits, kRange = P_RangeW;
constexpr int kLanes = kPeCols * kJoint;

/// A group of columns that enters; `id` of its range, sums over the PE rows by lane.
struct Group {
  bool valid = false, open_first = false, opens = false, closes = false;
  int cstep = 0, group = 0, id = 0;
  std::vector<std::vector<std::int64_t>> prod;  // [PE row][PE column * JointLanes + lane]
};
struct Range {
  std::uint64_t record = 0;
  std::set<int> csteps;
  std::map<std::pair<int, int>, std::vector<std::int64_t>> acc;  // by (column step, group)
};

void offer(Vdut& d, const Group& g, const Range& r) {
  d.valid_i = g.valid;
  d.cstep_i = static_cast<std::uint32_t>(g.valid ? g.cstep : pick(0, kCSteps - 1));
  d.group_i = static_cast<std::uint32_t>(g.valid ? g.group : pick(0, kGroups - 1));
  d.open_first_i = g.valid ? g.open_first : static_cast<std::uint32_t>(pick(0, 1));
  d.opens_i = g.valid ? g.opens : static_cast<std::uint32_t>(pick(0, 1));
  d.closes_i = g.valid ? g.closes : static_cast<std::uint32_t>(pick(0, 1));
  put(d.range_i, 0, kRange, g.valid && g.closes ? r.record : random_bits(kRange));
}

/// `idle_percent`: share of cycles between column steps without a group; `read_percent`: how fast the reader is.
void one(Vdut& d, int count, int idle_percent, int read_percent, int stop_at) {
  d.clear_i = 1;
  d.valid_i = d.range_take_i = d.range_release_i = d.rd_en_i = 0;
  tick(d);
  d.clear_i = 0;

  std::vector<Range> ranges(static_cast<std::size_t>(count));
  std::deque<Group> input;
  for (int id = 0; id < count; ++id) {
    Range& r = ranges[static_cast<std::size_t>(id)];
    r.record = random_bits(kRange);
    const int most = static_cast<int>(pick(1, kCSteps));
    while (static_cast<int>(r.csteps.size()) < most) r.csteps.insert(static_cast<int>(pick(0, kCSteps - 1)));
    const int activations = static_cast<int>(pick(1, 4));
    for (int a = 0; a < activations; ++a)
      for (const int k : r.csteps) {
        for (int g = 0; g < kGroups; ++g) {
          Group group;
          group.valid = true;
          group.opens = a == 0;
          group.open_first = a == 0 && k == *r.csteps.begin() && g == 0;
          group.closes = a == activations - 1 && k == *r.csteps.rbegin() && g == kGroups - 1;
          group.cstep = k;
          group.group = g;
          group.id = id;
          for (int t = 0; t < kPeRows; ++t) {
            group.prod.emplace_back();
            for (int lane = 0; lane < kLanes; ++lane)
              group.prod.back().push_back(sign_extend(random_bits(kProd), kProd));
          }
          input.push_back(group);
        }
        while (chance(idle_percent)) input.push_back({});
      }
  }

  Group s1, s2, s3;
  int opened = 0, closed = 0, taken = 0, released = 0;
  std::vector<int> bank_of(ranges.size(), -1);
  std::map<int, std::vector<std::array<int, 3>>> unread;  // (PE column, column step, group) by taken range
  bool known = false;
  int read_id = 0;
  std::vector<std::int64_t> read_data;
  int guard = 100000, after = 0;
  while (after < 4 && --guard) {
    if (stop_at > 0 && --stop_at == 0) return;
    const Group now = input.empty() ? Group{} : input.front();
    offer(d, now, ranges[static_cast<std::size_t>(now.id)]);
    for (int t = 0; t < kPeRows; ++t)
      for (int lane = 0; lane < kLanes; ++lane)
        put(d.prod_i, (t * kLanes + lane) * kProd, kProd,
            s2.valid ? static_cast<std::uint64_t>(s2.prod[static_cast<std::size_t>(t)][static_cast<std::size_t>(lane)])
                     : random_bits(kProd));
    // Reader: takes, reads the words of taken ranges in any order, releases the oldest when it is used up.
    d.range_take_i = closed > taken && chance(read_percent);
    d.range_release_i = released < taken && unread[released].empty() && !(known && read_id == released && chance(50));
    d.rd_en_i = 0;
    int reading = -1;
    std::array<int, 3> place{};
    if (chance(read_percent))
      for (int id = released; id < taken && reading < 0; ++id)
        if (!unread[id].empty()) {
          reading = id;
          const std::size_t n = static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(unread[id].size()) - 1));
          place = unread[id][n];
          unread[id].erase(unread[id].begin() + static_cast<std::ptrdiff_t>(n));
        }
    if (reading >= 0) {
      d.rd_en_i = 1;
      d.rd_bank_i = static_cast<std::uint32_t>(bank_of[static_cast<std::size_t>(reading)]);
      d.rd_pe_col_i = static_cast<std::uint32_t>(place[0]);
      d.rd_cstep_i = static_cast<std::uint32_t>(place[1]);
      d.rd_group_i = static_cast<std::uint32_t>(place[2]);
    }
    settle(d);

    const bool stall = s3.valid && s3.open_first && opened - released == 2;
    CHECK_EQ(d.en_o, !stall);
    CHECK_EQ(d.range_valid_o, closed > taken);
    if (closed > taken) CHECK_EQ(get(d.range_o, 0, kRange), ranges[static_cast<std::size_t>(taken)].record);
    if (d.range_take_i) {
      bank_of[static_cast<std::size_t>(taken)] = d.range_bank_o;
      if (taken > 0) CHECK(bank_of[static_cast<std::size_t>(taken)] != bank_of[static_cast<std::size_t>(taken) - 1]);
    }
    CHECK_EQ(d.acc_we_o, s3.valid && !stall);
    CHECK_EQ(d.acc_closes_o, s3.valid && !stall && s3.closes);
    int more_open = 0, more_closed = 0;
    if (s3.valid && !stall) {
      Range& r = ranges[static_cast<std::size_t>(s3.id)];
      std::vector<std::int64_t>& acc = r.acc[{s3.cstep, s3.group}];
      if (s3.opens) acc.assign(kLanes, 0);
      CHECK_EQ(d.acc_cstep_o, s3.cstep);
      CHECK_EQ(d.acc_group_o, s3.group);
      for (int lane = 0; lane < kLanes; ++lane) {
        std::int64_t& a = acc[static_cast<std::size_t>(lane)];
        for (int t = 0; t < kPeRows; ++t) a += s3.prod[static_cast<std::size_t>(t)][static_cast<std::size_t>(lane)];
        CHECK_EQ(get_signed(d.acc_data_o, lane * kAcc, kAcc), sign_extend(static_cast<std::uint64_t>(a), kAcc));
      }
      more_open = s3.open_first;
      more_closed = s3.closes;
    }
    if (!stall) {
      s3 = s2;
      s2 = s1;
      s1 = now;
      if (!input.empty()) input.pop_front();
    }
    if (d.range_take_i) {
      for (const int k : ranges[static_cast<std::size_t>(taken)].csteps)
        for (int g = 0; g < kGroups; ++g)
          for (int u = 0; u < kPeCols; ++u) unread[taken].push_back({u, k, g});
      ++taken;
    }
    if (d.range_release_i) {
      if (read_id == released) known = false;
      ++released;
    }
    if (reading >= 0) {
      known = true;
      read_id = reading;
      const auto& acc = ranges[static_cast<std::size_t>(reading)].acc.at({place[1], place[2]});
      read_data.assign(acc.begin() + place[0] * kJoint, acc.begin() + (place[0] + 1) * kJoint);
    }
    opened += more_open;
    closed += more_closed;
    tick(d);
    settle(d);
    if (known)  // from the cycle after the read until the next one
      for (int i = 0; i < kJoint; ++i)
        CHECK_EQ(get_signed(d.rd_data_o, i * kAcc, kAcc),
                 sign_extend(static_cast<std::uint64_t>(read_data[static_cast<std::size_t>(i)]), kAcc));
    if (released == count) ++after;
  }
  CHECK(guard > 0);
}

void test(Vdut& d) {
  d.clear_i = 0;
  d.valid_i = d.range_take_i = d.range_release_i = d.rd_en_i = 0;
  reset(d);
  one(d, 10, 0, 100, 0);
  one(d, 10, 0, 10, 0);  // a slow reader: the array must wait
  for (int i = 0; i < 40; ++i)
    one(d, static_cast<int>(pick(1, 12)), static_cast<int>(pick(0, 70)), static_cast<int>(pick(10, 100)), 0);
  for (int i = 0; i < 20; ++i)
    one(d, 8, static_cast<int>(pick(0, 50)), static_cast<int>(pick(10, 60)), static_cast<int>(pick(2, 80)));
  one(d, 10, 20, 50, 0);
}

}  // namespace

int main() { return RUN(test); }
