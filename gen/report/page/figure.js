// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// A figure: heading, caption, drawing, the table behind it, its CSV.
'use strict';

// Columns: {name, unit, text} (text: left-aligned). Values stand in the table as shown and, in data-value, as they are.
function tableOf({columns, rows}) {
  const head = html('tr', {}, columns.map((c) => html('th', {class: c.text ? 'text' : null, scope: 'col'}, c.unit ? `${c.name} (${c.unit})` : c.name)));
  const body = rows.map((row) => html('tr', {}, row.map((value, i) =>
    html('td', {class: columns[i].text ? 'text' : null, 'data-value': value === null || value === undefined ? '' : String(value)},
        typeof value === 'number' ? number(value) : value === null || value === undefined ? '' : String(value)))));
  return html('table', {}, html('thead', {}, head), html('tbody', {}, body));
}

function csvOf({columns, rows}) {
  const cell = (value) => {
    const text = value === null || value === undefined ? '' : String(value);
    return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  };
  return [columns.map((c) => cell(c.unit ? `${c.name} (${c.unit})` : c.name)), ...rows.map((row) => row.map(cell))].map((row) => row.join(',')).join('\n') + '\n';
}

function download(name, text) {
  const link = html('a', {href: 'data:text/csv;charset=utf-8,' + encodeURIComponent(text), download: name});
  document.body.append(link);
  link.click();
  link.remove();
}

// draw(choice) gives {plot, table}; plot: one element or several. choices: [{name, value}] lets one layer be chosen.
function figure({id, title, caption, draw, choices, chosen, choiceLabel = 'layer', tall = false}) {
  const plot = html('div', {class: tall ? 'plot tall' : 'plot', tabindex: tall ? 0 : null}), table = html('div', {class: 'table', hidden: true});
  let now = null;
  const show = (choice) => {
    now = draw(choice);
    plot.replaceChildren(...[now.plot].flat());
    table.replaceChildren(tableOf(now.table));
  };
  const toggle = html('button', {type: 'button', 'aria-expanded': 'false', onclick: () => {
    table.hidden = !table.hidden;
    toggle.setAttribute('aria-expanded', String(!table.hidden));
    toggle.textContent = table.hidden ? 'Table' : 'Hide table';
  }}, 'Table');
  const csv = html('button', {type: 'button', onclick: () => download(`${id}.csv`, csvOf(now.table))}, 'CSV');
  let select = null;
  if (choices) {
    select = html('select', {id: `choose-${id}`, onchange: () => show(choices[select.selectedIndex].value)},
        choices.map((c, i) => html('option', {value: i, selected: i === chosen}, c.name)));
  }
  const section = html('section', {class: 'figure', id: `figure-${id}`, 'data-figure': id},
      html('header', {}, html('h2', {}, title), html('div', {class: 'buttons'}, toggle, csv)),
      html('p', {class: 'caption'}, caption),
      select ? html('div', {class: 'choice'}, html('label', {for: `choose-${id}`}, choiceLabel), select) : null, plot, table);
  document.getElementById('figures').append(section);
  document.getElementById('contents').append(html('a', {href: `#figure-${id}`}, title));
  show(choices ? choices[chosen].value : undefined);
  report.figures.push({id, section, plot, csv: () => csvOf(now.table), choices: choices || null, show, chosen});
}

// Rows of names with panels of horizontal bars beside them. A panel: {title, most, width, format, draw(row, scale, y)}.
function barRows({names, nameTitle, nameWidth = 190, rowHeight = 18, panels, gap = 34, notes, width: least = 1110}) {
  const top = 34, bottom = 44, height = names.length * rowHeight, left = nameWidth + 10;
  const width = Math.max(least, panels.reduce((sum, p) => sum + p.width + gap + (p.after || 0), left) + (notes ? 50 : 0));
  const drawn = drawing(width, top + height + bottom, nameTitle);
  names.forEach((name, i) => {
    if (i % 2) drawn.append(svg('rect', {class: 'band', x: 0, y: top + i * rowHeight, width, height: rowHeight}));
  });
  drawn.append(axisNames({names, y: top, height: rowHeight, x: nameWidth, width: nameWidth - 4, title: nameTitle}));
  let x = left;
  for (const panel of panels) {
    const scale = panel.scale ? panel.scale(x, x + panel.width) : linear(0, panel.most, x, x + panel.width);
    drawn.append(axisX({scale, y: top + height, values: panel.values || ticks(0, panel.most, Math.max(2, Math.floor(panel.width / 55))),
      title: panel.title, grid: height, format: panel.format, left: x, right: x + panel.width}));
    if (panel.head) drawn.append(panel.head(x, top - 12, scale, top, height));
    names.forEach((name, i) => drawn.append(...[panel.draw(i, scale, top + i * rowHeight, x + panel.width)].flat().filter(Boolean)));
    x += panel.width + gap + (panel.after || 0);
  }
  if (notes) {
    drawn.append(label(notes.title, x - gap / 2, top - 8, {kind: 'axis-title'}));
    names.forEach((name, i) => drawn.append(label(notes.text(i), x - gap / 2, top + i * rowHeight + rowHeight / 2 + 4, {kind: notes.strong(i) ? 'strong' : 'note', width: width - x + gap / 2})));
  }
  return drawn;
}
