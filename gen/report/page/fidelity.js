// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// Error of every map of an import.
'use strict';

function fidelityFigure(fidelity) {
  const maps = fidelity.maps, least = fidelity.least_dB, finite = maps.filter((m) => m.snr_dB !== null).map((m) => m.snr_dB);
  const from = Math.min(0, ...finite.map((v) => Math.floor(v / 10) * 10), least), to = Math.max(10, ...finite.map((v) => Math.ceil(v / 10) * 10), Math.ceil(least / 10) * 10);
  const below = (m) => m.snr_dB !== null && m.snr_dB < least;
  figure({
    id: 'fidelity', title: 'Error of every map against the imported graph',
    caption: `Signal-to-noise ratio of the integers of the whole network, over ${fidelity.images} image${fidelity.images === 1 ? '' : 's'}. ` +
        (fidelity.first_below ? `The first map below ${least} dB is ${fidelity.first_below}.` : `No map is below ${least} dB.`) + ' ' +
        fidelity.outputs.map((o) => `Output ${o.output}: largest value at the same place in ${o.same_largest} of ${o.images} images` + (o.right === undefined ? '' : `, ${o.right} right, ${o.right_graph} in the graph`) + '.').join(' '),
    draw: () => ({
      plot: barRows({names: maps.map((m) => m.node), nameTitle: 'map (in order)', rowHeight: 20, panels: [{
        title: 'signal-to-noise ratio (dB)', most: to, width: 640, after: 60, values: ticks(from, to, 10), scale: (a, b) => linear(from, to, a, b), format: (v) => String(v).replace('-', '−'),
        head: (x, y, scale, top, height) => svg('g', {}, svg('path', {class: 'rule', d: `M${scale(least)} ${top - 6}V${top + height}`}), label(`limit ${least} dB`, scale(least), top - 10, {anchor: 'middle', kind: 'strong'})),
        draw: (i, scale, y) => {
          const m = maps[i];
          if (m.snr_dB === null) return [label('exact: no difference', scale(from) + 6, y + 14, {kind: 'note'})];
          const first = m.node === fidelity.first_below;
          return [svg('path', {class: 'axis-line', d: `M${scale(from)} ${y + 10}H${scale(m.snr_dB)}`}), mark(below(m) ? 3 : 0, scale(m.snr_dB), y + 10, 4.5, null, below(m) ? 4 : 0),
            label(m.snr_dB.toFixed(1) + (first ? ' first below' : ''), scale(m.snr_dB) + 9, y + 14, {kind: first ? 'halo strong' : 'halo'})];
        },
      }]}),
      table: {columns: [{name: 'map', text: true}, {name: 'signal-to-noise ratio', unit: 'dB'}, {name: 'exact', text: true}, {name: `below ${least} dB`, text: true}], rows: maps.map((m) => [m.node, m.snr_dB, m.snr_dB === null ? 'yes' : 'no', below(m) ? (m.node === fidelity.first_below ? 'first' : 'yes') : 'no'])},
    }),
  });
}
