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

// The gradient that the update is by, of a gradient d and a parameter w. It chooses
// between numbers and not between ways, so that all memory is read before.
static DEVICE float penalized(float d, float w, const penalties &p, float clip)
{
	const float above = d > p.clip_value ? p.clip_value : d, clipped = d < -p.clip_value ? -p.clip_value : above;
	d = (p.clip_value > 0 ? clipped : d) * clip;
	const float decayed = d + p.decay * w;
	d = p.decay != 0 ? decayed : d;
	const float signs = d + ((w > 0 ? p.l1 : 0.0f) - (w < 0 ? p.l1 : 0.0f));
	return p.l1 != 0 ? signs : d;
}

// Whether a step is done: not where the loss is infinite or NaN. Without a loss it is.
static DEVICE bool step_due(const float *loss) { return !loss || finite32(*loss); }

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
	const float *loss; // nothing changes unless it is finite, or there is none
};

static DEVICE void sgd_step(const sgd_args &a, const sgd_settings &s, float clip, bool due, float &w, float g, float &v)
{
	const float d = penalized(g, w, s.p, clip);
	const float u = s.momentum * v + d, ahead = d + s.momentum * u;
	v = due ? u : v;
	const float to = w - s.lr * (a.velocity ? a.nesterov ? ahead : u : d);
	w = due ? to : w;
}

KERNEL(sgd, 256, sgd_args)
{
	const i64 quads = aligned(a.w) && aligned(a.g) && aligned(a.v) ? a.n / 4 : 0;
	const float *velocities = a.velocity ? a.v : a.w; // read in any case
	THREADS(t, 256) {
		for (i64 i = FIRST(t, 256); i < quads; i += STRIDE(256)) {
			quad w = get(a.w, i), g = get(a.g, i), v = get(velocities, i);
			const sgd_settings s = *a.s;
			const bool due = step_due(a.loss);
			const float clip = a.clip ? *a.clip : 1.0f;
			UNROLL
			for (int j = 0; j < 4; j++) {
				float wj = w[j], vj = v[j];
				sgd_step(a, s, clip, due, wj, g[j], vj);
				w[j] = wj;
				v[j] = vj;
			}
			set(a.w, i, w);
			if (a.velocity)
				set(a.v, i, v);
		}
		for (i64 i = 4 * quads + FIRST(t, 256); i < a.n; i += STRIDE(256)) {
			float v = velocities[i];
			sgd_step(a, *a.s, a.clip ? *a.clip : 1.0f, step_due(a.loss), a.w[i], a.g[i], v);
			if (a.velocity)
				a.v[i] = v;
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
	const float *loss; // as of sgd
};

static DEVICE void adam_step(const adam_settings &s, float clip, bool due, float &w, float g, float &m, float &v)
{
	const float d = penalized(g, w, s.p, clip);
	const float first = s.beta1 * m + s.rest1 * d;
	const float second = s.beta2 * v + s.rest2 * d * d;
	const float to = w * s.p.keep - s.step * first / (root32(second) + s.eps);
	m = due ? first : m;
	v = due ? second : v;
	w = due ? to : w;
}

KERNEL(adam, 256, adam_args)
{
	const i64 quads = aligned(a.w) && aligned(a.g) && aligned(a.m) && aligned(a.v) ? a.n / 4 : 0;
	THREADS(t, 256) {
		for (i64 i = FIRST(t, 256); i < quads; i += STRIDE(256)) {
			quad w = get(a.w, i), g = get(a.g, i), m = get(a.m, i), v = get(a.v, i);
			const adam_settings s = *a.s;
			const bool due = step_due(a.loss);
			const float clip = a.clip ? *a.clip : 1.0f;
			UNROLL
			for (int j = 0; j < 4; j++) {
				float wj = w[j], mj = m[j], vj = v[j];
				adam_step(s, clip, due, wj, g[j], mj, vj);
				w[j] = wj;
				m[j] = mj;
				v[j] = vj;
			}
			set(a.w, i, w);
			set(a.m, i, m);
			set(a.v, i, v);
		}
		for (i64 i = 4 * quads + FIRST(t, 256); i < a.n; i += STRIDE(256))
			adam_step(*a.s, a.clip ? *a.clip : 1.0f, step_due(a.loss), a.w[i], a.g[i], a.m[i], a.v[i]);
	}
}
