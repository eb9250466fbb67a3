// Maxima under windows, pool2d.go of package nn, and sums of channels.

#pragma once

#include "memory.h"

// Planes of images of height x width, and rows x cols places of a window.
struct pool_shape {
	int planes, height, width, rows, cols;
	int kernel[2], stride[2], padding[2], dilation[2];
	int unused;
};

struct max_pool_args {
	float *y;
	const float *x;
	pool_shape s;
};

// The part of an axis that is under the window: from, in steps of the dilation, up to to.
struct span {
	int from, to;
};

static DEVICE span under(const pool_shape &s, int axis, int place, int size)
{
	span r;
	r.from = place * s.stride[axis] - s.padding[axis];
	r.to = r.from + s.dilation[axis] * (s.kernel[axis] - 1) + 1;
	if (r.to > size)
		r.to = size;
	if (r.from < 0)
		r.from += (-r.from + s.dilation[axis] - 1) / s.dilation[axis] * s.dilation[axis];
	return r;
}

// The larger of two numbers: NaN is the largest of all, and +0 above -0.
static DEVICE float larger(float x, float y)
{
	if (x != x)
		return x;
	if (x == 0 && y == 0)
		return x + y;
	return x >= y ? x : y;
}

// Whether the window is 2x2 with stride 2 and without padding, so that no place shares
// elements with another.
static DEVICE bool halves(const pool_shape &s)
{
	bool yes = true;
	for (int axis = 0; axis < 2; axis++)
		yes = yes && s.kernel[axis] == 2 && s.stride[axis] == 2 && s.padding[axis] == 0 && s.dilation[axis] == 1;
	return yes;
}

KERNEL(max_pool, 256, max_pool_args)
{
	const pool_shape &s = a.s;
	const i64 n = (i64)s.planes * s.rows * s.cols;
	const bool pairs = halves(s);
	THREADS(t, 256) {
		for (i64 i = FIRST(t, 256); i < n; i += STRIDE(256)) {
			const i64 line = i / s.cols, plane = line / s.rows;
			const int col = (int)(i - line * s.cols), row = (int)(line - plane * s.rows);
			const float *image = a.x + plane * s.height * s.width;
			if (pairs) {
				const float *top = image + (i64)(2 * row) * s.width + 2 * col, *bottom = top + s.width;
				a.y[i] = larger(larger(top[0], top[1]), larger(bottom[0], bottom[1]));
				continue;
			}
			const span v = under(s, 0, row, s.height), h = under(s, 1, col, s.width);
			float largest = image[(i64)v.from * s.width + h.from];
			for (int y = v.from; y < v.to; y += s.dilation[0])
				for (int x = h.from; x < h.to; x += s.dilation[1])
					largest = larger(largest, image[(i64)y * s.width + x]);
			a.y[i] = largest;
		}
	}
}

struct max_pool_back_args {
	float *dx;
	const float *x;
	const float *y;
	const float *dy;
	pool_shape s;
};

// Of a place, whose elements no other has.
static DEVICE void unpool_pairs(const max_pool_back_args &a, i64 i)
{
	const pool_shape &s = a.s;
	const i64 line = i / s.cols, plane = line / s.rows;
	const int col = (int)(i - line * s.cols), row = (int)(line - plane * s.rows);
	const i64 at = plane * s.height * s.width + (i64)(2 * row) * s.width + 2 * col;
	const float *top = a.x + at, *bottom = top + s.width;
	const float x0 = top[0], x1 = top[1], x2 = bottom[0], y = a.y[i], dy = a.dy[i];
	int k = 3;
	if (y != y)
		k = x0 != x0 ? 0 : x1 != x1 ? 1 : x2 != x2 ? 2 : 3;
	else
		k = x0 == y ? 0 : x1 == y ? 1 : x2 == y ? 2 : 3;
	float *dx = a.dx + at;
	dx[0] = k == 0 ? dy : 0.0f;
	dx[1] = k == 1 ? dy : 0.0f;
	dx[s.width] = k == 2 ? dy : 0.0f;
	dx[s.width + 1] = k == 3 ? dy : 0.0f;
	// What is under no window.
	if (col == s.cols - 1 && s.width > 2 * s.cols) {
		dx[2] = 0;
		dx[s.width + 2] = 0;
	}
	if (row == s.rows - 1 && s.height > 2 * s.rows) {
		dx += 2 * (i64)s.width;
		dx[0] = 0;
		dx[1] = 0;
		if (col == s.cols - 1 && s.width > 2 * s.cols)
			dx[2] = 0;
	}
}

