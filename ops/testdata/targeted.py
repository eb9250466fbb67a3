"""Writes targeted.txt, the golden masks of targeted dropout, from the text of their
definitions, independent of the Go code. Run in this directory: python3 targeted.py
"""
import math

MASK = 0xFFFFFFFF


def philox(counter, key):
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = p1 >> 32 ^ c1 ^ k0, p1 & MASK, p0 >> 32 ^ c3 ^ k1, p0 & MASK
        k0, k1 = k0 + 0x9E3779B9 & MASK, k1 + 0xBB67AE85 & MASK
    return c0, c1, c2, c3


def dropped(i, p, seed, layer, step):
    """Whether element i of a mask is dropped; see docs/contract.md."""
    g, e = divmod(i, 64)
    lane, half, word = e % 8, e // 8 % 2, e // 16
    words = philox((8 * g + lane & MASK, layer, step & MASK, step >> 32), (seed & MASK, seed >> 32))
    return (words[word] >> 16 * half & 0xFFFF) < round(p * 65536)


def smallest(magnitudes, share):
    k = math.floor(share * len(magnitudes) + 0.5)
    return set(sorted(range(len(magnitudes)), key=lambda i: (magnitudes[i], i))[:k])


def mask(name, rows, cols, share, p, stream):
    w = [[((r * cols + c) * 7919 + 31) % 23 - 11 for c in range(cols)] for r in range(rows)]
    if name == "TargetedUnitDropout":
        units = smallest([sum(w[r][c] ** 2 for r in range(rows)) for c in range(cols)], share)
        return [[not (c in units and dropped(c, p, *stream)) for c in range(cols)] for r in range(rows)]
    columns = [smallest([abs(w[r][c]) for r in range(rows)], share) for c in range(cols)]
    return [[not (r in columns[c] and dropped(r * cols + c, p, *stream)) for c in range(cols)] for r in range(rows)]


with open("targeted.txt", "w") as f:
    print("# Golden masks of targeted dropout, written by targeted.py.", file=f)
    print("# name rows cols share p seed layer step: the mask, 1 kept and 0 dropped.", file=f)
    for name in ["TargetedDropout", "TargetedUnitDropout"]:
        for stream in [(0, 1, 0), (42, 7, 3), (2**64 - 1, 2**32 - 1, 2**63 - 1)]:
            for rows, cols in [(1, 1), (1, 9), (9, 1), (7, 11), (24, 13)]:
                for share, p in [(0.5, 0.5), (0.75, 0.9), (1, 0.25)]:
                    bits = "".join("01"[k] for row in mask(name, rows, cols, share, p, stream) for k in row)
                    print(name, rows, cols, share, p, *stream, end=": " + bits + "\n", file=f)
