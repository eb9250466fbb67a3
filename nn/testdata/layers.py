"""Computes layers with PyTorch in float32, for layers_torch_test.go.

Reads a list of cases from the standard input as JSON and writes, for each, the
output, the gradients of its sum of squares by input, and the state afterwards.
"""
import json
import sys

import torch
from torch.nn import functional as F


def layer(case, x):
    o = case["options"] or {}
    window = {k: tuple(o[k]) for k in ("stride", "padding", "dilation") if k in o}
    name = case["layer"]
    if name == "Conv2d":
        return F.conv2d(*x, **window, groups=int(o.get("groups", [1])[0])), []
    if name == "MaxPool2d":
        return F.max_pool2d(x[0], tuple(o["kernel"]), **window), []
    if name == "AvgPool2d":
        return F.avg_pool2d(x[0], tuple(o["kernel"]), **window), []
    if name == "GlobalAvgPool2d":
        return F.adaptive_avg_pool2d(x[0], 1).flatten(1), []
    if name == "LayerNorm":
        return F.layer_norm(x[0], x[1].shape, x[1], x[2], 1e-5), []
    if name == "BatchNorm":
        mean, variance = torch.tensor(o["mean"]), torch.tensor(o["variance"])
        y = F.batch_norm(x[0], mean, variance, x[1], x[2], training=o["training"][0] == 1, momentum=0.1, eps=1e-5)
        return y, [mean.tolist(), variance.tolist()]
    if name == "Embedding":
        return F.embedding(torch.tensor(case["ids"]), x[0]), []
    if name == "MatMul":
        return torch.matmul(x[0], x[1].transpose(-1, -2)), []
    curves = {
        "ReLU": F.relu, "LeakyReLU": lambda v: F.leaky_relu(v, 0.1), "SELU": F.selu, "Sigmoid": torch.sigmoid, "GELU": F.gelu,
        "GELUTanh": lambda v: F.gelu(v, approximate="tanh"),
        "Softmax": lambda v: F.softmax(v, -1), "LogSoftmax": lambda v: F.log_softmax(v, -1),
    }
    return curves[name](x[0]), []


answers = []
for case in json.load(sys.stdin):
    x = [
        torch.tensor(i["data"], dtype=torch.float32).reshape(i["shape"]).requires_grad_()
        for i in case["inputs"]
    ]
    y, state = layer(case, x)
    y.square().sum().backward()
    answers.append({
        "shape": list(y.shape), "y": y.flatten().tolist(),
        "grads": [v.grad.flatten().tolist() for v in x], "state": state,
    })
json.dump(answers, sys.stdout)
