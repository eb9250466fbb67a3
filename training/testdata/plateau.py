"""Prints the learning rates of PyTorch's ReduceLROnPlateau after each metric."""
import json
import sys

import torch

out = []
for case in json.load(sys.stdin):
    solver = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=case["lr"])
    s = torch.optim.lr_scheduler.ReduceLROnPlateau(
        solver, mode=case["mode"], factor=case["factor"], patience=case["patience"] - 1, threshold=case["min_delta"],
        threshold_mode="abs", cooldown=case["cooldown"], min_lr=case["min_lr"], eps=0)
    rates = []
    for value in case["metric"]:
        rates.append(solver.param_groups[0]["lr"])
        s.step(value)
    out.append(rates)
json.dump(out, sys.stdout)
