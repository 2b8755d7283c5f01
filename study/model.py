# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""The network of a variant in PyTorch: design taken over from the float network, pruning, quantisation, training, export."""
import math

import torch
import torch.nn.functional as F

import resnet
import train_digits as base
from epim.nn.convert import project
from node_list import network_text
from train_fashion import augmented
from variants import Variant, layer_bits

base.INPUT.update(resnet.INPUT)
BATCH, START_BATCH = 64, 128  # images a step, of a variant and of the float network


class Masked:
    """A quantiser of what a mask leaves of the weights."""

    def __init__(self, mask, quantiser):
        self.mask, self.quantiser = mask, quantiser

    def __call__(self, epitome):
        kept = epitome * self.mask
        return kept if self.quantiser is None else self.quantiser(kept)


def take_over(net, start):
    """The weights of the float network: projected where `net` has an epitome. Batch norm as it is; a map that is stored once takes
    the parameters of its first copies."""
    for name, unit in net.units.items():
        old = start.units[name]
        if unit.conv.epitome.shape == old.conv.epitome.shape and len(unit.conv.patches) == 1:
            unit.conv.load_state_dict(old.conv.state_dict())
        else:
            project(old.conv.weight(), unit.conv)
        state = {k: v[:unit.period] if v.dim() else v for k, v in old.norm.state_dict().items()}
        unit.norm.load_state_dict(state)


def element_mask(epitome, percent):
    """Without the `percent` of the elements that are least in magnitude."""
    flat = epitome.detach().abs().flatten()
    mask = torch.ones_like(flat)
    mask[flat.argsort()[:len(flat) * percent // 100]] = 0
    return mask.view_as(epitome)


def word_line_mask(epitome, percent, crossbar):
    """Of every column of crossbars (`crossbar` output channels), without the `percent` of the word lines (input channel and tap)
    whose weights have the least norm. What is left is packed: see `word_line_crossbars`. Own definition, after PIM-Prune."""
    mask = torch.ones_like(epitome)
    for first in range(0, epitome.shape[0], crossbar):
        lines = epitome.detach()[first:first + crossbar].flatten(1).norm(dim=0)
        kept = torch.ones_like(lines)
        kept[lines.argsort()[:len(lines) * percent // 100]] = 0
        mask[first:first + crossbar] = kept.view(epitome.shape[1:])
    return mask


def word_line_crossbars(nodes, masks, percent, of_layer, crossbar=resnet.CROSSBAR):
    """Crossbars when every column of crossbars holds its kept word lines alone, of_layer[name] being those of the whole layer. A column
    cannot become smaller than one crossbar."""
    channels, total = {"image": resnet.INPUT["channels"]}, 0
    for n in nodes:
        cin = channels[n["inputs"][0]]
        channels[n["name"]] = n.get("cout", cin)
        if n["name"] not in of_layer:
            continue
        rows = cin * math.prod(n.get("kernel", [1, 1]))
        kept = rows - rows * percent // 100 if n["name"] in masks else rows
        whole = -(-rows // crossbar)
        total += of_layer[n["name"]] if n["name"] not in masks else of_layer[n["name"]] // whole * -(-kept // crossbar)
    return total


def prepare(variant: Variant, design, start, images):
    """(network of the variant, {layer: mask}) before its training."""
    net = base.Network(resnet.with_design(resnet.nodes(), design), resnet.ACT_BITS, resnet.LANES)
    take_over(net, start)
    net.read_pools(resnet.CROSSBAR)
    names = [n["name"] for n in net.nodes if n["op"] in ("conv", "fc") and "pool" not in n]
    net.quantise_weights(layer_bits(variant.bits, names), variant.mode, resnet.CROSSBAR, variant.scheme)
    masks = {}
    if variant.prune:
        kind, percent = variant.prune
        for name in names:
            conv = net.units[name].conv
            if name in ("stem", "fc"):  # as PIM-Prune and the paper: the first layer and the classifier stay
                continue
            masks[name] = (element_mask(conv.epitome, percent) if kind == "elements"
                           else word_line_mask(conv.epitome, percent, resnet.CROSSBAR))
            conv.quantiser = Masked(masks[name], conv.quantiser)
    net.calibrate(images[:512])
    net.quantise = True
    return net, masks


def fit(net, images, labels, steps, rate, generator, weight_decay=0.0, report=None, frozen_norm_from=None, batch=BATCH):
    """`steps` batches, Adam with a cosine rate; batch norm is frozen from step frozen_norm_from on, as it will be exported."""
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    net.train()
    order = torch.empty(0, dtype=torch.int64)
    for step in range(steps):
        if len(order) < batch:
            order = torch.randperm(len(images), generator=generator)
        pick, order = order[:batch], order[batch:]
        if step == frozen_norm_from:
            for unit in net.units.values():
                unit.norm.eval()
        loss = F.cross_entropy(net(augmented(images[pick], generator)), labels[pick])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if report:
            report(step + 1, float(loss))


def write_folder(net, masks, name, folder, float_accuracy):
    """network.json and weights.npz."""
    folder.mkdir(parents=True, exist_ok=True)
    base.write_bytes(folder / "weights.npz", base.npz_bytes(base.weight_arrays(net, masks)))
    text = network_text(net.nodes, name, resnet.INPUT, net.act_scale, float_accuracy, scales_trained=True)
    base.write_bytes(folder / "network.json", text.encode())
