"""Writes exactk.txt and words.txt, the golden vectors of exact-k masks and of the
random words behind noise, from the text of their definitions.

It is independent of the Go code on purpose: two implementations that agree are
a better witness than one. Run in this directory: python3 vectors.py
"""

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
