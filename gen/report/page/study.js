// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// Accuracy of chips that are not ideal over what is wrong with them: networks side by side, means with intervals.
'use strict';

function studyDrawing({curve, width = 760, height = 380}) {
  const left = 64, top = 40, right = width - 24, bottom = height - 46, xTitle = `${curve.title} (${curve.unit})`;
  const xs = [...new Set(curve.series.flatMap((s) => s.points.map((p) => p.x)))].sort((a, b) => a - b);
  const sx = linear(xs[0], xs.length > 1 ? xs[xs.length - 1] : xs[0] + 1, left + 12, right - 12), sy = linear(0, 100, bottom, top);
  const held = (share) => sy(100 * Math.max(0, Math.min(1, share)));
  const drawn = drawing(width, height, `right, top-1 over ${xTitle}`);
  drawn.append(axisX({scale: sx, y: bottom, values: xs, title: xTitle, format: (x) => String(Number(x.toPrecision(6))), left, right}), axisY({scale: sy, x: left, values: ticks(0, 100, 6), title: 'right, top-1 (% of images)', grid: right - left, offset: 46}));
  curve.series.forEach((s, n) => {
    // Beside each other, so that no interval hides another.
    const at = (p) => sx(p.x) + 4 * (n - (curve.series.length - 1) / 2), own = [...s.points].sort((a, b) => a.x - b.x);
    drawn.append(svg('path', {class: `stroke ${hueOf(n)}`, d: own.map((p, i) => `${i ? 'L' : 'M'}${at(p)} ${held(p.mean)}`).join('')}));
    for (const p of own) {
      if (p.low !== null) drawn.append(interval(at(p), held(p.low), held(p.high), n));
      const point = mark(n, at(p), held(p.mean), 4, `${s.network}, ${xTitle} ${p.x}: ${(100 * p.mean).toFixed(2)} % over ${s.chips} chips`);
      point.setAttribute('data-value', p.mean);
      drawn.append(point);
    }
  });
  drawn.append(legend(curve.series.map((s, n) => [`${s.network}: ${number(s.crossbars)} crossbars`, (lx, ly) => mark(n, lx + 7, ly, 4.5)]), left, 14));
  return drawn;
}

function studyFigures(study) {
  for (const {family, curves} of study.families)
    figure({
      id: `study-${family}`, title: `Chips that are not ideal: ${family}`, choices: curves.map((c) => ({name: `${c.title} (${c.unit})`, value: c})), chosen: 0, choiceLabel: 'over',
      caption: 'Accuracy by the golden model: mean over chips, each a seed of its own, and the 95 % interval of that mean. Networks with epitomes beside networks of plain weights.',
      draw: (curve) => ({
        plot: studyDrawing({curve}),
        table: {
          columns: [{name: 'network', text: true}, {name: 'crossbars', unit: 'count'}, {name: curve.title, unit: curve.unit}, {name: 'images', unit: 'count'}, {name: 'chips', unit: 'count'}, {name: 'top-1, mean', unit: 'share'}, {name: 'interval, low', unit: 'share'}, {name: 'interval, high', unit: 'share'}],
          rows: curve.series.flatMap((s) => s.points.map((p) => [s.network, s.crossbars, p.x, s.images, s.chips, p.mean, p.low, p.high])),
        },
      }),
    });
}
