// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// How often every cell of an epitome is read, and the index tables that do it.
'use strict';

const range = ([first, last]) => first === last ? `${first}` : `${first}–${last}`;

// Blocks of channels, in each a P x Q grid of counts.
function repetitionDrawing(layer) {
  const [, , rowsP, colsQ] = layer.epitome;
  const outs = [...new Set(layer.blocks.map((b) => range(b.out)))], ins = [...new Set(layer.blocks.map((b) => range(b.in)))];
  const digits = textWidth(String(Math.max(...layer.blocks.flatMap((b) => b.reads))));
  const cell = Math.max(6, Math.min(34, Math.floor(960 / (outs.length * colsQ + outs.length)), Math.floor(520 / (ins.length * rowsP + ins.length))));
  const gap = Math.max(8, cell / 2), left = 140, top = 46, blockW = colsQ * cell, blockH = rowsP * cell;
  const width = Math.max(left + outs.length * (blockW + gap) + 20, 600), height = top + ins.length * (blockH + gap) + 40;
  const drawn = drawing(width, height + 30, 'repetition map');
  const most = Math.max(1, ...layer.blocks.flatMap((b) => b.reads));
  const shadeOf = (n) => n === 0 ? 0 : Math.min(4, 1 + Math.floor(3.999 * n / most));
  drawn.append(svg('g', {class: 'axis', 'data-title': 'output channels of the epitome (index)'}, label('output channels of the epitome (index)', left + 10, 16, {kind: 'axis-title'})));
  drawn.append(svg('g', {class: 'axis', 'data-title': 'input channels (index)'}, label('input channels (index)', 0, 16, {kind: 'axis-title'})));
  outs.forEach((text, o) => {
    if (blockW + gap > textWidth(text) + 4) drawn.append(label(text, left + o * (blockW + gap) + blockW / 2, 34, {anchor: 'middle', kind: 'tick'}));
  });
  ins.forEach((text, i) => {
    if (blockH + gap > 12) drawn.append(label(text, left - 8, top + i * (blockH + gap) + blockH / 2 + 4, {anchor: 'end', kind: 'tick'}));
  });
  for (const block of layer.blocks) {
    const x = left + outs.indexOf(range(block.out)) * (blockW + gap), y = top + ins.indexOf(range(block.in)) * (blockH + gap);
    block.reads.forEach((n, at) => {
      const cx = x + (at % colsQ) * cell, cy = y + Math.floor(at / colsQ) * cell, shade = shadeOf(n);
      drawn.append(svg('rect', {class: `shade-${shade} frame-cell`, x: cx, y: cy, width: cell, height: cell, 'data-value': n},
          svg('title', {}, `in ${range(block.in)}, out ${range(block.out)}, row ${Math.floor(at / colsQ)}, column ${at % colsQ}: read ${n} times`)));
      if (cell > digits + 2 && cell >= 13) drawn.append(label(String(n), cx + cell / 2, cy + cell / 2 + 4, {anchor: 'middle', kind: shade >= 3 ? 'on-dark' : ''}));
    });
    drawn.append(svg('rect', {class: 'frame', x, y, width: blockW, height: blockH}));
  }
  const low = (s) => s === 0 ? 0 : Math.max(1, Math.ceil((s - 1) / 3.999 * most)), high = (s) => s === 4 ? most : Math.ceil(s / 3.999 * most) - 1;
  const entries = [0, 1, 2, 3, 4].filter((s) => s === 0 || low(s) <= high(s)).map((s) => [s === 0 ? 'not read' : low(s) === high(s) ? `${low(s)}` : `${low(s)} to ${high(s)}`,
    (x, y) => svg('g', {}, svg('rect', {class: `shade-${s}`, x, y: y - 6, width: 14, height: 12}), svg('rect', {class: 'frame', x, y: y - 6, width: 14, height: 12}))]);
  drawn.append(label('reads per cell (count):', 0, height, {kind: 'note'}), legend(entries, 140, height - 4));
  drawn.append(label(`in every block: ${rowsP} rows (P, downwards) and ${colsQ} columns (Q, to the right) of the epitome`, 0, height + 20, {kind: 'note'}));
  return drawn;
}

