"""Computes metrics with PyTorch in float64 from their definitions, for
metrics_torch_test.go: by comparing all pairs, all thresholds and all bins, without
streaming.
"""
import json
import math
import sys

import torch
from torch.nn import functional as F


def auroc(score, positive, w):
    p, n = positive.nonzero()[:, 0], (~positive).nonzero()[:, 0]
    if len(p) == 0 or len(n) == 0:
        return None
    above = (score[p][:, None] > score[n][None]).double() + 0.5 * (score[p][:, None] == score[n][None]).double()
    pairs = w[p][:, None] * w[n][None]
    return ((above * pairs).sum() / pairs.sum()).item()


def average_precision(score, positive, w):
    total = (w * positive).sum()
    if total == 0:
        return None
    area, recall = 0.0, 0.0
    for threshold in sorted(set(score.tolist()), reverse=True):
        chosen = score >= threshold
        if (w * chosen).sum() == 0:
            continue
        right = (w * (chosen & positive)).sum()
        area += ((right / total - recall) * right / (w * chosen).sum()).item()
        recall = (right / total).item()
    return area


def ece(confidence, right, w, bins):
    gap = 0.0
    for b in range(bins):
        inside = (confidence > b / bins) & (confidence <= (b + 1) / bins)
        if b == 0:
            inside |= confidence == 0
        gap += abs((w * inside * (right.double() - confidence)).sum().item())
    return gap / w.sum().item()


def prf(decided, labels, w, name):
    """By class from masks of examples by class."""
    tp = (w * (decided & labels)).sum(0)
    d, l = (w * decided).sum(0), (w * labels).sum(0)

    def score(tp, d, l):
        part, whole = {"precision": (tp, d), "recall": (tp, l), "F1": (2 * tp, d + l)}[name]
        return 0.0 if whole == 0 else (part / whole).item()

    there = [k for k in range(len(tp)) if d[k] + l[k] > 0]
    each = {k: score(tp[k], d[k], l[k]) for k in there}
    return {
        "macro": sum(each.values()) / len(there),
        "weighted": sum(each[k] * l[k].item() for k in there) / l.sum().item(),
        "micro": score(tp.sum(), d.sum(), l.sum()),
    }


def mean(values):
    values = [v for v in values if v is not None]
    return sum(values) / len(values)


def of_labels(x, y, w):
    classes = x.shape[1]
    p = F.softmax(x, 1)
    nll = ((F.cross_entropy(x, y, reduction="none") * w).sum() / w.sum()).item()
    onehot = F.one_hot(y, classes).bool()
    top = p.max(1)
    rank = (x > x.gather(1, y[:, None])).sum(1)
    out = {
        "accuracy": ((w * (top.indices == y)).sum() / w.sum()).item(),
        "top-2 accuracy": ((w * (rank < 2)).sum() / w.sum()).item(),
        "NLL": nll, "perplexity": math.exp(nll), "bits per token": nll / math.log(2),
        "Brier score": ((w * (p - onehot.double()).square().sum(1)).sum() / w.sum()).item(),
        "ECE": ece(top.values, top.indices == y, w, 15),
        "class-wise ECE": sum(ece(p[:, k], onehot[:, k], w, 15) for k in range(classes)) / classes,
    }
    for name in ("precision", "recall", "F1"):
        for average, v in prf(F.one_hot(x.argmax(1), classes).bool(), onehot, w[:, None], name).items():
            out[average + " " + name] = v
    for name, f in (("AUROC", auroc), ("average precision", average_precision)):
        if classes == 2:
            out[name] = f(x[:, 1] - x[:, 0], onehot[:, 1], w)
        else:
            out[name] = mean(f(p[:, k], onehot[:, k], w) for k in range(classes))
    return out


def of_choices(x, t, w):
    t = t.bool()
    out = {}
    for name in ("precision", "recall", "F1"):
        for average, v in prf(x > 0, t, w[:, None], name).items():
            out[average + " " + name] = v
    for name, f in (("AUROC", auroc), ("average precision", average_precision)):
        out[name] = mean(f(x[:, k], t[:, k], w) for k in range(x.shape[1]))
    return out


def of_values(x, t, w):
    w = w[:, None].expand_as(x)
    center = (w * t).sum(0) / w.sum(0)
    r2 = 1 - (w * (t - x).square()).sum(0) / (w * (t - center).square()).sum(0)
    return {
        "MAE": ((w * (x - t).abs()).sum() / w.sum()).item(),
        "RMSE": ((w * (x - t).square()).sum() / w.sum()).sqrt().item(),
        "R²": r2.mean().item(),
    }


answers = []
for case in json.load(sys.stdin):
    x = torch.tensor(case["output"], dtype=torch.float64)
    w = torch.tensor(case["weight"], dtype=torch.float64)
    if case["kind"] == "labels":
        answers.append(of_labels(x, torch.tensor(case["labels"]), w))
    else:
        t = torch.tensor(case["target"], dtype=torch.float64)
        answers.append((of_choices if case["kind"] == "choices" else of_values)(x, t, w))
json.dump(answers, sys.stdout)
