"""PyTorch's dropouts with a given mask: JSON on stdin to JSON on stdout.

torch draws its masks where they cannot be replaced, so formula() writes out what
its implementation does with a drawn mask, and own_mask() makes sure of that: with
the mask that torch draws itself, formula() must give the very bits of torch.
"""
import json
import math
import sys
import warnings

import torch
import torch.nn.functional as F

warnings.filterwarnings("ignore")
FUNCTIONS = {
    "Dropout": F.dropout,
    "Dropout1d": F.dropout1d,
    "Dropout2d": F.dropout2d,
    "Dropout3d": F.dropout3d,
    "AlphaDropout": F.alpha_dropout,
    "FeatureAlphaDropout": F.feature_alpha_dropout,
}


def formula(name, x, kept, p):
    if p == 0:
        return x
    if p == 1:
        return x * torch.zeros_like(x)
    noise = kept.clone()
    if "Alpha" not in name:
        return x * noise.div_(1 - p)
    alpha = 1.7580993408473766
    a = 1 / math.sqrt((alpha * alpha * p + 1) * (1 - p))
    b = noise.add(-1).mul_(alpha * a).add_(alpha * a * p)
    return x * noise.mul_(a) + b


def mask_shape(name, x):
    if name in ("Dropout", "AlphaDropout"):
        return x.shape
    return x.shape[:2] + (1,) * (x.dim() - 2)


def own_mask(name, x, p):
    torch.manual_seed(1)
    want = FUNCTIONS[name](x, p, training=True)
    torch.manual_seed(1)
    kept = torch.empty(mask_shape(name, x)).bernoulli_(1 - p)
    if not torch.equal(formula(name, x, kept, p), want):
        sys.exit(f"formula of {name} at p={p} is not torch's")


def error(f, *args):
    try:
        f(*args)
    except Exception as e:
        return type(e).__name__ + ": " + str(e)
    return ""


results = []
for case in json.load(sys.stdin):
    name, p = case["name"], case["p"]
    if case["kept"] is None:
        results.append({"error": error(FUNCTIONS[name], torch.ones(case["shape"]), p)})
        continue
    x = torch.tensor(case["x"], dtype=torch.float32).reshape(case["shape"]).requires_grad_()
    if 0 < p < 1:
        own_mask(name, x.detach(), p)
    kept = torch.tensor(case["kept"], dtype=torch.float32).reshape(mask_shape(name, x))
    y = formula(name, x, kept, p)
    y.backward(torch.tensor(case["dy"], dtype=torch.float32).reshape(case["shape"]))
    results.append({"y": y.flatten().tolist(), "dx": x.grad.flatten().tolist()})
json.dump(results, sys.stdout)
