"""Times PyTorch for cmd/bench, by its protocol: the argument is the name of a case;
each line "run 250" on the standard input asks for 250 milliseconds of steps and is
answered by a line of JSON."""
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


def peak():
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def op(n, backward):
    x = torch.rand(n, requires_grad=backward)
    dy = torch.rand(n)

    def step():
        y = F.dropout(x, 0.5, True)
        if backward:
            x.grad = None
            y.backward(dy)

    return step


def training(model, example, batch, images, optimizer):
    # Four pixels in five are 0, as in images of digits.
    x = torch.rand(images, *example) * (torch.rand(images, *example) < 0.2)
    y = torch.randint(10, (images,))
    if optimizer == "adam":
        solver = torch.optim.Adam(model.parameters(), lr=0.0001)
    else:
        solver = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    at = [0]

    def step():
        if at[0] == 0:
            step.order = torch.randperm(images)
        i = step.order[at[0]:at[0] + batch]
        at[0] = (at[0] + batch) % images
        solver.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(x[i]), y[i])
        loss.backward()
        solver.step()
        return loss.item()

    return step


def mlp(dropout):
    layers, last = [], 784
    for _ in range(3):
        layers += [nn.Linear(last, 1024), nn.ReLU()]
        if dropout:
            layers.append(nn.Dropout(0.5))
        last = 1024
    return nn.Sequential(*layers, nn.Linear(last, 10))


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout2d(0.25),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout2d(0.25),
        nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10))


def epoch(images):
    one = training(mlp(True), [784], 128, images, "sgd")

    def step():
        for _ in range(images // 128):
            one()

    return step


CASES = {
    "forward-1M": lambda: op(1 << 20, False),
    "both-1M": lambda: op(1 << 20, True),
    "forward-16M": lambda: op(1 << 24, False),
    "both-16M": lambda: op(1 << 24, True),
    "mlp-dropout": lambda: training(mlp(True), [784], 128, 1280, "sgd"),
    "mlp-none": lambda: training(mlp(False), [784], 128, 1280, "sgd"),
    "mlp-adam": lambda: training(mlp(True), [784], 128, 1280, "adam"),
    "cnn": lambda: training(cnn(), [1, 28, 28], 64, 640, "sgd"),
    "epoch": lambda: epoch(1280),
}


def main():
    threads = int(sys.argv[2])
    torch.set_num_threads(threads)
    step = CASES[sys.argv[1]]()
    about = "PyTorch %s, %d thread%s" % (torch.__version__, threads, "" if threads == 1 else "s")
    for line in sys.stdin:
        end = time.perf_counter() + float(line.split()[1]) / 1000
        times = []
        while not times or time.perf_counter() < end:
            start = time.perf_counter()
            step()
            times.append(time.perf_counter() - start)
        times.sort()
        print(json.dumps({
            "steps": len(times), "best_ns": 1e9 * times[0], "median_ns": 1e9 * times[len(times) // 2],
            "peak_kib": peak(), "about": about}), flush=True)


main()
