// Convolutions beside their products: patches and minimal filtering, im2col.go and
// winograd.go of package nn.

#pragma once

#include "activation.h"

// Images of height x width, and rows x cols places of a window in them.
struct conv_shape {
	int images, channels, height, width, rows, cols;
	int kernel[2], stride[2], padding[2], dilation[2];
};

static DEVICE int patch_size(const conv_shape &s) { return s.channels * s.kernel[0] * s.kernel[1]; }

// The elements under the window at each place: col has shape (images, channels,
// kernel[0], kernel[1], rows, cols). What is outside the image is 0.
struct conv_gather_args {
	float *col;
	const float *x;
	conv_shape s;
};

KERNEL(conv_gather, 256, conv_gather_args)
{
	const conv_shape &s = a.s;
	const i64 n = (i64)s.images * patch_size(s) * s.rows * s.cols;
	THREADS(t, 256) {
		for (i64 i = FIRST(t, 256); i < n; i += STRIDE(256)) {
			const int col = (int)(i % s.cols);
			i64 rest = i / s.cols;
			const int row = (int)(rest % s.rows);
			rest /= s.rows;
			const int v = (int)(rest % s.kernel[1]);
			rest /= s.kernel[1];
			const int u = (int)(rest % s.kernel[0]);
			rest /= s.kernel[0]; // the plane
			const i64 y = (i64)row * s.stride[0] + (i64)u * s.dilation[0] - s.padding[0];
			const i64 x = (i64)col * s.stride[1] + (i64)v * s.dilation[1] - s.padding[1];
			const bool inside = y >= 0 && y < s.height && x >= 0 && x < s.width;
			a.col[i] = inside ? a.x[(rest * s.height + y) * s.width + x] : 0.0f;
		}
	}
}

// The sums of what conv_gather takes from each element of x, of col as that is. They are
// added for some rows of places after the other, and for those in the order of the window.
struct conv_scatter_args {
	float *x;
	const float *col;
	conv_shape s;
	int block_rows;
	int unused;
};

// The place of the window at which its element k is at x of an axis, -1 if there is none.
static DEVICE int place_of(const conv_shape &s, int axis, int k, int x, int places)
{
	const i64 distance = (i64)x + s.padding[axis] - (i64)k * s.dilation[axis];
	if (distance < 0 || distance % s.stride[axis] != 0 || distance / s.stride[axis] >= places)
		return -1;
	return (int)(distance / s.stride[axis]);
}

KERNEL(conv_scatter, 256, conv_scatter_args)
{
	const conv_shape &s = a.s;
	const i64 n = (i64)s.images * s.channels * s.height * s.width, area = (i64)s.rows * s.cols;
	THREADS(t, 256) {
		for (i64 i = FIRST(t, 256); i < n; i += STRIDE(256)) {
			const int x = (int)(i % s.width), y = (int)(i / s.width % s.height);
			const float *plane = a.col + i / s.width / s.height * s.kernel[0] * s.kernel[1] * area;
			float sum = 0;
			// The places of ascending elements of the window descend: the first block
			// is that of the last elements.
			int end = s.kernel[0];
			while (end > 0) {
				int from = end, block = -1;
				while (from > 0) {
					const int row = place_of(s, 0, from - 1, y, s.rows);
					if (row >= 0 && block >= 0 && row / a.block_rows != block)
						break;
					if (row >= 0)
						block = row / a.block_rows;
					from--;
				}
				for (int u = from; u < end; u++) {
					const int row = place_of(s, 0, u, y, s.rows);
					for (int v = 0; v < s.kernel[1] && row >= 0; v++) {
						const int col = place_of(s, 1, v, x, s.cols);
						if (col >= 0)
							sum += plane[(u * s.kernel[1] + v) * area + (i64)row * s.cols + col];
					}
				}
				end = from;
			}
			a.x[i] = sum;
		}
	}
}

// The sum of parts, one after the other.
struct conv_parts_args {
	float *y;
	const float *x;
	i64 n; // elements of a part
	int parts;
	int unused;
};

KERNEL(conv_parts, 256, conv_parts_args)
{
	THREADS(t, 256) {
		for (i64 i = FIRST(t, 256); i < a.n; i += STRIDE(256)) {
			float sum = a.x[i];
			for (int p = 1; p < a.parts; p++)
				sum += a.x[p * a.n + i];
			a.y[i] = sum;
		}
	}
}

