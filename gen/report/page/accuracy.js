// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// Accuracy over a sweep of widths; classes, maps and clipped conversions of one point.
'use strict';

const shareOf = (pair) => pair ? pair[0] / pair[1] : null;
const settingsText = (p) => Object.entries(p.settings).map(([key, value]) => `${key} ${value}`).join(', ');
const pointName = (p) => `W${p.weight_bits} A${p.act_bits}, ADC ${p.adc_bits} bits${p.adc_lossless ? ' (lossless)' : ''}${Object.keys(p.settings).length ? `, ${settingsText(p)}` : ''}${p.device_seed === undefined ? '' : `, chip ${p.device_seed}`}`;

// Mean accuracy over chips with its interval, over the last swept key; a line per combination of everything else.
function deviceDrawing({groups, float, width = 760, height = 360}) {
  const keys = Object.keys(groups[0].settings), key = keys[keys.length - 1];
  const several = (of) => new Set(groups.map(of)).size > 1;
  const numeric = key !== undefined && groups.every((g) => Number.isFinite(Number(g.settings[key])));
  const x = (g) => numeric ? Number(g.settings[key]) : g.adc_bits, xTitle = numeric ? key : 'ADC resolution (bits)';
  const seriesOf = (g) => [...keys.filter((k) => !(numeric && k === key)).map((k) => `${k} ${g.settings[k]}`), ...(several((p) => p.weight_bits) ? [`W${g.weight_bits}`] : []),
    ...(numeric && several((p) => p.adc_bits) && key !== 'hardware.adc_bits' ? [`ADC ${g.adc_bits}`] : [])].join(', ') || 'mean over chips';
  const left = 64, top = 40, right = width - 24, bottom = height - 46, xs = groups.map(x);
  const sx = linear(Math.min(...xs), Math.max(...xs), left + 8, right - 8), sy = linear(0, 100, bottom, top);
  const drawn = drawing(width, height, `right, top-1 over ${xTitle}`);
  drawn.append(axisX({scale: sx, y: bottom, values: [...new Set(xs)].sort((a, b) => a - b), title: xTitle, format: String, left, right}), axisY({scale: sy, x: left, values: ticks(0, 100, 6), title: 'right, top-1 (% of images)', grid: right - left, offset: 46}));
  if (float !== null) drawn.append(svg('path', {class: 'rule', d: `M${left} ${sy(100 * float)}H${right}`}));
  const names = [...new Set(groups.map(seriesOf))], held = (share) => sy(100 * Math.max(0, Math.min(1, share)));
  names.forEach((name, n) => {
    const own = groups.filter((g) => seriesOf(g) === name).sort((a, b) => x(a) - x(b));
    if (own.length > 1) drawn.append(svg('path', {class: `stroke ${hueOf(n)}`, d: own.map((g, i) => `${i ? 'L' : 'M'}${sx(x(g))} ${sy(100 * g.mean)}`).join('')}));
    for (const g of own) {
      if (g.low !== null) drawn.append(interval(sx(x(g)), held(g.low), held(g.high), n, 5));
      const point = mark(n, sx(x(g)), sy(100 * g.mean), 4.5, `${settingsText(g)}: ${(100 * g.mean).toFixed(2)} % over ${g.chips} chips`);
      point.setAttribute('data-value', g.mean);
      drawn.append(point);
    }
  });
  drawn.append(legend(names.map((name, n) => [name, (lx, ly) => mark(n, lx + 7, ly, 4.5)]), left, 14));
  return drawn;
}

