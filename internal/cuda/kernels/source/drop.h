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

static DEVICE void drop_tiles(const int block, const int blocks, const drop_args &a, const philox &p, const u32 threshold, const float scale)
{
	// Of two tiles, so that a barrier a tile is enough: no thread is two tiles ahead.
	SHARED(u32, bits, [2][256 / 4]);
	PER_THREAD(quad, x, 256, [DROP_QUADS]);
	const bool quads = aligned(a.x) && aligned(a.y);
	int half = 0;
	for (i64 tile = (i64)block * DROP_TILE; tile < a.n; tile += (i64)blocks * DROP_TILE) {
		const bool whole = quads && tile + DROP_TILE <= a.n;
		THREADS(t, 256) {
			if (whole) {
				// On their way while the bits are drawn.
				UNROLL
				for (int k = 0; k < DROP_QUADS; k++)
					x[OWN(t)][k] = get(a.x + tile, t + 256 * k);
			}
			((unsigned char *)bits[half])[t] = (unsigned char)kept_of_block(p, (u32)(tile / 8) + (u32)t, threshold);
		}
		BARRIER();
		THREADS(t, 256) {
			if (whole) {
				UNROLL
				for (int k = 0; k < DROP_QUADS; k++) {
					// The quad is in one row of its group, so it needs the same
					// bit of four blocks.
					const int q = t + 256 * k;
					const u32 kept = bits[half][q / 16 * 2 + q % 2] >> (q % 16 / 2);
					quad y;
					UNROLL
					for (int j = 0; j < 4; j++)
						y[j] = dropped(kept >> (8 * j), x[OWN(t)][k][j], scale);
					set(a.y + tile, q, y);
				}
			} else {
				for (int e = t; e < DROP_TILE && tile + e < a.n; e += 256) {
					const u32 kept = ((const unsigned char *)bits[half])[e / 64 * 8 + e % 8] >> (e % 64 / 8);
					a.y[tile + e] = dropped(kept, a.x[tile + e], scale);
				}
			}
		}
		half ^= 1;
	}
}

// As many neighbouring threads as a mask's element has elements of x take them together,
// a warp at most.
static DEVICE void drop_shared(const int block, const int blocks, const drop_args &a, const philox &p, const u32 threshold, const float scale)
{
	const int width = a.inner > 16 ? 32 : a.inner > 8 ? 16 : a.inner > 4 ? 8 : 4;
	THREADS(t, 256) {
		for (i64 e = FIRST(t, 256) / width; e * a.inner < a.n; e += STRIDE(256) / width) {
			const u32 kept = keeps(p, (u64)e, threshold);
			const i64 end = (e + 1) * a.inner < a.n ? (e + 1) * a.inner : a.n;
			for (i64 i = e * a.inner + t % width; i < end; i += width)
				a.y[i] = dropped(kept, a.x[i], scale);
		}
	}
}

KERNEL(drop, 256, drop_args)
{
	const philox p = philox_of(*a.m);
	if (a.inner == 1)
		drop_tiles(block, blocks, a, p, a.m->threshold, a.m->scale);
	else
		drop_shared(block, blocks, a, p, a.m->threshold, a.m->scale);
}
