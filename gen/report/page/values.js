// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// Box plots of weights and activations against their formats; formats and ranges of an import.
'use strict';

// One row: the format as a frame, whiskers from least to most, a box from the first to the third quartile, the median.
function boxPanel(rows, title, zeroOf) {
  const size = (r) => Math.max(Math.abs(r.codes[0] - zeroOf(r)), Math.abs(r.codes[1] - zeroOf(r)));
  const signed = rows.some((r) => r.codes[0] < zeroOf(r));
  return {
    title, most: 1, width: 620, after: 0, values: signed ? [-1, -0.5, 0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1], scale: (a, b) => linear(signed ? -1 : 0, 1, a, b), format: (v) => String(v).replace('-', '−'),
    head: (x, y) => legend([['legal codes', (lx, ly) => svg('rect', {class: 'frame', x: lx, y: ly - 6, width: 14, height: 12})], ['least to most', (lx, ly) => svg('path', {class: 'mark', d: `M${lx} ${ly}h14M${lx} ${ly - 4}v8M${lx + 14} ${ly - 4}v8`})],
      ['middle half', swatch(1)], ['median', (lx, ly) => svg('path', {class: 'mark', style: 'stroke-width:3', d: `M${lx + 7} ${ly - 6}v12`})]], x, y - 4),
    draw: (i, scale, y) => {
      const r = rows[i], at = (code) => scale((code - zeroOf(r)) / size(r)), mid = y + 9;
      return [svg('rect', {class: 'frame', x: at(r.codes[0]), y: y + 2, width: at(r.codes[1]) - at(r.codes[0]), height: 14}),
        svg('path', {class: 'mark', d: `M${at(r.least)} ${mid}H${at(r.most)}M${at(r.least)} ${mid - 4}v8M${at(r.most)} ${mid - 4}v8`}),
        svg('rect', {class: `bar ${hueOf(1)}`, fill: fillOf(1), x: at(r.quarter), y: y + 4, width: Math.max(1, at(r.three_quarters) - at(r.quarter)), height: 10, 'data-span': `${r.quarter} ${r.three_quarters}`},
            svg('title', {}, `codes ${r.least}, ${r.quarter}, ${r.median}, ${r.three_quarters}, ${r.most} of ${r.codes[0]} to ${r.codes[1]}`)),
        svg('path', {class: 'mark', style: 'stroke-width:3', d: `M${at(r.median)} ${y + 3}v12`})];
    },
  };
}
const boxColumns = (first) => [{name: first, text: true}, {name: 'bits'}, {name: 'least legal code'}, {name: 'greatest legal code'}, {name: 'least', unit: 'code'}, {name: 'first quartile', unit: 'code'}, {name: 'median', unit: 'code'}, {name: 'third quartile', unit: 'code'},
  {name: 'most', unit: 'code'}, {name: 'zeros', unit: 'share'}, {name: 'at the limit', unit: 'share'}, {name: 'elements', unit: 'count'}, {name: 'scale', text: true}];
const boxRow = (r, name, scale) => [name, r.bits, ...r.codes, r.least, r.quarter, r.median, r.three_quarters, r.most, r.zero / r.elements, r.at_limit / r.elements, r.elements, scale];

function valueFigures(values) {
  const note = values.seeded ? ' Weights are seeded random numbers, not trained ones.' : '';
  const shares = (r) => `${r.bits} bits; zero ${percent(r.zero / r.elements)}, at the limit ${percent(r.at_limit / r.elements)}`;
  figure({
    id: 'weights', title: 'Weights against their format',
    caption: `Codes of every layer, in units of the largest code. A box that fills little of its frame wastes bits; many codes at the limit mean a range that is too small.${note}`,
    draw: () => ({
      plot: barRows({names: values.weights.map((w) => w.layer), nameTitle: 'layer (in order)', panels: [boxPanel(values.weights, 'code / largest code (no unit)', () => 0)],
        notes: {title: 'bits; share of zeros, of codes at the limit (%)', text: (i) => shares(values.weights[i]), strong: () => false}}),
      table: {columns: boxColumns('layer'), rows: values.weights.map((w) => boxRow(w, w.layer, w.scale ? (w.scale[0] === w.scale[1] ? String(w.scale[0]) : `${w.scale[0]} to ${w.scale[1]}`) : null))},
    }),
  });
  figure({
    id: 'activations', title: 'Activations against their format',
    caption: `Codes of the input and of every layer’s output over ${values.images} image${values.images === 1 ? '' : 's'}, by the golden model, zero point taken off, in units of the largest code.${note}`,
    draw: () => ({
      plot: barRows({names: values.activations.map((a) => a.map), nameTitle: 'map (in order)', panels: [boxPanel(values.activations, 'code / largest code (no unit)', (r) => r.zero_point)],
        notes: {title: 'bits; share of zeros, of codes at the limit (%)', text: (i) => shares(values.activations[i]), strong: () => false}}),
      table: {columns: boxColumns('map'), rows: values.activations.map((a) => boxRow(a, a.map, a.scale > 0 ? String(a.scale) : null))},
    }),
  });
}

