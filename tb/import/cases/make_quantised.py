#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Quantised files of three more kinds, with ONNX Runtime's answers: make_quantised.py OUT_DIR

Needs PyPI's onnx, onnxruntime and numpy; the tests use the files, not this script.
"""
import os
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as nh
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

out = sys.argv[1]
rng = np.random.default_rng(5)


class Graph:
    def __init__(self, name, shape):
        self.name, self.shape, self.nodes, self.init = name, shape, [], []

    def const(self, a):
        self.init.append(nh.from_array(np.asarray(a), f"c{len(self.init)}"))
        return self.init[-1].name

    def op(self, kind, *ins, **attrs):
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(h.make_node(kind, list(ins), [name + "_out"], name=name, **attrs))
        return name + "_out"

    def weights(self, *dims):
        return rng.normal(0, np.sqrt(2 / np.prod(dims[1:])), dims).astype(np.float32)

    def bias(self, n):
        return rng.normal(0, 0.1, n).astype(np.float32)

    def save(self, path, tensor, dims):
        g = h.make_graph(self.nodes, self.name, [h.make_tensor_value_info("image", T.FLOAT, self.shape)],
                         [h.make_tensor_value_info(tensor, T.FLOAT, dims)], self.init)
        m = h.make_model(g, opset_imports=[h.make_opsetid("", 13)], ir_version=8)
        onnx.checker.check_model(m, full_check=True)
        onnx.save(m, path)


def images(n, shape):
    return (rng.normal(0, 1, (n, *shape[1:])) + rng.normal(0, 0.7, (n, shape[1], 1, 1))).clip(-4, 4).astype(np.float32)


def answers(name, calibration, inputs):
    o = ort.SessionOptions()
    o.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    s = ort.InferenceSession(f"{out}/{name}.onnx", o, providers=["CPUExecutionProvider"])
    y = np.concatenate([s.run(None, {"image": x[None]})[0] for x in inputs])
    np.savez_compressed(f"{out}/{name}.npz", calibration=calibration, input=inputs, output0=y)


def qoperator():
    """QLinearConv, QLinearAdd, QLinearGlobalAveragePool, QGemm, as the static quantiser writes them."""
    g = Graph("qoperator", [1, 3, 10, 10])
    x = g.op("Relu", g.op("Conv", "image", g.const(g.weights(8, 3, 3, 3)), g.const(g.bias(8)), pads=[1, 1, 1, 1], kernel_shape=[3, 3]))
    y = g.op("Conv", x, g.const(g.weights(8, 8, 3, 3)), g.const(g.bias(8)), pads=[1, 1, 1, 1], kernel_shape=[3, 3])
    x = g.op("Relu", g.op("Add", x, y))
    x = g.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = g.op("Flatten", g.op("GlobalAveragePool", x))
    x = g.op("Gemm", x, g.const(g.weights(6, 8)), g.const(g.bias(6)), transB=1)
    calibration, inputs = images(16, g.shape), images(16, g.shape)

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.rows = iter(calibration)

        def get_next(self):
            row = next(self.rows, None)
            return None if row is None else {"image": row[None]}

    with tempfile.TemporaryDirectory() as folder:
        g.save(folder + "/float.onnx", x, [1, 6])
        quantize_static(folder + "/float.onnx", f"{out}/qoperator_u8.onnx", Reader(), quant_format=QuantFormat.QOperator,
                        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, per_channel=True)
    answers("qoperator_u8", calibration, inputs)


def quantised(g, x, scale, bits, signed, narrow=False, zero=0):
    """QuantizeLinear, Clip of the integers, DequantizeLinear: how Brevitas writes less than 8 bits."""
    kind = np.int8 if signed else np.uint8
    s, z = g.const(np.float32(scale)), g.const(kind(zero))
    lo, hi = (-(1 << (bits - 1)) + narrow, (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    q = g.op("QuantizeLinear", x, s, z)
    if bits < 8 or narrow:
        q = g.op("Clip", q, g.const(kind(lo)), g.const(kind(hi)))
    return g.op("DequantizeLinear", q, s, z)


def qcdq():
    """8-bit signed image, 4-bit weights per channel (narrow) and 4-bit activations."""
    g = Graph("qcdq", [1, 3, 10, 10])

    def weights(*dims):
        w = g.weights(*dims)
        s, z = (np.abs(w).reshape(dims[0], -1).max(1) / 7).astype(np.float32), np.zeros(dims[0], np.int8)
        s, z = g.const(s), g.const(z)
        q = g.op("Clip", g.op("QuantizeLinear", g.const(w), s, z, axis=0), g.const(np.int8(-7)), g.const(np.int8(7)))
        return g.op("DequantizeLinear", q, s, z, axis=0)

    x = quantised(g, "image", 1 / 32, 8, True)
    x = g.op("Relu", g.op("Conv", x, weights(8, 3, 3, 3), g.const(g.bias(8)), pads=[1, 1, 1, 1], kernel_shape=[3, 3]))
    x = quantised(g, x, 0.23, 4, False)
    x = g.op("Relu", g.op("Conv", x, weights(12, 8, 3, 3), g.const(g.bias(12)), strides=[2, 2], kernel_shape=[3, 3]))
    x = quantised(g, x, 0.29, 4, False)
    x = g.op("Flatten", x)
    x = g.op("Gemm", x, weights(6, 12 * 16), g.const(g.bias(6)), transB=1)
    g.save(f"{out}/qcdq_w4a4.onnx", x, [1, 6])
    answers("qcdq_w4a4", images(1, g.shape), images(16, g.shape))


def two_quantisers():
    """A map that two branches quantise with scales and zero points of their own, and an addition of both."""
    g = Graph("two_quantisers", [1, 3, 10, 10])

    def weights(*dims):
        w = g.weights(*dims)
        s = np.float32(np.abs(w).max() / 127)
        codes = np.rint(w / s).clip(-127, 127).astype(np.int8)
        return g.op("DequantizeLinear", g.const(codes), g.const(s), g.const(np.int8(0)))

    x = quantised(g, "image", 1 / 32, 8, True)
    x = g.op("Conv", x, weights(8, 3, 3, 3), g.const(g.bias(8)), pads=[1, 1, 1, 1], kernel_shape=[3, 3])
    main, shortcut = quantised(g, x, 0.031, 8, False), quantised(g, x, 0.052, 8, False, zero=120)
    y = quantised(g, g.op("Conv", main, weights(8, 8, 3, 3), g.const(g.bias(8)), pads=[1, 1, 1, 1], kernel_shape=[3, 3]), 0.047, 8, True)
    x = quantised(g, g.op("Add", y, shortcut), 0.063, 8, False, zero=100)
    x = quantised(g, g.op("GlobalAveragePool", x), 0.02, 8, True)
    x = g.op("Gemm", g.op("Flatten", x), weights(6, 8), g.const(g.bias(6)), transB=1)
    g.save(f"{out}/qdq_two_quantisers.onnx", x, [1, 6])
    answers("qdq_two_quantisers", images(1, g.shape), images(16, g.shape))


os.makedirs(out, exist_ok=True)
qoperator()
qcdq()
two_quantisers()
