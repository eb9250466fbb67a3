"""Trains parameters with given gradients by PyTorch's optimizers.

Reads a list of cases as JSON from standard input and writes the parameters of
each after the last step.
"""

import json
import sys

import torch


def train(case):
    dtype = torch.float64 if case["float64"] else torch.float32

    def tensors(lists):
        return [torch.tensor(x, dtype=dtype).reshape(s) for x, s in zip(lists, case["shapes"])]

    params = [x.requires_grad_() for x in tensors(case["values"])]
    optimizer = getattr(torch.optim, case["optimizer"])(params, **case["settings"])
    for gradients in case["gradients"]:
        for p, g in zip(params, tensors(gradients)):
            p.grad = g
        if case["clip_value"] > 0:
            torch.nn.utils.clip_grad_value_(params, case["clip_value"])
        optimizer.step()
    return [p.detach().double().reshape(-1).tolist() for p in params]


json.dump([train(case) for case in json.load(sys.stdin)], sys.stdout)