// The first place of an axis whose window ends at an element or after it.
static DEVICE int first_place(const pool_shape &s, int axis, int at)
{
	const int before = at + s.padding[axis] - s.dilation[axis] * (s.kernel[axis] - 1);
	return before <= 0 ? 0 : (before + s.stride[axis] - 1) / s.stride[axis];
}

// Whether the gradient of a place goes to an element of its window: the first that equals
// the maximum or is NaN, or the first of all.
static DEVICE bool wins(const pool_shape &s, const float *image, span v, span h, int row, int col, float most)
{
	const float own = image[(i64)row * s.width + col];
	const bool equal = own == most || own != own;
	if (!equal && (row != v.from || col != h.from))
		return false;
	for (int y = v.from; y < v.to; y += s.dilation[0]) {
		for (int x = h.from; x < h.to; x += s.dilation[1]) {
			if (equal && y == row && x == col)
				return true;
			const float e = image[(i64)y * s.width + x];
			if (e == most || e != e)
				return false;
		}
	}
	return true;
}

// Of an element, which gathers the gradients of the places that it wins in their order.
static DEVICE void unpool(const max_pool_back_args &a, i64 i)
{
	const pool_shape &s = a.s;
	const i64 line = i / s.width, plane = line / s.height;
	const int col = (int)(i - line * s.width), row = (int)(line - plane * s.height);
	const float *image = a.x + plane * s.height * s.width;
	float sum = 0;
	for (int r = first_place(s, 0, row); r < s.rows; r++) {
		const span v = under(s, 0, r, s.height);
		if (r * s.stride[0] - s.padding[0] > row)
			break;
		if (row < v.from || (row - v.from) % s.dilation[0] != 0)
			continue;
		for (int c = first_place(s, 1, col); c < s.cols; c++) {
			const span h = under(s, 1, c, s.width);
			if (c * s.stride[1] - s.padding[1] > col)
				break;
			if (col < h.from || (col - h.from) % s.dilation[1] != 0)
				continue;
			const i64 place = (plane * s.rows + r) * s.cols + c;
			if (wins(s, image, v, h, row, col, a.y[place]))
				sum += a.dy[place];
		}
	}
	a.dx[i] = sum;
}

KERNEL(max_pool_back, 256, max_pool_back_args)
{
	const pool_shape &s = a.s;
	const bool pairs = halves(s);
	const i64 n = pairs ? (i64)s.planes * s.rows * s.cols : (i64)s.planes * s.height * s.width;
	THREADS(t, 256) {
		for (i64 i = FIRST(t, 256); i < n; i += STRIDE(256)) {
			if (pairs)
				unpool_pairs(a, i);
			else
				unpool(a, i);
		}
	}
}

// The sums of the channels of images whose planes have so many elements.
struct channel_sum_args {
	float *sums;
	const float *x;
	int images, channels, plane, unused;
};

// A block has a channel. Eight threads have a plane, which is added up in eight lanes; the
// sums of planes are added in their order.
KERNEL(channel_sum, 256, channel_sum_args)
{
	SHARED(float, lanes, [2][256]);
	PER_THREAD(double, total, 256, [1]);
	int half = 0;
	for (int c = block; c < a.channels; c += blocks) {
		THREADS(t, 256)
			total[OWN(t)][0] = 0;
		for (int first = 0; first < a.images; first += 32) {
			THREADS(t, 256) {
				const int image = first + t / 8;
				float s = 0;
				if (image < a.images) {
					const float *x = a.x + ((i64)image * a.channels + c) * a.plane;
					UNROLL_BY(8)
					for (int i = t % 8; i < a.plane; i += 8)
						s += x[i];
				}
				lanes[half][t] = s;
			}
			BARRIER();
			THREADS(t, 256) {
				if (t == 0) {
					double sum = total[OWN(t)][0];
					UNROLL_BY(4)
					for (int k = 0; k < 32 && first + k < a.images; k++) {
						const float *s = lanes[half] + 8 * k;
						sum += (double)(((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7])));
					}
					total[OWN(t)][0] = sum;
				}
			}
			half ^= 1;
		}
		THREADS(t, 256) {
			if (t == 0)
				a.sums[c] = (float)total[OWN(t)][0];
		}
	}
}
