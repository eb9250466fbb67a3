"""Computes losses with PyTorch in float64, for losses_torch_test.go.

Reads a list of cases from the standard input as JSON and writes, for each, the loss
and the gradients of its sum of squares by input.
"""
import json
import sys

import torch
from torch.nn import functional as F


def classes_second(x):
    return x.movedim(-1, 1) if x.dim() > 1 else x


def single(case, x, fixed):
    """The losses of the single examples, and what their mean counts each as."""
    o = case["options"]
    name = case["loss"]
    if name == "MSE":
        return F.mse_loss(x[0], x[1], reduction="none"), None
    if name == "MAE":
        return F.l1_loss(x[0], x[1], reduction="none"), None
    if name == "Huber":
        return F.huber_loss(x[0], x[1], delta=o["delta"], reduction="none"), None
    if name == "GaussianNLL":
        return F.gaussian_nll_loss(x[0], x[2], x[1].exp(), full=True, eps=1e-300, reduction="none"), None
    if name == "BCEWithLogits":
        w = o["pos_weight"]
        if w is not None:
            w = torch.tensor(w, dtype=torch.float64)
        return F.binary_cross_entropy_with_logits(x[0], fixed[0], pos_weight=w, reduction="none"), None
    if name == "Focal":
        # torchvision.ops.sigmoid_focal_loss
        p = torch.sigmoid(x[0])
        ce = F.binary_cross_entropy_with_logits(x[0], fixed[0], reduction="none")
        p_t = p * fixed[0] + (1 - p) * (1 - fixed[0])
        loss = ce * (1 - p_t) ** o["gamma"]
        if o["alpha"] is not None:
            loss = (o["alpha"] * fixed[0] + (1 - o["alpha"]) * (1 - fixed[0])) * loss
        return loss, None
    if name == "KLDiv":
        return F.kl_div(F.log_softmax(x[0], -1), fixed[0], reduction="none").sum(-1), None
    if name == "SoftmaxCrossEntropy":
        hard = fixed[0].dtype == torch.int64
        w = o.get("weight")
        if w is not None:
            w = torch.tensor(w, dtype=torch.float64)
        labels = fixed[0] if hard else classes_second(fixed[0])
        loss = F.cross_entropy(
            classes_second(x[0]), labels, weight=w, ignore_index=o.get("ignore_index", -100),
            label_smoothing=o.get("label_smoothing", 0.0), reduction="none")
        share = torch.ones_like(loss)
        if hard:
            counts = labels != o.get("ignore_index", -100)
            if w is not None:
                share = w[labels.clamp(min=0)]
            share = share * counts
        return loss, share
    raise ValueError(name)


def reduced(case, x, fixed):
    o = case["options"]
    loss, share = single(case, x, fixed)
    how = o.get("reduction", "mean")
    weights = torch.ones_like(loss)
    if o.get("weighted"):
        w = fixed[-1]
        weights = w.reshape(list(w.shape) + [1] * (loss.dim() - w.dim())).expand_as(loss)
    if how == "none":
        return weights * loss
    if how == "sum":
        return (weights * loss).sum()
    if share is None:
        share = torch.ones_like(loss)
    mean = (weights * loss).sum() / (weights * share).sum()
    if not o.get("weighted") and case["loss"] == "SoftmaxCrossEntropy":
        # the formula above against PyTorch's own mean
        hard = fixed[0].dtype == torch.int64
        w = o.get("weight")
        own = F.cross_entropy(
            classes_second(x[0]), fixed[0] if hard else classes_second(fixed[0]),
            weight=None if w is None else torch.tensor(w, dtype=torch.float64),
            ignore_index=o.get("ignore_index", -100), label_smoothing=o.get("label_smoothing", 0.0))
        return own
    return mean


def tensor(t):
    if t["whole"]:
        return torch.tensor(t["whole"], dtype=torch.int64).reshape(t["shape"])
    return torch.tensor(t["data"], dtype=torch.float64).reshape(t["shape"])


answers = []
for case in json.load(sys.stdin):
    x = [tensor(i).requires_grad_() for i in case["inputs"]]
    fixed = [tensor(i) for i in case["fixed"] or []]
    y = reduced(case, x, fixed)
    y.square().sum().backward()
    answers.append({"y": y.flatten().tolist(), "grads": [v.grad.flatten().tolist() for v in x]})
json.dump(answers, sys.stdout)
