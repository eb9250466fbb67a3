"""Writes products.txt, golden products and sums, from the text of the contract.

It is independent of the Go code on purpose: numbers are fractions here, rounded to the
type where the contract says so. Run: python3 products.py > products.txt
"""
import random
import struct
from fractions import Fraction
from math import copysign, inf, isinf, isnan, isqrt, nan

FORMATS = {32: (24, -149, 128, "f", "I"), 64: (53, -1074, 1024, "d", "Q")}


def encode(x, bits):
    _, _, _, letter, word = FORMATS[bits]
    if isnan(x):
        return "nan"
    return f"{struct.unpack('<' + word, struct.pack('<' + letter, x))[0]:0{bits // 4}x}"


def rounded(q, bits, zero):
    """The fraction q to nearest even; a Python float holds the result exactly."""
    precision, least, top, _, _ = FORMATS[bits]
    if q == 0:
        return zero
    sign, q = (-1 if q < 0 else 1), abs(q)
    e = q.numerator.bit_length() - q.denominator.bit_length()
    if q < Fraction(2) ** e:
        e -= 1
    ulp = max(e - precision + 1, least)
    scaled = q / Fraction(2) ** ulp
    n, rest = divmod(scaled.numerator, scaled.denominator)
    rest = Fraction(rest, scaled.denominator)
    if rest > Fraction(1, 2) or rest == Fraction(1, 2) and n % 2 == 1:
        n += 1
    if n * Fraction(2) ** ulp >= Fraction(2) ** top:
        return sign * inf
    # float() of a fraction is exact for a number of the type, subnormals included.
    return copysign(float(Fraction(n) * Fraction(2) ** ulp), sign)


def fma(a, b, c, bits):
    if isnan(a) or isnan(b) or isnan(c):
        return nan
    if isinf(a) or isinf(b):
        if a == 0 or b == 0:
            return nan
        p = copysign(1, a) * copysign(1, b) * inf
        return nan if isinf(c) and c != p else p
    if isinf(c):
        return c
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    # An exact zero is -0 only as a sum of two of them.
    negative = copysign(1, a) * copysign(1, b) < 0 and copysign(1, c) < 0 and (a == 0 or b == 0) and c == 0
    return rounded(exact, bits, -0.0 if negative else 0.0)


def times(a, b, bits):
    if isnan(a) or isnan(b) or (isinf(a) and b == 0) or (a == 0 and isinf(b)):
        return nan
    sign = copysign(1, a) * copysign(1, b)
    if isinf(a) or isinf(b):
        return sign * inf
    return rounded(Fraction(a) * Fraction(b), bits, sign * 0.0)


def plus(a, b, bits):
    return fma(a, 1.0, b, bits)


def product(m, n, k, alpha, a, b, beta, c, bits):
    """a, b and c are functions of row and column."""
    result = []
    for i in range(m):
        for j in range(n):
            x = 0.0 if beta == 0 else times(beta, c(i, j), bits)
            if alpha != 0:
                for l in range(k):
                    x = fma(times(alpha, a(i, l), bits), b(l, j), x, bits)
            result.append(x)
    return result


def chains(terms, step, bits, number):
    sums = [0.0] * number
    terms = terms + [terms_zero(terms)] * (-len(terms) % number)
    for i, t in enumerate(terms):
        sums[i % number] = step(t, sums[i % number], bits)
    while len(sums) > 1:
        half = len(sums) // 2
        sums = [plus(sums[i], sums[half + i], bits) for i in range(half)]
    return sums[0]


def terms_zero(terms):
    return (0.0, 0.0) if terms and isinstance(terms[0], tuple) else 0.0


