"""Writes masks.txt, the golden mask vectors, from the text of the contract.

It is independent of the Go code on purpose: two implementations that agree are
a better witness than one. Run: python3 masks.py > masks.txt
"""
from math import floor, prod

MASK = 0xFFFFFFFF


def philox(counter, key):
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = p1 >> 32 ^ c1 ^ k0, p1 & MASK, p0 >> 32 ^ c3 ^ k1, p0 & MASK
        k0, k1 = k0 + 0x9E3779B9 & MASK, k1 + 0xBB67AE85 & MASK
    return c0, c1, c2, c3


def threshold(p):
    return min(max(floor(p * 65536 + 0.5), 0), 65536)


def kept(i, seed, layer, step, p):
    g, e = divmod(i, 64)
    l, h, j = e % 8, e // 8 % 2, e // 16
    block = 8 * g + l & MASK
    words = philox((block, layer, step & MASK, step >> 32), (seed & MASK, seed >> 32))
    u = words[j] >> 16 * h & 0xFFFF
    return u >= threshold(p)


def cases():
    ps = [0, 1, 1e-5, 0.999, 0.1, 0.2, 0.25, 0.5, 0.75, 0.9]
    for p in ps:
        yield 0, 0, 0, p, (256,)
        yield 42, 1, 7, p, (16, 16)
    for step in [1, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**40 + 3, 2**63 - 1]:
        yield 42, 1, step, 0.5, (300,)
    for layer in [2, 3, 1000, 2**31, 2**32 - 1]:
        yield 42, layer, 0, 0.5, (4, 100)
    for seed in [1, 2**32, 2**32 + 1, 2**63, 2**64 - 1, 0x0123456789ABCDEF]:
        yield seed, 0, 0, 0.5, (256,)
    for shape in [(), (1,), (7,), (63,), (64,), (65,), (3, 5), (3, 3, 3), (2, 3, 5, 7), (1, 2, 3, 4, 5), (127, 129)]:
        yield 9, 4, 11, 0.3, shape


print("# Golden mask vectors of the contract in contract.go, written by masks.py.")
print("# seed layer step p shape: the bits of the first min(size, 256) elements in")
print("# row-major order, 1 kept and 0 dropped. A scalar has the shape ().")
for seed, layer, step, p, shape in cases():
    n = min(prod(shape), 256)
    bits = "".join("1" if kept(i, seed, layer, step, p) else "0" for i in range(n))
    dims = "(" + ",".join(map(str, shape)) + ")"
    print(seed, layer, step, p, dims + ":", bits)
