# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Node lists in the form of network.json (docs/networks.md), which the training scripts interpret in PyTorch; needs none itself."""
import json


def scale_groups(nodes):
    """[{names that share one activation scale}]: an addition and its operands, and through them other additions."""
    group = {}
    for n in nodes:
        if n["op"] != "add":
            continue
        joined = {n["name"]}.union(*(group.get(i, {i}) for i in n["inputs"]), group.get(n["name"], set()))
        group.update(dict.fromkeys(joined, joined))
    return list({id(g): g for g in group.values()}.values())


def network_text(nodes, name, source, act_scale, float_accuracy, scales_trained=False):
    """network.json of a trained network whose weights lie beside it; source: its input."""
    lines = ["    " + json.dumps({**n, **({"act_scale": act_scale[n["name"]]} if n["name"] in act_scale else {})}) for n in nodes]
    head = {"schema": 1, "name": name, "input": source}
    foot = {"output": nodes[-1]["name"], "weights": "weights.npz", "float_accuracy": round(float_accuracy, 6),
            **({"scales_trained": True} if scales_trained else {})}
    text = "{\n" + "".join(f"  {json.dumps(k)}: {json.dumps(v)},\n" for k, v in head.items())
    text += '  "nodes": [\n' + ",\n".join(lines) + "\n  ],\n"
    return text + ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in foot.items()) + "\n}\n"
