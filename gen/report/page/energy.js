// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// Energy by component, by layer, and by both.
'use strict';

const joule = (aJ) => {
  const [factor, unit] = scaled(aJ * 1e-18, 'J');
  return `${Number((aJ * 1e-18 / factor).toPrecision(4))} ${unit}`;
};

// A logarithmic axis in joule over these attojoules.
function jouleScale(values) {
  const some = values.filter((v) => v > 0).map((v) => v * 1e-18);
  const from = 10 ** Math.floor(Math.log10(Math.min(...some)) - 0.05), to = 10 ** Math.ceil(Math.log10(Math.max(...some)));
  const all = decades(from, to);
  return {from, to, values: all.filter((_, i) => i % Math.ceil(all.length / 12) === 0), format: (v) => {
    const [factor, unit] = scaled(v * 1.0001, 'J');
    return `${Math.round(v / factor)} ${unit}`;
  }};
}

function energyFigures(energy) {
  const total = energy.total_aJ, source = energy.origin === 'run' ? 'events that the RTL counted' : 'events of the model';
  const sums = energy.components.map((name, c) => ({name, aJ: energy.component_aJ[c]}));
  const sumScale = jouleScale(sums.map((s) => s.aJ));
  figure({
    id: 'energy-components', title: 'Energy by component',
    caption: `${joule(total)} in all: ${source} times a table of energies per event. The axis is logarithmic, so that small components can be seen: lengths do not add up.`,
    draw: () => ({
      plot: barRows({names: sums.map((s) => s.name), nameTitle: 'component', rowHeight: 22, panels: [{
        title: 'energy (joule, logarithmic)', most: 1, width: 640, after: 130, values: sumScale.values, format: sumScale.format, scale: (a, b) => logarithmic(sumScale.from, sumScale.to, a, b),
        draw: (i, scale, y) => {
          const v = sums[i].aJ * 1e-18, from = scale(sumScale.from);
          if (!(v > 0)) return [label('0 J', from + 6, y + 15, {kind: 'note'})];
          return [svg('path', {class: 'axis-line', d: `M${from} ${y + 11}H${scale(v)}`}), mark(0, scale(v), y + 11, 4), label(`${joule(sums[i].aJ)}, ${percent(sums[i].aJ / total)}`, scale(v) + 9, y + 15)];
        },
      }]}),
      table: {columns: [{name: 'component', text: true}, {name: 'energy', unit: 'aJ'}, {name: 'share'}], rows: [...sums.map((s) => [s.name, s.aJ, s.aJ / total]), ['total', total, 1]]},
    }),
  });

  const layers = energy.layers, [factor, unit] = scaled(Math.max(...layers.map((l) => l.total_aJ)) * 1e-18, 'J');
  const both = layers.every((l) => l.aJ);
  const all = both ? jouleScale(layers.flatMap((l) => l.aJ)) : null;
  const panels = [{...barPanel(layers, `energy (${unit})`, (l) => l.total_aJ * 1e-18 / factor, 250, {format: (v) => number(Number(v.toPrecision(4)))}), after: 60}];
  if (both)
    panels.push({
      title: 'energy by component (joule, logarithmic)', most: 1, width: 500, values: all.values, format: all.format, scale: (a, b) => logarithmic(all.from, all.to, a, b),
      head: (x, y) => legend(energy.components.map((name, c) => [name, (lx, ly) => mark(c, lx + 7, ly, 4)]), x - 60, y - 4),
      draw: (i, scale, y) => layers[i].aJ.map((aJ, c) => aJ > 0 ? mark(c, scale(aJ * 1e-18), y + 9, 3.6, `${layers[i].layer}, ${energy.components[c]}: ${joule(aJ)}`) : null),
    });
  figure({
    id: 'energy-layers', title: 'Energy by layer',
    caption: both ? 'Left: sum of a layer. Right: its components, each with a mark of its own.' : 'Sum of every layer.',
    draw: () => ({
      plot: barRows({names: layers.map((l) => l.layer), nameTitle: 'layer (in order)', panels}),
      table: {
        columns: [{name: 'layer', text: true}, {name: 'energy', unit: 'aJ'}, ...(both ? energy.components.map((name) => ({name, unit: 'aJ'})) : [])],
        rows: layers.map((l) => [l.layer, l.total_aJ, ...(both ? l.aJ : [])]),
      },
    }),
  });
}