// How many cells are read how often.
function readsDrawing(layer) {
  const cells = new Map();
  for (const b of layer.blocks)
    for (const n of b.reads) cells.set(n, (cells.get(n) || 0) + (b.in[1] - b.in[0] + 1) * (b.out[1] - b.out[0] + 1));
  const rows = [...cells].sort((a, b) => a[0] - b[0]).map(([reads, count]) => ({layer: `${reads}`, count}));
  return barRows({names: rows.map((r) => r.layer), nameTitle: 'reads (count)', nameWidth: 90, rowHeight: 20, width: 430, panels: [barPanel(rows, 'cells (count)', (r) => r.count, 240, {after: 60})]});
}
const sideBySide = (...drawn) => html('div', {class: 'pair'}, drawn.map((d) => html('div', {}, d)));

// One line per entry, a bar from start to stop.
function rangesDrawing({entries, most, xTitle, yTitle, text, hue, width = 530}) {
  const row = Math.max(3, Math.min(18, Math.floor(420 / entries.length))), left = 56, top = 32, height = entries.length * row, room = 150;
  const right = width - room, scale = linear(0, most, left, right);
  const drawn = drawing(width, top + height + 46, `${yTitle} over ${xTitle}`);
  const every = Math.max(1, Math.ceil(14 / row)), shown = entries.map((_, i) => i).filter((i) => i % every === 0);
  drawn.append(axisX({scale, y: top + height, values: ticks(0, most, 6).filter(Number.isInteger), title: xTitle, grid: height, left, right}));
  drawn.append(axisY({scale: (i) => top + (i + 0.5) * row, x: left, values: shown.filter((_, n) => n % Math.ceil(shown.length / 24) === 0), title: yTitle, format: String, above: true}));
  entries.forEach((entry, i) => {
    drawn.append(bar({x: scale(entry[0]), y: top + i * row + (row > 6 ? 2 : 0.5), width: Math.max(1, scale(entry[1]) - scale(entry[0])), height: row > 6 ? row - 4 : row - 1, value: entry[1] - entry[0], hue, tip: text(entry)}));
    if (row >= 13) drawn.append(label(text(entry), right + 8, top + i * row + row / 2 + 4, {kind: 'note', width: room - 10}));
  });
  return drawn;
}

// Where the words of a sequence go: one small panel each.
function sequencesDrawing(layer) {
  const shown = layer.ifrt.slice(0, 10), most = Math.max(1, ...layer.ifrt.map((s) => s.length)), groups = layer.line_groups;
  const columns = Math.min(5, shown.length), left = 54, panelW = Math.min(420, Math.floor((1060 - left - columns * 40) / columns)), panelH = 130, top = 24;
  const rows = Math.ceil(shown.length / columns), drawn = drawing(1110, rows * (panelH + top + 52), 'IFRT');
  shown.forEach((sequence, s) => {
    const x = left + (s % columns) * (panelW + 50), y = top + Math.floor(s / columns) * (panelH + top + 50);
    const sx = linear(0, most, x, x + panelW), sy = linear(0, groups, y, y + panelH);
    drawn.append(label(`sequence ${s}`, x, y - 7, {kind: 'strong'}));
    drawn.append(axisX({scale: sx, y: y + panelH, values: ticks(0, most, Math.max(2, Math.floor(panelW / 60))).filter(Number.isInteger), title: 'word fetched (index)', left: x, right: x + panelW}));
    drawn.append(axisY({scale: sy, x, values: ticks(0, groups, 4).filter(Number.isInteger), title: 'line group (index)', format: String, offset: 32}));
    for (let pe = layer.groups_of_a_pe; pe < groups; pe += layer.groups_of_a_pe) drawn.append(svg('path', {class: 'grid', d: `M${x} ${sy(pe)}h${panelW}`}));
    sequence.forEach((group, n) => drawn.append(svg('rect', {class: 'fill one', style: 'stroke:none', x: sx(n), y: sy(group), width: Math.max(1.6, sx(n + 1) - sx(n) - 0.4), height: Math.max(1.6, sy(group + 1) - sy(group)), 'data-value': group})));
  });
  return drawn;
}

