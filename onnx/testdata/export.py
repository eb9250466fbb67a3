"""Writes the ONNX files of this folder and networks.json, with inputs, outputs and
the names of the tensors, as PyTorch 1.13 does:

    /usr/bin/python3 export.py
"""
import json
import warnings

import torch
from torch import nn

warnings.simplefilter("ignore")
torch.manual_seed(1)
EVAL, TRAINING = torch.onnx.TrainingMode.EVAL, torch.onnx.TrainingMode.TRAINING


class Recurrent(nn.Module):
    def __init__(self, layer, last=False):
        super().__init__()
        self.rnn = layer(3, 4, num_layers=2, batch_first=True, dropout=0.3)
        self.fc = nn.Linear(4, 2)
        self.last = last

    def forward(self, x):
        y, _ = self.rnn(x)
        return self.fc(y[:, -1] if self.last else y)


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn, self.fc = nn.Conv2d(2, 4, 3, stride=2), nn.BatchNorm2d(4), nn.Linear(4, 3)

    def forward(self, x):
        x = torch.relu(self.bn(self.conv(x)))
        x = nn.functional.adaptive_avg_pool2d(x, 1)
        return torch.softmax(self.fc(x.view(x.size(0), -1)), -1)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.Conv2d(4, 2, 3, padding=1)
        self.fc = nn.Linear(2, 3)

    def forward(self, x):
        x = torch.tanh(x + self.conv2(torch.sigmoid(self.conv1(x))))
        return self.fc(x.mean([2, 3]))


class Sequences(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn = nn.Conv1d(2, 6, 3, padding=1, bias=False), nn.BatchNorm1d(6)
        self.conv2 = nn.Conv1d(6, 4, 3, stride=2, dilation=2, groups=2)
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        x = nn.functional.max_pool1d(torch.relu(self.bn(self.conv1(x))), 2)
        x = nn.functional.avg_pool1d(torch.tanh(self.conv2(x)), 2)
        return self.fc(x.mean(2))


networks = {
    "mlp": (nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(5, 3)), torch.randn(3, 6), EVAL, 17),
    "mlp-opset11": (nn.Sequential(nn.Linear(6, 5), nn.SELU(), nn.Linear(5, 3), nn.Softmax(1)), torch.randn(3, 6), EVAL, 11),
    "mlp-training": (nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(5, 3)), torch.randn(3, 6), TRAINING, 17),
    "convnet": (nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout2d(0.2),
        nn.Conv2d(3, 4, 3), nn.LeakyReLU(0.1), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(4, 8), nn.GELU(),
        nn.Linear(8, 3), nn.LogSoftmax(1)), torch.randn(3, 1, 8, 8), EVAL, 17),
    "functional": (Functional(), torch.randn(3, 2, 9, 9), EVAL, 13),
    "residual": (Block(), torch.randn(3, 2, 5, 5), EVAL, 17),
    "lstm": (Recurrent(nn.LSTM), torch.randn(3, 5, 3), EVAL, 17),
    "lstm-last": (Recurrent(nn.LSTM, last=True), torch.randn(3, 5, 3), EVAL, 11),
    "lstm-unfolded": (Recurrent(nn.LSTM), torch.randn(3, 5, 3), EVAL, 17),
    "gru": (Recurrent(nn.GRU), torch.randn(3, 5, 3), EVAL, 17),
    "transformer": (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True, activation="gelu"), torch.randn(3, 5, 8), EVAL, 17),
    "embedding": (nn.Sequential(nn.Embedding(7, 4), nn.Flatten(), nn.Linear(12, 2)), torch.randint(0, 7, (3, 3)), EVAL, 17),
}

golden = {}


def write(name, net, x, mode, opset):
    with torch.no_grad():  # numbers that are not those of the start, so that none are merged
        for parameter in net.parameters():
            if parameter.dim() == 1:
                parameter.uniform_(0.5, 1.5)
        for module in net.modules():
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                module.running_mean.normal_(), module.running_var.uniform_(0.5, 2)
    net.train(mode == TRAINING)
    torch.onnx.export(
        net, x[:2], name + ".onnx", opset_version=opset, training=mode, do_constant_folding=mode == EVAL and name != "lstm-unfolded",
        input_names=["input"], output_names=["output"],
        dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}})
    if x.dtype == torch.bfloat16:  # the numbers of the file, without rounding of what is computed
        net, x = net.float(), x.float()
    with torch.no_grad():  # exporting in training changes running statistics
        y = net.eval()(x)
    golden[name] = {
        "input": x.flatten().tolist(), "examples": len(x), "output": y.flatten().tolist(),
        "names": {k: list(v.shape) for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")},
    }


for name, (net, x, mode, opset) in networks.items():
    write(name, net, x, mode, opset)
torch.manual_seed(2)
write("sequences", Sequences(), torch.randn(3, 2, 16), TRAINING, 17)
write("depthwise", nn.Sequential(
    nn.Conv2d(2, 4, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1, groups=4), nn.ReLU(), nn.Conv2d(4, 6, 1),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3)), torch.randn(3, 2, 7, 6), EVAL, 17)
write("double", nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3)).double(), torch.randn(3, 6).double(), EVAL, 17)
write("bfloat16", nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3)).bfloat16(), torch.randn(3, 6).bfloat16(), EVAL, 17)
with open("networks.json", "w") as f:
    json.dump(golden, f, indent=None, separators=(",", ":"))
    f.write("\n")
