#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Trains the digits networks, exports them as network descriptions, and checks the exports with integers.

Data: scikit-learn's 8x8 handwritten digits, pixels 0..16. Training is in two phases: float, then quantisation-aware
with straight-through gradients. `--check` reads an exported folder back and classifies the test images in integer
numpy arithmetic, sharing no sampler, quantiser or convolution with the training code. See scripts/README.md.
"""
import argparse
import io
import json
import os
import sys
import zipfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))
from epim.nn.epitome import MODES, SCHEMES, EpitomeUnit, WeightQuantiser, fake_quantise, round_straight_through  # noqa: E402
from epim.nn.pool import WeightPool, WeightPoolConv2d  # noqa: E402
from node_list import network_text, scale_groups  # noqa: E402

TEST_IMAGES = 360
SPLIT_SEED = 0            # of the train/test split; fixed whatever --seed says
ACT_BITS = 8              # activations: 0..255 after a ReLU, -128..127 without one; ACT_BITS_OF names others
LOGIT_BITS = 16           # signed range of the network's output; LOGIT_BITS_OF names others
SCALE_GRID = 2.0 ** -16   # activation scales are multiples of this, hence exact in decimal and in binary
BATCH = 64                # images of a training step
LANES = 8                 # channels per word line block; LANES_OF names others


# --- the networks

def conv(name, source, cout, kernel, epitome=None, wrap="off", relu=True):
    """A convolution node; epitome is (e_out, e_in, p, q), padding keeps the map size."""
    pad = (kernel - 1) // 2
    node = {"name": name, "op": "conv", "inputs": [source], "cout": cout, "kernel": [kernel, kernel], "stride": 1,
            "padding": [pad] * 4}
    if epitome:
        node["epitome"] = dict(zip(("e_out", "e_in", "p", "q"), epitome), sampler="cycle")
        node["wrap"] = wrap
    return {**node, "batch_norm": True, "relu": relu}


def pool(name, source):
    return {"name": name, "op": "max_pool", "inputs": [source], "kernel": [2, 2], "stride": 2, "padding": 0}


def tail(source):
    """Shared end: 1x1 epitome whose output is stored once, average, classifier."""
    return [conv("conv4", source, 64, 1, (16, 64, 1, 1), "stored_once"),
            {"name": "gap", "op": "global_avg_pool", "inputs": ["conv4"]},
            {"name": "fc", "op": "fc", "inputs": ["gap"], "cout": 10, "batch_norm": True, "relu": False}]


NETWORKS = {
    "digits": [
        conv("conv1", "image", 16, 3),
        conv("conv2", "conv1", 32, 3, (32, 8, 4, 4)),
        pool("pool1", "conv2"),
        conv("conv3", "pool1", 64, 3, (32, 16, 4, 4), "copies"),
        pool("pool2", "conv3"), *tail("pool2")],
    "digits_residual": [
        conv("conv1", "image", 16, 3),
        conv("conv2a", "conv1", 16, 3, (16, 8, 4, 4)),
        conv("conv2b", "conv2a", 16, 3, (16, 8, 4, 4), relu=False),
        {"name": "add1", "op": "add", "inputs": ["conv2b", "conv1"], "relu": True},
        pool("pool1", "add1"),
        conv("conv3", "pool1", 64, 3, (32, 8, 4, 4), "copies"),
        pool("pool2", "conv3"), *tail("pool2")],
    # Every layer fits one crossbar of 64 x 64.
    "digits_small": [
        conv("conv1", "image", 16, 3),
        conv("conv2", "conv1", 32, 3, (32, 4, 4, 4)),
        pool("pool1", "conv2"),
        conv("conv3", "pool1", 64, 3, (32, 4, 4, 4), "copies"),
        pool("pool2", "conv3"), *tail("pool2")],
}
# As many crossbars of 64 x 64 as "digits", no epitome: fewer channels behind conv2.
NETWORKS["digits_plain"] = [
    conv("conv1", "image", 16, 3),
    conv("conv2", "conv1", 16, 3),
    pool("pool1", "conv2"),
    conv("conv3", "pool1", 64, 3),
    pool("pool2", "conv3"),
    conv("conv4", "pool2", 64, 1),
    {"name": "gap", "op": "global_avg_pool", "inputs": ["conv4"]},
    {"name": "fc", "op": "fc", "inputs": ["gap"], "cout": 10, "batch_norm": True, "relu": False}]
# The layers of "digits" on a weight pool (docs/pool.md) in the place of epitomes.
POOL = {"kept": "1/2", "group": 8}
NETWORKS["digits_pool"] = [
    conv("conv1", "image", 16, 3),
    {**conv("conv2", "conv1", 32, 3), "pool": POOL},
    pool("pool1", "conv2"),
    {**conv("conv3", "pool1", 64, 3), "pool": POOL},
    pool("pool2", "conv3"),
    {**conv("conv4", "pool2", 64, 1), "pool": POOL},
    {"name": "gap", "op": "global_avg_pool", "inputs": ["conv4"]},
    {"name": "fc", "op": "fc", "inputs": ["gap"], "cout": 10, "batch_norm": True, "relu": False}]
ACT_BITS_OF = {"digits_small": 9}
LANES_OF = {"digits_small": 4}
LOGIT_BITS_OF = {"digits_small": 9}
BITS_OF = {"digits_small": "3"}  # weight bits where --bits is not given; 5 for the others
INPUT = {"name": "image", "channels": 1, "height": 8, "width": 8, "bits": ACT_BITS, "signed": False, "scale": 0.0625}


def code_range(node, output, act_bits=ACT_BITS, logit_bits=LOGIT_BITS):
    """Legal integers of a node's output: unsigned after a ReLU, signed otherwise, wider for the network's output."""
    bits = logit_bits if node["name"] == output else act_bits
    return (0, 2 ** bits - 1) if node.get("relu") else (-2 ** (bits - 1), 2 ** (bits - 1) - 1)


def weighted_layers(name):
    """Layers with codes of --bits; those of a pool are -1 and 1."""
    return [node["name"] for node in NETWORKS[name] if node["op"] in ("conv", "fc") and "pool" not in node]


def epitome_shape(node):
    e = node.get("epitome")
    return (e["e_out"], e["e_in"], e["p"], e["q"]) if e else None


# --- the trained model

class Network(nn.Module):
    """Interprets a node list. With `quantise` set, every scaled output is rounded to its integer grid."""

    def __init__(self, nodes, act_bits=ACT_BITS, lanes=LANES, logit_bits=LOGIT_BITS):
        super().__init__()
        self.nodes, self.output, self.lanes, self.widths = nodes, nodes[-1]["name"], lanes, (act_bits, logit_bits)
        self.act_scale, self.quantise = {}, False
        units, channels = {}, {"image": INPUT["channels"]}
        for node in nodes:
            cin = channels[node["inputs"][0]]
            channels[node["name"]] = node.get("cout", cin)
            if node["op"] in ("conv", "fc"):
                units[node["name"]] = EpitomeUnit(
                    cin, node["cout"], node.get("kernel", [1, 1]), epitome_shape(node),
                    stride=node.get("stride", 1), padding=node.get("padding", [0] * 4), wrap=node.get("wrap", "off"))
        self.units = nn.ModuleDict(units)

    def quantise_weights(self, bits, mode, crossbar, scheme="symmetric"):
        """bits: {layer: bits}; None switches quantisation off."""
        for name, unit in self.units.items():
            if isinstance(unit.conv, WeightPoolConv2d):
                continue  # its codes are -1 and 1
            unit.conv.quantiser = bits and WeightQuantiser(unit.conv.repetition, bits[name], mode, crossbar, self.lanes,
                                                           scheme)

    def read_pools(self, crossbar):
        """Layers with a pool begin from what was trained so far."""
        for node in self.nodes:
            if "pool" not in node:
                continue
            conv = self.units[node["name"]].conv
            kept = int(node["pool"]["kept"].rpartition("/")[2])
            choice = WeightPool(crossbar, node["pool"]["group"], kept, 0, self.lanes)
            self.units[node["name"]].conv = WeightPoolConv2d(conv.weight(), choice, conv.stride, conv.padding)

    def forward(self, x, record=None):
        value, scale = {"image": x}, {"image": INPUT["scale"]}
        for node in self.nodes:
            name, x, step = node["name"], value[node["inputs"][0]], scale[node["inputs"][0]]
            if node["op"] in ("conv", "fc"):
                y = self.units[name](x)
            elif node["op"] == "add":
                y = x + value[node["inputs"][1]]
            elif node["op"] == "max_pool":
                y = F.max_pool2d(x, node["kernel"], node["stride"])
            else:  # global_avg_pool; integers round half up: (sum + n/2)/n
                y = x.mean((2, 3), keepdim=True)
                if self.quantise:
                    y = y + (step * torch.floor(y / step + 0.5) - y).detach()
            if node.get("relu"):
                y = F.relu(y)
            if record is not None:
                record[name] = y
            if self.quantise and name in self.act_scale:
                step = self.act_scale[name]
                y = fake_quantise(y, step, *code_range(node, self.output, *self.widths))
            value[name], scale[name] = y, step
        return value[self.output].flatten(1)

    def calibrate(self, images):
        """Sets act_scale: the 99.99 % quantile of |output| over the training images fills the integer range. All that
        additions join share one scale, so that integer sums are exact."""
        record = {}
        self.eval()
        with torch.no_grad():
            self(images, record)
        scaled = [n for n in self.nodes if n["op"] in ("conv", "fc", "add")]
        reach = {n["name"]: float(np.quantile(record[n["name"]].abs().numpy(), 0.9999)) for n in scaled}
        raw = {n["name"]: reach[n["name"]] / code_range(n, self.output, *self.widths)[1] for n in scaled}
        if self.widths[1] == LOGIT_BITS:
            raw[self.output] *= 4  # room for logits larger than any seen; a narrower range is used whole
        for shared in scale_groups(self.nodes):
            raw.update(dict.fromkeys(shared, max(raw[s] for s in shared)))
        self.act_scale = {name: float(np.ceil(r / SCALE_GRID) * SCALE_GRID) for name, r in raw.items()}


# --- data and training

def load_split():
    """(train images, train labels, test images, test labels); images uint8 [n][8][8] with values 0..16."""
    from sklearn.datasets import load_digits
    data = load_digits()
    order = np.random.RandomState(SPLIT_SEED).permutation(len(data.target))
    images, labels = data.images.astype(np.uint8)[order], data.target.astype(np.uint8)[order]
    return images[TEST_IMAGES:], labels[TEST_IMAGES:], images[:TEST_IMAGES], labels[:TEST_IMAGES]


def as_input(images):
    return torch.from_numpy(images.astype(np.float32) * INPUT["scale"]).unsqueeze(1)


def shifted(batch, generator):
    """Each image moved by -1, 0 or 1 pixels along each axis, zeros coming in."""
    wide = F.pad(batch, (1, 1, 1, 1))
    n, (h, w) = len(batch), batch.shape[2:]
    dy, dx = torch.randint(0, 3, (2, n, 1, 1), generator=generator)
    return wide[torch.arange(n).view(-1, 1, 1), 0, torch.arange(h).view(1, -1, 1) + dy,
                torch.arange(w).view(1, 1, -1) + dx].unsqueeze(1)


def fit(net, images, labels, epochs, rate, generator, freeze_norm=False):
    """Adam with a cosine learning rate; the result of the last epoch is kept, nothing is selected."""
    steps = epochs * -(-len(images) // BATCH)
    if steps == 0:
        return
    optimiser = torch.optim.Adam(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    net.train()
    if freeze_norm:
        for unit in net.units.values():
            unit.norm.eval()
    for _ in range(epochs):
        for pick in torch.randperm(len(images), generator=generator).split(BATCH):
            loss = F.cross_entropy(net(shifted(images[pick], generator)), labels[pick])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()


def fit_quantised(net, images, labels, epochs, generator):
    """Quantisation-aware training in three parts; weight quantisers must be set."""
    third = epochs // 3
    fit(net, images, labels, third, 2e-3, generator)                     # weights only: batch norm adapts
    net.calibrate(images)
    net.quantise = True
    fit(net, images, labels, third, 1e-3, generator)                     # weights and activations
    fit(net, images, labels, epochs - 2 * third, 5e-4, generator, True)  # batch norm frozen, as it will be exported


def accuracy(net, images, labels):
    net.eval()
    with torch.no_grad():
        return float((net(images).argmax(1) == labels).float().mean())


def train(name, args):
    """Trains one network; returns it with its accuracies as fractions of the test images."""
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    generator = torch.Generator().manual_seed(args.seed)
    raw_images, raw_labels, raw_test, raw_test_labels = load_split()
    images, labels = as_input(raw_images), torch.from_numpy(raw_labels.astype(np.int64))
    test = (as_input(raw_test), torch.from_numpy(raw_test_labels.astype(np.int64)))

    net = Network(NETWORKS[name], ACT_BITS_OF.get(name, ACT_BITS), LANES_OF.get(name, LANES),
                  LOGIT_BITS_OF.get(name, LOGIT_BITS))
    fit(net, images, labels, args.epochs, 4e-3, generator)
    result = {"network": name, "seed": args.seed, "float_training": accuracy(net, *test)}
    net.read_pools(args.crossbar)
    if args.float_only:
        net.calibrate(images)
    else:
        bits = layer_bits(args.bits, weighted_layers(name))
        net.quantise_weights(bits, args.mode, args.crossbar, args.scheme)
        fit_quantised(net, images, labels, args.qat_epochs, generator)
        result.update(bits=bits, mode=args.mode, quantised=accuracy(net, *test))
        net.quantise_weights(None, args.mode, args.crossbar)
        net.quantise = False
    result["exported_float"] = accuracy(net, *test)
    return net, result


def layer_bits(text, layers):
    """`5` or `3,conv1=5,fc=5` -> {layer: bits}; ValueError for an unknown layer or bits outside 2..9."""
    default, *rest = text.split(",")
    bits = dict.fromkeys(layers, default)
    for item in rest:
        layer, _, value = item.partition("=")
        if layer not in bits:
            raise ValueError(f"--bits: no layer {layer!r}; legal are {', '.join(bits)}")
        bits[layer] = value
    for layer, value in bits.items():
        if value not in set("23456789"):
            raise ValueError(f"--bits: {layer} has {value!r}; legal are 2..9")
    return {layer: int(value) for layer, value in bits.items()}


# --- export

def write_bytes(path, data):
    """Writes next to the target and renames, so that a reader never sees half a file."""
    part = path.with_name(path.name + f".part-{os.getpid()}")
    part.write_bytes(data)
    os.replace(part, path)


def npy_bytes(array):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def npz_bytes(arrays):
    """As numpy.savez, but with a fixed date: the same arrays give the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for key, array in arrays.items():
            entry = zipfile.ZipInfo(key + ".npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, npy_bytes(array))
    return stream.getvalue()


def weight_arrays(net, masks=None):
    """{array: what weights.npz holds}; masks: {layer: which elements of its epitome are kept}."""
    arrays = {}
    for name, unit in net.units.items():
        if isinstance(unit.conv, WeightPoolConv2d):
            arrays.update(unit.conv.arrays(name))
        else:
            arrays[name + "/epitome"] = (unit.conv.epitome.detach() * (masks or {}).get(name, 1)).numpy()
        arrays[name + "/bn_scale"], arrays[name + "/bn_bias"] = unit.folded()
    return arrays


def export(net, name, result, models, with_test_set=True):
    """Writes models/<name>/network.json and weights.npz, and the test set to models/digits."""
    text = network_text(net.nodes, name, INPUT, net.act_scale, result["exported_float"])
    for folder in (models / name, models / "digits"):
        folder.mkdir(parents=True, exist_ok=True)
    if with_test_set:
        _, _, test_images, test_labels = load_split()
        write_bytes(models / "digits" / "test_images.npy", npy_bytes(test_images))
        write_bytes(models / "digits" / "test_labels.npy", npy_bytes(test_labels))
    write_bytes(models / name / "weights.npz", npz_bytes(weight_arrays(net)))
    write_bytes(models / name / "network.json", text.encode())


# --- integer check

def integer_weights(node, epitome, cin, bits, per_crossbar, crossbar, lanes=LANES):
    """(integer W[cout][cin][Kh][Kw], its scale). Per crossbar, the codes of block t are multiplied by the integer
    M[t] = round(255*scale[t]/largest scale), so that the sum over crossbars stays an integer."""
    e_out, e_in, p, q = epitome.shape
    kh, kw = node.get("kernel", [1, 1])
    top = 2 ** (bits - 1) - 1
    c, y, x = np.meshgrid(np.arange(e_in), np.arange(p), np.arange(q), indexing="ij")
    row = ((c // lanes * p + y) * q + x) * lanes + c % lanes
    block = np.stack([row // crossbar * 1000 + o // crossbar for o in range(e_out)]) * int(per_crossbar)
    epitome = epitome.astype(np.float64)
    scale = np.ones_like(epitome)
    for b in np.unique(block):
        scale[block == b] = np.abs(epitome[block == b]).max() / top or 1.0
    codes = np.clip(np.rint(epitome / scale), -top, top).astype(np.int64)
    unit = scale.max() / 255 if per_crossbar else scale.max()
    codes *= np.rint(scale / unit).astype(np.int64)
    corners = [(0, 0), (p - kh, q - kw), (0, q - kw), (p - kh, 0)]
    starts = list(dict.fromkeys(corners + [(a, b) for a in range(p - kh + 1) for b in range(q - kw + 1)]))
    weight = np.zeros((node["cout"], cin, kh, kw), np.int64)
    for o in range(node["cout"]):
        for i in range(cin):
            a, b = starts[i // e_in % len(starts)]
            weight[o, i] = codes[o % e_out, i % e_in, a:a + kh, b:b + kw]
    return weight, unit


def pool_integers(weight, scales):
    """(integer W, its step): a and e are whole multiples, below 2^8, of one power of two."""
    step = 2.0 ** (np.floor(np.log2(scales.max())) - 7)
    codes = np.rint(weight / step).astype(np.int64)
    assert (codes * step == weight).all() and np.unique(np.abs(codes)).size <= 3, "weights are not those of a pool"
    return codes, step


def integer_logits(folder, images, bits, per_crossbar, crossbar):
    """Runs an exported folder on uint8 images [n][8][8], weights of {layer: bits}; integer logits [n][10]."""
    network = json.loads((folder / "network.json").read_text())
    bundle = np.load(folder / network["weights"])
    channels = {"image": network["input"]["channels"]}  # virtual channels; a stored map may have fewer
    value = {"image": images.astype(np.int64)[:, None]}
    scale = {"image": network["input"]["scale"]}
    for node in network["nodes"]:
        name, source = node["name"], node["inputs"][0]
        x, cin = value[source], channels[source]
        channels[name], scale[name] = node.get("cout", cin), node.get("act_scale", scale[source])
        low, high = code_range(node, network["output"], ACT_BITS_OF.get(network["name"], ACT_BITS),
                               LOGIT_BITS_OF.get(network["name"], LOGIT_BITS))
        if node["op"] in ("conv", "fc"):
            if "pool" in node:
                weight, unit = pool_integers(bundle[name + "/weight"], bundle[name + "/pool_scale"])
            else:
                epitome = bundle[name + "/epitome"]
                weight, unit = integer_weights(node, epitome, cin, bits[name], per_crossbar, crossbar, LANES_OF.get(network["name"], LANES))
            top, left, bottom, right = node.get("padding", [0] * 4)
            x = np.pad(x[:, np.arange(cin) % x.shape[1]], ((0, 0), (0, 0), (top, bottom), (left, right)))
            kh, kw = weight.shape[2:]
            oh, ow = x.shape[2] - kh + 1, x.shape[3] - kw + 1
            acc = sum(np.einsum("nchw,oc->nohw", x[:, :, a:a + oh, b:b + ow], weight[:, :, a, b], optimize=True)
                      for a in range(kh) for b in range(kw))
            gain = bundle[name + "/bn_scale"].astype(np.float64) * unit * scale[source] / scale[name]
            offset = bundle[name + "/bn_bias"].astype(np.float64) / scale[name]
            y = np.rint(acc * gain[:, None, None] + offset[:, None, None]).astype(np.int64).clip(low, high)
            if node.get("wrap") == "stored_once":
                period = epitome.shape[0]
                assert (y == y[:, np.arange(node["cout"]) % period]).all(), f"{name}: output does not repeat"
                y = y[:, :period]
        elif node["op"] == "add":
            assert scale[source] == scale[node["inputs"][1]] == scale[name], f"{name}: scales differ"
            y = (x + value[node["inputs"][1]]).clip(low, high)
        elif node["op"] == "max_pool":
            n, ch, h, w = x.shape
            y = x.reshape(n, ch, h // 2, 2, w // 2, 2).max((3, 5))
        else:  # global_avg_pool
            n = x.shape[2] * x.shape[3]
            y = (x.sum((2, 3), keepdims=True) + n // 2) // n
        value[name] = y
    return value[network["output"]].reshape(len(images), -1)


def check(name, args):
    """Accuracies of the exported integers, one line per crossbar scale choice."""
    images = np.load(args.models / "digits" / "test_images.npy")
    labels = np.load(args.models / "digits" / "test_labels.npy")
    bits = layer_bits(args.bits, weighted_layers(name))
    for per_crossbar in (False, True):
        logits = integer_logits(args.models / name, images, bits, per_crossbar, args.crossbar)
        right = int((logits.argmax(1) == labels).sum())
        print(f"{name}: W{args.bits}A{ACT_BITS_OF.get(name, ACT_BITS)} integers, scale per {'crossbar' if per_crossbar else 'layer'}: "
              f"{right} of {len(labels)} right, {100 * right / len(labels):.2f} %, max |logit| {np.abs(logits).max()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--net", choices=[*NETWORKS, "all"], default="all")
    parser.add_argument("--models", type=Path, default=ROOT / "models", help="folder to write to or to check")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=40, help="float training")
    parser.add_argument("--qat-epochs", type=int, default=30, help="quantisation-aware training after it")
    parser.add_argument("--bits", help="weight bits, sign included: 5, or 3,conv1=5,fc=5; default 5, digits_small 3")
    parser.add_argument("--mode", choices=MODES, default="per_crossbar")
    parser.add_argument("--scheme", choices=SCHEMES, default="symmetric")
    parser.add_argument("--crossbar", type=int, default=64, help="rows and columns of a crossbar")
    parser.add_argument("--float-only", action="store_true", help="skip quantisation-aware training")
    parser.add_argument("--no-export", action="store_true", help="train and report only")
    parser.add_argument("--check", action="store_true", help="no training: classify with the exported integers")
    args = parser.parse_args()
    names = list(NETWORKS) if args.net == "all" else [args.net]
    given = args.bits
    try:
        for name in names:
            layer_bits(given or BITS_OF.get(name, "5"), weighted_layers(name))
    except ValueError as error:
        parser.error(str(error))
    for name in names:
        args.bits = given or BITS_OF.get(name, "5")
        if args.check:
            check(name, args)
            continue
        net, result = train(name, args)
        if not args.no_export:
            export(net, name, result, args.models)
        print(json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
