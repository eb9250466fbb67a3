"""Prints the learning rates and momenta of PyTorch's OneCycleLR for each case."""
import json
import sys

import torch

out = []
for case in json.load(sys.stdin):
    p = torch.nn.Parameter(torch.zeros(1))
    solver = torch.optim.SGD([p], lr=0.1, momentum=0.9)
    s = torch.optim.lr_scheduler.OneCycleLR(solver, max_lr=case["peak"], total_steps=case["steps"], pct_start=case["rise"])
    rates, momenta = [], []
    for step in range(case["steps"]):
        rates.append(solver.param_groups[0]["lr"])
        momenta.append(solver.param_groups[0]["momentum"])
        solver.step()
        if step + 1 < case["steps"]:
            s.step()
    out.append({"lr": rates, "momentum": momenta})
json.dump(out, sys.stdout)
