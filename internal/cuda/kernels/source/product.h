// Matrix products: package internal/kernel/product, with what may follow in the same pass.

#pragma once

#include "activation.h"
#include "philox.h"

// Each element of the m×n matrix c is a chain of fused multiply-adds over the k columns
// of a and rows of b, in order. It begins with 0, with what c holds (add), or with the
// bias (bias_first). Then, as far as they are asked for, come
//
//	the bias of the column or (bias_rows) of the row is added;
//	relu: the positive part;
//	drop: element row*n+col of the mask, which is scaled where it is kept, else +0;
//	gate: scaled as by drop where the gate is positive, else +0, and nothing is drawn.
//
// A kernel of the form nn has a and b in memory by rows, nt has b and tn has a by columns;
// lda, ldb and ldc are the distances of rows in memory, of columns there. The gate is in
// memory like c.
//
// There are batch products, so many elements apart. A chain may be longer than k: it has
// segments of k elements in distant places, total elements in all, so that only the last
// is shorter. With parts, each part has a share of the segments and a c of its own.
struct product_args {
	float *c;
	const float *a, *b;
	const float *bias;
	const float *gate;
	const mask *drop;
	i64 lda, ldb, ldc;
	i64 a_step, b_step, c_step; // from product to product
	i64 a_segment, b_segment, total;
	i64 c_part;
	int m, n, k;
	int batch, segments, parts;
	int add, bias_rows, bias_first, relu;
};

typedef float pair __attribute__((vector_size(8)));

#ifdef __CUDA__
#define ROLLED _Pragma("nounroll")
#define GLOBAL __attribute__((address_space(1))) // what the compiler does not find out
#else
#define ROLLED
#define GLOBAL
#endif

// One of the two operands of a product, a part of which is in shared memory: DEPTH of the
// k, and OUTER of the rows of a or columns of b. STEP threads take EACH of these. An
// operand is ALONG if its elements of ascending k are neighbours. Most stay so, since
// threads can read several elements of k at a time as well as several rows. For threads
// that take one row each, others are TURNED.
template <bool ALONG, bool TURNED, int OUTER, int DEPTH, int STEP, int EACH, int ALL> struct operand {
	static const int WIDTH = ALONG ? DEPTH : OUTER; // of a line
	// Four more than that keep eight lines in different banks.
	static const bool ROWS = ALONG || TURNED;
	static const int LINE = ROWS ? DEPTH + 4 : OUTER;
	static const int QUADS = OUTER * DEPTH / 4;
	static const int SIZE = (ROWS ? OUTER : DEPTH) * LINE / 4; // in quads
	static const int LOADS = (QUADS + ALL - 1) / ALL;

	static_assert(ALL % (WIDTH / 4) == 0 && (LOADS == 1 || QUADS % ALL == 0), "each load of a thread is in the same place of a line");

	// Where a thread's share of a matrix begins.
	static DEVICE i64 offset(i64 ld, int t) { return t / (WIDTH / 4) * ld + t % (WIDTH / 4) * 4; }

	// Reads a thread's share, where there are no more than outer×depth. It is padded.
	static DEVICE void fetch(quad (&into)[LOADS], const float *from, i64 ld, int outer, int depth, bool whole, float padding, int t)
	{
		if (whole) {
			UNROLL
			for (int l = 0; l < LOADS; l++) {
				if (QUADS % ALL == 0 || t < QUADS)
					into[l] = *(const GLOBAL quad *)(from + l * (ALL / (WIDTH / 4) * ld));
			}
			return;
		}
		const int line = t / (WIDTH / 4), first = t % (WIDTH / 4) * 4;
		UNROLL
		for (int l = 0; l < LOADS; l++) {
			const GLOBAL float *p = (const GLOBAL float *)from + l * (ALL / (WIDTH / 4) * ld);
			UNROLL
			for (int j = 0; j < 4; j++) {
				const int o = ALONG ? line + l * (ALL / (WIDTH / 4)) : first + j;
				const int k = ALONG ? first + j : line + l * (ALL / (WIDTH / 4));
				into[l][j] = o < outer && k < depth ? p[j] : padding;
			}
		}
	}

	static DEVICE void put(quad *tile, const quad (&from)[LOADS], int t)
	{
		UNROLL
		for (int l = 0; l < LOADS; l++) {
			const int q = t + l * ALL;
			if (QUADS % ALL != 0 && q >= QUADS)
				continue;
			if (TURNED) {
				UNROLL
				for (int j = 0; j < 4; j++)
					((float *)tile)[(q % (WIDTH / 4) * 4 + j) * LINE + q / (WIDTH / 4)] = from[l][j];
			} else {
				tile[q / (WIDTH / 4) * (LINE / 4) + q % (WIDTH / 4)] = from[l];
			}
		}
	}

	// The row or column of element i of thread s: by fours or twos if they are read so.
	static DEVICE int place(int s, int i)
	{
		if (ROWS || EACH % 2 != 0)
			return s + i * STEP;
		if (EACH % 4 == 0)
			return i / 4 * (4 * STEP) + 4 * s + i % 4;
		return i / 2 * (2 * STEP) + 2 * s + i % 2;
	}

	// Reads the elements of thread s for LENGTH of k, from k on.
	template <int LENGTH> static DEVICE void take(float (&into)[LENGTH][EACH], const quad *tile, int s, int k)
	{
		const float *from = (const float *)tile;
		if (ROWS) {
			UNROLL
			for (int i = 0; i < EACH; i++) {
				const float *p = from + place(s, i) * LINE + k;
				if (LENGTH == 4) {
					const quad x = *(const quad *)p;
					UNROLL
					for (int v = 0; v < LENGTH; v++)
						into[v][i] = x[v];
				} else {
					const pair x = *(const pair *)p;
					UNROLL
					for (int v = 0; v < LENGTH; v++)
						into[v][i] = x[v];
				}
			}
			return;
		}
		UNROLL
		for (int v = 0; v < LENGTH; v++) {
			const float *line = from + (k + v) * LINE;
			if (EACH % 4 == 0) {
				UNROLL
				for (int i = 0; i < EACH; i += 4) {
					const quad x = *(const quad *)(line + place(s, i));
					UNROLL
					for (int j = 0; j < 4; j++)
						into[v][i + j] = x[j];
				}
			} else if (EACH % 2 == 0) {
				UNROLL
				for (int i = 0; i < EACH; i += 2) {
					const pair x = *(const pair *)(line + place(s, i));
					into[v][i] = x[0];
					into[v][i + 1] = x[1];
				}
			} else {
				UNROLL
				for (int i = 0; i < EACH; i++)
					into[v][i] = line[place(s, i)];
			}
		}
	}
};

