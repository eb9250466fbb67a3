"""Trains networks on weighted numbers: tests as JSON in, losses and parameters out."""
import json
import sys

import torch
import torch.nn.functional as F
torch.set_default_dtype(torch.float64)
losses = {"mse": F.mse_loss, "l1": F.l1_loss, "huber": lambda x, t, reduction: F.huber_loss(x, t, reduction=reduction, delta=0.2),
          "bce": F.binary_cross_entropy_with_logits}
answer = []
for task in json.load(sys.stdin):
    net = torch.nn.Sequential(torch.nn.Linear(2, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2))
    net.load_state_dict({k: torch.tensor(task["Start"][k]).reshape(v.shape) for k, v in net.state_dict().items()})
    x, y = (torch.tensor(task[k], dtype=torch.float32).double().reshape(-1, 2) for k in ("X", "Targets"))
    w = torch.tensor(task["Weights"], dtype=torch.float32).double().reshape(-1, 1).expand(y.shape)
    solver = torch.optim.Adam(net.parameters(), lr=0.05)
    trace = []
    for _ in range(12):
        loss = (w * losses[task["Loss"]](net(x), y, reduction="none")).sum() / w.sum()
        solver.zero_grad()
        loss.backward()
        solver.step()
        trace.append(loss.item())
    answer.append({"Losses": trace, "End": {k: v.flatten().tolist() for k, v in net.state_dict().items()}})
json.dump(answer, sys.stdout)
