// Bounds of norms: project of package optim, and the factor of its ClipNorm. All sums are
// in float64.

#pragma once

#include "memory.h"
#include "sum.h"

static DEVICE double square(float x) { return (double)x * (double)x; }

// w is seen as outer x units x inner numbers, and each unit has a norm.
struct max_norm_args {
	float *w;
	int outer, units, inner, unused;
	double c;
	const float *loss; // as of sgd
};

// The factor that bounds a norm by c, from the sum of the squares. Those of float32 neither
// overflow nor vanish in float64: the norm is infinite, and the factor 0, where a number is.
static DEVICE double norm_factor(double sum, double c)
{
	const double norm = root64(sum);
	return norm > c ? c / norm : 1;
}

// Of the columns of a matrix a block takes so many, and so many of their rows from one
// barrier to the next.
static const int NORM_COLS = 16;
static const int NORM_EACH = 4; // groups of four rows of a thread
static const int NORM_GROUPS = 256 / NORM_COLS * NORM_EACH;

static DEVICE void max_norm_columns(const int block, const int blocks, const max_norm_args &a)
{
	// Of two times so many rows: while one half is added, the other is computed.
	SHARED(double, memory, [2][NORM_GROUPS][NORM_COLS]);
	SHARED(double, factors, [NORM_COLS]);
	PER_THREAD(double, sum, 256, [1]);
	int half = 0;
	for (int left = block * NORM_COLS; left < a.units; left += blocks * NORM_COLS) {
		THREADS(t, 256)
			sum[OWN(t)][0] = 0;
		// Four rows are added to each other first, and then to the sum.
		for (int top = 0; top < a.outer; top += 4 * NORM_GROUPS) {
			THREADS(t, 256) {
				const int col = left + t % NORM_COLS, first = t / NORM_COLS;
				float x[NORM_EACH][4];
				UNROLL
				for (int k = 0; k < NORM_EACH; k++) {
					UNROLL
					for (int r = 0; r < 4; r++) {
						const int row = top + 4 * (first + k * (256 / NORM_COLS)) + r;
						x[k][r] = row < a.outer && col < a.units ? a.w[(i64)row * a.units + col] : 0.0f;
					}
				}
				UNROLL
				for (int k = 0; k < NORM_EACH; k++)
					memory[half][first + k * (256 / NORM_COLS)][t % NORM_COLS] =
						(square(x[k][0]) + square(x[k][1])) + (square(x[k][2]) + square(x[k][3]));
			}
			BARRIER();
			THREADS(t, 256) {
				if (t < NORM_COLS) {
					const int rows = a.outer - top < 4 * NORM_GROUPS ? a.outer - top : 4 * NORM_GROUPS;
					double s = sum[OWN(t)][0];
					UNROLL_BY(8)
					for (int k = 0; k < rows / 4; k++)
						s += memory[half][k][t];
					if (left + t < a.units) {
						for (int row = rows / 4 * 4; row < rows; row++)
							s += square(a.w[(i64)(top + row) * a.units + left + t]);
					}
					sum[OWN(t)][0] = s;
				}
			}
			half ^= 1;
		}
		THREADS(t, 256) {
			if (t < NORM_COLS)
				factors[t] = norm_factor(sum[OWN(t)][0], a.c);
		}
		BARRIER();
		THREADS(t, 256) {
			const int col = left + t % NORM_COLS;
			const double by = factors[t % NORM_COLS];
			if (col < a.units && by != 1) {
				UNROLL_BY(8)
				for (int row = t / NORM_COLS; row < a.outer; row += 256 / NORM_COLS) {
					const i64 i = (i64)row * a.units + col;
					a.w[i] = (float)(a.w[i] * by);
				}
			}
		}
		BARRIER();
	}
}

