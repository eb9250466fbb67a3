// How kernels read and write a lot of memory.

#pragma once

#include "kernel.h"

// Loads of so many rounds of a loop are under way together.
#define PRAGMA(text) _Pragma(#text)
#ifdef __CUDA__
#define UNROLL_BY(n) PRAGMA(unroll n)
#else
#define UNROLL_BY(n)
#endif

// A quad is what one instruction can read or write, where it is aligned.
typedef float quad __attribute__((vector_size(16)));

static DEVICE bool aligned(const void *p) { return (u64)p % sizeof(quad) == 0; }

// On the host misaligned quads would work: there they are errors too.
static DEVICE void check_aligned(const void *p)
{
#ifndef __CUDA__
	if (!aligned(p))
		__builtin_trap();
#endif
	(void)p;
}

// Quad i of an array.
static DEVICE quad get(const float *x, i64 i)
{
	check_aligned(x);
	return ((const quad *)x)[i];
}

static DEVICE void set(float *y, i64 i, quad value)
{
	check_aligned(y);
	((quad *)y)[i] = value;
}
