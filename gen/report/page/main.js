// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// Reads the data, writes the heading, draws every figure that the data have.
'use strict';

const flags = location.hash.slice(1).split(',');
let pickedTheme = flags.find((f) => f === 'dark' || f === 'light') || null;
const systemDark = window.matchMedia('(prefers-color-scheme: dark)');
const wantedTheme = () => pickedTheme || (systemDark.matches ? 'dark' : 'light');
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
}

const figureNames = {graph: 'network graph', layers: 'layers on cores', timeline: 'timeline', energy: 'energy', epitomes: 'epitomes and index tables', values: 'weights and activations', fidelity: 'error of every map', search: 'search', balance: 'copies on a chip', chip: 'one chip', accuracy: 'accuracy', study: 'study of devices', training: 'training study'};

function heading(data) {
  const theme = html('button', {type: 'button', onclick: () => {
    pickedTheme = wantedTheme() === 'dark' ? 'light' : 'dark';
    setTheme(pickedTheme);
    theme.textContent = pickedTheme === 'dark' ? 'Light' : 'Dark';
  }}, wantedTheme() === 'dark' ? 'Light' : 'Dark');
  const top = document.getElementById('top');
  top.append(html('div', {class: 'head'}, html('h1', {}, data.title), theme));
  const totals = [];
  if (data.layers) {
    const t = data.layers.total;
    totals.push(['crossbars', number(t.crossbars)]);
    if (t.cycles !== undefined) totals.push(['cycles', number(t.cycles)]);
    totals.push(['multiply-accumulates', number(t.macs)]);
  }
  if (data.chip) totals.push(['crossbars', number(data.chip.crossbars)], ['cycles per image', number(data.chip.interval)], ['cycles to the first image', number(data.chip.first_image_cycles)], ['words in FIFOs', number(data.chip.fifo_words)]);
  if (data.energy) totals.push([data.chip ? `energy of ${number(data.chip.images)} images` : 'energy', joule(data.energy.total_aJ)]);
  if (data.fidelity) totals.push([`first map below ${data.fidelity.least_dB} dB`, data.fidelity.first_below || 'none']);
  if (data.accuracy && data.accuracy.points[0].top1) totals.push(['images right at the best point', percent(Math.max(...data.accuracy.points.map((p) => p.top1[0] / p.top1[1])))]);
  if (totals.length > 0) top.append(html('ul', {class: 'totals'}, totals.map(([name, value]) => html('li', {'data-total': name}, html('b', {}, value), name))));
  const facts = [...data.settings.map((s) => [s.name, s.value]), ...data.sources.map((s) => [`source: ${s.kind}`, `${s.file} (FNV-1a ${s.fnv1a})`])];
  top.append(html('details', {}, html('summary', {}, 'Settings and sources'), html('table', {class: 'facts'}, facts.map(([name, value]) => html('tr', {}, html('th', {class: 'text'}, name), html('td', {class: 'text'}, value))))));
}

function footing(data) {
  const list = data.absent.map((a) => html('li', {'data-absent': a.section}, `${figureNames[a.section] || a.section}: ${a.why}`));
  if (list.length > 0) document.getElementById('figures').append(html('section', {class: 'figure-none'}, html('h2', {style: 'margin-top:28px'}, 'Not in this report'), html('ul', {class: 'muted'}, list)));
}

function start() {
  const data = report.data = JSON.parse(document.getElementById('data').textContent);
  setTheme(wantedTheme());
  if (flags.includes('grey')) document.documentElement.dataset.grey = '';
  systemDark.addEventListener('change', () => setTheme(wantedTheme()));
  document.body.prepend(patterns());
  heading(data);
  const sections = [['chip', chipFigures], ['graph', graphFigure], ['layers', layersFigure], ['timeline', timelineFigures], ['energy', energyFigures], ['epitomes', epitomeFigures], ['values', valueFigures],
    ['formats', formatsFigure], ['fidelity', fidelityFigure], ['accuracy', accuracyFigures], ['study', studyFigures], ['training', trainingFigures], ['search', searchFigures], ['balance', balanceFigures]];
  for (const [section, draw] of sections)
    if (data[section]) draw(data[section]);
  footing(data);
}

try {
  start();
  if (flags.includes('check')) selfCheck();
} catch (error) {
  report.errors.push(String(error.stack || error));
  document.getElementById('figures').append(html('pre', {id: 'failed'}, String(error.stack || error)));
}
