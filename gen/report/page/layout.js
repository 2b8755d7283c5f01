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

  const taken = [];  // track -> ranks
  const free = (track, first, last) => {
    for (let r = first; r <= last; ++r)
      if (taken[track] && taken[track].has(r)) return false;
    return true;
  };
  const take = (track, first, last) => {
    while (taken.length <= track) taken.push(new Set());
    for (let r = first; r <= last; ++r) taken[track].add(r);
    return track;
  };
  const lowest = (first, last, wanted) => {
    for (const track of wanted)
      if (free(track, first, last)) return track;
    for (let track = 0; ; ++track)
      if (free(track, first, last)) return track;
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
    if (main.has(n)) track[n] = take(0, rank[n], rank[n]);
  for (const n of order) {
    if (main.has(n)) continue;
    const near = before[n].find(([from]) => rank[from] === rank[n] - 1) || before[n][0];
    track[n] = take(lowest(rank[n], rank[n], near ? [track[near[0]]] : []), rank[n], rank[n]);
  }
  const lines = edges.map(([from, to], e) => ({from, to, e, span: rank[to] - rank[from]}));
  for (const line of [...lines].sort((a, b) => a.span - b.span || a.e - b.e)) {
    if (line.span < 2) continue;
    const first = rank[line.from] + 1, last = rank[line.to] - 1;
    line.track = take(lowest(first, last, [track[line.from], track[line.to]]), first, last);
  }

  // Rows end where few edges cross, if that costs at most a third of a row.
  const crossing = (r) => lines.filter((l) => rank[l.from] <= r && rank[l.to] > r).length;
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
  return {rank, track, lines, starts, tracks, rows: starts.length, row: rank.map(rowOf), column: rank.map((r) => r - starts[rowOf(r)]), rowOf};
}
