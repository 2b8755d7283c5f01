// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// The training study: accuracy against crossbars, how weights are quantised, the differences that the paper's claims ask for.
'use strict';

const trainedFamilies = ['plain', 'uniform epitome', 'epitomes by layer', 'word lines pruned', 'epitome, elements pruned', 'weight pool'];
const trainedText = (v) => `${v.name}, ${number(v.crossbars)} crossbars: ${(100 * v.mean).toFixed(2)} %${v.half === null ? '' : ` ± ${(100 * v.half).toFixed(2)}`}`;

// A mark with its interval, cut where the panel ends.
function trainedPoint({shape, hue, x, v, sy, low}) {
  const held = (share) => sy(Math.min(100, Math.max(low, 100 * share)));
  const point = mark(shape, x, held(v.mean), 4, trainedText(v), hue);
  point.setAttribute('data-value', v.mean);
  return [v.half === null ? null : interval(x, held(v.mean - v.half), held(v.mean + v.half), hue), point].filter(Boolean);
}

function trainedAgainstCrossbars({variants, low, width = 900, height = 440}) {
  const left = 64, top = 40, right = width - 24, bottom = height - 46, shown = variants.filter((v) => 100 * v.mean >= low);
  const xs = shown.map((v) => v.crossbars), least = Math.min(...xs), most = Math.max(...xs);
  const sx = logarithmic(least, most, left + 14, right - 14), sy = linear(low, 100, bottom, top);
  const drawn = drawing(width, height, 'right, top-1 over crossbars');
  const marks = [50, 70, 100, 150, 200, 300, 400, 500, 600, 800, 1000, 1500, 2000].filter((x) => x >= least && x <= most);
  drawn.append(axisX({scale: sx, y: bottom, values: marks.length > 1 ? marks : [least, most], title: 'crossbars (count, logarithmic)', left, right, grid: bottom - top}),
      axisY({scale: sy, x: left, values: ticks(low, 100, 8), title: 'right, top-1 (% of images)', grid: right - left, offset: 46}));
  const families = trainedFamilies.filter((f) => shown.some((v) => v.family === f));
  for (const family of families) {
    const n = trainedFamilies.indexOf(family), own = shown.filter((v) => v.family === family);
    for (const design of new Set(own.map((v) => v.design))) {  // one design over its bits
      const line = own.filter((v) => v.design === design).sort((a, b) => a.crossbars - b.crossbars || a.mean - b.mean);
      if (line.length > 1) drawn.append(svg('path', {class: `stroke ${hueOf(n)}`, style: 'stroke-width:0.8', d: line.map((v, i) => `${i ? 'L' : 'M'}${sx(v.crossbars)} ${sy(100 * v.mean)}`).join('')}));
    }
    for (const v of own) drawn.append(...trainedPoint({shape: n, hue: n, x: sx(v.crossbars), v, sy, low}));
  }
  drawn.append(legend(families.map((f) => [f, (lx, ly) => mark(trainedFamilies.indexOf(f), lx + 7, ly, 4.5)]), left, 14));
  return drawn;
}

const modeText = {naive: 'one scale per layer', per_crossbar: 'a scale per crossbar', overlap: 'ranges weighted by overlap'};
function trainedModes({variants, width = 760, height = 380}) {
  const modes = [...new Set(variants.map((v) => v.mode))], groups = [...new Set(variants.map((v) => `W${v.bits} ${v.scheme}`))];
  const left = 64, top = 40, right = width - 24, bottom = height - 46, low = Math.max(0, Math.floor(10 * Math.min(...variants.map((v) => v.mean - (v.half || 0)))) * 10);
  const sx = linear(-0.5, groups.length - 0.5, left, right), sy = linear(low, 100, bottom, top);
  const drawn = drawing(width, height, 'right, top-1 by weights and mode');
  drawn.append(axisX({scale: sx, y: bottom, values: groups.map((_, i) => i), title: 'weights (bits), scheme', format: (i) => groups[i], left, right}), axisY({scale: sy, x: left, values: ticks(low, 100, 8), title: 'right, top-1 (% of images)', grid: right - left, offset: 46}));
  for (const v of variants) {
    const n = modes.indexOf(v.mode);
    drawn.append(...trainedPoint({shape: n, hue: n, x: sx(groups.indexOf(`W${v.bits} ${v.scheme}`)) + 16 * (n - (modes.length - 1) / 2), v, sy, low}));
  }
  drawn.append(legend(modes.map((m, n) => [modeText[m] || m, (lx, ly) => mark(n, lx + 7, ly, 4.5)]), left, 14));
  return drawn;
}

