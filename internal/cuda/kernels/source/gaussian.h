// Gaussian dropout of an array: mask.Gaussian, also where trailing axes share the noise.

#pragma once

#include "philox.h"
#include "portable.h"

// What the host writes before a run, as a mask. A sigma of 0 changes nothing.
struct noise {
	u64 seed;
	u64 step;
	u32 layer;
	u32 unused;
	double sigma;
};

// Element i has element i/inner of the noise.
struct gaussian_args {
	float *y;
	const float *x;
	i64 n;
	i64 inner;
	const noise *m;
};

static DEVICE float noise_factor(double sigma, double z) { return (float)(1 + sigma * z); }

// Sets z to the quantiles of the words of a block. Some word of a warp is in a tail nearly
// always, so each thread computes its tails one after the other: the warp waits for the
// thread that has most, about two, instead of four times for whoever has one.
static DEVICE void block_normals(double z[4], const words &w)
{
	const u32 c[4] = {w.c0, w.c1, w.c2, w.c3};
	u32 tails = 0;
	UNROLL
	for (int j = 0; j < 4; j++) {
		z[j] = normal_middle(c[j]);
		tails |= (u32)normal_in_tail(c[j]) << j;
	}
	for (; tails; tails &= tails - 1) {
		const u32 first = tails & (0 - tails);
		u32 word = c[0];
		UNROLL
		for (int j = 1; j < 4; j++)
			if (first == 1u << j) // c and z are in registers
				word = c[j];
		const double tail = normal_tail(word);
		UNROLL
		for (int j = 0; j < 4; j++)
			if (first == 1u << j)
				z[j] = tail;
	}
}

// A thread takes a Philox block at a time, whose four elements are eight places apart: eight
// threads take neighbouring ones, a sector of memory.
static DEVICE void gaussian_dense(const int block, const int blocks, const gaussian_args &a)
{
	const philox p = philox_of(a.m->seed, a.m->step, a.m->layer);
	const double sigma = a.m->sigma;
	const i64 draws = (a.n + NOISE_GROUP - 1) / NOISE_GROUP * 8;
	THREADS(t, 256) {
		for (i64 b = FIRST(t, 256); b < draws; b += STRIDE(256)) {
			const i64 first = b / 8 * NOISE_GROUP + b % 8;
			float x[4];
			UNROLL
			for (int j = 0; j < 4; j++)
				x[j] = first + 8 * j < a.n ? a.x[first + 8 * j] : 0.0f;
			if (sigma != 0) {
				double z[4];
				block_normals(z, philox_words(p, (u32)b));
				UNROLL
				for (int j = 0; j < 4; j++)
					x[j] *= noise_factor(sigma, z[j]);
			}
			UNROLL
			for (int j = 0; j < 4; j++)
				if (first + 8 * j < a.n)
					a.y[first + 8 * j] = x[j];
		}
	}
}

// As drop_shared.
static DEVICE void gaussian_shared(const int block, const int blocks, const gaussian_args &a)
{
	const philox p = philox_of(a.m->seed, a.m->step, a.m->layer);
	const double sigma = a.m->sigma;
	const int shift = a.inner > 16 ? 5 : a.inner > 8 ? 4 : a.inner > 4 ? 3 : 2;
	const int width = 1 << shift;
	THREADS(t, 256) {
		for (i64 e = FIRST(t, 256) >> shift; e * a.inner < a.n; e += STRIDE(256) >> shift) {
			const float factor = sigma == 0 ? 1.0f : noise_factor(sigma, portable_normal(word_of(p, (u64)e)));
			const i64 end = (e + 1) * a.inner < a.n ? (e + 1) * a.inner : a.n;
			for (i64 i = e * a.inner + (t & (width - 1)); i < end; i += width)
				a.y[i] = a.x[i] * factor;
		}
	}
}

KERNEL(gaussian, 256, gaussian_args)
{
	if (a.inner == 1)
		gaussian_dense(block, blocks, a);
	else
		gaussian_shared(block, blocks, a);
}
