// Dropout of an array: drop.Apply, and mask.Bits where trailing axes share a mask.

#pragma once

#include "memory.h"
#include "philox.h"

// Element i has element i/inner of the mask.
struct drop_args {
	float *y;
	const float *x;
	i64 n;
	i64 inner;
	const mask *m;
};

// Each thread draws a block of a tile of the mask and takes two quads of the tile. The
// eight elements of a Philox block are eight places apart, so the bits are exchanged
// through shared memory and the elements are not.
static const int DROP_QUADS = 2;
static const int DROP_TILE = 256 * 8;

static DEVICE float dropped(u32 kept, float x, float scale) { return kept & 1 ? x * scale : 0.0f; }

static DEVICE void drop_fetch(quad x[DROP_QUADS], const float *tile, int t)
{
	UNROLL
	for (int k = 0; k < DROP_QUADS; k++)
		x[k] = get(tile, t + 256 * k);
}

static DEVICE void drop_tiles(const int block, const int blocks, const drop_args &a)
{
	// Of two tiles, so that a barrier a tile is enough: no thread is two tiles ahead.
	SHARED(u32, bits, [2][256 / 4]);
	PER_THREAD(quad, x, 256, [DROP_QUADS]);
	const i64 tiles = aligned(a.x) && aligned(a.y) ? a.n / DROP_TILE : 0;
	// Elements are on their way while the bits are drawn, and the first also while the
	// mask is read.
	THREADS(t, 256) {
		if (block < tiles)
			drop_fetch(x[OWN(t)], a.x + (i64)block * DROP_TILE, t);
	}
	BARRIER(); // so that compilers keep this order
	const philox p = philox_of(*a.m);
	const u32 threshold = a.m->threshold;
	const float scale = a.m->scale;
	int half = 0;
	for (i64 tile = block; tile < tiles; tile += blocks) {
		THREADS(t, 256)
			((unsigned char *)bits[half])[t] = (unsigned char)kept_of_block(p, (u32)tile * 256 + t, threshold);
		BARRIER();
		THREADS(t, 256) {
			UNROLL
			for (int k = 0; k < DROP_QUADS; k++) {
				// The quad is in one row of its group, so it needs the same bit of
				// four blocks.
				const u32 q = t + 256 * k;
				const u32 kept = bits[half][q / 16 * 2 + q % 2] >> (q % 16 / 2);
				quad y;
				UNROLL
				for (int j = 0; j < 4; j++)
					y[j] = dropped(kept >> (8 * j), x[OWN(t)][k][j], scale);
				set(a.y + tile * DROP_TILE, q, y);
			}
			if (tile + blocks < tiles)
				drop_fetch(x[OWN(t)], a.x + (tile + blocks) * DROP_TILE, t);
		}
		half ^= 1;
	}
	// What is left is too little to draw it together.
	THREADS(t, 256) {
		for (i64 i = tiles * DROP_TILE + FIRST(t, 256); i < a.n; i += STRIDE(256))
			a.y[i] = dropped(keeps(p, (u64)i, threshold), a.x[i], scale);
	}
}

// As many neighbouring threads as a mask's element has elements of x take them together,
// a warp at most.
static DEVICE void drop_shared(const int block, const int blocks, const drop_args &a)
{
	const philox p = philox_of(*a.m);
	const u32 threshold = a.m->threshold;
	const float scale = a.m->scale;
	const int shift = a.inner > 16 ? 5 : a.inner > 8 ? 4 : a.inner > 4 ? 3 : 2;
	const int width = 1 << shift;
	THREADS(t, 256) {
		for (i64 e = FIRST(t, 256) >> shift; e * a.inner < a.n; e += STRIDE(256) >> shift) {
			const u32 kept = keeps(p, (u64)e, threshold);
			const i64 end = (e + 1) * a.inner < a.n ? (e + 1) * a.inner : a.n;
			for (i64 i = e * a.inner + (t & (width - 1)); i < end; i += width)
				a.y[i] = dropped(kept, a.x[i], scale);
		}
	}
}

KERNEL(drop, 256, drop_args)
{
	if (a.inner == 1)
		drop_tiles(block, blocks, a);
	else
		drop_shared(block, blocks, a);
}