def dot(x, y, bits):
    return chains(list(zip(x, y)), lambda t, s, b: fma(t[0], t[1], s, b), bits, 2048 // bits)


def asum(x, bits):
    return chains([abs(v) for v in x], plus, bits, 2048 // bits)


def root(q, bits):
    """The square root of a fraction, rounded: from far more digits than can matter."""
    shift = 4096
    n = isqrt(q.numerator * q.denominator << 2 * shift)
    exact = Fraction(n, q.denominator << shift)
    return rounded(exact, bits, 0.0)


def nrm2(x, bits):
    if any(isnan(v) for v in x):
        return nan
    if any(isinf(v) for v in x):
        return inf
    if bits == 32:
        s = dot(x, x, 64)
        return rounded(Fraction(root(Fraction(s), 64)), 32, 0.0)
    s = dot(x, x, 64)
    if s > 2.0**-900 and s < 2.0**900:
        return root(Fraction(s), 64)
    largest = max((abs(v) for v in x), default=0.0)
    if largest == 0:
        return 0.0
    e = Fraction(largest)
    exponent = e.numerator.bit_length() - e.denominator.bit_length()
    if Fraction(2) ** exponent <= e:
        exponent += 1
    exponent = max(exponent, -1000)
    scaled = [rounded(Fraction(v) / Fraction(2) ** exponent, 64, copysign(0.0, v)) for v in x]
    s = dot(scaled, scaled, 64)
    return rounded(Fraction(root(Fraction(s), 64)) * Fraction(2) ** exponent, 64, 0.0)


def number(rnd, bits, kind):
    precision, least, top, letter, _ = FORMATS[bits]

    def fit(x):
        return struct.unpack("<" + letter, struct.pack("<" + letter, x))[0]

    if kind == "plain" or rnd.random() < 0.6:
        return fit(rnd.gauss(0, 1))
    if kind == "small":  # products at the edge of the subnormals
        return fit(rnd.gauss(0, 1) * 2.0 ** (least // 2 + rnd.randrange(-3, 4)))
    return rnd.choice([
        0.0, -0.0, fit(2.0**least), fit(-(2.0**least) * rnd.randrange(1, 50)),
        fit(rnd.gauss(0, 1) * 2.0 ** (top // 2)), inf, -inf, nan,
        fit((2.0 - 2.0 ** (1 - precision)) * 2.0 ** (top - 1)), 1.0, -1.0,
    ])


def show(x, bits):
    return " ".join(encode(v, bits) for v in x)


def main():
    rnd = random.Random(20261126)
    print("# Written by products.py. Numbers are bits; matrices are stored by rows.")
    print("# product BITS M N K TRANSA TRANSB ALPHA BETA: A | B | C | RESULT")
    print("# dot BITS N: X | Y | RESULT, asum and nrm2 BITS N: X | RESULT")
    shapes = [(1, 1, 1), (1, 17, 5), (7, 3, 9), (15, 33, 4), (5, 10, 40), (13, 2, 6), (3, 34, 17), (16, 5, 0)]
    for bits in (32, 64):
        for s, (m, n, k) in enumerate(shapes):
            for kind in ("plain", "small", "all"):
                ta, tb = rnd.randrange(2), rnd.randrange(2)
                alpha, beta = [(1.0, 0.0), (1.0, 1.0), (-0.75, 0.1), (0.0, 3.0)][(s + len(kind)) % 4]
                alpha, beta = (struct.unpack("<f", struct.pack("<f", v))[0] for v in (alpha, beta))
                a = [number(rnd, bits, kind) for _ in range(m * k)]
                b = [number(rnd, bits, kind) for _ in range(k * n)]
                c = [number(rnd, bits, kind) for _ in range(m * n)]
                result = product(
                    m, n, k, alpha,
                    lambda i, l: a[l * m + i] if ta else a[i * k + l],
                    lambda l, j: b[j * k + l] if tb else b[l * n + j],
                    beta, lambda i, j: c[i * n + j], bits)
                print(f"product {bits} {m} {n} {k} {ta} {tb} {encode(alpha, bits)} {encode(beta, bits)}: "
                      + " | ".join(show(x, bits) for x in (a, b, c, result)))
        for n in (0, 1, 5, 31, 64, 70, 200):
            for kind in ("plain", "small", "all", "tiny", "huge"):
                scale = {"tiny": 2.0**-520, "huge": 2.0**520}.get(kind, 1.0) if bits == 64 else 1.0
                x, y = ([scale * number(rnd, bits, "plain" if scale != 1 else kind) for _ in range(n)] for _ in range(2))
                print(f"dot {bits} {n}: {show(x, bits)} | {show(y, bits)} | {encode(dot(x, y, bits), bits)}")
                print(f"asum {bits} {n}: {show(x, bits)} | {encode(asum(x, bits), bits)}")
                print(f"nrm2 {bits} {n}: {show(x, bits)} | {encode(nrm2(x, bits), bits)}")


main()
