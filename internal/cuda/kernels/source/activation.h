// Functions of single elements.

#pragma once

#include "memory.h"

struct elementwise_args {
	float *y;
	const float *x;
	i64 n;
};

template <float (*F)(float)> static DEVICE void elementwise(const int block, const int blocks, const elementwise_args &a)
{
	const i64 quads = aligned(a.x) && aligned(a.y) ? a.n / 4 : 0;
	THREADS(t, 256) {
		for (i64 i = FIRST(t, 256); i < quads; i += STRIDE(256)) {
			quad x = get(a.x, i);
			UNROLL
			for (int j = 0; j < 4; j++)
				x[j] = F(x[j]);
			set(a.y, i, x);
		}
		for (i64 i = 4 * quads + FIRST(t, 256); i < a.n; i += STRIDE(256))
			a.y[i] = F(a.x[i]);
	}
}

// The derivative, from the result y of the function.
struct elementwise_back_args {
	float *dx;
	const float *y;
	const float *dy;
	i64 n;
};

template <float (*F)(float, float)> static DEVICE void elementwise_back(const int block, const int blocks, const elementwise_back_args &a)
{
	const i64 quads = aligned(a.dx) && aligned(a.y) && aligned(a.dy) ? a.n / 4 : 0;
	THREADS(t, 256) {
		for (i64 i = FIRST(t, 256); i < quads; i += STRIDE(256)) {
			const quad y = get(a.y, i);
			quad dy = get(a.dy, i);
			UNROLL
			for (int j = 0; j < 4; j++)
				dy[j] = F(y[j], dy[j]);
			set(a.dx, i, dy);
		}
		for (i64 i = 4 * quads + FIRST(t, 256); i < a.n; i += STRIDE(256))
			a.dx[i] = F(a.y[i], a.dy[i]);
	}
}

// Go's max(x, 0): NaN stays NaN, and -0 becomes +0.
static DEVICE float positive_part(float x) { return x <= 0 ? 0.0f : x; }

KERNEL(relu, 256, elementwise_args) { elementwise<positive_part>(block, blocks, a); }

// The gradient passes where y is NaN, too.
static DEVICE float passing(float y, float dy) { return y <= 0 ? 0.0f : dy; }

KERNEL(relu_back, 256, elementwise_back_args) { elementwise_back<passing>(block, blocks, a); }

static DEVICE float float_from_bits(u32 x) { return __builtin_bit_cast(float, x); }
static DEVICE u32 float_to_bits(float x) { return __builtin_bit_cast(u32, x); }

// exp32 of package elementary, operation by operation.
static DEVICE float elementary_exp(float x)
{
	if (x > 88.722839f)
		return float_from_bits(0x7f800000u);
	if (x < -87.33654f)
		return 0;
	if (x != x)
		return x;
	const float round = 3 << 22;
	const float n = (x * 1.44269504088896341f + round) - round;
	float r = x - n * 0.693359375f;
	r -= n * -2.12194440e-4f;
	float p = 1.9875691500e-4f;
	p = p * r + 1.3981999507e-3f;
	p = p * r + 8.3334519073e-3f;
	p = p * r + 4.1665795894e-2f;
	p = p * r + 1.6666665459e-1f;
	p = p * r + 5.0000001201e-1f;
	p = p * r * r + r + 1;
	const int half = (int)n / 2;
	p = float_from_bits(float_to_bits(p) + ((u32)half << 23));
	return p * float_from_bits((u32)(127 + (int)n - half) << 23);
}

static DEVICE float sigmoid_of(float x) { return 1 / (1 + elementary_exp(-x)); }

KERNEL(sigmoid, 256, elementwise_args) { elementwise<sigmoid_of>(block, blocks, a); }

static DEVICE float sigmoid_slope(float y, float dy) { return y * (1 - y) * dy; }

KERNEL(sigmoid_back, 256, elementwise_back_args) { elementwise_back<sigmoid_slope>(block, blocks, a); }
