// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// SVG and HTML elements, scales, axes, patterns.
'use strict';

const report = {errors: [], data: null, figures: []};
window.addEventListener('error', (event) => report.errors.push(String(event.message)));

function element(space, tag, attributes, children) {
  const made = space ? document.createElementNS(space, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? '' : value);
  }
  for (const child of children.flat()) {
    if (child === undefined || child === null) continue;
    made.append(child instanceof Node ? child : String(child));
  }
  return made;
}
const html = (tag, attributes, ...children) => element(null, tag, attributes, children);
const svg = (tag, attributes, ...children) => element('http://www.w3.org/2000/svg', tag, attributes, children);

// A drawing of its own size; what does not fit scrolls.
function drawing(width, height, label, ...children) {
  return svg('svg', {width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label, class: 'drawing'}, ...children);
}

const measure = document.createElement('canvas').getContext('2d');
function textWidth(text, size = 11, weight = 400) {
  measure.font = `${weight} ${size}px ${getComputedStyle(document.body).fontFamily}`;
  return measure.measureText(text).width;
}
// The text, its middle left out where it is wider than `width`.
function shortened(text, width, size = 11, weight = 400) {
  if (textWidth(text, size, weight) <= width) return text;
  for (let keep = text.length - 1; keep > 1; --keep) {
    const head = Math.ceil(keep / 2);
    const short = text.slice(0, head) + '…' + text.slice(text.length - (keep - head));
    if (textWidth(short, size, weight) <= width) return short;
  }
  return '…';
}
// Text at a place; `width`: room for it, the whole text is then its tooltip.
function label(text, x, y, {anchor = 'start', width, size, kind = ''} = {}) {
  const shown = width === undefined ? text : shortened(text, width, size || 11, kind.includes('strong') ? 700 : 400);
  return svg('text', {x, y, 'text-anchor': anchor, class: kind, style: size ? `font-size:${size}px` : null},
      shown, shown === text ? null : svg('title', {}, text));
}

// Numbers for people: 12 345, 3.742 M, 0.0123. Millions and more have four digits.
function number(value) {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'number') return String(value);
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size >= 1e12) return value.toExponential(2).replace('+', '');
  if (size >= 1e9) return Number((value / 1e9).toPrecision(4)) + ' G';
  if (size >= 1e6) return Number((value / 1e6).toPrecision(4)) + ' M';
  if (Number.isInteger(value) || size >= 1e4) return String(Math.round(Number(value.toPrecision(Math.max(4, String(Math.trunc(size)).length * Number.isInteger(value)))))).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');
  if (size >= 1e-3) return String(Number(value.toPrecision(4)));
  return value.toExponential(2);
}
const percent = (share) => {
  const p = 100 * share;
  return (p >= 99.95 || p === 0 ? p.toFixed(0) : p >= 0.1 ? p.toFixed(1) : p.toPrecision(1)) + ' %';
};
// A value and the SI prefix that suits the largest of its kind: [factor, 'µJ'].
function scaled(most, unit) {
  for (const [factor, prefix] of [[1, ''], [1e-3, 'm'], [1e-6, 'µ'], [1e-9, 'n'], [1e-12, 'p'], [1e-15, 'f'], [1e-18, 'a']])
    if (most >= factor) return [factor, prefix + unit];
  return [1, unit];
}

const linear = (from, to, start, end) => (value) => start + (to === from ? 0 : (value - from) / (to - from)) * (end - start);
const logarithmic = (from, to, start, end) => (value) => linear(Math.log10(from), Math.log10(to), start, end)(Math.log10(value));

// Round values from `from` to `to`, about `count` of them.
function tickStep(span, count) {
  const rough = span / Math.max(1, count), power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((n) => n * power).find((s) => s >= rough * 0.999);
}
function ticks(from, to, count) {
  if (!(to > from)) return [from];
  const step = tickStep(to - from, count), list = [];
  for (let n = Math.ceil(from / step - 1e-9); n * step <= to * (1 + 1e-9) + 1e-12; ++n) list.push(Number((n * step).toPrecision(12)));
  return list;
}
// A limit that ticks end on.
function roundUp(value, count = 4) {
  if (!(value > 0)) return 1;
  const step = tickStep(value, count);
  return Number((Math.ceil(value / step - 1e-9) * step).toPrecision(12));
}
const decades = (from, to) => {
  const list = [];
  for (let e = Math.ceil(Math.log10(from) - 1e-9); e <= Math.log10(to) + 1e-9; ++e) list.push(Number(`1e${e}`));
  return list;
};

