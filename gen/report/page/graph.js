// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// The network as a graph.
'use strict';

const shapeText = (s) => s.join('×');

function graphDrawing(graph, width) {
  const boxW = 126, boxH = 52, gapX = 22, gapY = 20, step = 6;
  const columns = Math.max(2, Math.floor((width - 64 + gapX) / (boxW + gapX)));
  const plan = layeredLayout(graph.nodes.length, graph.edges, columns);
  // Nets from one row to the next run through the gutter between them, each at a height of its own.
  const passing = plan.starts.map((_, row) => [...new Set(plan.lines.filter((l) => plan.row[l.from] < row && plan.row[l.to] >= row).map((l) => l.from))]);
  const side = 20 + step * Math.max(2, ...passing.map((p) => p.length)), tops = [];
  let y = 12;
  plan.tracks.forEach((tracks, row) => {
    if (row > 0) y += 28 + step * Math.max(0, passing[row].length - 1);
    tops.push(y);
    y += tracks * boxH + (tracks - 1) * gapY;
  });
  const used = Math.min(columns, Math.max(...plan.column) + 1);
  const right = side + used * boxW + (used - 1) * gapX;
  const trackY = (row, track) => tops[row] + track * (boxH + gapY) + boxH / 2;
  const boxX = (column) => side + column * (boxW + gapX);
  const drawn = drawing(right + side, y + 12, 'network graph');
  const most = Math.max(0, ...graph.nodes.map((n) => n.share_of_cycles || 0));

  // The vertical line of a net right of column `column`, after rank r.
  const laneX = (column, r, net) => boxX(column) + boxW + 2 + (gapX - 10) * (plan.lane[r].indexOf(net) + 0.5) / plan.lane[r].length;
  plan.lines.forEach((line) => {
    const {from, to} = line;
    let row = plan.row[from], track = plan.track[from], path = `M${boxX(plan.column[from]) + boxW} ${trackY(row, track)}`;
    if (line.track !== undefined && line.track !== track) {
      track = line.track;
      path += `H${laneX(plan.column[from], plan.rank[from], from)}V${trackY(row, track)}`;
    }
    for (; row < plan.row[to]; ++row) {
      const at = passing[row + 1].indexOf(from);
      if (row + 1 === plan.row[to] && plan.column[to] === 0) track = plan.track[to];
      path += `H${right + 8 + step * at}V${tops[row + 1] - 14 - step * at}H${10 + step * at}V${trackY(row + 1, track)}`;
    }
    if (track !== plan.track[to]) path += `H${laneX(plan.column[to] - 1, plan.rank[to] - 1, from)}V${trackY(row, plan.track[to])}`;
    path += `H${boxX(plan.column[to])}`;
    drawn.append(svg('path', {class: 'edge', d: path, 'marker-end': 'url(#arrow)', 'data-edge': `${from}-${to}`}));
  });
  graph.nodes.forEach((node, n) => {
    const x = boxX(plan.column[n]), top = trackY(plan.row[n], plan.track[n]) - boxH / 2;
    const kind = node.epitome ? 'epitome' : node.crossbars === undefined ? 'host' : '';
    let what = node.op.replace(/_/g, ' ');
    if (node.kernel) what += ` ${node.kernel.join('×')}` + (node.stride.some((s) => s > 1) ? ` /${node.stride[0] === node.stride[1] ? node.stride[0] : node.stride.join('×')}` : '');
    const tip = [node.name, what, `map ${shapeText(node.shape)}, ${node.bits} bits`, node.epitome ? `epitome ${shapeText(node.epitome)}` : '', node.wrap ? `wrapped: ${node.wrap}` : '',
      node.crossbars === undefined ? '' : `${node.crossbars} crossbars, ${node.cycles} cycles`].filter(Boolean).join('\n');
    const box = svg('g', {class: 'node', 'data-node': node.name}, svg('title', {}, tip), svg('rect', {class: `box ${kind}`, x, y: top, width: boxW, height: boxH, rx: node.crossbars === undefined ? 12 : 2}));
    box.append(svg('text', {x: x + 5, y: top + 14}, shortened(node.name, boxW - 8)),
        svg('text', {x: x + 5, y: top + 28, class: 'note'}, shortened(node.epitome ? `${what} E` : what, boxW - 8)),
        svg('text', {x: x + 5, y: top + 41, class: 'note'}, shortened(`${shapeText(node.shape)} · ${node.bits} b`, boxW - 8)));
    if (node.share_of_cycles && most > 0)
      box.append(bar({x: x + 1, y: top + boxH - 6, width: (boxW - 2) * node.share_of_cycles / most, height: 4, value: node.share_of_cycles}));
    drawn.append(box);
  });
  return drawn;
}

function zoomed(drawn) {
  const width = Number(drawn.getAttribute('width')), height = Number(drawn.getAttribute('height'));
  let zoom = 1;
  const set = (z) => {
    zoom = Math.min(4, Math.max(0.2, z));
    drawn.setAttribute('width', width * zoom);
    drawn.setAttribute('height', height * zoom);
  };
  const button = (text, name, act) => html('button', {type: 'button', 'aria-label': name, onclick: act}, text);
  return html('div', {class: 'choice'}, 'Zoom', button('−', 'smaller', () => set(zoom / 1.25)), button('+', 'larger', () => set(zoom * 1.25)), button('1:1', 'as drawn', () => set(1)));
}

function graphFigure(graph) {
  const weighted = graph.nodes.filter((n) => n.crossbars !== undefined).length;
  figure({
    id: 'graph', title: 'Network', tall: true,
    caption: `${graph.nodes.length} nodes, ${weighted} of them on cores. Second line: operator, kernel, stride (/), E for an epitome (thick border); third line: channels × rows × columns of the output map and its bits. Dashed and round: no core, done between them. Bar at the foot: share of all cycles, the longest node full.`,
    draw: () => {
      const drawn = graphDrawing(graph, 1100);
      return {
        plot: [zoomed(drawn), drawn],
        table: {
          columns: [{name: 'node', text: true}, {name: 'operator', text: true}, {name: 'inputs', text: true}, {name: 'output map', unit: 'channels×rows×columns', text: true}, {name: 'bits'},
            {name: 'kernel', text: true}, {name: 'epitome', unit: 'out×in×P×Q', text: true}, {name: 'wrapping', text: true}, {name: 'crossbars'}, {name: 'cycles'}, {name: 'share of cycles'}],
          rows: graph.nodes.map((n, i) => [n.name, n.op, graph.edges.filter((e) => e[1] === i).map((e) => graph.nodes[e[0]].name).join(' '), shapeText(n.shape), n.bits,
            n.kernel ? n.kernel.join('×') : null, n.epitome ? shapeText(n.epitome) : null, n.wrap || null, n.crossbars, n.cycles, n.share_of_cycles]),
        },
      };
    },
  });
}
