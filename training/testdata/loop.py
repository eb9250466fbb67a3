"""Trains networks with all that the loop has: the batches of each step as JSON in, parameters out."""
import json
import sys

import torch
import torch.nn.functional as F
from torch.optim.swa_utils import AveragedModel

torch.set_default_dtype(torch.float64)
answer = []
for task in json.load(sys.stdin):
    net = torch.nn.Sequential(torch.nn.Linear(2, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2))
    net.load_state_dict({k: torch.tensor(task["Start"][k]).reshape(v.shape) for k, v in net.state_dict().items()})
    x, y = (torch.tensor(task[k], dtype=torch.float32).double().reshape(-1, 2) for k in ("X", "Targets"))
    solver = torch.optim.AdamW([
        {"params": [net[0].bias, net[2].bias], "weight_decay": 0},
        {"params": [net[0].weight]},
        {"params": [net[2].weight]},
    ], weight_decay=0.1)
    cycle = torch.optim.lr_scheduler.OneCycleLR(solver, max_lr=[0.1, 0.05, 0.1], total_steps=sum(map(len, task["Epochs"])))
    decay = task["Decay"]
    average = AveragedModel(net, avg_fn=(lambda a, p, n: decay * a + (1 - decay) * p) if decay else None)
    for epoch, steps in enumerate(task["Epochs"]):
        for batches in steps:
            total = sum(map(len, batches))
            solver.zero_grad()
            for batch in batches:
                (F.mse_loss(net(x[batch]), y[batch]) * len(batch) / total).backward()
            solver.step()
            if cycle.last_epoch + 1 < cycle.total_steps:
                cycle.step()
            if decay and epoch >= task["From"]:
                average.update_parameters(net)
        if not decay and epoch >= task["From"]:
            average.update_parameters(net)
    answer.append({k: v.flatten().tolist() for k, v in average.module.state_dict().items()})
json.dump(answer, sys.stdout)
