"""Computes nn.LSTM and nn.GRU with PyTorch in float32, for recurrent_test.go.

Reads a list of cases from the standard input as JSON and writes, for each, the
output and the gradients of its sum of squares by input.
"""
import json
import sys

import torch

answers = []
for case in json.load(sys.stdin):
    x, *weights = [torch.tensor(i["data"], dtype=torch.float32).reshape(i["shape"]) for i in case["inputs"]]
    x.requires_grad_()
    net = getattr(torch.nn, case["layer"])(x.shape[2], weights[1].shape[1], batch_first=True)
    names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
    net.load_state_dict(dict(zip(names, weights)), strict=True)
    y, _ = net(x)
    y.square().sum().backward()
    answers.append({
        "y": y.flatten().tolist(),
        "grads": [v.grad.flatten().tolist() for v in [x] + [getattr(net, n) for n in names]],
    })
json.dump(answers, sys.stdout)
