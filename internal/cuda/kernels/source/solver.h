// Updates of parameters: updateRun of package optim, for its solvers with kernels here.

#pragma once

#include "memory.h"

// What becomes of gradients and, by Adam, of parameters before the update. 0 stands for
// none, but 1 for keep.
struct penalties {
	float clip_value;
	float decay;
	float l1;
	float keep; // what decoupled weight decay leaves of a parameter
};

// The gradient that the update is by, of a gradient d and a parameter w.
static DEVICE float penalized(float d, float w, const penalties &p, float clip)
{
	if (p.clip_value > 0) {
		if (d > p.clip_value)
			d = p.clip_value;
		else if (d < -p.clip_value)
			d = -p.clip_value;
	}
	d *= clip;
	if (p.decay != 0)
		d += p.decay * w;
	if (p.l1 != 0)
		d += w > 0 ? p.l1 : w < 0 ? -p.l1 : 0.0f;
	return d;
}

// The host writes these before each run.
struct sgd_settings {
	penalties p;
	float lr, momentum;
	u32 unused[2];
};

struct sgd_args {
	float *w;
	const float *g;
	float *v; // without velocity none
	i64 n;
	const sgd_settings *s;
	const float *clip; // the factor of clip_factor, or none
	int velocity, nesterov;
};

KERNEL(sgd, 256, sgd_args)
{
	const sgd_settings s = *a.s;
	const float clip = a.clip ? *a.clip : 1.0f;
	THREADS(t, 256) {
		for (i64 i = FIRST(t, 256); i < a.n; i += STRIDE(256)) {
			const float w = a.w[i];
			const float d = penalized(a.g[i], w, s.p, clip);
			float by = d;
			if (a.velocity) {
				const float u = s.momentum * a.v[i] + d;
				a.v[i] = u;
				by = a.nesterov ? d + s.momentum * u : u;
			}
			a.w[i] = w - s.lr * by;
		}
	}
}

struct adam_settings {
	penalties p;
	float step, beta1, beta2, rest1, rest2, eps;
	u32 unused[2];
};

struct adam_args {
	float *w;
	const float *g;
	float *m, *v;
	i64 n;
	const adam_settings *s;
	const float *clip; // as of sgd
};

KERNEL(adam, 256, adam_args)
{
	const adam_settings s = *a.s;
	const float clip = a.clip ? *a.clip : 1.0f;
	THREADS(t, 256) {
		for (i64 i = FIRST(t, 256); i < a.n; i += STRIDE(256)) {
			const float w = a.w[i];
			const float d = penalized(a.g[i], w, s.p, clip);
			const float m = s.beta1 * a.m[i] + s.rest1 * d;
			const float v = s.beta2 * a.v[i] + s.rest2 * d * d;
			a.m[i] = m;
			a.v[i] = v;
			a.w[i] = w * s.p.keep - s.step * m / (root32(v) + s.eps);
		}
	}
}
