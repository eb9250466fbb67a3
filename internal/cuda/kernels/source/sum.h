// The sum of numbers in their order.

#pragma once

#include "memory.h"

// Sets the sum of the first thread of a block to that of n numbers: while it adds, the
// others read what is next.
static DEVICE void sum_in_order(double (*sum)[1], const double *x, int n)
{
	SHARED(double, memory, [2][256]);
	THREADS(t, 256)
		sum[OWN(t)][0] = 0;
	int half = 0;
	for (int at = 0; at < n; at += 256) {
		THREADS(t, 256) {
			if (at + t < n)
				memory[half][t] = x[at + t];
		}
		BARRIER();
		THREADS(t, 256) {
			if (t == 0) {
				const int end = n - at < 256 ? n - at : 256;
				double s = sum[OWN(t)][0];
				UNROLL_BY(16)
				for (int k = 0; k < end; k++)
					s += memory[half][k];
				sum[OWN(t)][0] = s;
			}
		}
		half ^= 1;
	}
}
