"""Writes exactk.txt, words.txt and concrete.txt, the golden vectors of exact-k masks, of
the random words behind noise and of the factors of Concrete dropout, from the text of their
definitions.

It is independent of the Go code on purpose: two implementations that agree are
a better witness than one. Run in this directory: python3 vectors.py
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "portable/testdata"))
from functions import bits as bits_of, exp, log  # noqa: E402

MASK = 0xFFFFFFFF


def philox(counter, key):
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = p1 >> 32 ^ c1 ^ k0, p1 & MASK, p0 >> 32 ^ c3 ^ k1, p0 & MASK
        k0, k1 = k0 + 0x9E3779B9 & MASK, k1 + 0xBB67AE85 & MASK
    return c0, c1, c2, c3


def block(b, seed, layer, step):
    return philox((b & MASK, layer, step & MASK, step >> 32), (seed & MASK, seed >> 32))


def key(i, *stream):
    g, e = divmod(i, 16)
    words = block(8 * g + e % 8, *stream)
    half = e // 8
    return words[2 * half + 1] << 32 | words[2 * half]


def word(i, *stream):
    g, e = divmod(i, 32)
    return block(8 * g + e % 8, *stream)[e // 8]


def sigmoid(x):
    return 1 / (1 + exp(-x))


def concrete(w, order, logit, t):
    """The derivative of an order of (1-z)*(1+e^logit) with respect to the logit."""
    u = (w + 0.5) / 2**32
    a = (logit + log(u / (1 - u))) / t
    kept, e = sigmoid(-a), exp(logit)
    if order == 0:
        return (1 + e) * kept
    z = sigmoid(a)
    first = (1 - z) * z  # dz/da
    if order == 1:
        return e * kept - (1 + e) / t * first
    second = ((2 * z - 3) * z + 1) * z
    return e * kept - 2 * e / t * first - (1 + e) / (t * t) * second


STREAMS = [(0, 0, 0), (42, 1, 7), (2**64 - 1, 2**32 - 1, 2**63 - 1), (9, 4, 2**32 + 5)]

with open("exactk.txt", "w") as f:
    print("# Golden exact-k masks, written by vectors.py.", file=f)
    print("# seed layer step n k: the bits of the first min(n, 256) units, 1 kept and 0 dropped.", file=f)
    for stream in STREAMS:
        for n, k in [(1, 0), (1, 1), (2, 1), (15, 7), (16, 8), (17, 9), (63, 1), (64, 63), (65, 32),
                     (100, 50), (256, 128), (256, 255), (1000, 500), (1024, 205)]:
            order = sorted(range(n), key=lambda i: (key(i, *stream), i))
            kept = set(order[:k])
            bits = "".join("1" if i in kept else "0" for i in range(min(n, 256)))
            print(*stream, n, str(k) + ":", bits, file=f)

with open("words.txt", "w") as f:
    print("# Golden random words, written by vectors.py.", file=f)
    print("# seed layer step: the words of elements 0 to 69, in hexadecimal.", file=f)
    for stream in STREAMS:
        print(*stream[:2], str(stream[2]) + ":", *(f"{word(i, *stream):08x}" for i in range(70)), file=f)

with open("concrete.txt", "w") as f:
    print("# Golden factors of Concrete dropout, written by vectors.py.", file=f)
    print("# seed layer step order logit temperature: the bits of the factors of elements 0 to 35.", file=f)
    for stream in STREAMS:
        for order in 0, 1, 2:
            for logit, t in [(-2.5, 0.1), (0.25, 0.5), (3.0, 1.0)]:
                factors = (concrete(word(i, *stream), order, logit, t) for i in range(36))
                print(*stream, order, logit, str(t) + ":", *(f"{bits_of(x):016x}" for x in factors), file=f)
