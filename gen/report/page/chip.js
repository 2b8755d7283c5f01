// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// A network as one chip: floor plan by crossbars, all cores over three images, FIFO levels.
'use strict';

// Rectangles in order, their areas as the values: strips from left to right, each as many values as keep it nearest to squares.
function strips(values, width, height) {
  const scale = width * height / values.reduce((a, b) => a + b, 0), list = [];
  const worst = (strip, sum) => {
    const h = sum * scale / width;
    return Math.max(...strip.map((v) => Math.max(v * scale / h / h, h / (v * scale / h))));
  };
  let y = 0, strip = [], sum = 0;
  const close = () => {
    const h = sum * scale / width;
    let x = 0;
    for (const v of strip) {
      list.push({x, y, width: v * scale / h, height: h});
      x += v * scale / h;
    }
    y += h;
    strip = [];
    sum = 0;
  };
  for (const v of values) {
    if (strip.length > 0 && worst([...strip, v], sum + v) > worst(strip, sum)) close();
    strip.push(v);
    sum += v;
  }
  close();
  return list;
}

// Rows of names with an outline of steps each over one cycle axis; `shares(row)`: a thousandth per bin. Notes at the right.
function stepRows({trace, rows, title, hue, rowHeight, note, noteTitle}) {
  const nameWidth = 170, left = nameWidth + 10, notes = note ? 130 : 20, width = 1060, top = 30, height = rows.length * rowHeight;
  const scale = linear(0, trace.cycles, left, width - notes), drawn = drawing(width, top + height + 46, title);
  rows.forEach((row, i) => {
    if (i % 2) drawn.append(svg('rect', {class: 'band', x: 0, y: top + i * rowHeight, width, height: rowHeight}));
  });
  drawn.append(axisNames({names: rows.map((r) => r.name), y: top, height: rowHeight, x: nameWidth, width: nameWidth - 4, title}));
  drawn.append(axisX({scale, y: top + height, values: ticks(0, trace.cycles, 10), title: 'time (cycles)', grid: height, left, right: width - notes}));
  trace.image_end.forEach((end, i) => drawn.append(svg('path', {class: 'rule', d: `M${scale(end + 1)} ${top - 4}V${top + height}`}),
      label(`image ${i + 1} out`, scale(end + 1) - 4, top - 9, {anchor: 'end', kind: 'note'})));
  rows.forEach((row, i) => {
    const base = top + (i + 1) * rowHeight - 1;
    const bins = row.shares.map((share, b) => [b * trace.bin_cycles, Math.min(trace.cycles, (b + 1) * trace.bin_cycles), share]);
    drawn.append(svg('path', {class: `bar ${hueOf(hue)}`, style: 'stroke-width:0.6', fill: fillOf(hue), d: steps(bins, scale, base, rowHeight - 3)}, svg('title', {}, row.tip)));
    if (note) drawn.append(label(note(row), width - notes + 8, base - rowHeight / 2 + 5, {kind: 'note', width: notes - 10}));
  });
  if (note) drawn.append(label(noteTitle, width - notes + 8, top - 9, {kind: 'axis-title'}));
  return drawn;
}