// One line per series over bits; the float network is a rule.
function sweepDrawing({points, x, xTitle, series, seriesName, value, yTitle, float, width = 530, height = 300}) {
  const left = 64, top = 30, right = width - 16, bottom = height - 46;
  const bits = [...new Set(points.map(x))].sort((a, b) => a - b), groups = [...new Set(points.map(series))].sort((a, b) => b - a);
  const shares = [...points.map((p) => 100 * value(p)), ...(float === null ? [] : [100 * float])];
  const spread = Math.max(...shares) - Math.min(...shares), step = spread > 40 ? 20 : spread > 15 ? 10 : spread > 6 ? 5 : spread > 2 ? 2 : 1;
  const low = Math.max(0, Math.floor(Math.min(...shares) / step) * step), high = Math.min(100, Math.max(low + step, Math.ceil(Math.max(...shares) / step) * step));
  const sx = linear(bits[0] - 0.4, bits[bits.length - 1] + 0.4, left, right), sy = linear(low, high, bottom, top);
  const drawn = drawing(width, height, `${yTitle} over ${xTitle}`);
  drawn.append(axisX({scale: sx, y: bottom, values: bits, title: xTitle, format: String, left, right}), axisY({scale: sy, x: left, values: ticks(low, high, 6), title: yTitle, grid: right - left, offset: 46}));
  if (float !== null) drawn.append(svg('path', {class: 'rule', d: `M${left} ${sy(100 * float)}H${right}`}));
  groups.forEach((group, g) => {
    const own = points.filter((p) => series(p) === group).sort((a, b) => x(a) - x(b));
    if (own.length > 1) drawn.append(svg('path', {class: `stroke ${hueOf(g)}`, d: own.map((p, i) => `${i ? 'L' : 'M'}${sx(x(p))} ${sy(100 * value(p))}`).join('')}));
    own.forEach((p) => {
      const point = mark(g, sx(x(p)), sy(100 * value(p)), 4.5, `${pointName(p)}: ${(100 * value(p)).toFixed(2)} %`);
      point.setAttribute('data-value', value(p));
      drawn.append(point);
    });
  });
  const entries = groups.map((group, g) => [seriesName(group), (lx, ly) => mark(g, lx + 7, ly, 4.5)]);
  if (float !== null) entries.push([`float ${(100 * float).toFixed(2)} %`, (lx, ly) => svg('path', {class: 'rule', d: `M${lx - 6} ${ly}h22`})]);
  drawn.append(legend(entries, left, 12));
  return drawn;
}