// Tiles of 4x4 of images, 2 apart, or of 2x2 of results. An image has down x across; there
// are images*down*across tiles of each of 16 components and each channel: component e of
// tile i of channel c is element (e*channels+c)*tiles+i.
struct tile_shape {
	int images, channels, height, width; // what the tiles are of
	int down, across;
	int padding[2];
};

static DEVICE i64 tiles_of(const tile_shape &s) { return (i64)s.images * s.down * s.across; }

// Where a tile is.
struct tile_place {
	int row, col;
	i64 plane; // the number of its image's plane
};

// Tile i of all channels, which are the outer index.
static DEVICE tile_place tile_at(const tile_shape &s, i64 i)
{
	const i64 tiles = tiles_of(s), channel = i / tiles, tile = i % tiles;
	const i64 image = tile / s.across / s.down;
	tile_place p;
	p.row = (int)(tile / s.across % s.down);
	p.col = (int)(tile % s.across);
	p.plane = image * s.channels + channel;
	return p;
}

struct tiles_args {
	float *tiles;
	const float *x;
	tile_shape s;
};

// The element of a plane at (y, x), 0 outside.
static DEVICE float pixel(const float *plane, const tile_shape &s, int y, int x)
{
	return y >= 0 && y < s.height && x >= 0 && x < s.width ? plane[(i64)y * s.width + x] : 0.0f;
}

KERNEL(tiles_of_input, 256, tiles_args)
{
	const tile_shape &s = a.s;
	const i64 n = s.channels * tiles_of(s);
	THREADS(t, 256) {
		for (i64 i = FIRST(t, 256); i < n; i += STRIDE(256)) {
			const tile_place p = tile_at(s, i);
			const float *plane = a.x + p.plane * s.height * s.width;
			const int top = 2 * p.row - s.padding[0], left = 2 * p.col - s.padding[1];
			float w[4][4];
			UNROLL
			for (int j = 0; j < 4; j++) {
				const float b0 = pixel(plane, s, top, left + j), b1 = pixel(plane, s, top + 1, left + j);
				const float b2 = pixel(plane, s, top + 2, left + j), b3 = pixel(plane, s, top + 3, left + j);
				w[0][j] = b0 - b2;
				w[1][j] = b1 + b2;
				w[2][j] = b2 - b1;
				w[3][j] = b1 - b3;
			}
			UNROLL
			for (int u = 0; u < 4; u++) {
				a.tiles[(4 * u + 0) * n + i] = w[u][0] - w[u][2];
				a.tiles[(4 * u + 1) * n + i] = w[u][1] + w[u][2];
				a.tiles[(4 * u + 2) * n + i] = w[u][2] - w[u][1];
				a.tiles[(4 * u + 3) * n + i] = w[u][1] - w[u][3];
			}
		}
	}
}

KERNEL(tiles_of_gradient, 256, tiles_args)
{
	const tile_shape &s = a.s;
	const i64 n = s.channels * tiles_of(s);
	THREADS(t, 256) {
		for (i64 i = FIRST(t, 256); i < n; i += STRIDE(256)) {
			const tile_place place = tile_at(s, i);
			const float *plane = a.x + place.plane * s.height * s.width;
			const int top = 2 * place.row, left = 2 * place.col;
			const float p = pixel(plane, s, top, left), q = pixel(plane, s, top, left + 1);
			const float r = pixel(plane, s, top + 1, left), o = pixel(plane, s, top + 1, left + 1);
			const float rows[4][2] = {{p, q}, {p + r, q + o}, {p - r, q - o}, {-r, -o}};
			UNROLL
			for (int u = 0; u < 4; u++) {
				a.tiles[(4 * u + 0) * n + i] = rows[u][0];
				a.tiles[(4 * u + 1) * n + i] = rows[u][0] + rows[u][1];
				a.tiles[(4 * u + 2) * n + i] = rows[u][0] - rows[u][1];
				a.tiles[(4 * u + 3) * n + i] = -rows[u][1];
			}
		}
	}
}

// The shape is that of y, the bias may be none.
struct output_of_tiles_args {
	float *y;
	const float *tiles;
	const float *bias;
	tile_shape s;
	int relu;
	int unused;
};

