"""Computes padded attention and recurrent layers with PyTorch, for padding_torch_test.go.

Reads a list of cases from the standard input as JSON and writes, for each, the outputs
at what is no padding (0 elsewhere), the final states, and the gradients of the sum of
the squares of them all by input.
"""
import json
import sys

import torch

torch.set_default_dtype(torch.float64)


def attention(case, inputs):
    """nn.MultiheadAttention with projections that leave the inputs as they are."""
    there = torch.tensor(case["mask"]).bool()
    if len(inputs) == 1:
        q, k, v = inputs[0].chunk(3, dim=2)
    else:
        q, (k, v) = inputs[0], inputs[1].chunk(2, dim=2)
    width = q.shape[2]
    net = torch.nn.MultiheadAttention(width, case["heads"], bias=False, batch_first=True)
    with torch.no_grad():
        net.in_proj_weight.copy_(torch.eye(width).repeat(3, 1))
        net.out_proj.weight.copy_(torch.eye(width))
    causal = None
    if case["causal"]:
        causal = torch.ones(q.shape[1], k.shape[1]).triu(1).bool()
    y, _ = net(q, k, v, key_padding_mask=~there, attn_mask=causal)
    if len(inputs) == 1:
        y = y.masked_fill(~there[:, :, None], 0)
    return [y], inputs


def recurrent(case, inputs):
    x, *rest = inputs
    names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
    if case["bidirectional"]:
        names += [n + "_reverse" for n in names]
    weights, states = rest[:len(names)], rest[len(names):]
    net = getattr(torch.nn, case["layer"])(x.shape[2], weights[1].shape[1], batch_first=True, bidirectional=case["bidirectional"])
    net.load_state_dict(dict(zip(names, weights)), strict=True)
    lengths = torch.tensor(case["mask"]).sum(1).long()
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    initial = None
    if states:
        initial = tuple(states) if case["layer"] == "LSTM" else states[0]
    out, final = net(packed, initial)
    y, _ = torch.nn.utils.rnn.pad_packed_sequence(out, batch_first=True, total_length=x.shape[1])
    # (directions, N, H), as (N, directions·H).
    final = final if isinstance(final, tuple) else (final,)
    leaves = [x] + [getattr(net, n) for n in names] + states
    return [y] + [f.transpose(0, 1).flatten(1) for f in final], leaves


answers = []
for case in json.load(sys.stdin):
    inputs = [torch.tensor(i["data"]).reshape(i["shape"]).requires_grad_() for i in case["inputs"]]
    outputs, leaves = (attention if case["layer"] == "Attention" else recurrent)(case, inputs)
    sum(o.square().sum() for o in outputs).backward()
    answers.append({
        "outputs": [o.flatten().tolist() for o in outputs],
        "grads": [i.grad.flatten().tolist() for i in leaves],
    })
json.dump(answers, sys.stdout)