// The random bits of M×N elements of a mask, of which the first is at (top, left): bit b
// of byte 8*g+l of a row is that of column 64*g+8*b+l. Where groups of the mask do not
// begin with those of the columns, each bit needs a draw of its own.
template <int M, int N, int ALL> struct masked {
	static const int BYTES = (N + GROUP - 1) / GROUP * 8; // of a row

	static DEVICE void draw(unsigned char *bits, const mask &m, i64 n, int top, int left, int t)
	{
		const philox random = philox_of(m);
		const u32 threshold = m.threshold;
		const bool together = n % GROUP == 0;
		ROLLED
		for (int q = t; q < M * BYTES; q += ALL) {
			const int col = q % BYTES / 8 * GROUP + q % 8;
			const u64 i = (u64)((top + q / BYTES) * n + left + col);
			u32 kept = 0;
			ROLLED
			for (int b = 0; b < 8 && b * 8 < N; b++) {
				const u64 e = i + (u64)(8 * b);
				const u32 some = kept_of_block(random, (u32)(e / GROUP * 8 + e % 8), threshold) >> (e % GROUP / 8);
				if (together) {
					kept = some;
					break;
				}
				kept |= (some & 1) << b;
			}
			bits[q] = (unsigned char)kept;
		}
	}

	static DEVICE bool kept(const unsigned char *bits, int row, int col)
	{
		return bits[row * BYTES + col / (int)GROUP * 8 + col % 8] >> (col % (int)GROUP / 8) & 1;
	}
};