function chipFigures(chip) {
  const cores = chip.cores, trace = chip.trace, wide = 1060, high = 460, top = 8;
  const shadeOf = (share) => Math.min(4, Math.floor(5 * share));
  figure({
    id: 'floor', title: 'Floor plan by crossbars',
    caption: `${number(chip.crossbars)} crossbars of ${chip.crossbar} in ${cores.length} cores, in the order of the network from the top left. An area is as large as its core has crossbars; its shade says how much of the interval of ${number(chip.interval)} cycles per image its array fires. Not a placement.`,
    draw: () => {
      const drawn = drawing(wide, top + high + 76, 'floor plan');
      strips(cores.map((c) => c.crossbars), wide - 4, high).forEach((r, i) => {
        const core = cores[i], kind = shadeOf(core.busy) >= 3 ? 'on-dark' : '', x = r.x + 2, y = r.y + top;
        drawn.append(svg('rect', {class: `bar six shade-${shadeOf(core.busy)}`, x, y, width: r.width, height: r.height, 'data-value': core.crossbars},
            svg('title', {}, `${core.name}: ${core.crossbars} crossbars, ${core.pe_rows}x${core.pe_cols} PEs, array busy ${percent(core.busy)}`)));
        const line = (text, n, strong) => {
          if (r.height > 16 * n + 6 && r.width > Math.min(26, textWidth(text)) + 8) drawn.append(label(text, x + 4, y + 15 * n, {kind: `${kind} ${strong}`, width: r.width - 8}));
        };
        if (r.width > 34) {
          line(core.name, 1, '');
          line(`${core.crossbars}`, 2, '');
          line(percent(core.busy), 3, '');
        }
      });
      const scale = linear(0, 1, 12, 312), y = top + high + 22;
      for (let s = 0; s < 5; ++s) drawn.append(svg('rect', {class: `bar six shade-${s}`, x: scale(s / 5), y, width: 60, height: 12}));
      drawn.append(axisX({scale, y: y + 14, values: [0, 0.2, 0.4, 0.6, 0.8, 1], title: 'array busy (% of the interval)', format: (v) => String(Math.round(100 * v))}));
      return {
        plot: drawn,
        table: {
          columns: [{name: 'core', text: true}, {name: 'PE rows'}, {name: 'PE columns'}, {name: 'crossbars', unit: 'count'}, {name: 'cycles per image alone', unit: 'count'}, {name: 'array busy', unit: 'share of the interval'}, {name: 'energy', unit: 'aJ an image'}],
          rows: cores.map((c) => [c.name, c.pe_rows, c.pe_cols, c.crossbars, c.alone, c.busy, c.energy_aJ]),
        },
      };
    },
  });

  const sum = (list) => list.reduce((a, b) => a + b, 0);
  const length = (b) => Math.min(trace.cycles, (b + 1) * trace.bin_cycles) - b * trace.bin_cycles;
  const busy = trace.cores.map((c) => ({name: c.name, fired: sum(c.fired), shares: c.fired.map((f, b) => 1000 * f / length(b)), tip: `${c.name}: fires in ${number(sum(c.fired))} of ${number(trace.cycles)} cycles`}));
  figure({
    id: 'chip-timeline', title: 'All cores over the first images',
    caption: `Height: share of the cycles of a bin of ${number(trace.bin_cycles)} in which the array fires, ${trace.image_end.length} images back to back from reset on. Dashed: the last word of an image leaves the chip.`,
    draw: () => ({
      plot: stepRows({trace, rows: busy, title: 'core (in order)', hue: 0, rowHeight: busy.length > 40 ? 14 : 22, note: (r) => percent(r.fired / trace.cycles), noteTitle: 'fires, % of time'}),
      table: {columns: [{name: 'core', text: true}, {name: 'firing', unit: 'cycles'}, {name: 'share of all cycles'}], rows: busy.map((r) => [r.name, r.fired, r.fired / trace.cycles])},
    }),
  });

  const shown = 40, deepest = [...chip.fifos].sort((a, b) => b.depth - a.depth).slice(0, shown), set = new Set(deepest.map((f) => f.name));
  const levels = chip.fifos.map((f, i) => ({...f, level: trace.fifos[i].level, shares: trace.fifos[i].level.map((n) => 1000 * n / f.depth), tip: `${f.name}: up to ${f.high_water} of ${f.depth} words`}));
  figure({
    id: 'fifo-levels', title: 'FIFO levels over the first images',
    caption: `Height: most words in a bin, of the FIFO's depth. ${number(chip.fifo_words)} words in ${chip.fifos.length} FIFOs${chip.fifos.length > shown ? `; the ${shown} deepest are drawn, all are in the table` : ''}. Most words are those of the whole run of ${number(chip.images)} images.`,
    draw: () => ({
      plot: stepRows({trace, rows: levels.filter((f) => set.has(f.name)), title: 'FIFO (in order)', hue: 2, rowHeight: 22, note: (f) => `${number(f.high_water)} of ${number(f.depth)}`, noteTitle: 'most (words)'}),
      table: {columns: [{name: 'FIFO', text: true}, {name: 'depth', unit: 'words'}, {name: 'most', unit: 'words'}, {name: 'passed', unit: 'words'}], rows: chip.fifos.map((f) => [f.name, f.depth, f.high_water, f.words])},
    }),
  });
}
