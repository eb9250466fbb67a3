"""Exchanges weights with package models by safetensors files, for safetensors_test.go.

Reads a list of cases from the standard input as JSON: the network's name, a file of
its weights, and an input. Writes, for each, the logits of PyTorch's network of the
file's weights, and a file of other weights with the logits of those.
"""
import json
import struct
import sys

import torch
from torch import nn


class LanguageModel(nn.Module):
    def __init__(self, rnn):
        super().__init__()
        self.embedding, self.rnn, self.decoder = nn.Embedding(7, 4), rnn, nn.Linear(5, 7)

    def forward(self, x):
        return self.decoder(self.rnn(self.embedding(x.long()))[0])


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.position = nn.Embedding(7, 6), nn.Embedding(9, 6)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(6, 2, 24, activation="gelu", batch_first=True, norm_first=True) for _ in range(2)
        )
        self.norm, self.decoder = nn.LayerNorm(6), nn.Linear(6, 7)

    def forward(self, x):
        times = x.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(times)
        x = self.embedding(x.long()) + self.position(torch.arange(times))
        for block in self.blocks:
            x = block(x, mask)
        return self.decoder(self.norm(x))


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        layers, channels = [nn.Dropout(0.2)], 1
        for filters in (3, 4):
            layers += [
                nn.Conv2d(channels, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters), nn.ReLU(),
                nn.MaxPool2d(2), nn.Dropout2d(0.2),
            ]
            channels = filters
        self.features = nn.Sequential(*layers, nn.Flatten())
        self.classifier = nn.Sequential(nn.Dropout(0), nn.Linear(16, 5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(5, 3))

    def forward(self, x):
        return self.classifier(self.features(x))


class BasicBlock(nn.Module):
    def __init__(self, channels, out, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out)
        self.conv2, self.bn2 = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)
        self.downsample = None
        if stride != 1 or channels != out:
            self.downsample = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (self.downsample(x) if self.downsample else x))


class ResNet18(nn.Module):
    """torchvision's resnet18, with 8 filters where that has 64."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        channels = 8
        for i, (out, stride) in enumerate(((8, 1), (16, 2), (32, 2), (64, 2)), 1):
            blocks = nn.Sequential(BasicBlock(channels, out, stride), BasicBlock(out, out, 1))
            setattr(self, "layer%d" % i, blocks)
            channels = out
        self.fc = nn.Linear(64, 5)

    def forward(self, x):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


networks = {
    "ResNet-18": ResNet18,
    "MLP": lambda: nn.Sequential(
        nn.Dropout(0.2), nn.Linear(6, 9), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(9, 7), nn.ReLU(), nn.Dropout(0.5), nn.Linear(7, 3),
    ),
    "MLP with BatchNorm": lambda: nn.Sequential(
        nn.Dropout(0), nn.Linear(6, 9, bias=False), nn.BatchNorm1d(9), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(9, 7, bias=False), nn.BatchNorm1d(7), nn.ReLU(), nn.Dropout(0.5), nn.Linear(7, 3),
    ),
    "Tabular": lambda: nn.Sequential(
        nn.AlphaDropout(0.1), nn.Linear(6, 9), nn.SELU(), nn.AlphaDropout(0.1), nn.Linear(9, 3),
    ),
    "ConvNet": ConvNet,
    "LSTM": lambda: LanguageModel(nn.LSTM(4, 5, num_layers=2, batch_first=True)),
    "GRU": lambda: LanguageModel(nn.GRU(4, 5, batch_first=True)),
    "Transformer": Transformer,
}


TYPES = {
    torch.float16: "F16", torch.bfloat16: "BF16", torch.float32: "F32", torch.float64: "F64", torch.int64: "I64",
}


def read(path):
    with open(path, "rb") as f:
        data = f.read()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    tensors = {}
    for name, t in header.items():
        if name != "__metadata__":
            (dtype,) = [k for k, v in TYPES.items() if v == t["dtype"]]
            start, end = t["data_offsets"]
            raw = bytearray(data[8 + size + start:8 + size + end])
            tensors[name] = torch.frombuffer(raw, dtype=dtype).reshape(t["shape"]).float()
    return tensors


def write(path, tensors, metadata=None):
    header, blobs, at = {}, [], 0
    if metadata:
        header["__metadata__"] = metadata
    for name, t in sorted(tensors.items()):
        blob = bytes(t.contiguous().reshape(-1).view(torch.uint8).tolist())
        header[name] = {"dtype": TYPES[t.dtype], "shape": list(t.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(head)) + head + b"".join(blobs))


def changed(state, dtype):
    """Returns the state as dtype, and in float32 what is left of it."""
    narrow = {k: v.to(dtype) if v.is_floating_point() else v for k, v in state.items()}
    return narrow, {k: v.float() if v.is_floating_point() else v for k, v in narrow.items()}


torch.manual_seed(1)
answers = []
for case in json.load(sys.stdin):
    x = torch.tensor(case["x"]).reshape(case["shape"])
    net = networks[case["net"]]()
    net.load_state_dict(read(case["file"]), strict=True)
    answer = {"logits": net.eval()(x).flatten().tolist(), "half": {}, "other": {}}
    for name in ("F16", "BF16"):
        net.load_state_dict(read(case["file"] + ".ours." + name), strict=True)
        answer["half"][name] = net(x).flatten().tolist()
    for name, dtype in (("F32", torch.float32), ("F16", torch.float16), ("BF16", torch.bfloat16), ("F64", torch.float64)):
        other = networks[case["net"]]()
        for b in other.buffers():  # running statistics that are not how they start
            if b.is_floating_point():
                b.uniform_(0.5, 1.5)
        narrow, left = changed(other.state_dict(), dtype)
        write(case["file"] + "." + name, narrow, {"format": "pt"})
        write(case["file"] + "." + name + ".module", {"module." + k: v for k, v in narrow.items()})
        other.load_state_dict(left)
        answer["other"][name] = other.eval()(x).flatten().tolist()
    answers.append(answer)
json.dump(answers, sys.stdout)
