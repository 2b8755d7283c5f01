# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""What of the study needs no PyTorch."""
import json
import math
import sys
from pathlib import Path

import pytest

STUDY = Path(__file__).resolve().parents[2] / "study"
sys.path.insert(0, str(STUDY))
import resnet  # noqa: E402
from node_list import scale_groups  # noqa: E402
from variants import MIDDLE, layer_bits, variants  # noqa: E402


@pytest.fixture
def summary():
    pytest.importorskip("scipy")
    import summary as module
    return module


def test_network_has_twenty_layers_and_two_shortcuts():
    nodes = resnet.nodes()
    kernels = [n["kernel"][0] for n in nodes if n["op"] == "conv"]
    assert kernels.count(3) + 1 == 20 and kernels.count(1) == 2


def test_additions_of_a_stage_share_one_scale():
    groups = scale_groups(resnet.nodes())
    assert sorted(len(g) for g in groups) == [7, 7, 7]
    assert {"stem", "s1b1b", "s1b1", "s1b3"} <= groups[0]


def test_every_design_is_there_and_names_layers_of_the_network():
    names = {n["name"] for n in resnet.nodes()}
    for v in variants().values():
        if v.design != "plain" and not v.design.startswith("pool:"):
            layers = json.loads((STUDY / "designs" / f"{v.design}.json").read_text())["layers"]
            assert layers and {layer["node"] for layer in layers} <= names


def test_tables_are_complete():
    tables = "".join(v.tables for v in variants().values())
    assert {t: tables.count(t) for t in "ABCDE"} == {"A": 18, "B": 29, "C": 4, "D": 4, "E": 2}
    assert variants()[f"{MIDDLE}-w3"].tables == "AB"


def test_bits():
    assert layer_bits("3-5", ["stem", "s2b1a", "s3b1a"]) == {"stem": 5, "s2b1a": 5, "s3b1a": 3}


def test_statistics(summary):
    s = summary.statistics([1.0, 2.0, 3.0, 4.0])
    assert s["mean"] == 2.5 and s["std"] == pytest.approx(math.sqrt(5 / 3))
    assert s["ci95"] == pytest.approx(3.182446 * s["std"] / 2, rel=1e-6)  # Student's t, 3 degrees, any table


def fake(tmp_path, accuracy):
    """Results of two seeds; accuracy(name, seed)."""
    for name, v in variants().items():
        for seed in (1, 2):
            (tmp_path / f"{name}-{seed}.json").write_text(json.dumps({
                "variant": name, "seed": seed, **v._asdict(), "made_with": {"images": 1, "float_steps": 1, "steps": 1, "test_images": 1, "batch": 1},
                "accuracy": {"float_start": 0.9, "golden": accuracy(name, seed)}, "crossbars": 10, "parameters": 5}))


def test_verdicts(tmp_path, summary):
    def accuracy(name, seed):
        base = 0.5 + 0.1 * seed
        return base + {"epitome-elements-50": -0.004, f"{MIDDLE}-w3": -0.006, "wrapped-w9": 0.02 * seed}.get(
            name, 0.01 if "overlap" in name else -0.02 if "naive" in name else 0)
    fake(tmp_path, accuracy)
    found = summary.collect(tmp_path, [1, 2])
    verdicts = {(c["from"], c["to"]): c["verdict"] for c in found["claims"]}
    assert verdicts[f"{MIDDLE}-w3-naive-symmetric", f"{MIDDLE}-w3"] == "holds"
    assert verdicts[f"{MIDDLE}-w3", f"{MIDDLE}-w3-overlap-symmetric"] == "holds"
    assert verdicts["unwrapped-w9", "wrapped-w9"] == "not separated"
    assert verdicts[f"{MIDDLE}-w9", "epitome-elements-50"] == "holds"  # loses less than half a point
    assert verdicts["plain-w9", f"{MIDDLE}-w3"] == "does not hold"
    assert verdicts["word-lines-50", f"{MIDDLE}-w9"] == "not separated"  # equal is not better
    assert len(found["missing"]) == len(variants())  # nothing went through the RTL
    text = summary.markdown(found)
    assert text.count("\n| W2 |") == 2 and "Not yet run" in text


def test_mixed_settings_are_refused(tmp_path, summary):
    fake(tmp_path, lambda name, seed: 0.5)
    path = tmp_path / "plain-w9-1.json"
    path.write_text(path.read_text().replace('"steps": 1', '"steps": 2'))
    with pytest.raises(SystemExit, match="different numbers"):
        summary.collect(tmp_path, [1, 2])