// Horizontal axis below a panel. `grid`: height of the lines above it. The title holds the unit.
function axisX({scale, y, values, title, grid = 0, format = number, left, right}) {
  const from = left === undefined ? scale(values[0]) : left, to = right === undefined ? scale(values[values.length - 1]) : right;
  const group = svg('g', {class: 'axis', 'data-title': title}, svg('path', {class: 'axis-line', d: `M${from} ${y}H${to}`}));
  let free = -Infinity;
  for (const value of values) {
    const x = scale(value), text = format(value), half = textWidth(text) / 2;
    if (grid) group.append(svg('path', {class: 'grid', d: `M${x} ${y}V${y - grid}`}));
    group.append(svg('path', {class: 'axis-line', d: `M${x} ${y}v4`}));
    if (x - half < free) continue;
    group.append(label(text, x, y + 15, {anchor: 'middle', kind: 'tick'}));
    free = x + half + 6;
  }
  group.append(label(title, (from + to) / 2, y + 30, {anchor: 'middle', kind: 'axis-title'}));
  return group;
}
// Vertical axis at the left of a panel; the title runs upwards.
function axisY({scale, x, values, title, grid = 0, format = number, offset = 40, above = false}) {
  const from = scale(values[0]), to = scale(values[values.length - 1]);
  const group = svg('g', {class: 'axis', 'data-title': title}, svg('path', {class: 'axis-line', d: `M${x} ${from}V${to}`}));
  for (const value of values) {
    const y = scale(value);
    if (grid) group.append(svg('path', {class: 'grid', d: `M${x} ${y}h${grid}`}));
    group.append(svg('path', {class: 'axis-line', d: `M${x} ${y}h-4`}), label(format(value), x - 7, y + 4, {anchor: 'end', kind: 'tick'}));
  }
  if (above) {  // for low panels
    group.append(label(title, x - 50, Math.min(from, to) - 14, {kind: 'axis-title'}));
    return group;
  }
  const middle = (from + to) / 2;
  group.append(svg('text', {class: 'axis-title', 'text-anchor': 'middle', transform: `translate(${x - offset} ${middle}) rotate(-90)`}, title));
  return group;
}
// Names in the place of an axis: one row each.
function axisNames({names, y, height, x, width, title}) {
  const group = svg('g', {class: 'axis', 'data-title': title}, label(title, x, y - 8, {anchor: 'end', kind: 'axis-title'}));
  names.forEach((name, i) => group.append(label(name, x, y + i * height + height / 2 + 4, {anchor: 'end', width})));
  return group;
}

// Fills that differ without colour. Each takes its colour from the class of the pattern.
const fills = [['one', 'solid'], ['two', 'hatch'], ['three', 'dots'], ['four', 'cross'], ['five', 'horizontal'], ['six', 'vertical']];
const fillOf = (n) => `url(#fill-${fills[n % fills.length][0]})`;
const hueOf = (n) => fills[n % fills.length][0];
function patterns() {
  const defs = svg('defs', {});
  for (const [hue, kind] of fills) {
    const tile = svg('pattern', {id: `fill-${hue}`, width: 6, height: 6, patternUnits: 'userSpaceOnUse', class: hue});
    if (kind === 'solid') tile.append(svg('rect', {width: 6, height: 6, class: 'fill'}));
    else tile.append(svg('rect', {width: 6, height: 6, class: 'paper'}));
    if (kind === 'hatch') tile.append(svg('path', {class: 'stroke', d: 'M-1 7L7 -1M-1 1L1 -1M5 7L7 5'}));
    if (kind === 'dots') tile.append(svg('circle', {class: 'fill', cx: 1.5, cy: 1.5, r: 1}), svg('circle', {class: 'fill', cx: 4.5, cy: 4.5, r: 1}));
    if (kind === 'cross') tile.append(svg('path', {class: 'stroke', style: 'stroke-width:1', d: 'M0 0L6 6M6 0L0 6'}));
    if (kind === 'horizontal') tile.append(svg('path', {class: 'stroke', d: 'M0 1.5H6M0 4.5H6'}));
    if (kind === 'vertical') tile.append(svg('path', {class: 'stroke', d: 'M1.5 0V6M4.5 0V6'}));
    defs.append(tile);
  }
  defs.append(svg('marker', {id: 'arrow', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto'},
      svg('path', {class: 'arrow', d: 'M0 0L8 4L0 8z'})));
  return svg('svg', {class: 'defs', 'aria-hidden': 'true'}, defs);
}
// A bar; `value` is what its length stands for.
function bar({x, y, width, height, value, hue = 0, tip}) {
  return svg('rect', {class: `bar ${hueOf(hue)}`, x, y, width: Math.max(0, width), height, fill: fillOf(hue), 'data-value': value}, tip ? svg('title', {}, tip) : null);
}
// Marks that differ by shape: circle, square, triangle, diamond, cross, plus, triangle on its tip, ring.
function mark(n, x, y, r, tip, hue = n) {
  const paths = [
    `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`, `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`,
    `M${x} ${y - r * 1.2}L${x + r * 1.15} ${y + r}H${x - r * 1.15}z`, `M${x} ${y - r * 1.35}L${x + r * 1.35} ${y}L${x} ${y + r * 1.35}L${x - r * 1.35} ${y}z`,
    `M${x - r} ${y - r}L${x + r} ${y + r}M${x + r} ${y - r}L${x - r} ${y + r}`, `M${x} ${y - r}V${y + r}M${x - r} ${y}H${x + r}`,
    `M${x} ${y + r * 1.2}L${x + r * 1.15} ${y - r}H${x - r * 1.15}z`, `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`];
  const open = [4, 5, 7].includes(n % 8);
  return svg('path', {class: `${open ? 'stroke' : 'fill'} ${hueOf(hue)}`, d: paths[n % 8]}, tip ? svg('title', {}, tip) : null);
}
// An interval of heights at x, with a cap of twice `cap` at either end.
const interval = (x, low, high, hue, cap = 3) => svg('path', {class: `stroke ${hueOf(hue)}`, d: `M${x} ${low}V${high}M${x - cap} ${low}h${2 * cap}M${x - cap} ${high}h${2 * cap}`});
// Swatches in a row: [[text, draw(x, y)], ...].
function legend(entries, x, y) {
  const group = svg('g', {class: 'legend'});
  for (const [text, draw] of entries) {
    group.append(draw(x, y), label(text, x + 20, y + 4));
    x += 20 + textWidth(text) + 22;
  }
  return group;
}
const swatch = (hue) => (x, y) => bar({x, y: y - 5, width: 14, height: 10, hue});
