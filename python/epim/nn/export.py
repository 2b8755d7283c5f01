# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""From a PyTorch model to a network folder, by ONNX and `epim import`."""
import tempfile
from pathlib import Path
from typing import Any, Union

import numpy as np
import torch
from torch import nn

from .. import command
from ..networks import Network


def export(model: nn.Module, sample: torch.Tensor, out: Union[str, Path], **options: Any) -> Network:
    """Writes the network folder `out` (docs/import.md) and loads it.

    model: in evaluation mode it must be what `epim import` reads (docs/import.md lists the operators). sample: images
    [N, C, H, W], float32, what the network sees in use: activation formats are calibrated on them. options: those of
    `epim import`, for example act_bits=8. Raises InputError as the command refuses, CheckFailed where the imported network
    does not compute what the file does.
    """
    was_training = model.training
    model.eval()
    try:
        with tempfile.TemporaryDirectory() as folder:
            file, images = Path(folder) / (Path(out).name + ".onnx"), Path(folder) / "calibrate.npy"
            torch.onnx.export(model, sample[:1], str(file), input_names=["image"], output_names=["out"], opset_version=13,
                              do_constant_folding=True)
            np.save(images, sample.detach().cpu().numpy().astype(np.float32))
            command.run("import", str(file), calibrate=str(images), out=str(out), **options)
    finally:
        model.train(was_training)
    return Network(out)