// A block of ALL threads computes M×N elements of c, DEPTH of k at a time. So many threads
// as it takes compute I×J of them each; ROWS threads of a warp are below each other, in
// an order in which two threads next to each other or two apart read the same, so that
// reads of two quarters of a warp become one. Threads take LENGTH of k at a time.
template <bool A_ALONG, bool B_ALONG, int M, int N, int DEPTH, int I, int J, int ROWS, int LENGTH, int AHEAD, int ALL>
static DEVICE __attribute__((always_inline)) void product(const int block, const product_args &a)
{
	typedef operand<A_ALONG, false, M, DEPTH, M / I, I, ALL> A;
	typedef operand<B_ALONG, !B_ALONG && J == 1 && A_ALONG, N, DEPTH, N / J, J, ALL> B;
	static const int COLS = 32 / ROWS, ACROSS = N / J / COLS, COMPUTING = M / I * (N / J);
	SHARED(quad, a_tile, [2][A::SIZE]);
	SHARED(quad, b_tile, [2][B::SIZE]);
	PER_THREAD(quad, a_next, ALL, [A::LOADS]);
	PER_THREAD(quad, b_next, ALL, [B::LOADS]);
	PER_THREAD(float, sums, ALL, [I][J]);
#define ROW(t) ((t) / 32 / ACROSS * ROWS + ((t) >> 1 & 1) + (t) % 32 / 4 / (COLS / 2) * 2)
#define COL(t) ((t) / 32 % ACROSS * COLS + ((t) & 1) + (t) % 32 / 4 % (COLS / 2) * 2)

	const int down = (a.m + M - 1) / M, across = (a.n + N - 1) / N;
	const int item = block / (down * across), tile = block % (down * across);
	const int part = item / a.batch, of = item % a.batch;
	const int top = tile / across * M, left = tile % across * N;
	const int first = (int)((i64)part * a.segments / a.parts), last = (int)((i64)(part + 1) * a.segments / a.parts);
	const i64 lda = a.lda, ldb = a.ldb, ldc = a.ldc, total = a.total;
	float *const c = a.c + part * a.c_part + of * a.c_step;

	THREADS(t, ALL) {
		UNROLL
		for (int i = 0; i < I; i++) {
			UNROLL
			for (int j = 0; j < J; j++)
				sums[OWN(t)][i][j] = 0;
		}
		if (a.add || a.bias_first) {
			// A bias has one step or the other.
			const float *from = a.add ? c : a.bias;
			const i64 row_step = a.add ? ldc : a.bias_rows, col_step = a.add || !a.bias_rows;
			UNROLL
			for (int i = 0; i < I; i++) {
				UNROLL
				for (int j = 0; j < J; j++) {
					const int row = top + A::place(ROW(t), i), col = left + B::place(COL(t), j);
					if (t < COMPUTING && row < a.m && col < a.n)
						sums[OWN(t)][i][j] = from[row * row_step + col * col_step];
				}
			}
		}
	}

	// What a thread reads next, and how much of the segment is left.
	PER_THREAD(const float *, a_from, ALL, [1]);
	PER_THREAD(const float *, b_from, ALL, [1]);
	const float *a_segment = a.a + of * a.a_step + first * a.a_segment + (A_ALONG ? top * lda : top);
	const float *b_segment = a.b + of * a.b_step + first * a.b_segment + (B_ALONG ? left * ldb : left);
	const bool a_fits = lda % 4 == 0 && top + M <= a.m, b_fits = ldb % 4 == 0 && left + N <= a.n;
	bool a_whole = false, b_whole = false;
	int segment = first, half = 0, depth = 0;
	for (bool begun = false;; begun = true) {
		if (depth <= 0) {
			const i64 rest = segment < last ? total - (i64)segment * a.k : 0;
			depth = rest < a.k ? (int)rest : a.k;
			a_whole = a_fits && aligned(a_segment);
			b_whole = b_fits && aligned(b_segment);
			THREADS(t, ALL) {
				a_from[OWN(t)][0] = a_segment + A::offset(lda, t);
				b_from[OWN(t)][0] = b_segment + B::offset(ldb, t);
			}
			segment++;
			a_segment += a.a_segment;
			b_segment += a.b_segment;
		}
		const bool more = depth > 0;
		if (more) {
			// What pads a is -0, so that what is added to a chain is -0, which
			// leaves all as it is.
			THREADS(t, ALL) {
				A::fetch(a_next[OWN(t)], a_from[OWN(t)][0], lda, a.m - top, depth, a_whole && depth >= DEPTH, -0.0f, t);
				B::fetch(b_next[OWN(t)], b_from[OWN(t)][0], ldb, a.n - left, depth, b_whole && depth >= DEPTH, 0.0f, t);
				a_from[OWN(t)][0] += A_ALONG ? DEPTH : DEPTH * lda;
				b_from[OWN(t)][0] += B_ALONG ? DEPTH : DEPTH * ldb;
			}
		}
		if (begun) {
			THREADS(t, ALL) {
				if (COMPUTING == ALL || t < COMPUTING) {
					// While some are multiplied, others are read.
					static const int SLOTS = AHEAD + 1;
					float x[SLOTS][LENGTH][I], y[SLOTS][LENGTH][J];
					UNROLL
					for (int k = 0; k < AHEAD * LENGTH; k += LENGTH) {
						A::take(x[k / LENGTH], a_tile[half], ROW(t), k);
						B::take(y[k / LENGTH], b_tile[half], COL(t), k);
					}
					UNROLL
					for (int k = 0; k < DEPTH; k += LENGTH) {
						const int now = k / LENGTH % SLOTS, later = k + AHEAD * LENGTH;
						if (later < DEPTH) {
							A::take(x[later / LENGTH % SLOTS], a_tile[half], ROW(t), later);
							B::take(y[later / LENGTH % SLOTS], b_tile[half], COL(t), later);
						}
						UNROLL
						for (int v = 0; v < LENGTH; v++) {
							UNROLL
							for (int i = 0; i < I; i++) {
								UNROLL
								for (int j = 0; j < J; j++)
									sums[OWN(t)][i][j] = fma32(x[now][v][i], y[now][v][j], sums[OWN(t)][i][j]);
							}
						}
					}
				}
			}
		}
		if (!more)
			break;
		half ^= 1;
		THREADS(t, ALL) {
			A::put(a_tile[half], a_next[OWN(t)], t);
			B::put(b_tile[half], b_next[OWN(t)], t);
		}
		BARRIER();
		depth -= DEPTH;
	}

	typedef masked<M, N, ALL> bits;
	SHARED(unsigned char, kept, [M * bits::BYTES]);
	const bool draws = a.drop && !a.gate;
	if (draws) {
		THREADS(t, ALL)
			bits::draw(kept, *a.drop, a.n, top, left, t);
		BARRIER();
	}
	const float scale = a.drop ? a.drop->scale : 1.0f;
	// Four elements at once where they are neighbours.
	const bool quads = !B_ALONG && J % 4 == 0 && aligned(c) && ldc % 4 == 0 && left + N <= a.n;
	const bool row_bias = a.bias && a.bias_rows && !a.bias_first, col_bias = a.bias && !a.bias_rows && !a.bias_first;
	THREADS(t, ALL) {
		if (COMPUTING == ALL || t < COMPUTING) {
			// To add -0 leaves all as it is.
			float bias[J];
			UNROLL
			for (int j = 0; j < J; j++) {
				const int col = left + B::place(COL(t), j);
				bias[j] = col_bias && col < a.n ? a.bias[col] : -0.0f;
			}
			UNROLL
			for (int i = 0; i < I; i++) {
				const int row = top + A::place(ROW(t), i);
				if (row >= a.m)
					continue;
				const float shift = row_bias ? a.bias[row] : -0.0f;
				float *const line = c + row * ldc + left;
				bool keep[J];
				UNROLL
				for (int j = 0; j < J; j++)
					keep[j] = true;
				if (a.gate) {
					const float *gate = a.gate + row * ldc + left;
					UNROLL
					for (int j = 0; j < J; j++) {
						const int col = B::place(COL(t), j);
						keep[j] = left + col < a.n && gate[col] > 0;
					}
				} else if (draws) {
					UNROLL
					for (int j = 0; j < J; j++)
						keep[j] = bits::kept(kept, A::place(ROW(t), i), B::place(COL(t), j));
				}
				float x[J];
				UNROLL
				for (int j = 0; j < J; j++) {
					x[j] = sums[OWN(t)][i][j] + bias[j] + shift;
					x[j] = a.relu ? positive_part(x[j]) : x[j];
					x[j] = keep[j] ? x[j] * scale : 0.0f;
				}
				if (quads) {
					UNROLL
					for (int j = 0; j + 4 <= J; j += 4)
						*(quad *)(line + B::place(COL(t), j)) = quad{x[j], x[j + 1], x[j + 2], x[j + 3]};
				} else {
					UNROLL
					for (int j = 0; j < J; j++) {
						const int col = B::place(COL(t), j);
						if (left + col < a.n)
							line[col] = x[j];
					}
				}
			}
		}
	}
#undef ROW
#undef COL
}

