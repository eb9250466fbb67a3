// The backward pass of a dense layer's end, with its bias: linearDiff of package nn.

#pragma once

#include "philox.h"

// dz has a row more than dy and y, which is set to the sums of the columns of the others.
// The last may be none: nothing is dropped.
struct linear_back_args {
	float *dz;
	const float *dy;
	const float *y;
	int rows, cols, relu;
	const mask *m;
};

// A block takes so many columns, and so many of their rows from one barrier to the next:
// narrow blocks, since there are few columns, and many rows, so that a thread has many
// loads in flight.
static const int BACK_COLS = 16;
static const int BACK_EACH = 8; // rows of a thread
static const int BACK_ROWS = 256 / BACK_COLS * BACK_EACH;

KERNEL(linear_back, 256, linear_back_args)
{
	// Of two times so many rows: while one half is added, the other is computed.
	SHARED(float, memory, [2][BACK_ROWS][BACK_COLS]);
	PER_THREAD(float, sum, 256, [1]);
	const bool masked = a.m != 0;
	const u32 threshold = masked ? a.m->threshold : 0;
	const float scale = masked ? a.m->scale : 1.0f;
	const philox p = masked ? philox_of(*a.m) : philox();
	int half = 0;
	for (int left = block * BACK_COLS; left < a.cols; left += blocks * BACK_COLS) {
		THREADS(t, 256)
			sum[OWN(t)][0] = 0.0f;
		for (int top = 0; top < a.rows; top += BACK_ROWS) {
			THREADS(t, 256) {
				const int col = left + t % BACK_COLS, first = t / BACK_COLS;
				float dy[BACK_EACH], y[BACK_EACH];
				UNROLL
				for (int k = 0; k < BACK_EACH; k++) {
					const int row = top + first + k * (256 / BACK_COLS);
					const bool inside = row < a.rows && col < a.cols;
					dy[k] = inside ? a.dy[(i64)row * a.cols + col] : 0.0f;
					y[k] = inside && a.relu ? a.y[(i64)row * a.cols + col] : 0.0f;
				}
				UNROLL
				for (int k = 0; k < BACK_EACH; k++) {
					const int r = first + k * (256 / BACK_COLS), row = top + r;
					const i64 i = (i64)row * a.cols + col;
					float d;
					if (a.relu)
						d = y[k] > 0 ? dy[k] * scale : 0.0f;
					else
						d = keeps(p, (u64)i, threshold) ? dy[k] * scale : 0.0f;
					memory[half][r][t % BACK_COLS] = d;
					if (row < a.rows && col < a.cols)
						a.dz[i] = d;
				}
			}
			BARRIER();
			THREADS(t, 256) {
				if (t < BACK_COLS) {
					const int rows = a.rows - top < BACK_ROWS ? a.rows - top : BACK_ROWS;
					float s = sum[OWN(t)][0];
					int r = 0;
					for (; r + 16 <= rows; r += 16) {
						float d[16];
						UNROLL
						for (int k = 0; k < 16; k++)
							d[k] = memory[half][r + k][t];
						UNROLL
						for (int k = 0; k < 16; k++)
							s += d[k];
					}
					for (; r < rows; r++)
						s += memory[half][r][t];
					sum[OWN(t)][0] = s;
				}
			}
			half ^= 1;
		}
		THREADS(t, 256) {
			if (t < BACK_COLS && left + t < a.cols)
				a.dz[(i64)a.rows * a.cols + left + t] = sum[OWN(t)][0];
		}
	}
}
