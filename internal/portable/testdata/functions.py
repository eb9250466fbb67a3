"""Writes functions.txt: arguments and results, as bits of float64, of the functions of
internal/portable. Python rounds each operation by itself and never fuses two.

    python3 functions.py > functions.txt
"""
import math
import random
import struct

LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10


def bits(x):
    return struct.unpack("<Q", struct.pack("<d", x))[0]


def horner(x, *c):
    s = c[0]
    for k in c[1:]:
        s = s * x + k
    return s


def exp(x):
    k = math.floor(x * 1.44269504088896340735992468100189214 + 0.5)
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    z = r * r
    p = horner(z, 1.26177193074810590878e-4, 3.02994407707441961300e-2, 9.99999999999999999910e-1) * r
    q = horner(z, 3.00198505138664455042e-6, 2.52448340349684104192e-3, 2.27265548208155028766e-1, 2.0)
    return math.ldexp(1 + 2 * (p / (q - p)), k)


def log(x):
    m, k = math.frexp(x)
    if m < 1.41421356237309504880168872420969807856967187537694 / 2:
        m, k = m * 2, k - 1
    f = m - 1
    s = f / (2 + f)
    z = s * s
    r = z * horner(z, 1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01,
                   2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01,
                   6.666666666666735130e-01)
    half = 0.5 * f * f
    return k * LN2_HIGH - ((half - (s * (half + r) + k * LN2_LOW)) - f)


def expm1(x):
    e = exp(x)
    if e == 1:
        return x
    if abs(x) > 1:
        return e - 1
    return (e - 1) * x / log(e)


def log1p(x):
    u = 1 + x
    return x if u == 1 else log(u) * x / (u - 1)


def tanh(x):
    t = 1.0
    if abs(x) < 22:
        e = expm1(2 * abs(x))
        t = e / (e + 2)
    return math.copysign(t, x)


def erfc(x):
    a = abs(x)
    if a < 1:
        z = x * x
        p = horner(z, 9.60497373987051638749e0, 9.00260197203842689217e1, 2.23200534594684319226e3,
                   7.00332514112805075473e3, 5.55923013010394962768e4)
        q = horner(z, 1.0, 3.35617141647503099647e1, 5.21357949780152679795e2, 4.59432382970980127987e3,
                   2.26290000613890934246e4, 4.92673942608635921086e4)
        return 1 - x * p / q
    if a < 8:
        p = horner(a, 2.46196981473530512524e-10, 5.64189564831068821977e-1, 7.46321056442269912687e0,
                   4.86371970985681366614e1, 1.96520832956077098242e2, 5.26445194995477358631e2,
                   9.34528527171957607540e2, 1.02755188689515710272e3, 5.57535335369399327526e2)
        q = horner(a, 1.0, 1.32281951154744992508e1, 8.67072140885989742329e1, 3.54937778887819891062e2,
                   9.75708501743205489753e2, 1.82390916687909736289e3, 2.24633760818710981792e3,
                   1.65666309194161350182e3, 5.57535340817727675546e2)
    else:
        p = horner(a, 5.64189583547755073984e-1, 1.27536670759978104416e0, 5.01905042251180477414e0,
                   6.16021097993053585195e0, 7.40974269950448939160e0, 2.97886665372100240670e0)
        q = horner(a, 1.0, 2.26052863220117276590e0, 9.39603524938001434673e0, 1.20489539808096656605e1,
                   1.70814450747565897222e1, 9.60896809063285878198e0, 3.36907645100081516050e0)
    high = struct.unpack("<d", struct.pack("<Q", bits(a) & ~0xFFFFFFFF))[0]
    low = a - high
    tail = exp(-(high * high)) * exp(-(low * (a + high))) * p / q
    return 2 - tail if x < 0 else tail


def cos(x):
    octant = math.floor(x * 1.27323954473516268615107010698)
    if octant % 2 == 1:
        octant += 1
    z = ((x - octant * 7.85398125648498535156e-1) - octant * 3.77489470793079817668e-8) - octant * 2.69515142907905952645e-15
    zz = z * z
    sine = z + z * (zz * horner(zz, 1.58962301576546568060e-10, -2.50507477628578072866e-8, 2.75573136213857245213e-6,
                                -1.98412698295895385996e-4, 8.33333333332211858878e-3, -1.66666666666666307295e-1))
    cosine = 1 - 0.5 * zz + zz * zz * horner(zz, -1.13585365213876817300e-11, 2.08757008419747316778e-9,
                                             -2.75573141792967388112e-7, 2.48015872888517045348e-5,
                                             -1.38888888888730564116e-3, 4.16666666666665929218e-2)
    return {0: cosine, 2: -sine}.get(octant, -cosine)


if __name__ == "__main__":
    random.seed(1)
    for name, f, low, high in (
        ("Exp", exp, -700, 700), ("Exp", exp, -1, 1), ("Expm1", expm1, -3, 3), ("Log", log, 1e-9, 4), ("Log", log, 1e-300, 1e300),
        ("Log1p", log1p, -0.9, 3), ("Tanh", tanh, -5, 5), ("Erfc", erfc, -1, 1), ("Erfc", erfc, -9, 20), ("Cos", cos, 0, math.pi),
    ):
        for _ in range(40):
            x = random.uniform(low, high)
            print(name, "%016x" % bits(x), "%016x" % bits(f(x)))