function epitomeFigures(epitomes) {
  const layers = epitomes.layers;
  const choices = layers.map((layer, i) => ({name: layer.layer, value: i}));
  // The layer whose map has most to show.
  const variety = (layer) => new Set(layer.blocks.flatMap((b) => b.reads)).size;
  const chosen = layers.reduce((best, layer, i) => variety(layer) > variety(layers[best]) ? i : best, 0);
  figure({
    id: 'repetition', title: 'How often each cell of an epitome is read', choices, chosen,
    caption: 'R of the paper: how many weights of the convolution read a cell. Within a block of channels R depends on the place (p, q) alone, so one grid stands for all its channels.',
    draw: (i) => {
      const layer = layers[i], [eOut, eIn, p, q] = layer.epitome;
      return {
        plot: [html('h3', {}, `${layer.layer}: epitome ${eOut}×${eIn}×${p}×${q} = ${number(layer.cells)} cells for ${layer.cout}×${layer.cin}×${layer.kernel.join('×')} = ${number(layer.weights)} weights`), sideBySide(repetitionDrawing(layer), readsDrawing(layer))],
        table: {
          columns: [{name: 'input channels', text: true}, {name: 'output channels', text: true}, {name: 'p', unit: 'row'}, {name: 'q', unit: 'column'}, {name: 'reads', unit: 'count'}],
          rows: layer.blocks.flatMap((b) => b.reads.map((n, at) => [range(b.in), range(b.out), Math.floor(at / q), at % q, n])),
        },
      };
    },
  });
  figure({
    id: 'tables', title: 'Index tables', choices, chosen,
    caption: 'IFAT: words of the window that an activation loads. OFAT: output channels that it gives, and the epitome columns that it fires. IFRT: the line group (as many word lines as a word has channels) that every fetched word drives; lines part PE rows.',
    draw: (i) => {
      const layer = layers[i], words = Math.max(...layer.ifat.map((e) => e[1])), channels = Math.max(...layer.ofat.map((e) => e[1]));
      const ifat = rangesDrawing({entries: layer.ifat, most: words, hue: 1, xTitle: 'window word (index)', yTitle: 'activation (index)', text: ([a, b, block, s]) => `block ${block}, sequence ${s}`});
      const ofat = rangesDrawing({entries: layer.ofat, most: channels, hue: 2, xTitle: 'output channel (index)', yTitle: 'activation (index)', text: ([a, b, first, last]) => `columns ${range([first, last])}`});
      const pair = sideBySide([html('h3', {}, 'IFAT'), ifat], [html('h3', {}, 'OFAT'), ofat]);
      const rest = layer.ifrt.length > 10 ? ` (the first 10 of ${layer.ifrt.length}; all in the table)` : '';
      return {
        plot: [html('h3', {}, `${layer.layer}: ${layer.activations} activations for ${layer.patches} patches${layer.wrapping && layer.wrapping !== 'off' ? `; wrapping: ${layer.wrapping}` : ''}`), pair, html('h3', {}, `IFRT${rest}`), sequencesDrawing(layer)],
        table: {
          columns: [{name: 'table', text: true}, {name: 'entry', unit: 'index'}, {name: 'start', unit: 'word or channel'}, {name: 'stop', unit: 'word or channel'}, {name: 'block', unit: 'index'}, {name: 'sequence', unit: 'index'}, {name: 'columns', text: true}, {name: 'line groups', text: true}],
          rows: [...layer.ifat.map((e, n) => ['IFAT', n, e[0], e[1], e[2], e[3], null, null]), ...layer.ofat.map((e, n) => ['OFAT', n, e[0], e[1], null, null, range([e[2], e[3]]), null]),
            ...layer.ifrt.map((s, n) => ['IFRT', n, null, null, null, null, null, s.join(' ')])],
        },
      };
    },
  });
}
