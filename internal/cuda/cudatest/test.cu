// Kernels for tests of package cuda.

#include "kernel.h"

struct test_scale_args { float *y; const float *x; i64 n; float by; };

KERNEL(test_scale, 256, test_scale_args)
{
	THREADS(t, 256) {
		for (i64 i = FIRST(t, 256); i < a.n; i += STRIDE(256))
			a.y[i] = a.x[i] * a.by;
	}
}

// Sums of 128 elements, whose threads need each other.
struct test_sum_args { float *y; const float *x; };

KERNEL(test_sum, 128, test_sum_args)
{
	SHARED(float, part, [128]);
	THREADS(t, 128) part[t] = a.x[(i64)block * 128 + t];
	BARRIER();
	for (int half = 64; half > 0; half /= 2) {
		THREADS(t, 128) {
			if (t < half)
				part[t] += part[t + half];
		}
		BARRIER();
	}
	THREADS(t, 128) {
		if (t == 0 && block < blocks)
			a.y[block] = part[0];
	}
}

// Writes where it is told to.
struct test_poke_args { u64 at; float value; int count; };

KERNEL(test_poke, 32, test_poke_args)
{
	THREADS(t, 32) {
		if (block < blocks && t < a.count)
			((float *)a.at)[t] = a.value;
	}
}
