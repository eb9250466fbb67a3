// The language of the kernels: C++ without a library, which clang compiles to PTX
// without an SDK, and any compiler to a library for the host. There a kernel runs
// block by block, and in a block the threads take turns from one barrier to the
// next. So the same source can be tested without a device.
//
//	struct scale_args { float *y; const float *x; long long n; float by; };
//
//	KERNEL(scale, 256, scale_args) {
//		THREADS(t, 256) {
//			for (long long i = FIRST(t, 256); i < a.n; i += STRIDE(256))
//				a.y[i] = a.x[i] * a.by;
//		}
//	}
//
// A kernel has one argument, a struct of pointers and numbers, which Go has too.
// Blocks are in one dimension: block is the number of one of blocks.
//
// Nothing is fused that is not written as fma, and nothing is reordered: all
// results have the bits of package internal/kernel.

#pragma once

typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

#ifdef __CUDA__

#define DEVICE __attribute__((device)) inline
#define SHARED(type, name, length) static __attribute__((shared)) type name length
#define PER_THREAD(type, name, threads, length) type name[1] length
#define OWN(t) 0 // the index of a thread's part of what is PER_THREAD
#define THREADS(t, threads) for (int t = (int)__nvvm_read_ptx_sreg_tid_x(), once_ = 1; once_; once_ = 0)
#define BARRIER() __syncthreads()
#define UNROLL _Pragma("unroll")
#define KERNEL(name, threads, args)                                                        \
	static DEVICE void name##_block(const int block, const int blocks, const args &a); \
	extern "C" __attribute__((global, launch_bounds(threads))) void name(const args a) \
	{                                                                                  \
		name##_block((int)__nvvm_read_ptx_sreg_ctaid_x(), (int)__nvvm_read_ptx_sreg_nctaid_x(), a); \
	}                                                                                  \
	static DEVICE void name##_block(const int block, const int blocks, const args &a)

static DEVICE float fma32(float x, float y, float z) { return __nvvm_fma_rn_f(x, y, z); }
static DEVICE float root32(float x) { return __nvvm_sqrt_rn_f(x); }
static DEVICE double root64(double x) { return __nvvm_sqrt_rn_d(x); }

#else

#define DEVICE inline
#define SHARED(type, name, length) static type name length
#define PER_THREAD(type, name, threads, length) static type name[threads] length
#define OWN(t) (t)
#define THREADS(t, threads) for (int t = 0; t < (threads); t++)
#define BARRIER()
#define UNROLL
// What the library for the host knows of a kernel.
struct kernel_entry {
	const char *name;
	int threads;
	int size; // of the arguments
	void (*run)(int block, int blocks, const void *args);
	kernel_entry *next;
};
extern kernel_entry *kernel_entries;
struct kernel_registration {
	explicit kernel_registration(kernel_entry *e) { e->next = kernel_entries; kernel_entries = e; }
};
#define KERNEL(name, threads, args)                                                                         \
	static void name##_block(const int block, const int blocks, const args &a);                         \
	static void name##_run(int block, int blocks, const void *a) { name##_block(block, blocks, *(const args *)a); } \
	static kernel_entry name##_entry = {#name, threads, (int)sizeof(args), name##_run, 0};              \
	static kernel_registration name##_registration(&name##_entry);                                      \
	static void name##_block(const int block, const int blocks, const args &a)

static inline float fma32(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
static inline float root32(float x) { return __builtin_sqrtf(x); }
static inline double root64(double x) { return __builtin_sqrt(x); }

#endif

static DEVICE bool finite32(float x) { return x - x == 0; }

// Elements of a loop over all threads of all blocks.
#define FIRST(t, threads) ((i64)block * (threads) + (t))
#define STRIDE(threads) ((i64)blocks * (threads))
