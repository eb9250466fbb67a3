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

// The gradients of a thread's rows of a column, from row top on.
static DEVICE void linear_back_rows(float d[BACK_EACH], const linear_back_args &a, int top, int col)
{
	float y[BACK_EACH];
	UNROLL
	for (int k = 0; k < BACK_EACH; k++) {
		const int row = top + k * (256 / BACK_COLS);
		const bool inside = row < a.rows && col < a.cols;
		const i64 i = (i64)row * a.cols + col;
		d[k] = inside ? a.dy[i] : 0.0f;
		y[k] = inside && a.relu ? a.y[i] : 0.0f;
	}
	// The mask is read after these are on their way.
	const float scale = a.m ? a.m->scale : 1.0f;
	if (a.relu) {
		UNROLL
		for (int k = 0; k < BACK_EACH; k++)
			d[k] = y[k] > 0 ? d[k] * scale : 0.0f;
	} else if (a.m) {
		const philox p = philox_of(*a.m);
		const u32 threshold = a.m->threshold;
		for (int k = 0; k < BACK_EACH; k++) {
			const int row = top + k * (256 / BACK_COLS);
			const u32 kept = keeps(p, (u64)row * a.cols + col, threshold);
			UNROLL
			for (int l = 0; l < BACK_EACH; l++)
				if (l == k) // d is in registers
					d[l] = kept ? d[l] * scale : 0.0f;
		}
	}
}

KERNEL(linear_back, 256, linear_back_args)
{
	// Of two times so many rows: while one half is added, the other is computed.
	SHARED(float, memory, [2][BACK_ROWS][BACK_COLS]);
	PER_THREAD(float, sum, 256, [1]);
	int half = 0;
	for (int left = block * BACK_COLS; left < a.cols; left += blocks * BACK_COLS) {
		THREADS(t, 256)
			sum[OWN(t)][0] = 0.0f;
		for (int top = 0; top < a.rows; top += BACK_ROWS) {
			THREADS(t, 256) {
				const int col = left + t % BACK_COLS, first = t / BACK_COLS;
				float d[BACK_EACH];
				linear_back_rows(d, a, top + first, col);
				UNROLL
				for (int k = 0; k < BACK_EACH; k++) {
					const int r = first + k * (256 / BACK_COLS);
					memory[half][r][t % BACK_COLS] = d[k];
					if (top + r < a.rows && col < a.cols)
						a.dz[(i64)(top + r) * a.cols + col] = d[k];
				}
			}
			BARRIER();
			THREADS(t, 256) {
				if (t < BACK_COLS) {
					const int rows = a.rows - top < BACK_ROWS ? a.rows - top : BACK_ROWS;
					float s = sum[OWN(t)][0];
					UNROLL_BY(16)
					for (int r = 0; r < rows; r++)
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
