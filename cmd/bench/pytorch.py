"""Times PyTorch for cmd/bench, by its protocol: the arguments are the number of threads,
"OpenMP" if the BLAS must be an OpenBLAS with OpenMP, and the case; each line "run 250" on
the standard input asks for 250 milliseconds of steps and is answered by a line of JSON."""
import ctypes
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


def openblas():
    """Returns how the OpenBLAS of this process makes threads, and its name, or two None."""
    try:
        with open("/proc/self/maps") as maps:
            paths = {line.split()[-1] for line in maps if "openblas" in line}
    except OSError:
        return None, None
    for path in sorted(paths):
        library = ctypes.CDLL(path)
        try:
            kind = {0: "no threads", 1: "pthread", 2: "OpenMP"}[library.openblas_get_parallel()]
            config, core = library.openblas_get_config, library.openblas_get_corename
        except AttributeError:
            continue
        config.restype = core.restype = ctypes.c_char_p
        version = " ".join(config().decode().split()[:2])
        return kind, "%s with %s for %s" % (version, kind, core().decode())
    return None, None


def op(n, backward):
    x = torch.rand(n, requires_grad=backward)
    dy = torch.rand(n)

    def step():
        y = F.dropout(x, 0.5, True)
        if backward:
            x.grad = None
            y.backward(dy)

    return step


def training(model, draw, batch, images, solver, clip=None):
    """Returns a step of the training of a model on drawn inputs and labels."""
    x, y = draw(images)
    at = [0]

    def step():
        if at[0] == 0:
            step.order = torch.randperm(images)
        i = step.order[at[0]:at[0] + batch]
        at[0] = (at[0] + batch) % images
        solver.zero_grad(set_to_none=True)
        out = model(x[i])
        loss = F.cross_entropy(out.flatten(0, -2), y[i].flatten())
        loss.backward()
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        solver.step()
        return loss.item()

    return step


def pixels(*shape):
    # Four in five are 0, as in images of digits.
    return torch.rand(*shape) * (torch.rand(*shape) < 0.2)


def digits(shape, classes):
    return lambda n: (pixels(n, *shape), torch.randint(classes, (n,)))


def sgd(model):
    return torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)


def mlp(units, dropout):
    layers = []
    for i, o in zip(units[:-2], units[1:-1]):
        layers += [nn.Linear(i, o), nn.ReLU()]
        if dropout:
            layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, nn.Linear(units[-2], units[-1]))


def sizes(text):
    return [int(n) for n in text.split("-")]


def mlp_step(units, batch, dropout, solver):
    units, batch = sizes(units), int(batch)
    model = mlp(units, float(dropout))
    solver = torch.optim.Adam(model.parameters(), lr=0.0001) if solver == "adam" else sgd(model)
    return training(model, digits(units[:1], units[-1]), batch, 10 * batch, solver)


def inference(units, batch):
    model = mlp(sizes(units), 0.5).eval()
    images = pixels(int(batch), sizes(units)[0])

    def step():
        with torch.inference_mode():
            return model(images)

    return step


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout2d(0.25),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout2d(0.25),
        nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10))


def cnn_step():
    model = cnn()
    return training(model, digits([1, 28, 28], 10), 64, 640, sgd(model))


def epoch():
    one = mlp_step("784-1024-1024-1024-10", 128, 0.5, "sgd")

    def step():
        for _ in range(10):
            one()

    return step


# The sizes of examples/language.
WINDOW, VOCABULARY, UNITS, P = 32, 91, 64, 0.2


class LSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, UNITS // 2)
        self.rnn = nn.LSTM(UNITS // 2, UNITS, batch_first=True)
        self.decoder = nn.Linear(UNITS, VOCABULARY)

    def forward(self, ids):
        x = self.embedding(ids)
        # Recurrent weights are dropped one by one, output units at all times alike.
        weights, state = self.rnn, x.new_zeros(1, x.shape[0], UNITS)
        parameters = [weights.weight_ih_l0, F.dropout(weights.weight_hh_l0, P, self.training), weights.bias_ih_l0, weights.bias_hh_l0]
        h = torch._VF.lstm(x, (state, state), parameters, True, 1, 0.0, self.training, False, True)[0]
        return self.decoder(h * F.dropout(h.new_ones(h.shape[0], 1, UNITS), P, self.training))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.position = nn.Embedding(VOCABULARY, UNITS), nn.Parameter(torch.zeros(WINDOW, UNITS))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(UNITS, 4, 4 * UNITS, P, activation="gelu", batch_first=True, norm_first=True) for _ in range(2))
        self.norm, self.decoder = nn.LayerNorm(UNITS), nn.Linear(UNITS, VOCABULARY)
        self.register_buffer("mask", torch.full((WINDOW, WINDOW), float("-inf")).triu(1))

    def forward(self, ids):
        x = F.dropout(self.embedding(ids) + self.position, P, self.training)
        for block in self.blocks:
            x = block(x, self.mask)
        return self.decoder(self.norm(x))


def language(model):
    def draw(n):
        ids = torch.randint(VOCABULARY, (n, WINDOW + 1))
        return ids[:, :-1], ids[:, 1:]

    return training(model, draw, 8, 312, torch.optim.Adam(model.parameters(), lr=0.002), clip=1)


CASES = {
    "forward": lambda n: op(int(n), False),
    "both": lambda n: op(int(n), True),
    "mlp": mlp_step,
    "cnn": cnn_step,
    "epoch": epoch,
    "lstm": lambda: language(LSTM()),
    "transformer": lambda: language(Transformer()),
    "inference": inference,
}


def main():
    threads, wanted, case = int(sys.argv[1]), sys.argv[2], sys.argv[3].split()
    kind, name = openblas()
    if wanted and kind != wanted:
        sys.exit("PyTorch must have loaded an OpenBLAS with %s, got %s" % (wanted, name or "another BLAS"))
    torch.set_num_threads(threads)
    step = CASES[case[0]](*case[1:])
    about = "PyTorch %s, %s" % (torch.__version__, name or "no OpenBLAS")
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
