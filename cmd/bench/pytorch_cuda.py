"""Times PyTorch on an NVIDIA device: prints a line of JSON for each case. The cases are those
of --list, or those given, such as "mlp graph fp32": the network, how its steps are run, and
whether products may be rounded to TF32.

  eager       one kernel after the other, SGD fused
  graph       the whole step captured by torch.cuda.graph
  reduce      torch.compile(mode="reduce-overhead")
  max         torch.compile(mode="max-autotune")
  maxgraph    torch.compile(mode="max-autotune-no-cudagraphs"), the whole step captured

Images and labels are on the device. A step takes a batch of them in drawn order, and updates
the parameters. "median_ns" is of steps that follow each other, "waited_median_ns" of steps after
each of which the program reads the loss. Speeds of copies and of dropout count each element
once read and once written, in each direction."""
import argparse
import gc
import json
import queue
import subprocess
import sys
import threading
import time

HOWS = ["graph", "eager", "maxgraph", "max", "reduce"]
CASES = (["copy 67108864", "dropout eager 67108864", "dropout compiled 67108864", "forward eager 67108864"]
         + ["%s %s %s" % (net, how, precision) for precision in ["fp32", "tf32"] for net in ["mlp", "cnn"] for how in HOWS]
         + ["cnn-channels-last graph tf32", "product fp32", "product tf32"])