KERNEL(output_of_tiles, 256, output_of_tiles_args)
{
	const tile_shape &s = a.s;
	const i64 tiles = tiles_of(s), n = s.channels * tiles;
	THREADS(t, 256) {
		for (i64 i = FIRST(t, 256); i < n; i += STRIDE(256)) {
			const tile_place place = tile_at(s, i);
			const float bias = a.bias ? a.bias[i / tiles] : 0.0f;
			float p[4], q[4];
			UNROLL
			for (int j = 0; j < 4; j++) {
				const float b = a.tiles[(4 + j) * n + i], c = a.tiles[(8 + j) * n + i];
				p[j] = a.tiles[j * n + i] + b + c;
				q[j] = b - c - a.tiles[(12 + j) * n + i];
			}
			const float y[2][2] = {
				{p[0] + p[1] + p[2] + bias, p[1] - p[2] - p[3] + bias},
				{q[0] + q[1] + q[2] + bias, q[1] - q[2] - q[3] + bias},
			};
			float *plane = a.y + place.plane * s.height * s.width;
			UNROLL
			for (int k = 0; k < 4; k++) {
				const int row = 2 * place.row + k / 2, col = 2 * place.col + k % 2;
				const float v = y[k / 2][k % 2];
				if (row < s.height && col < s.width)
					plane[(i64)row * s.width + col] = a.relu ? positive_part(v) : v;
			}
		}
	}
}

// Filters of 3x3 to 16 components: matrices of shape (outputs, inputs). Turned filters have
// the shape (inputs, outputs, 3, 3).
struct components_args {
	float *u;
	const float *w;
	int outputs, inputs, turned;
	int unused;
};

static DEVICE void filter_components(float (&to)[4], float x, float y, float z)
{
	to[0] = x;
	to[1] = (x + z + y) * 0.5f;
	to[2] = (x + z - y) * 0.5f;
	to[3] = z;
}

KERNEL(components_of_filters, 256, components_args)
{
	const i64 n = (i64)a.outputs * a.inputs;
	THREADS(t, 256) {
		for (i64 i = FIRST(t, 256); i < n; i += STRIDE(256)) {
			const i64 output = i / a.inputs, input = i % a.inputs;
			const float *w = a.w + 9 * (a.turned ? input * a.outputs + output : i);
			float rows[3][4];
			UNROLL
			for (int j = 0; j < 3; j++) {
				const float *from = a.turned ? w + 8 - j : w + j;
				const int step = a.turned ? -3 : 3;
				filter_components(rows[j], from[0], from[step], from[2 * step]);
			}
			UNROLL
			for (int u = 0; u < 4; u++) {
				float to[4];
				filter_components(to, rows[0][u], rows[1][u], rows[2][u]);
				UNROLL
				for (int v = 0; v < 4; v++)
					a.u[(4 * u + v) * n + i] = to[v];
			}
		}
	}
}

// The gradient of filters from parts of that of their components.
struct filters_args {
	float *w;
	const float *u;
	i64 n; // filters times channels
	int parts;
	int unused;
};

static DEVICE void transposed_filter(float (&to)[3], float p, float q, float r, float s)
{
	const float half = (q + r) * 0.5f;
	to[0] = p + half;
	to[1] = (q - r) * 0.5f;
	to[2] = half + s;
}

KERNEL(filters_of_components, 256, filters_args)
{
	THREADS(t, 256) {
		for (i64 i = FIRST(t, 256); i < a.n; i += STRIDE(256)) {
			float u[16];
			UNROLL
			for (int e = 0; e < 16; e++)
				u[e] = 0;
			for (int p = 0; p < a.parts; p++) {
				UNROLL
				for (int e = 0; e < 16; e++)
					u[e] += a.u[(p * 16 + e) * a.n + i];
			}
			float cols[4][3];
			UNROLL
			for (int j = 0; j < 4; j++)
				transposed_filter(cols[j], u[j], u[4 + j], u[8 + j], u[12 + j]);
			UNROLL
			for (int r = 0; r < 3; r++) {
				float g[3];
				transposed_filter(g, cols[0][r], cols[1][r], cols[2][r], cols[3][r]);
				UNROLL
				for (int c = 0; c < 3; c++)
					a.w[9 * i + 3 * r + c] = g[c];
			}
		}
	}
}
