// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// Error of every map.
'use strict';

// Maps {node, snr_dB}: a line and a mark each, the limit as a rule, the first map below it by name.
function noiseDrawing(maps, least, firstBelow) {
  const finite = maps.filter((m) => m.snr_dB !== null).map((m) => m.snr_dB);
  const from = Math.min(0, ...finite.map((v) => Math.floor(v / 10) * 10), Math.floor(least / 10) * 10), to = Math.max(10, ...finite.map((v) => Math.ceil(v / 10) * 10), Math.ceil(least / 10) * 10);
  return barRows({names: maps.map((m) => m.node), nameTitle: 'map (in order)', rowHeight: 20, panels: [{
    title: 'signal-to-noise ratio (dB)', most: to, width: 640, after: 100, values: ticks(from, to, 10), scale: (a, b) => linear(from, to, a, b), format: (v) => String(v).replace('-', '−'),
    head: (x, y, scale, top, height) => svg('g', {}, svg('path', {class: 'rule', d: `M${scale(least)} ${top - 6}V${top + height}`}), label(`limit ${least} dB`, scale(least), top - 10, {anchor: 'middle', kind: 'strong'})),
    draw: (i, scale, y) => {
      const m = maps[i];
      if (m.snr_dB === null) return [label('no difference', scale(from) + 6, y + 14, {kind: 'note'})];
      const below = m.snr_dB < least, first = m.node === firstBelow;
      return [svg('path', {class: 'axis-line', d: `M${scale(from)} ${y + 10}H${scale(m.snr_dB)}`}), mark(below ? 3 : 0, scale(m.snr_dB), y + 10, 4.5, null, below ? 4 : 0),
        label(m.snr_dB.toFixed(1).replace('-', '−') + (first ? ' first below' : ''), scale(m.snr_dB) + 9, y + 14, {kind: first ? 'halo strong' : 'halo'})];
    },
  }]});
}
const noiseTable = (maps, least, firstBelow) => ({
  columns: [{name: 'map', text: true}, {name: 'signal-to-noise ratio', unit: 'dB'}, {name: 'no difference', text: true}, {name: `below ${least} dB`, text: true}],
  rows: maps.map((m) => [m.node, m.snr_dB, m.snr_dB === null ? 'yes' : 'no', m.snr_dB !== null && m.snr_dB < least ? (m.node === firstBelow ? 'first' : 'yes') : 'no']),
});
const firstText = (least, firstBelow) => firstBelow ? `The first map below ${least} dB is ${firstBelow}.` : `No map is below ${least} dB.`;

function fidelityFigure(fidelity) {
  const {maps, least_dB: least, first_below: first} = fidelity;
  figure({
    id: 'fidelity', title: 'Error of every map against the imported graph',
    caption: `Signal-to-noise ratio of the integers of the whole network, over ${fidelity.images} image${fidelity.images === 1 ? '' : 's'}. ${firstText(least, first)} ` +
        fidelity.outputs.map((o) => `Output ${o.output}: largest value at the same place in ${o.same_largest} of ${o.images} images` + (o.right === undefined ? '' : `, ${o.right} right, ${o.right_graph} in the graph`) + '.').join(' '),
    draw: () => ({plot: noiseDrawing(maps, least, first), table: noiseTable(maps, least, first)}),
  });
}
