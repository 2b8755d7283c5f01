// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// A chip whose nodes have copies: cycles per image against crossbars, and what every node takes.
'use strict';

function balanceFigures(balance) {
  const asked = [balance.interval === undefined ? null : `at most ${number(balance.interval)} cycles per image`, balance.budget === undefined ? null : `at most ${balance.budget} crossbars`].filter((a) => a);
  figure({
    id: 'balance', title: 'Cycles per image against crossbars',
    caption: `${balance.network} as one chip, asked for ${asked.join(' and ')}. Every point of the front is proven: no choice of candidates and copies is as fast with fewer crossbars. Lower and further left is better.`,
    draw: () => ({
      plot: scatter({points: balance.points, x: (p) => p.crossbars, y: (p) => p.cycles_per_image / 1000, xTitle: 'crossbars (count)', yTitle: 'cycles per image (thousands)', budget: balance.budget, width: 800}),
      table: {columns: [{name: 'design', text: true}, {name: 'kind', text: true}, {name: 'crossbars', unit: 'count'}, {name: 'cycles per image', unit: 'count'}], rows: balance.points.map((p) => [p.design, p.kind, p.crossbars, p.cycles_per_image])},
    }),
  });
  const rows = balance.layers.map((l) => ({layer: l.node, ...l})), names = rows.map((r) => r.layer);
  figure({
    id: 'copies', title: 'What every node takes', caption: 'Copies that share the output rows of a node, their crossbars together, and the cycles per image of the slowest one.',
    draw: () => ({
      plot: barRows({names, nameTitle: 'node (in order)', rowHeight: 14, panels: [barPanel(rows, 'copies (count)', (r) => r.copies, 180), barPanel(rows, 'crossbars (count)', (r) => r.crossbars, 180), barPanel(rows, 'cycles per image (count)', (r) => r.cycles_per_image, 240)], width: 900}),
      table: {columns: [{name: 'node', text: true}, {name: 'candidate', text: true}, {name: 'copies', unit: 'count'}, {name: 'crossbars', unit: 'count'}, {name: 'cycles per image', unit: 'count'}], rows: rows.map((r) => [r.layer, r.candidate, r.copies, r.crossbars, r.cycles_per_image])},
    }),
  });
}