const verdictHues = {holds: 2, 'does not hold': 4, 'not separated': 5};
function trainedDifferences(claims) {
  const ends = claims.flatMap((c) => [100 * (c.mean - (c.half || 0)), 100 * (c.mean + (c.half || 0))]);
  const step = tickStep(Math.max(1, ...ends) - Math.min(-1, ...ends), 6), from = Math.floor(Math.min(-1, ...ends) / step) * step, to = Math.ceil(Math.max(1, ...ends) / step) * step;
  const signed = (v) => (v > 0 ? '+' : '') + String(v).replace('-', '−');
  return barRows({names: claims.map((c) => `${c.to} − ${c.from}`), nameTitle: 'difference of (variants)', nameWidth: 330, rowHeight: 22, panels: [{
    title: 'difference of accuracy (points)', most: to, width: 480, after: 110, values: ticks(from, to, 6), scale: (a, b) => linear(from, to, a, b), format: signed,
    head: (x, y, scale, top, height) => svg('path', {class: 'rule', d: `M${scale(0)} ${top - 2}V${top + height}`}),
    draw: (i, scale, y) => {
      const c = claims[i], hue = verdictHues[c.verdict], low = scale(100 * (c.mean - (c.half || 0))), high = scale(100 * (c.mean + (c.half || 0)));
      const point = mark({holds: 0, 'does not hold': 3}[c.verdict] ?? 7, scale(100 * c.mean), y + 11, 4.5, `${c.claim}: ${signed(Number((100 * c.mean).toFixed(2)))} points`, hue);
      point.setAttribute('data-value', c.mean);
      return [svg('path', {class: `stroke ${hueOf(hue)}`, d: `M${low} ${y + 11}H${high}M${low} ${y + 8}v6M${high} ${y + 8}v6`}), point, label(c.verdict, Math.max(high, scale(100 * c.mean) + 5) + 8, y + 15, {kind: 'halo'})];
    },
  }]});
}

function trainingFigures(training) {
  const {variants, claims, seeds, images} = training, said = `Mean over ${seeds} seeds of the share of ${number(images)} test images, by the integers of the golden model, and its 95 % interval.`;
  const columns = [{name: 'variant', text: true}, {name: 'kind', text: true}, {name: 'weights', unit: 'bits', text: true}, {name: 'mode', text: true}, {name: 'scheme', text: true}, {name: 'crossbars', unit: 'count'}, {name: 'parameters', unit: 'count'}, {name: 'top-1, mean', unit: 'share'}, {name: 'half of the interval', unit: 'share'}];
  const row = (v) => [v.name, v.family, v.bits, v.mode, v.scheme, v.crossbars, v.parameters, v.mean, v.half];
  const usual = variants.filter((v) => v.mode === 'per_crossbar' && v.scheme === 'symmetric'), modes = variants.filter((v) => v.tables.includes('A'));
  const lowest = Math.max(0, Math.floor(10 * Math.min(...usual.map((v) => v.mean - (v.half || 0)))) * 10);
  figure({
    id: 'training', title: 'Accuracy against crossbars, trained', caption: `${said} A line joins one design over its weight bits, or over the share of word lines that is pruned.`, choices: [...new Set([lowest, 80])].map((low) => ({name: `from ${low} %`, value: low})), chosen: 0, choiceLabel: 'accuracy',
    draw: (low) => ({plot: trainedAgainstCrossbars({variants: usual, low}), table: {columns, rows: usual.filter((v) => 100 * v.mean >= low).map(row)}}),
  });
  if (modes.length > 0)
    figure({id: 'training-modes', title: 'How weights are quantised, trained', caption: said, draw: () => ({plot: trainedModes({variants: modes}), table: {columns, rows: modes.map(row)}})});
  const asked = [...new Set(claims.map((c) => c.claim))];
  if (asked.length > 0)
    figure({
      id: 'training-claims', title: 'The paper’s claims, trained', caption: `Differences paired by seed (${seeds} seeds) with their 95 % intervals.`, choices: asked.map((c) => ({name: c, value: c})), chosen: 0, choiceLabel: 'claim',
      draw: (claim) => {
        const own = claims.filter((c) => c.claim === claim);
        return {plot: trainedDifferences(own), table: {columns: [{name: 'claim', text: true}, {name: 'from', text: true}, {name: 'to', text: true}, {name: 'difference', unit: 'share'}, {name: 'half of the interval', unit: 'share'}, {name: 'verdict', text: true}], rows: own.map((c) => [c.claim, c.from, c.to, c.mean, c.half, c.verdict])}};
      },
    });
}