function accuracyFigures(accuracy) {
  const points = accuracy.points, several = (key) => new Set(points.map((p) => p[key])).size > 1;
  const overAdc = several('adc_bits') || !several('weight_bits');
  const kind = overAdc ? {x: (p) => p.adc_bits, xTitle: 'ADC resolution (bits)', series: (p) => p.weight_bits, seriesName: (w) => `W${w}`}
                       : {x: (p) => p.weight_bits, xTitle: 'weights (bits)', series: (p) => p.adc_bits, seriesName: (a) => `ADC ${a}`};
  const float = accuracy.float || {}, of = (value, yTitle, reference) => points.every((p) => value(p) !== null) ? sweepDrawing({points, ...kind, value, yTitle, float: reference}) : null;
  const drawings = () => [of((p) => shareOf(p.top1), 'right, top-1 (% of images)', shareOf(float.top1)), of((p) => shareOf(p.top5), 'right, top-5 (% of images)', shareOf(float.top5)),
    of((p) => shareOf(p.agreement), 'class as the float network’s (% of images)', null)].filter(Boolean);
  const clipped = (p) => p.layers.reduce((sum, l) => sum + l.adc_saturated, 0) / p.layers.reduce((sum, l) => sum + l.adc_conversions, 0);
  if (accuracy.groups.length > 0)
    figure({
      id: 'devices', title: 'Accuracy of chips that are not ideal',
      caption: `${accuracy.network} over ${number(accuracy.images)} images, by the golden model: mean over chips and the 95 % interval of that mean.`,
      draw: () => ({
        plot: deviceDrawing({groups: accuracy.groups, float: shareOf(float.top1)}),
        table: {
          columns: [{name: 'swept', text: true}, {name: 'weights', unit: 'bits'}, {name: 'ADC', unit: 'bits'}, {name: 'chips', unit: 'count'}, {name: 'top-1, mean', unit: 'share'}, {name: 'interval, low', unit: 'share'}, {name: 'interval, high', unit: 'share'}],
          rows: accuracy.groups.map((g) => [settingsText(g), g.weight_bits, g.adc_bits, g.chips, g.mean, g.low, g.high]),
        },
      }),
    });
  if (accuracy.groups.length === 0 && drawings().length > 0)
    figure({
      id: 'accuracy', title: 'Accuracy over the sweep',
      caption: `${accuracy.network} over ${number(accuracy.images)} images, by the golden model.` + (accuracy.seeded ? ' Weights are seeded random numbers, not trained ones.' : ''),
      draw: () => ({
        plot: sideBySide(...drawings()),
        table: {
          columns: [{name: 'weights', unit: 'bits'}, {name: 'activations', unit: 'bits'}, {name: 'ADC', unit: 'bits'}, {name: 'lossless', text: true}, {name: 'top-1', unit: 'images'}, {name: 'top-1', unit: 'share'}, {name: 'top-5', unit: 'images'}, {name: 'top-5', unit: 'share'},
            {name: 'as float', unit: 'images'}, {name: 'as float', unit: 'share'}, {name: 'conversions clipped', unit: 'share'}, {name: `first map below ${accuracy.least_dB} dB`, text: true}],
          rows: [...points.map((p) => [p.weight_bits, p.act_bits, p.adc_bits, p.adc_lossless ? 'yes' : 'no', ...[p.top1, p.top5, p.agreement].flatMap((pair) => [pair ? pair[0] : null, shareOf(pair)]), clipped(p), p.first_below]),
            ...(accuracy.float ? [[null, null, null, 'float', ...[float.top1, float.top5, null].flatMap((pair) => [pair ? pair[0] : null, shareOf(pair)]), null, null]] : [])],
        },
      }),
    });
  const choices = points.map((p, i) => ({name: pointName(p), value: i}));
  const labelled = (p) => p.classes && p.classes.length > 0 && p.classes.length <= 200 && p.classes.every((c) => c.images !== null && c.right !== null);
  if (points.every(labelled)) {
    const right = (list) => list.map((c) => ({layer: `class ${c.class}`, share: c.images > 0 ? c.right / c.images : null}));
    figure({
      id: 'classes', title: 'Right by class', choices, chosen: 0, choiceLabel: 'point',
      caption: 'Share of the images of a class that are classified right, and how often a class was named.',
      draw: (i) => {
        const classes = points[i].classes, own = right(classes), reference = float.classes ? right(float.classes) : null;
        const panels = [barPanel(own, 'right (% of the class)', (r) => r.share, 230, {most: 1, format: percent})];
        if (reference) panels.push(barPanel(reference, 'float network: right (% of the class)', (r) => r.share, 230, {most: 1, format: percent, hue: 5}));
        panels.push(barPanel(classes.map((c) => ({layer: `class ${c.class}`, n: c.predicted})), 'named (count)', (r) => r.n, 140, {hue: 1}));
        return {
          plot: barRows({names: own.map((r) => r.layer), nameTitle: 'class (number)', nameWidth: 110, panels}),
          table: {columns: [{name: 'class', unit: 'number'}, {name: 'images', unit: 'count'}, {name: 'right', unit: 'count'}, {name: 'named', unit: 'count'}, {name: 'right in float', unit: 'count'}], rows: classes.map((c, n) => [c.class, c.images, c.right, c.predicted, float.classes ? float.classes[n].right : null])},
        };
      },
    });
  }
  if (accuracy.float && points.every((p) => p.maps.length > 0))
    figure({
      id: 'noise', title: 'Error of every map against the float network', choices, chosen: 0, choiceLabel: 'point',
      caption: `Signal-to-noise ratio over all images, at one point of the sweep. The table of the sweep names the first map below ${accuracy.least_dB} dB for every point.`,
      draw: (i) => ({plot: [html('h3', {}, firstText(accuracy.least_dB, points[i].first_below)), noiseDrawing(points[i].maps, accuracy.least_dB, points[i].first_below)], table: noiseTable(points[i].maps, accuracy.least_dB, points[i].first_below)}),
    });
  const most = points.reduce((best, p, i) => clipped(p) > clipped(points[best]) ? i : best, 0);
  if (clipped(points[most]) > 0)
    figure({
      id: 'clipped', title: 'Conversions that clip', choices, chosen: most, choiceLabel: 'point', caption: 'Share of the ADC conversions of a layer whose sum is larger than the ADC can say.',
      draw: (i) => {
        const rows = points[i].layers.map((l) => ({layer: l.layer, share: l.adc_conversions > 0 ? l.adc_saturated / l.adc_conversions : 0}));
        return {
          plot: barRows({names: rows.map((r) => r.layer), nameTitle: 'layer (in order)', panels: [barPanel(rows, 'clipped (% of conversions)', (r) => r.share, 500, {format: percent, most: roundUp(Math.max(1e-6, ...rows.map((r) => r.share)))})]}),
          table: {columns: [{name: 'layer', text: true}, {name: 'conversions', unit: 'count'}, {name: 'clipped', unit: 'count'}, {name: 'clipped', unit: 'share'}], rows: points[i].layers.map((l, n) => [l.layer, l.adc_conversions, l.adc_saturated, rows[n].share])},
        };
      },
    });
}
