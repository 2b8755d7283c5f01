// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// A search: what was found beside uniform designs, and which candidates it took.
'use strict';

const pointKinds = {found: [3, 'found', 4], plain: [1, 'without copies', 0], optimum: [7, 'optimum of the table', 3], uniform: [1, 'uniform designs', 0], front: [0, 'front', 2]};

// Points with names that keep clear of each other.
function scatter({points, x, y, xTitle, yTitle, budget, width = 530, height = 360}) {
  const left = 70, top = 40, right = width - 24, bottom = height - 46;
  const span = (values) => {
    const least = Math.min(...values), most = Math.max(...values), pad = (most - least || most || 1) * 0.12;
    const list = ticks(Math.max(0, least - pad), most + pad, 6), step = list.length > 1 ? list[1] - list[0] : most || 1;
    return [Math.max(0, Math.floor((least - pad) / step) * step), Math.ceil((most + pad) / step) * step];
  };
  const [x0, x1] = span([...points.map(x), ...(budget === undefined ? [] : [budget])]), [y0, y1] = span(points.map(y));
  const sx = linear(x0, x1, left, right), sy = linear(y0, y1, bottom, top);
  const drawn = drawing(width, height, `${yTitle} over ${xTitle}`);
  drawn.append(axisX({scale: sx, y: bottom, values: ticks(x0, x1, 6), title: xTitle, grid: bottom - top}), axisY({scale: sy, x: left, values: ticks(y0, y1, 6), title: yTitle, grid: right - left, offset: 52}));
  if (budget !== undefined) drawn.append(svg('path', {class: 'rule', d: `M${sx(budget)} ${bottom}V${top - 4}`}), label(`budget ${budget}`, sx(budget), top - 8, {anchor: sx(budget) > width / 2 ? 'end' : 'start', kind: 'strong'}));
  const front = points.filter((p) => p.kind === 'front').sort((a, b) => x(a) - x(b));
  if (front.length > 1) drawn.append(svg('path', {class: 'edge', d: front.map((p, i) => `${i ? 'L' : 'M'}${sx(x(p))} ${sy(y(p))}`).join('')}));
  const placed = points.map((p) => ({x: sx(x(p)) - 6, y: sy(y(p)) - 6, w: 12, h: 12}));
  const clear = (box) => box.x > left && box.x + box.w < width - 2 && box.y > top && box.y + box.h < bottom - 2 && (budget === undefined || Math.abs(box.x + box.w / 2 - sx(budget)) > box.w / 2 + 2) &&
      placed.every((o) => box.x > o.x + o.w || box.x + box.w < o.x || box.y > o.y + o.h || box.y + box.h < o.y);
  for (const p of points) {
    const [shape, , hue] = pointKinds[p.kind], px = sx(x(p)), py = sy(y(p));
    const point = mark(shape, px, py, p.kind === 'front' ? 2.5 : 5.5, `${p.design}: ${number(x(p))}, ${number(y(p))}`, hue);
    point.setAttribute('data-value', y(p));
    drawn.append(point);
  }
  for (const p of points) {
    if (p.kind === 'front') continue;
    const px = sx(x(p)), py = sy(y(p)), w = textWidth(p.design), h = 13;
    const spots = [[px + 9, py - 7], [px - 9 - w, py - 7], [px - w / 2, py - 22], [px - w / 2, py + 9], [px + 9, py - 21], [px + 9, py + 7], [px - 9 - w, py - 21], [px - 9 - w, py + 7]].map(([bx, by]) => ({x: bx, y: by, w, h}));
    const spot = spots.find(clear);
    if (!spot) continue;  // its name is the point's tooltip and stands in the table
    placed.push(spot);
    drawn.append(label(p.design, spot.x, spot.y + 11, {kind: p.kind === 'found' ? 'halo strong' : 'halo'}));
  }
  const kinds = Object.keys(pointKinds).filter((k) => points.some((p) => p.kind === k));
  drawn.append(legend(kinds.map((k) => [pointKinds[k][1], (lx, ly) => mark(pointKinds[k][0], lx + 7, ly, 5, null, pointKinds[k][2])]), left, 10));
  return drawn;
}

function searchFigures(search) {
  const points = search.points, unit = search.latency_unit;
  figure({
    id: 'search', title: 'Search',
    caption: `${search.network}: ${search.method}, objective ${search.objective}, model ${search.model}, at most ${search.budget} crossbars by rule “${search.rule}”. Lower and further left is better.` + (search.latency_is_a_sum ? '' : ' Layers overlap in this model: what the table of costs says of latency (front, optimum of the table) is a sum without overlap; it is left out of the left picture and stands in the table.'),
    draw: () => {
      const of = {x: (p) => p.crossbars, xTitle: 'crossbars (count)', budget: search.budget};
      // The table of costs is the model only where it is a sum.
      const shown = (exact) => points.filter((p) => exact || (p.kind !== 'front' && p.kind !== 'optimum'));
      return {
        plot: sideBySide(scatter({...of, points: shown(search.latency_is_a_sum), y: (p) => p.latency, yTitle: `latency (${unit})`}), scatter({...of, points: shown(search.energy_is_a_sum), y: (p) => p.energy_mJ, yTitle: 'energy (mJ)'})),
        table: {columns: [{name: 'design', text: true}, {name: 'kind', text: true}, {name: 'crossbars', unit: 'count'}, {name: 'latency', unit}, {name: 'energy', unit: 'mJ'}, {name: 'EDP', unit: `${unit} mJ`}], rows: points.map((p) => [p.design, p.kind, p.crossbars, p.latency, p.energy_mJ, p.latency * p.energy_mJ])},
      };
    },
  });
  if (!search.layers || search.layers.length === 0) return;
  const names = [...new Set(search.layers.map((l) => l.candidate))];
  const rows = names.map((name) => ({layer: name, count: search.layers.filter((l) => l.candidate === name).length}));
  figure({
    id: 'candidates', title: 'What the search took', caption: `Candidates of the ${search.layers.length} layers that were searched.`,
    draw: () => ({
      plot: barRows({names, nameTitle: 'candidate', rowHeight: 20, panels: [barPanel(rows, 'layers (count)', (r) => r.count, 500)], width: 800}),
      table: {columns: [{name: 'layer', text: true}, {name: 'candidate', text: true}], rows: search.layers.map((l) => [l.node, l.candidate])},
    }),
  });
}