class Worker:
    """Runs cases in one process."""

    def __init__(self, device, seconds, batch):
        import torch

        self.torch, self.device, self.seconds, self.batch = torch, device, seconds, batch
        self.cuda = device.startswith("cuda")
        name = torch.cuda.get_device_name(device) if self.cuda else "CPU"
        self.about = "PyTorch %s, CUDA %s, cuDNN %s, %s" % (torch.__version__, torch.version.cuda, torch.backends.cudnn.version(), name)

    def wait(self):
        if self.cuda:
            self.torch.cuda.synchronize(self.device)

    def run(self, case):
        kind, *words = case.split()
        torch = self.torch
        if hasattr(torch, "_dynamo"):
            torch._dynamo.reset()
        gc.collect()
        if self.cuda:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(self.device)
        torch.backends.cudnn.benchmark = True
        tf32 = words[-1] == "tf32"
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
        torch.manual_seed(1)
        start = time.perf_counter()
        if kind in ("copy", "dropout", "forward", "product"):
            answer = getattr(self, kind)(*words)
        elif kind in ("mlp", "cnn", "cnn-channels-last") and words[0] in HOWS:
            answer = self.network(kind, words[0])
        else:
            raise ValueError("case must be like one of --list, got %s" % case)
        answer["total_s"] = round(time.perf_counter() - start, 2)
        if self.cuda:
            answer["peak_device_mib"] = torch.cuda.max_memory_allocated(self.device) >> 20
        return answer

    # Operations by themselves.

    def speed(self, step, amount, unit):
        """Times an operation by the clock, many of them between two waits."""
        for _ in range(3):
            step()
        self.wait()
        times, end, many = [], time.perf_counter() + self.seconds, 20 if self.cuda else 1
        while not times or time.perf_counter() < end:
            start = time.perf_counter()
            for _ in range(many):
                step()
            self.wait()
            times.append((time.perf_counter() - start) / many)
        times.sort()
        median = times[len(times) // 2]
        return {"steps": many * len(times), "best_ns": 1e9 * times[0], "median_ns": 1e9 * median, unit: round(amount / median / 1e9, 1)}

    def copy(self, n):
        x = self.torch.rand(int(n), device=self.device)
        y = self.torch.empty_like(x)
        return self.speed(lambda: y.copy_(x), 8 * int(n), "gb_per_s")

    def forward(self, how, n):
        x = self.torch.rand(int(n), device=self.device)
        return self.speed(lambda: self.torch.nn.functional.dropout(x, 0.5, True), 8 * int(n), "gb_per_s")

    def dropout(self, how, n):
        x = self.torch.rand(int(n), device=self.device, requires_grad=True)
        dy = self.torch.rand(int(n), device=self.device)
        drop = lambda x: self.torch.nn.functional.dropout(x, 0.5, True)
        if how == "compiled":
            drop = self.torch.compile(drop)

        def step():
            x.grad = None
            drop(x).backward(dy)

        return self.speed(step, 16 * int(n), "gb_per_s")

    def product(self, precision):
        n = 4096 if self.cuda else 512
        a, b = (self.torch.rand(n, n, device=self.device) for _ in range(2))
        c = self.torch.empty_like(a)
        return self.speed(lambda: self.torch.mm(a, b, out=c), 2 * n ** 3, "gflops")

    # Training steps.

    def model(self, kind):
        nn = self.torch.nn
        if kind == "mlp":
            layers, units = [nn.Dropout(0.2)], [784, 1024, 1024, 1024]
            for i, o in zip(units[:-1], units[1:]):
                layers += [nn.Linear(i, o), nn.ReLU(), nn.Dropout(0.5)]
            return nn.Sequential(*layers, nn.Linear(1024, 10)), [784], 128
        return nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout2d(0.25),
            nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout2d(0.25),
            nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)), [1, 28, 28], 64

    def solver(self, model):
        settings = dict(lr=0.01, momentum=0.9)
        try:
            return self.torch.optim.SGD(model.parameters(), fused=self.cuda, **settings)
        except TypeError:  # before PyTorch 2.3
            return self.torch.optim.SGD(model.parameters(), **settings)

    def network(self, kind, how):
        torch, device = self.torch, self.device
        model, shape, batch = self.model(kind)
        batch = self.batch or batch
        model = model.to(device)
        images = 100 * batch
        # Four in five are 0, as in images of digits.
        x = torch.rand(images, *shape, device=device) * (torch.rand(images, *shape, device=device) < 0.2)
        y = torch.randint(10, (images,), device=device)
        if kind == "cnn-channels-last":
            model = model.to(memory_format=torch.channels_last)
            x = x.to(memory_format=torch.channels_last)
        solver = self.solver(model)
        loss = lambda x, y: torch.nn.functional.cross_entropy(model(x), y)
        mode = {"reduce": "reduce-overhead", "max": "max-autotune", "maxgraph": "max-autotune-no-cudagraphs"}.get(how)
        if mode:
            loss = torch.compile(loss, mode=mode)
        chosen = torch.zeros(batch, dtype=torch.int64, device=device)

        def update():
            solver.zero_grad(set_to_none=True)
            result = loss(x[chosen], y[chosen])
            result.backward()
            solver.step()
            return result.detach()

        prepare = time.perf_counter()
        run = self.captured(update) if how.endswith("graph") else update
        at = [0, None]

        def step():
            if at[0] == 0:
                at[1] = torch.randperm(images, device=device)
            chosen.copy_(at[1][at[0]:at[0] + batch])
            at[0] = (at[0] + batch) % images
            if how in ("reduce", "max"):
                torch.compiler.cudagraph_mark_step_begin()
            return run()

        losses = [step().item() for _ in range(20 if self.cuda else 1)]
        self.wait()
        prepare = time.perf_counter() - prepare

        follow, waited, many = [], [], 50 if self.cuda else 1
        end = time.perf_counter() + self.seconds
        while not waited or time.perf_counter() < end:
            start = time.perf_counter()
            for _ in range(many):
                step()
            self.wait()
            follow.append((time.perf_counter() - start) / many)
            for _ in range(many):
                start = time.perf_counter()
                last = step().item()
                waited.append(time.perf_counter() - start)
        follow.sort()
        waited.sort()
        return {
            "steps": many * len(follow) + len(waited), "best_ns": 1e9 * follow[0], "median_ns": 1e9 * follow[len(follow) // 2],
            "waited_best_ns": 1e9 * waited[0], "waited_median_ns": 1e9 * waited[len(waited) // 2],
            "prepare_s": round(prepare, 2), "first_loss": round(losses[0], 4), "last_loss": round(last, 4)}

    def captured(self, update):
        torch = self.torch
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(11):  # compiles, and chooses algorithms
                update()
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            result = update()

        def replay():
            graph.replay()
            return result

        return replay


def work(options):
    worker = Worker(options.device, options.seconds, options.batch)
    print(json.dumps({"about": worker.about}), flush=True)
    for case in options.cases:
        try:
            answer = worker.run(case)
        except Exception as e:
            # The device may be of no more use to this process after an error of CUDA.
            last = "CUDA" in str(e)
            text = " ".join(("%s: %s" % (type(e).__name__, e)).split())[:300]
            print(json.dumps({"case": case, "error": text, "last": last}), flush=True)
            if last:
                break
            continue
        print(json.dumps(dict(case=case, **answer)), flush=True)


def lead(options):
    """Runs cases in a process, and the rest in another if that one fails or is too slow."""
    pending, stop = list(options.cases), time.perf_counter() + options.limit
    while pending and time.perf_counter() < stop:
        line = [sys.executable, __file__, "--worker", "--device", options.device, "--seconds", str(options.seconds), "--batch", str(options.batch)]
        process = subprocess.Popen(line + pending, stdout=subprocess.PIPE, stderr=subprocess.PIPE if options.quiet else None, text=True)
        lines = queue.Queue()

        def read(process=process, lines=lines):
            for text in process.stdout:
                lines.put(text)
            lines.put(None)

        threading.Thread(target=read, daemon=True).start()
        if options.quiet:
            threading.Thread(target=process.stderr.read, daemon=True).start()
        while pending:
            reason = "the process ended"
            try:
                text = lines.get(timeout=max(1, min(options.each, stop - time.perf_counter())))
            except queue.Empty:
                text, reason = None, "it took too long"
            if text is None:
                print(json.dumps({"case": pending.pop(0), "error": reason}), flush=True)
                break
            print(text, end="", flush=True)
            answer = json.loads(text)
            if "case" in answer:
                pending.pop(0)
                if answer.get("last"):
                    break
        process.kill()
        process.wait()
    for case in pending:
        print(json.dumps({"case": case, "error": "there was no time left"}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=None)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=float, default=1, help="for the steps of each case")
    parser.add_argument("--each", type=float, default=150, help="seconds for a case with what is compiled")
    parser.add_argument("--limit", type=float, default=500, help="seconds for all")
    parser.add_argument("--batch", type=int, default=0, help="another batch than 128 and 64")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--quiet", action="store_true", help="without what PyTorch says besides")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.cases = options.cases or CASES
    if options.list:
        print("\n".join(options.cases))
    elif options.worker:
        work(options)
    else:
        lead(options)


main()
