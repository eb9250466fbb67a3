// Softmax with cross-entropy for labels: crossentropy.go, labels.go and reduction.go of
// package nn, without weights.

#pragma once

#include "portable.h"
#include "sum.h"

// A warp of a block has a row, and its threads have a class each at a time. One of them
// adds what they computed, in order.
static const int LOSS_ROWS = 8;
static const int LOSS_LANES = 256 / LOSS_ROWS;

// Go's max: NaN is contagious, and +0 above -0.
static DEVICE float go_max(float x, float y)
{
	if (x != x)
		return x;
	if (y != y)
		return y;
	if (x == 0 && y == 0)
		return x + y;
	return x > y ? x : y;
}

static DEVICE bool infinite(double x) { return x == infinity() || x == -infinity(); }

// Sets log to the logarithms of the sums of the exponentials of rows from first on, and
// sums to the sums of the rows.
static DEVICE void log_sum_exp(double log[LOSS_ROWS], double sums[LOSS_ROWS], const float *logits, int first, int rows, int classes)
{
	SHARED(float, most, [LOSS_ROWS][LOSS_LANES]);
	SHARED(double, exps, [2][LOSS_ROWS][LOSS_LANES]);
	SHARED(double, values, [2][LOSS_ROWS][LOSS_LANES]);
	PER_THREAD(double, largest, 256, [1]);
	PER_THREAD(double, total, 256, [1]);
	PER_THREAD(double, sum, 256, [1]);
	THREADS(t, 256) {
		const int r = t / LOSS_LANES, lane = t % LOSS_LANES;
		if (first + r < rows && lane < classes) {
			const float *row = logits + (i64)(first + r) * classes;
			float m = row[lane];
			for (int k = lane + LOSS_LANES; k < classes; k += LOSS_LANES)
				m = go_max(m, row[k]);
			most[r][lane] = m;
		}
	}
	BARRIER();
	THREADS(t, 256) {
		const int r = t / LOSS_LANES;
		if (first + r < rows) {
			float m = most[r][0];
			for (int k = 1; k < LOSS_LANES && k < classes; k++)
				m = go_max(m, most[r][k]);
			largest[OWN(t)][0] = m;
		}
		total[OWN(t)][0] = 0;
		sum[OWN(t)][0] = 0;
	}
	int half = 0;
	for (int at = 0; at < classes; at += LOSS_LANES) {
		THREADS(t, 256) {
			const int r = t / LOSS_LANES, lane = t % LOSS_LANES;
			if (first + r < rows && at + lane < classes) {
				const double v = logits[(i64)(first + r) * classes + at + lane];
				exps[half][r][lane] = portable_exp(v - largest[OWN(t)][0]);
				values[half][r][lane] = v;
			}
		}
		BARRIER();
		THREADS(t, 256) {
			const int r = t / LOSS_LANES;
			if (t % LOSS_LANES == 0 && first + r < rows) {
				double e = total[OWN(t)][0], s = sum[OWN(t)][0];
				for (int k = 0; k < LOSS_LANES && at + k < classes; k++) {
					e += exps[half][r][k];
					s += values[half][r][k];
				}
				total[OWN(t)][0] = e;
				sum[OWN(t)][0] = s;
			}
		}
		half ^= 1;
	}
	THREADS(t, 256) {
		const int r = t / LOSS_LANES;
		if (t % LOSS_LANES == 0 && first + r < rows) {
			const double m = largest[OWN(t)][0];
			log[r] = infinite(m) ? m : m + portable_log(total[OWN(t)][0]);
			sums[r] = sum[OWN(t)][0];
		}
	}
	BARRIER();
}

// The loss of a label that is no class is NaN, and so is its gradient: the host says so
// before, where it can.
struct xent_rows_args {
	double *losses;
	const float *logits;
	const i64 *labels;
	int rows, classes;
	double smoothing;
};

KERNEL(xent_rows, 256, xent_rows_args)
{
	SHARED(double, log, [LOSS_ROWS]);
	SHARED(double, sums, [LOSS_ROWS]);
	PER_THREAD(double, own, 256, [1]);
	for (int first = block * LOSS_ROWS; first < a.rows; first += blocks * LOSS_ROWS) {
		// The logits of the labels are on their way during the rest.
		THREADS(t, 256) {
			own[OWN(t)][0] = not_a_number();
			if (t < LOSS_ROWS && first + t < a.rows) {
				const i64 label = a.labels[first + t];
				if (label >= 0 && label < a.classes)
					own[OWN(t)][0] = a.logits[(i64)(first + t) * a.classes + label];
			}
		}
		log_sum_exp(log, sums, a.logits, first, a.rows, a.classes);
		THREADS(t, 256) {
			if (t < LOSS_ROWS && first + t < a.rows) {
				double loss = log[t] - (1 - a.smoothing) * own[OWN(t)][0];
				if (a.smoothing > 0)
					loss -= a.smoothing * sums[t] / a.classes;
				a.losses[first + t] = loss;
			}
		}
		BARRIER();
	}
}

struct xent_mean_args {
	float *y;
	const double *losses;
	int rows;
	double scale;
};

// One block: the losses are added in their order.
KERNEL(xent_mean, 256, xent_mean_args)
{
	PER_THREAD(double, sum, 256, [1]);
	if (block != 0 || blocks == 0)
		return;
	sum_in_order(sum, a.losses, a.rows);
	THREADS(t, 256) {
		if (t == 0)
			a.y[0] = (float)(sum[OWN(t)][0] * a.scale);
	}
}

struct xent_grad_args {
	float *dx;
	const float *logits;
	const i64 *labels;
	const float *dy; // one number
	int rows, classes;
	double smoothing;
	double scale;
};

KERNEL(xent_grad, 256, xent_grad_args)
{
	SHARED(double, log, [LOSS_ROWS]);
	SHARED(double, sums, [LOSS_ROWS]);
	const double factor = a.dy[0] * a.scale;
	const double spread = a.smoothing / a.classes;
	for (int first = block * LOSS_ROWS; first < a.rows; first += blocks * LOSS_ROWS) {
		log_sum_exp(log, sums, a.logits, first, a.rows, a.classes);
		THREADS(t, 256) {
			const int r = t / LOSS_LANES;
			if (first + r < a.rows) {
				const i64 label = a.labels[first + r], start = (i64)(first + r) * a.classes;
				const bool valid = label >= 0 && label < a.classes;
				for (int k = t % LOSS_LANES; k < a.classes; k += LOSS_LANES) {
					double target = spread;
					if (k == label)
						target += 1 - a.smoothing;
					const double e = portable_exp(a.logits[start + k] - log[r]);
					a.dx[start + k] = (float)(valid ? (e - target) * factor : not_a_number());
				}
			}
		}
		BARRIER();
	}
}