// Eight threads have a unit, since squares are added to eight sums in turn.
static DEVICE void max_norm_runs(const int block, const int blocks, const max_norm_args &a)
{
	SHARED(double, parts, [2][256]);
	PER_THREAD(double, total, 256, [1]);
	const i64 distance = (i64)a.units * a.inner;
	int half = 0;
	for (int first = block * 32; first < a.units; first += blocks * 32) {
		THREADS(t, 256)
			total[OWN(t)][0] = 0;
		for (int o = 0; o < a.outer; o++) {
			THREADS(t, 256) {
				const int unit = first + t / 8;
				double s = 0;
				if (unit < a.units) {
					const float *run = a.w + o * distance + (i64)unit * a.inner;
					UNROLL_BY(8)
					for (int i = t % 8; i < a.inner; i += 8)
						s += square(run[i]);
				}
				parts[half][t] = s;
			}
			BARRIER();
			THREADS(t, 256) {
				const double *s = &parts[half][t / 8 * 8];
				total[OWN(t)][0] += ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]));
			}
			half ^= 1;
		}
		THREADS(t, 256) {
			const int unit = first + t / 8;
			const double by = norm_factor(total[OWN(t)][0], a.c);
			if (unit < a.units && by != 1) {
				for (int o = 0; o < a.outer; o++) {
					float *run = a.w + o * distance + (i64)unit * a.inner;
					UNROLL_BY(8)
					for (int i = t % 8; i < a.inner; i += 8)
						run[i] = (float)(run[i] * by);
				}
			}
		}
	}
}

KERNEL(max_norm, 256, max_norm_args)
{
	if (a.loss && !finite32(*a.loss))
		return;
	if (a.inner == 1)
		max_norm_columns(block, blocks, a);
	else
		max_norm_runs(block, blocks, a);
}

// The sums of the squares of a gradient, of so many elements each: the tasks of a solver.
struct clip_squares_args {
	double *sums;
	const float *g;
	i64 n;
	double clip_value; // 0: elements are not clipped
};

static const int TASK = 1 << 14;
static const int TASK_PART = 2048; // from one barrier to the next

// A block has a task. Squares are added to eight sums in turn or, clipped, to one.
KERNEL(clip_squares, 256, clip_squares_args)
{
	// Of two parts: while one is added, the other is computed.
	SHARED(double, memory, [2][TASK_PART]);
	SHARED(double, sums, [8]);
	PER_THREAD(double, sum, 256, [1]);
	const int lanes = a.clip_value > 0 ? 1 : 8;
	const double limit = a.clip_value * a.clip_value;
	for (i64 first = (i64)block * TASK; first < a.n; first += (i64)blocks * TASK) {
		const int n = a.n - first < TASK ? (int)(a.n - first) : TASK;
		THREADS(t, 256)
			sum[OWN(t)][0] = 0;
		for (int at = 0; at < n; at += TASK_PART) {
			double *part = memory[at / TASK_PART % 2];
			THREADS(t, 256) {
				UNROLL
				for (int k = 0; k < TASK_PART / 256; k++) {
					const int i = at + t + 256 * k;
					const double x = i < n ? square(a.g[first + i]) : 0;
					part[t + 256 * k] = lanes == 1 && x > limit ? limit : x;
				}
			}
			BARRIER();
			THREADS(t, 256) {
				if (t < lanes) {
					double s = sum[OWN(t)][0];
					const int end = n - at < TASK_PART ? n - at : TASK_PART;
					UNROLL_BY(16)
					for (int i = t; i < end; i += lanes)
						s += part[i];
					sum[OWN(t)][0] = s;
				}
			}
		}
		THREADS(t, 256) {
			if (t < 8)
				sums[t] = sum[OWN(t)][0];
		}
		BARRIER();
		THREADS(t, 256) {
			if (t == 0)
				a.sums[first / TASK] = lanes == 1 ? sums[0] : ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
		}
		BARRIER();
	}
}

// The factor of all gradients, by the sums of all tasks in their order.
struct clip_factor_args {
	float *factor;
	const double *sums;
	int tasks, unused;
	double clip_norm;
};

// One block.
KERNEL(clip_factor, 256, clip_factor_args)
{
	PER_THREAD(double, sum, 256, [1]);
	if (block != 0 || blocks == 0)
		return;
	sum_in_order(sum, a.sums, a.tasks);
	THREADS(t, 256) {
		if (t == 0)
			a.factor[0] = (float)norm_factor(sum[OWN(t)][0], a.clip_norm);
	}
}
