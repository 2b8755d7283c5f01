// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// Crossbars, utilisation, cycles, what the parts of the core do, and the bound of every layer.
'use strict';

const parts = [['array', 'array fires'], ['loading', 'loading'], ['draining', 'draining']];

function barPanel(rows, title, value, width, {most, format = number, hue = 0, after = 52} = {}) {
  const top = most || roundUp(Math.max(0, ...rows.map(value).filter(Number.isFinite)), Math.floor(width / 55));
  return {
    title, most: top, width, after, format,
    draw: (i, scale, y, right) => {
      const v = value(rows[i]);
      if (v === undefined || v === null) return [];
      return [bar({x: scale(0), y: y + 4, width: scale(v) - scale(0), height: 10, value: v, hue, tip: `${rows[i].layer}: ${format(v)}`}), label(format(v), scale(v) + 4, y + 13, {kind: 'note'})];
    },
  };
}

function layersFigure(layers) {
  const rows = layers.rows, timed = rows.some((r) => r.cycles !== undefined), shared = rows.some((r) => r.busy_share), other = rows.some((r) => r.mnsim);
  const panels = [barPanel(rows, 'crossbars (count)', (r) => r.crossbars, 120), barPanel(rows, 'utilisation (% of cells)', (r) => r.utilisation, 120, {most: 1, format: percent})];
  if (timed) panels.push(barPanel(rows, 'cycles (count)', (r) => r.cycles, 170, {after: 56}));
  if (shared)
    panels.push({
      title: 'busy (% of cycles)', most: 1, width: 150, format: percent, after: 6,
      head: (x, y) => legend(parts.map(([part], hue) => [part, swatch(hue)]), x - 90, y - 4),
      draw: (i, scale, y) => parts.map(([part], hue) => bar({x: scale(0), y: y + 2 + 5 * hue, width: scale(rows[i].busy_share[part]) - scale(0), height: 4, value: rows[i].busy_share[part], hue,
        tip: `${rows[i].layer}: ${part} ${percent(rows[i].busy_share[part])}`})),
    });
  if (other) panels.push(barPanel(rows, 'MNSIM, busy (µs)', (r) => r.mnsim && r.mnsim.busy_ns / 1000, 130), barPanel(rows, 'MNSIM, energy (µJ)', (r) => r.mnsim && r.mnsim.energy_nJ / 1000, 110));
  const counted = layers.origin === 'run' ? 'Cycles are counters of the RTL' + (layers.cycles_as_predicted === rows.length ? '; the timing model predicts each of them exactly.' : `; the timing model predicts ${layers.cycles_as_predicted} of ${rows.length}.`)
                                          : 'Cycles are those of the timing model.';
  figure({
    id: 'layers', title: 'Layers on cores',
    caption: (timed ? `${counted} Bound: what the array waits for; firing means that it is busy at least 98 % of the time from its first to its last firing, other bounds are in bold.` : 'Crossbars and MNSIM’s model.') +
        (layers.rule ? ` Crossbars by rule “${layers.rule}”.` : ''),
    draw: () => ({
      plot: barRows({names: rows.map((r) => r.layer), nameTitle: 'layer (in order)', rowHeight: 18, panels, nameWidth: other && timed ? 160 : 190, gap: 22,
        notes: timed ? {title: 'bound', text: (i) => rows[i].bound, strong: (i) => rows[i].bound !== 'firing'} : null}),
      table: {
        columns: [{name: 'layer', text: true}, {name: 'weights', unit: 'bits'}, {name: 'activations', unit: 'bits'}, {name: 'PE rows'}, {name: 'PE columns'}, {name: 'crossbars', unit: 'count'}, {name: 'utilisation', unit: 'share of cells'},
          {name: 'activations per position', unit: 'count'}, {name: 'cycles', unit: 'count'}, {name: 'bound', text: true}, {name: 'busy between first and last firing', unit: 'share'}, {name: 'array busy', unit: 'share of cycles'}, {name: 'loading', unit: 'share of cycles'},
          {name: 'draining', unit: 'share of cycles'}, {name: 'lifted by', text: true}, {name: 'MNSIM busy', unit: 'ns'}, {name: 'MNSIM energy', unit: 'nJ'}],
        rows: rows.map((r) => [r.layer, r.weight_bits, r.act_bits, r.pe_rows, r.pe_cols, r.crossbars, r.utilisation, r.activations, r.cycles, r.bound, r.busy, ...parts.map(([p]) => r.busy_share && r.busy_share[p]), r.lifted_by,
          r.mnsim && r.mnsim.busy_ns, r.mnsim && r.mnsim.energy_nJ]),
      },
    }),
  });
}