#define PRODUCT(name, a_along, b_along, threads, ...) \
	static __attribute__((always_inline)) DEVICE void product_##name##_block(const int, const int, const product_args &); \
	KERNEL(product_##name, threads, product_args) { product<a_along, b_along, __VA_ARGS__, threads>(block, a); }
// All forms of a tiling. Larger tiles, 64x128 and 128x128, were hardly faster on an
// H100 even for large products, and take the driver long to compile.
#define PRODUCTS(name, threads, ...)                      \
	PRODUCT(nn_##name, true, false, threads, __VA_ARGS__) \
	PRODUCT(nt_##name, true, true, threads, __VA_ARGS__)  \
	PRODUCT(tn_##name, false, false, threads, __VA_ARGS__)

PRODUCTS(32x32, 128, 32, 32, 64, 2, 4, 8, 4, 2)
PRODUCTS(64x64, 128, 64, 64, 16, 8, 4, 4, 4, 1)
PRODUCT(tn_8x16, false, false, 128, 8, 16, 32, 1, 1, 8, 4, 2)
PRODUCT(nn_2x16, true, false, 128, 2, 16, 128, 1, 1, 2, 4, 2)
PRODUCT(nt_2x16, true, true, 128, 2, 16, 128, 1, 1, 2, 4, 2)