function formatsFigure(formats) {
  const maps = formats.maps.map((m) => {
    const lo = m.signed ? -(2 ** (m.bits - 1)) : 0, hi = 2 ** (m.signed ? m.bits - 1 : m.bits) - 1;
    return {...m, real: [(lo - m.zero_point) * m.scale, (hi - m.zero_point) * m.scale]};
  });
  const size = (m) => Math.max(Math.abs(m.real[0]), Math.abs(m.real[1]));
  const reach = Math.max(1, ...maps.filter((m) => m.seen).map((m) => Math.max(Math.abs(m.seen[0]), Math.abs(m.seen[1])) / size(m)));
  const limit = Math.min(4, roundUp(reach, 2)), signed = maps.some((m) => m.real[0] < 0 || (m.seen && m.seen[0] < 0));
  const cut = (v) => Math.max(-limit, Math.min(limit, v));
  figure({
    id: 'formats', title: 'Formats of the maps and the range that calibration saw',
    caption: 'Frame: what the format can hold. Bar: least to most value over the calibration images, where the format was made from them. Both in units of the format’s largest value.',
    draw: () => ({
      plot: barRows({names: maps.map((m) => m.map), nameTitle: 'map (in order)', panels: [{
        title: 'value / largest value of the format (no unit)', most: limit, width: 560, after: 0, values: ticks(signed ? -limit : 0, limit, 8), scale: (a, b) => linear(signed ? -limit : 0, limit, a, b), format: (v) => String(v).replace('-', '−'),
        head: (x, y) => legend([['format', (lx, ly) => svg('rect', {class: 'frame', x: lx, y: ly - 6, width: 14, height: 12})], ['seen', swatch(1)]], x, y - 4),
        draw: (i, scale, y) => {
          const m = maps[i], at = (v) => scale(cut(v / size(m)));
          return [svg('rect', {class: 'frame', x: at(m.real[0]), y: y + 2, width: at(m.real[1]) - at(m.real[0]), height: 14}),
            m.seen ? svg('rect', {class: `bar ${hueOf(1)}`, fill: fillOf(1), x: at(m.seen[0]), y: y + 5, width: Math.max(1, at(m.seen[1]) - at(m.seen[0])), height: 8, 'data-span': `${m.seen[0]} ${m.seen[1]}`}, svg('title', {}, `${m.map}: ${m.seen[0]} to ${m.seen[1]}`)) : null];
        },
      }], notes: {title: 'format, and what it is from', text: (i) => `${maps[i].bits} bits ${maps[i].signed ? 'signed' : 'unsigned'}, from ${maps[i].format_from}`, strong: () => false}}),
      table: {
        columns: [{name: 'map', text: true}, {name: 'operator', text: true}, {name: 'bits'}, {name: 'signed', text: true}, {name: 'scale', unit: 'value of one step'}, {name: 'zero point', unit: 'code'}, {name: 'format from', text: true}, {name: 'least of the format', unit: 'value'}, {name: 'most of the format', unit: 'value'}, {name: 'least seen', unit: 'value'}, {name: 'most seen', unit: 'value'}],
        rows: maps.map((m) => [m.map, m.op, m.bits, m.signed ? 'yes' : 'no', m.scale, m.zero_point, m.format_from, ...m.real, ...(m.seen || [null, null])]),
      },
    }),
  });
}
