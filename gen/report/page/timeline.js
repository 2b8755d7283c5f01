// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// When the array fires, words are loaded, results are drained.
'use strict';

// Steps of the share that a part is busy, as one outline: bins of cycles [begin, end) in thousandths.
function steps(list, scale, base, height) {
  let path = '';
  list.forEach(([begin, end, busy], i) => {
    const y = base - busy / 1000 * height;
    path += (i === 0 ? `M${scale(begin)} ${base}V${y}` : `V${y}`) + `H${scale(end)}`;
  });
  return path + `V${base}Z`;
}
const binsOf = (layer, part, offset) => layer[part].map((busy, b) => [offset + Math.floor(b * layer.cycles / layer.bins), offset + Math.floor((b + 1) * layer.cycles / layer.bins), busy]);

// Three lanes over one cycle axis.
function lanes({width, left, top, laneHeight, from, to, title, draw, format, offset = 34}) {
  const gap = 22, right = width - 30, scale = linear(from, to, left, right), height = 3 * laneHeight + 2 * gap;
  const drawn = drawing(width, top + height + 44, title);
  drawn.append(axisX({scale, y: top + height, values: ticks(from, to, 10), title, grid: height, format, left, right}));
  parts.forEach(([part, name], lane) => {
    const base = top + lane * (laneHeight + gap) + laneHeight;
    drawn.append(label(name, left, base - laneHeight - 5, {kind: 'strong'}));
    draw({drawn, part, lane, base, scale, left, right});
  });
  return drawn;
}

function timelineFigures(timeline) {
  const layers = timeline.layers, begins = [], wide = 1110;
  let total = 0;
  for (const layer of layers) {
    begins.push(total);
    total += layer.cycles;
  }
  const room = Math.min(150, Math.max(...layers.map((layer) => textWidth(layer.layer))) + 8);  // for names
  const mean = (layer, part) => layer[part].reduce((a, b) => a + b, 0) / layer[part].length / 1000;
  figure({
    id: 'timeline', title: 'Timeline of the network',
    caption: 'Layers one after the other, each on its core, by the timing model. Height: share of the cycles of a bin in which the part is busy. Grey and white bands are layers; those wide enough are named.',
    draw: () => ({
      plot: lanes({width: wide, left: 64, top: 28 + room, laneHeight: 64, from: 0, to: total, title: 'time (cycles)',
        draw: ({drawn, part, lane, base, scale, left, right}) => {
          if (lane === 0) {
            layers.forEach((layer, i) => {
              const x = scale(begins[i]), end = scale(begins[i] + layer.cycles);
              if (i % 2) drawn.prepend(svg('rect', {class: 'band', x, y: base - 64 - 20, width: end - x, height: 3 * 64 + 2 * 22 + 20}));
              if (end - x > 13) drawn.append(svg('text', {class: 'note', transform: `translate(${(x + end) / 2 + 4} ${base - 64 - 24}) rotate(-90)`}, shortened(layer.layer, room - 6)));
            });
          }
          drawn.append(axisY({scale: linear(0, 1, base, base - 64), x: left, values: [0, 0.5, 1], title: 'busy (%)', format: (v) => String(100 * v), offset: 44}));
          drawn.append(svg('path', {class: `bar ${hueOf(lane)}`, style: 'stroke-width:0.6', fill: fillOf(lane), d: steps(layers.flatMap((layer, i) => binsOf(layer, part, begins[i])), scale, base, 64)}));
        }}),
      table: {
        columns: [{name: 'layer', text: true}, {name: 'begin', unit: 'cycle'}, {name: 'length', unit: 'cycles'}, ...parts.map(([p]) => ({name: p, unit: 'mean share of bins'}))],
        rows: layers.map((layer, i) => [layer.layer, begins[i], layer.cycles, ...parts.map(([p]) => mean(layer, p))]),
      },
    }),
  });

  const longest = layers.reduce((best, layer, i) => layer.cycles > layers[best].cycles ? i : best, 0);
  figure({
    id: 'timeline-layer', title: 'Timeline of one layer', choices: layers.map((layer, i) => ({name: layer.layer, value: i})), chosen: longest,
    caption: 'Above: the whole layer. Below: its first activations, cycle by cycle; numbers count the activations of one output position, for draining its output ranges. Loading runs ahead by two banks, draining behind by two.',
    draw: (i) => {
      const layer = layers[i], first = layer.first, [from, last] = first.cycles;
      const whole = lanes({width: wide, left: 64, top: 24, laneHeight: 40, from: 0, to: layer.cycles, title: 'time (cycles)',
        draw: ({drawn, part, lane, base, scale, left}) => {
          drawn.append(axisY({scale: linear(0, 1, base, base - 40), x: left, values: [0, 1], title: 'busy (%)', format: (v) => String(100 * v), offset: 44}));
          drawn.append(svg('path', {class: `bar ${hueOf(lane)}`, fill: fillOf(lane), d: steps(binsOf(layer, part, 0), scale, base, 40)}));
        }});
      const close = lanes({width: wide, left: 64, top: 24, laneHeight: 26, from, to: last + 1, title: 'time (cycles), beginning of the layer', format: (v) => String(v),
        draw: ({drawn, part, lane, base, scale}) => {
          for (const [a, b, index] of first[part]) {
            const x = scale(a), width = scale(b + 1) - x, text = String(index);
            drawn.append(svg('rect', {class: `bar ${hueOf(lane)}`, fill: lane === 0 ? 'none' : fillOf(lane), x, y: base - 22, width, height: 22, 'data-value': b - a + 1},
                svg('title', {}, `cycles ${a} to ${b}, number ${index}`)));
            if (lane === 0) drawn.append(svg('rect', {class: 'one', style: 'opacity:.28', fill: 'var(--c)', x, y: base - 22, width, height: 22}));
            if (width > textWidth(text) + 6) {
              if (lane > 0) drawn.append(svg('rect', {class: 'paper', x: x + width / 2 - textWidth(text) / 2 - 2, y: base - 18, width: textWidth(text) + 4, height: 14}));
              drawn.append(label(text, x + width / 2, base - 7, {anchor: 'middle'}));
            }
          }
        }});
      return {
        plot: [html('h3', {}, `${layer.layer}: ${number(layer.cycles)} cycles`), whole, html('h3', {}, `Cycles ${from} to ${last}`), close],
        table: {columns: [{name: 'part', text: true}, {name: 'first', unit: 'cycle'}, {name: 'last', unit: 'cycle'}, {name: 'activation or range', unit: 'index'}], rows: parts.flatMap(([p]) => first[p].map((entry) => [p, ...entry]))},
      };
    },
  });
}
