// Functions of single elements.

#pragma once

#include "memory.h"

struct relu_args {
	float *y;
	const float *x;
	i64 n;
};

// Go's max(x, 0): NaN stays NaN, and -0 becomes +0.
static DEVICE float positive_part(float x) { return x <= 0 ? 0.0f : x; }

KERNEL(relu, 256, relu_args)
{
	const i64 quads = aligned(a.x) && aligned(a.y) ? a.n / 4 : 0;
	THREADS(t, 256) {
		for (i64 i = FIRST(t, 256); i < quads; i += STRIDE(256)) {
			quad x = get(a.x, i);
			UNROLL
			for (int j = 0; j < 4; j++)
				x[j] = positive_part(x[j]);
			set(a.y, i, x);
		}
		for (i64 i = 4 * quads + FIRST(t, 256); i < a.n; i += STRIDE(256))
			a.y[i] = positive_part(a.x[i]);
	}
}

// The derivative, from the result y of the function.
struct relu_back_args {
	float *dx;
	const float *y;
	const float *dy;
	i64 n;
};

// The gradient passes where y is NaN, too.
static DEVICE float passing(float y, float dy) { return y <= 0 ? 0.0f : dy; }

KERNEL(relu_back, 256, relu_back_args)
{
	const i64 quads = aligned(a.dx) && aligned(a.y) && aligned(a.dy) ? a.n / 4 : 0;
	THREADS(t, 256) {
		for (i64 i = FIRST(t, 256); i < quads; i += STRIDE(256)) {
			const quad y = get(a.y, i);
			quad dy = get(a.dy, i);
			UNROLL
			for (int j = 0; j < 4; j++)
				dy[j] = passing(y[j], dy[j]);
			set(a.dx, i, dy);
		}
		for (i64 i = 4 * quads + FIRST(t, 256); i < a.n; i += STRIDE(256))
			a.dx[i] = passing(a.y[i], a.dy[i]);
	}
}
