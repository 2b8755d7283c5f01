// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// Layered layout of a graph, folded into rows like a text. Nothing here knows SVG.
'use strict';

// nodes: count; edges: [[from, to], ...] with from < to (topological order). columns: ranks that fit into one row.
// rank: longest way from a source. track: line within the rank; a node takes the track of its first longest predecessor, an
// edge over several ranks a track that is free on its way. row, column: where the fold puts a rank.
function layeredLayout(count, edges, columns) {
  const before = Array.from({length: count}, () => []), rank = new Array(count).fill(0);
  edges.forEach(([from, to], e) => before[to].push([from, e]));
  for (let n = 0; n < count; ++n)
    for (const [from] of before[n]) rank[n] = Math.max(rank[n], rank[from] + 1);
  const ranks = Math.max(0, ...rank) + 1;

  const taken = [];  // track -> ranks of nodes
  const rest = (wanted, free) => {
    for (const track of wanted)
      if (free(track)) return track;
    for (let track = 0; ; ++track)
      if (free(track)) return track;
  };
  const place = (n, wanted) => {
    const at = rest(wanted, (t) => !taken[t] || !taken[t].has(rank[n]));
    while (taken.length <= at) taken.push(new Set());
    taken[at].add(rank[n]);
    return at;
  };
  const track = new Array(count).fill(0);
  const order = Array.from({length: count}, (_, n) => n).sort((a, b) => rank[a] - rank[b] || a - b);
  // The longest way first, so that it is one straight line.
  const main = new Set();
  for (let n = order[order.length - 1]; n !== undefined && !main.has(n);) {
    main.add(n);
    const longest = before[n].find(([from]) => rank[from] === rank[n] - 1);
    n = longest ? longest[0] : undefined;
  }
  for (const n of order)
    if (main.has(n)) track[n] = place(n, []);
  for (const n of order) {
    if (main.has(n)) continue;
    const near = before[n].find(([from]) => rank[from] === rank[n] - 1) || before[n][0];
    track[n] = place(n, near ? [track[near[0]]] : []);
  }
  // Edges that leave one node are a net: they share a track as far as each goes.
  const lines = edges.map(([from, to], e) => ({from, to, e, span: rank[to] - rank[from]}));
  const nets = new Map(), ways = [];
  for (const line of lines)
    if (line.span > 1) nets.set(line.from, Math.max(nets.get(line.from) || 0, rank[line.to] - 1));
  for (const [from, last] of [...nets].sort((a, b) => (a[1] - rank[a[0]]) - (b[1] - rank[b[0]]) || a[0] - b[0])) {
    // Clear of other nodes, one rank more at both ends, where lines turn; of other nets, one more at the start.
    const clear = (t) => {
      for (let r = rank[from]; r <= last + 1; ++r)
        if (taken[t] && taken[t].has(r) && !(r === rank[from] && track[from] === t) && !lines.some((l) => l.from === from && r === last + 1 && rank[l.to] === r && track[l.to] === t)) return false;
      return !ways.some((w) => w.track === t && w.first <= last && w.last >= rank[from]);
    };
    const shared = rest([track[from]], clear);
    ways.push({track: shared, first: rank[from], last});
    for (const line of lines) if (line.from === from && line.span > 1) line.track = shared;
  }
  // Between two ranks every net has a vertical line of its own: first those that leave for a track, then those that change it
  // at once, then those that come from one.
  const gaps = Array.from({length: ranks}, () => new Map());
  const cross = (r, net, order) => gaps[r].set(net, Math.max(order, gaps[r].get(net) || 0));
  for (const line of lines) {
    if (line.track === undefined) { if (track[line.from] !== track[line.to]) cross(rank[line.from], line.from, 1); continue; }
    if (line.track !== track[line.from]) cross(rank[line.from], line.from, 0);
    if (line.track !== track[line.to]) cross(rank[line.to] - 1, line.from, 2);
  }
  const lane = gaps.map((gap) => [...gap].sort((a, b) => a[1] - b[1] || a[0] - b[0]).map(([net]) => net));

  // Rows end where few edges cross, if that costs at most a third of a row.
  const crossing = (r) => new Set(lines.filter((l) => rank[l.from] <= r && rank[l.to] > r).map((l) => l.from)).size;
  const starts = [0];
  for (let start = 0; ranks - start > columns;) {
    let best = start + columns - 1;
    for (let end = best; end >= start + Math.ceil(columns * 2 / 3) - 1 && end > start; --end)
      if (crossing(end) < crossing(best)) best = end;
    start = best + 1;
    starts.push(start);
  }
  const rowOf = (r) => starts.filter((s) => s <= r).length - 1;
  const tracks = starts.map((start, i) => {
    const end = i + 1 < starts.length ? starts[i + 1] - 1 : ranks - 1;
    let most = 0;
    order.forEach((n) => { if (rank[n] >= start && rank[n] <= end) most = Math.max(most, track[n]); });
    lines.forEach((l) => { if (l.track !== undefined && rank[l.from] < end && rank[l.to] > start) most = Math.max(most, l.track); });
    return most + 1;
  });
  return {rank, track, lines, lane, starts, tracks, rows: starts.length, row: rank.map(rowOf), column: rank.map((r) => r - starts[rowOf(r)]), rowOf};
}
