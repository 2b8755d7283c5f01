// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// With #check in the address: every figure is drawn for every choice and looked at; what is wrong goes into the page as JSON.
'use strict';

// Texts that lie over each other or leave their drawing.
function textFaults(drawn) {
  const faults = [], frame = drawn.getBoundingClientRect();
  const boxes = [...drawn.querySelectorAll('text')].map((text) => ({text, box: text.getBoundingClientRect()})).filter(({box}) => box.width > 0);
  boxes.sort((a, b) => a.box.top - b.box.top);
  const shown = (t) => (t.firstChild ? t.firstChild.textContent : '').slice(0, 40);
  boxes.forEach(({text, box}, i) => {
    if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 2 || box.bottom > frame.bottom + 2) faults.push(`"${shown(text)}" leaves its drawing`);
    if (parseFloat(getComputedStyle(text).fontSize) < 10.5) faults.push(`"${shown(text)}" is smaller than 10.5 px`);
    for (let k = i + 1; k < boxes.length && boxes[k].box.top < box.bottom - 2; ++k) {
      const other = boxes[k].box;
      if (other.left < box.right - 1 && other.right > box.left + 1) faults.push(`"${shown(text)}" lies over "${shown(boxes[k].text)}"`);
    }
  });
  return faults;
}

// Contrast of two colours as WCAG 2 defines it.
function contrast(a, b) {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
}

// Edges of the graph that run through a box or on each other, boxes that lie on each other.
function graphFaults(drawn, edges) {
  const faults = [], boxes = [...drawn.querySelectorAll('.node')].map((node) => {
    const [x, y, w, h] = ['x', 'y', 'width', 'height'].map((a) => Number(node.querySelector('rect').getAttribute(a)));
    return {name: node.dataset.node, x, y, right: x + w, bottom: y + h};
  });
  const lines = [...drawn.querySelectorAll('.edge')].map((edge) => {
    const [from, to] = edge.dataset.edge.split('-').map(Number), pieces = [];
    let at = null;
    for (const [, command, first, second] of edge.getAttribute('d').matchAll(/([MHV])(-?[\d.]+)(?: (-?[\d.]+))?/g)) {
      const next = command === 'M' ? [Number(first), Number(second)] : command === 'H' ? [Number(first), at[1]] : [at[0], Number(first)];
      if (at) pieces.push({x: Math.min(at[0], next[0]), right: Math.max(at[0], next[0]), y: Math.min(at[1], next[1]), bottom: Math.max(at[1], next[1])});
      at = next;
    }
    return {from, to, pieces};
  });
  if (lines.length !== edges.length) faults.push(`${lines.length} edges drawn of ${edges.length}`);
  const meet = (a, b) => a.x < b.right - 0.5 && b.x < a.right - 0.5 && a.y < b.bottom - 0.5 && b.y < a.bottom - 0.5;
  boxes.forEach((box, n) => {
    for (const other of boxes.slice(n + 1)) if (meet(box, other)) faults.push(`${box.name} lies on ${other.name}`);
    for (const line of lines) if (line.pieces.some((p) => meet({x: p.x - 1, right: p.right + 1, y: p.y - 1, bottom: p.bottom + 1}, {x: box.x + 2, right: box.right - 2, y: box.y + 2, bottom: box.bottom - 2}))) faults.push(`the edge ${boxes[line.from].name} to ${boxes[line.to].name} runs through ${box.name}`);
  });
  const along = (a, b) => (a.x === a.right && b.x === b.right && Math.abs(a.x - b.x) < 1 && Math.min(a.bottom, b.bottom) - Math.max(a.y, b.y) > 2) || (a.y === a.bottom && b.y === b.bottom && Math.abs(a.y - b.y) < 1 && Math.min(a.right, b.right) - Math.max(a.x, b.x) > 2);
  lines.forEach((line, n) => {
    for (const other of lines.slice(n + 1))
      if (line.from !== other.from && line.to !== other.to && line.pieces.some((a) => other.pieces.some((b) => along(a, b)))) faults.push(`the edges ${boxes[line.from].name} to ${boxes[line.to].name} and ${boxes[other.from].name} to ${boxes[other.to].name} run on each other`);
  });
  return faults;
}

function checkFigure(f) {
  const faults = [], drawings = [...f.plot.querySelectorAll('svg.drawing')];
  if (drawings.length === 0) faults.push('no drawing');
  for (const drawn of drawings) {
    for (const axis of drawn.querySelectorAll('.axis')) {
      const title = axis.dataset.title || '';
      if (!axis.querySelector('.axis-title') || axis.querySelector('.axis-title').firstChild.textContent !== title) faults.push(`an axis without its title "${title}"`);
      if (!/\(.+\)/.test(title) && title !== 'component' && title !== 'candidate') faults.push(`axis "${title}" has no unit`);
    }
    if (f.id !== 'graph' && drawn.querySelectorAll('.axis').length < 1) faults.push('no axis');
    faults.push(...textFaults(drawn));
    if (f.id === 'graph') faults.push(...graphFaults(drawn, report.data.graph.edges));
    const attributes = drawn.outerHTML.match(/NaN|undefined|Infinity/);
    if (attributes) faults.push(`${attributes[0]} in a drawing`);
  }
  for (const cell of f.section.querySelectorAll('td')) if (/NaN|undefined|Infinity|\[object/.test(cell.textContent)) faults.push(`"${cell.textContent}" in the table`);
  if (f.section.querySelectorAll('tbody tr').length === 0) faults.push('an empty table');
  const lines = f.csv().trimEnd().split('\n').length;
  if (lines !== f.section.querySelectorAll('tbody tr').length + 1) faults.push('CSV and table differ');
  return faults;
}

function selfCheck() {
  const result = {figures: report.figures.map((f) => f.id), choices: 0, faults: [], errors: report.errors};
  for (const theme of ['light', 'dark']) {
    setTheme(theme);
    const paper = getComputedStyle(document.body).backgroundColor;
    for (const name of ['ink', 'muted', 'one', 'two', 'three', 'four', 'five', 'six']) {
      const probe = html('span', {style: `color:var(--${name})`});
      document.body.append(probe);
      const ratio = contrast(getComputedStyle(probe).color, paper);
      probe.remove();
      if (!(ratio >= 4.5)) result.faults.push(`${theme}: colour ${name} has contrast ${ratio.toFixed(2)}`);
    }
  }
  setTheme(wantedTheme());
  for (const f of report.figures) {
    for (const choice of f.choices || [null]) {
      if (choice) f.show(choice.value);
      ++result.choices;
      for (const fault of checkFigure(f)) result.faults.push(`${f.id}${choice ? ` (${choice.name})` : ''}: ${fault}`);
    }
    if (f.choices) f.show(f.choices[f.chosen].value);
  }
  document.body.append(html('pre', {id: 'check', hidden: true}, JSON.stringify(result)));
}
