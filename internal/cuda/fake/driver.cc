// A CUDA driver for tests: what package cuda calls, on the host, with the kernels of
// KERNELS compiled for the host. Package cudatest builds it.
//
// A stream does nothing before something waits for it, so that a test that forgets to
// wait fails. New memory is full of NaNs. Freed memory is not used again for a while. What
// kernels write beside their memory is found when something waits, as an illegal address.
// Blocks run first to last and last to first in turns, since no order is promised.
//
// There are functions more, which NVIDIA has not, whose names begin with fake_.

#include "kernel.h"
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

kernel_entry *kernel_entries;

#include KERNELS

enum code {
	OK = 0,
	INVALID_VALUE = 1,
	OUT_OF_MEMORY = 2,
	NOT_INITIALIZED = 3,
	NO_DEVICE = 100,
	INVALID_DEVICE = 101,
	INVALID_CONTEXT = 201,
	INVALID_PTX = 218,
	INVALID_HANDLE = 400,
	NOT_FOUND = 500,
	NOT_READY = 600,
	ILLEGAL_ADDRESS = 700,
	LAUNCH_FAILED = 719,
	CAPTURE_UNSUPPORTED = 900,
	CAPTURE_INVALIDATED = 901,
	CAPTURE_UNJOINED = 904,
	CAPTURED_EVENT = 907,
	CAPTURE_WRONG_THREAD = 908,
};

static const struct {
	int code;
	const char *name, *text;
} words[] = {
	{OK, "CUDA_SUCCESS", "no error"},
	{INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
	{OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
	{NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
	{NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
	{INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
	{INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
	{INVALID_PTX, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
	{INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
	{NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
	{NOT_READY, "CUDA_ERROR_NOT_READY", "device not ready"},
	{ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
	{LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
	{CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
	{CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture"},
	{CAPTURE_UNJOINED, "CUDA_ERROR_STREAM_CAPTURE_UNJOINED", "capturing stream has unjoined work"},
	{CAPTURED_EVENT, "CUDA_ERROR_CAPTURED_EVENT", "operation not permitted on an event last recorded in a capturing stream"},
	{CAPTURE_WRONG_THREAD, "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD", "attempt to terminate a thread-local capture sequence from another thread"},
};

// All functions have one lock, since kernels keep shared memory in static variables.
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
struct locked {
	locked() { pthread_mutex_lock(&mutex); }
	~locked() { pthread_mutex_unlock(&mutex); }
};

// Failures on demand.

struct failure {
	char function[64];
	int after, code;
	failure *next;
};
static failure *failures;
static int devices = 1, slow;

static int failing(const char *function)
{
	for (failure **f = &failures; *f; f = &(*f)->next)
		if (!strcmp((*f)->function, function) && (*f)->after-- == 0) {
			failure *done = *f;
			int code = done->code;
			*f = done->next;
			free(done);
			return code;
		}
	return OK;
}

// The context. After an error of a kernel all calls fail until it is released.

static int initialized, retained, broken;
static int live; // what was made and not yet destroyed
static char context;
static __thread void *current;

struct stream;
static int capturing_here(); // in this thread, which then is spoilt

#define API extern "C" __attribute__((visibility("default")))
#define ENTER()                          \
	locked lock_;                        \
	if (int code_ = failing(__func__))   \
		return code_
#define ENTER_CONTEXT()                      \
	ENTER();                                 \
	if (current != &context || !retained)    \
		return INVALID_CONTEXT;              \
	if (broken)                              \
		return broken
#define ENTER_UNCAPTURED()       \
	ENTER_CONTEXT();             \
	if (capturing_here())        \
		return CAPTURE_UNSUPPORTED

// Memory.

static const size_t margin = 256, device_bytes = (size_t)1 << 30, quarantine_bytes = (size_t)64 << 20;
static const unsigned char margin_byte = 0xa5, fresh_byte = 0xff;

struct memory {
	char *at;
	size_t bytes;
	bool host, freed;
	memory *next;
};
static memory *memories; // the newest first
static size_t used;

static memory *found(u64 at, size_t bytes, bool host)
{
	for (memory *m = memories; m; m = m->next)
		if (!m->freed && m->host == host && at >= (u64)m->at && bytes <= m->bytes && at - (u64)m->at <= m->bytes - bytes)
			return m;
	return 0;
}

static bool intact(const memory *m)
{
	for (size_t i = 0; i < margin; i++)
		if ((unsigned char)m->at[-1 - (long)i] != margin_byte || (unsigned char)m->at[m->bytes + i] != margin_byte)
			return false;
	return true;
}

static int allocate(u64 *to, size_t bytes, bool host)
{
	if (!bytes)
		return INVALID_VALUE;
	void *raw;
	if (!host && bytes > device_bytes - used)
		return OUT_OF_MEMORY;
	if (posix_memalign(&raw, margin, bytes + 2 * margin))
		return OUT_OF_MEMORY;
	memset(raw, margin_byte, bytes + 2 * margin);
	char *at = (char *)raw + margin;
	memset(at, fresh_byte, bytes);
	memory *m = (memory *)calloc(1, sizeof *m);
	*m = {at, bytes, host, false, memories};
	memories = m;
	if (!host)
		used += bytes;
	live++;
	*to = (u64)at;
	return OK;
}

// The oldest of what was freed goes when there is much of it.
static void forget()
{
	size_t kept = 0;
	for (memory **p = &memories; *p;) {
		memory *m = *p;
		if (m->freed && (kept += m->bytes) > quarantine_bytes) {
			*p = m->next;
			free(m->at - margin);
			free(m);
		} else
			p = &m->next;
	}
}

static int release(u64 at, bool host)
{
	for (memory *m = memories; m; m = m->next)
		if (!m->freed && m->host == host && (u64)m->at == at) {
			int code = intact(m) ? OK : broken = ILLEGAL_ADDRESS;
			m->freed = true;
			memset(m->at, fresh_byte, m->bytes);
			if (!host)
				used -= m->bytes;
			live--;
			forget();
			return code;
		}
	return INVALID_VALUE;
}

// Streams are lists of what is to be done.

enum kind { LAUNCH, COPY, SET, RECORD, WAIT, GRAPH, JOIN };

struct operation;
struct list {
	operation *first, **end;
};

struct event {
	int magic;
	u64 records, done; // how often it was recorded, and how many of these were reached
	double seconds;
	stream *in;        // where it was recorded last
	stream *captured;  // by whose capture, if it was in one,
	u64 capture;       // the which of it
	u64 reached;       // and after how many operations of the stream
};

// A graph has a lane for each stream that took part in the capture.
struct graph {
	int magic;
	list all;
	int lanes;
	list *of;
	u64 runs;
};

struct operation {
	kind what;
	kernel_entry *entry;
	int blocks;
	void *args;
	u64 to, from;
	size_t bytes;
	bool to_host, from_host;
	unsigned char byte;
	event *of;
	stream *in;
	u64 record;
	graph *run;
	int lane, other; // of a graph; a JOIN waits for record operations of the other
	operation *next;
};

struct stream {
	int magic;
	list waiting, captured;
	bool capturing, spoilt;
	pthread_t thread;
	stream *joined; // the capturing stream whose event it waited for
	u64 capture;    // the number of the capture
	int lanes;      // so far
	int lane;
	u64 operations, waited_for; // in its lane
	stream *next;
};
static stream *streams;

static const int stream_magic = 0x57a3, event_magic = 0xe7e7, graph_magic = 0x97a9, exec_magic = 0xe8ec, module_magic = 0x30d1, function_magic = 0xf0c7;

// What has a magic number stays, so that a second use of what was destroyed is found.
template <class T> static T *valid(T *p, int magic) { return p && p->magic == magic ? p : 0; }

static void clear(list *l)
{
	for (operation *o = l->first, *next; o; o = next) {
		next = o->next;
		free(o->args);
		free(o);
	}
	*l = {0, 0};
}

static void append(list *l, const operation *o)
{
	operation *copy = (operation *)malloc(sizeof *copy);
	*copy = *o;
	copy->next = 0;
	if (o->args) {
		copy->args = malloc(o->entry->size);
		memcpy(copy->args, o->args, o->entry->size);
	}
	if (!l->first)
		l->end = &l->first;
	*l->end = copy;
	l->end = &copy->next;
}

static int capturing_here()
{
	int found = 0;
	for (stream *s = streams; s; s = s->next)
		if (s->capturing && pthread_equal(s->thread, pthread_self()))
			found = s->spoilt = true;
	return found;
}

static int add(stream *s, const operation *o)
{
	if (!valid(s, stream_magic))
		return INVALID_HANDLE;
	stream *target = s->joined ? s->joined : s;
	if (target->capturing && target->spoilt)
		return CAPTURE_INVALIDATED;
	if (!target->capturing) {
		append(&s->waiting, o);
		return OK;
	}
	operation in_lane = *o;
	in_lane.lane = s->lane;
	s->operations++;
	append(&target->captured, &in_lane);
	return OK;
}

static double now()
{
	timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + 1e-9 * t.tv_nsec;
}

// An argument that points into freed memory is an illegal address.
static bool dangling(const operation *o)
{
	for (int i = 0; i + 8 <= o->entry->size; i += 8) {
		u64 word;
		memcpy(&word, (char *)o->args + i, 8);
		bool in_freed = false, in_live = false;
		for (memory *m = memories; m; m = m->next)
			if (word >= (u64)m->at && word < (u64)m->at + m->bytes)
				(m->freed ? in_freed : in_live) = true;
		if (in_freed && !in_live)
			return true;
	}
	return false;
}

static int launches;

static void launch(const operation *o)
{
	bool backward = launches++ % 2;
	for (int i = 0; i < o->blocks; i++)
		o->entry->run(backward ? o->blocks - 1 - i : i, o->blocks, o->args);
}

static void one(stream *s);
static void replay(graph *g);

static void perform(const operation *o)
{
	if (int code = failing("execute"))
		broken = code;
	if (broken)
		return;
	switch (o->what) {
	case LAUNCH:
		if (dangling(o))
			broken = ILLEGAL_ADDRESS;
		else
			launch(o);
		break;
	case COPY:
		if (!found(o->to, o->bytes, o->to_host) || !found(o->from, o->bytes, o->from_host))
			broken = ILLEGAL_ADDRESS;
		else
			memmove((void *)o->to, (void *)o->from, o->bytes);
		break;
	case SET:
		if (!found(o->to, o->bytes, false))
			broken = ILLEGAL_ADDRESS;
		else
			memset((void *)o->to, o->byte, o->bytes);
		break;
	case RECORD:
		o->of->done = o->record;
		o->of->seconds = now();
		break;
	case WAIT:
		while (o->of->done < o->record && o->in->waiting.first)
			one(o->in);
		break;
	case GRAPH:
		replay(o->run);
		break;
	case JOIN:
		break;
	}
}

// replay runs a graph. Lanes wait for each other only where they joined: in turns, the first
// lane goes on as long as it can before the second, or the last before the one before it.
static void replay(graph *g)
{
	operation **next = (operation **)calloc(g->lanes, sizeof *next);
	u64 *done = (u64 *)calloc(g->lanes, sizeof *done);
	for (int i = 0; i < g->lanes; i++)
		next[i] = g->of[i].first;
	bool last_first = g->runs++ % 2 == 0;
	for (int i = 0; i < g->lanes;) {
		int lane = last_first ? g->lanes - 1 - i : i;
		operation *o = next[lane];
		if (!o || (o->what == JOIN && done[o->other] < o->record)) {
			i++;
			continue;
		}
		perform(o);
		done[lane]++;
		next[lane] = o->next;
		i = 0;
	}
	free(next);
	free(done);
}

// one does the first thing that a stream was given.
static void one(stream *s)
{
	operation *o = s->waiting.first;
	if (!(s->waiting.first = o->next))
		s->waiting.end = 0;
	perform(o);
	free(o->args);
	free(o);
}

static int finished(stream *s)
{
	while (s->waiting.first)
		one(s);
	for (memory *m = memories; m && !broken; m = m->next)
		if (!m->freed && !intact(m))
			broken = ILLEGAL_ADDRESS;
	return broken;
}

static int all_finished()
{
	for (stream *s = streams; s; s = s->next)
		finished(s);
	return broken;
}

// What tests call.

API void fake_fail(const char *function, int after, int code)
{
	locked l;
	failure *f = (failure *)calloc(1, sizeof *f);
	snprintf(f->function, sizeof f->function, "%s", function);
	f->after = after;
	f->code = code;
	f->next = failures;
	failures = f;
}

API void fake_heal()
{
	locked l;
	while (failures) {
		failure *next = failures->next;
		free(failures);
		failures = next;
	}
	devices = 1;
	slow = 0;
}

// The margins are made whole too.
API void fake_reset()
{
	locked l;
	broken = OK;
	for (memory *m = memories; m; m = m->next) {
		memset(m->at - margin, margin_byte, margin);
		memset(m->at + m->bytes, margin_byte, margin);
	}
}

// Goroutines whose calls take long change threads.
API void fake_slow(int microseconds) { __atomic_store_n(&slow, microseconds, __ATOMIC_RELAXED); }

API int fake_live()
{
	locked l;
	return live;
}

API void fake_without_device()
{
	locked l;
	devices = 0;
}

// The driver's functions.

API int cuInit(unsigned flags)
{
	ENTER();
	if (!devices)
		return NO_DEVICE;
	initialized = 1;
	return flags ? INVALID_VALUE : OK;
}

API int cuDriverGetVersion(int *version)
{
	ENTER();
	*version = 13000;
	return OK;
}

API int cuGetErrorName(int code, const char **text)
{
	for (auto &w : words)
		if (w.code == code) {
			*text = w.name;
			return OK;
		}
	*text = 0;
	return INVALID_VALUE;
}

API int cuGetErrorString(int code, const char **text)
{
	for (auto &w : words)
		if (w.code == code) {
			*text = w.text;
			return OK;
		}
	*text = 0;
	return INVALID_VALUE;
}

API int cuDeviceGetCount(int *count)
{
	ENTER();
	*count = devices;
	return initialized ? OK : NOT_INITIALIZED;
}

API int cuDeviceGet(int *device, int number)
{
	ENTER();
	*device = 0;
	return number ? INVALID_DEVICE : OK;
}

API int cuDeviceGetName(char *name, int length, int device)
{
	ENTER();
	snprintf(name, length, "host");
	return device ? INVALID_DEVICE : OK;
}

API int cuDeviceGetAttribute(int *value, int attribute, int device)
{
	ENTER();
	switch (attribute) {
	case 16: // multiprocessors
		*value = 4;
		break;
	case 75: // compute capability
		*value = 9;
		break;
	case 76:
		*value = 0;
		break;
	default:
		return INVALID_VALUE;
	}
	return device ? INVALID_DEVICE : OK;
}

API int cuDeviceTotalMem_v2(size_t *bytes, int device)
{
	ENTER();
	*bytes = device_bytes;
	return device ? INVALID_DEVICE : OK;
}

API int cuDevicePrimaryCtxRetain(void **to, int device)
{
	ENTER();
	if (device)
		return INVALID_DEVICE;
	retained++;
	*to = &context;
	return OK;
}

// Unlike NVIDIA's, this frees nothing, so that fake_live tells what was not freed.
API int cuDevicePrimaryCtxRelease_v2(int device)
{
	ENTER();
	if (device)
		return INVALID_DEVICE;
	if (!retained)
		return INVALID_CONTEXT;
	if (--retained == 0)
		broken = 0;
	return OK;
}

API int cuDevicePrimaryCtxRelease(int device) { return cuDevicePrimaryCtxRelease_v2(device); }

API int cuCtxSetCurrent(void *to)
{
	if (int us = __atomic_load_n(&slow, __ATOMIC_RELAXED)) {
		timespec t = {0, 1000L * us};
		nanosleep(&t, 0);
	}
	ENTER();
	if (to && (to != &context || !retained))
		return INVALID_CONTEXT;
	current = to;
	return OK;
}

API int cuCtxSynchronize()
{
	ENTER_UNCAPTURED();
	return all_finished();
}

API int cuMemAlloc_v2(u64 *to, size_t bytes)
{
	ENTER_UNCAPTURED();
	return allocate(to, bytes, false);
}

API int cuMemFree_v2(u64 at)
{
	ENTER_UNCAPTURED();
	return release(at, false);
}

API int cuMemGetInfo_v2(size_t *free_bytes, size_t *total)
{
	ENTER_CONTEXT();
	*free_bytes = device_bytes - used;
	*total = device_bytes;
	return OK;
}

API int cuMemHostAlloc(u64 *to, size_t bytes, unsigned)
{
	ENTER_UNCAPTURED();
	return allocate(to, bytes, true);
}

API int cuMemFreeHost(u64 at)
{
	ENTER_UNCAPTURED();
	return release(at, true);
}

API int cuMemcpyHtoD_v2(u64 to, const void *from, size_t bytes)
{
	ENTER_UNCAPTURED();
	if (!found(to, bytes, false))
		return INVALID_VALUE;
	memcpy((void *)to, from, bytes);
	return OK;
}

API int cuMemcpyDtoH_v2(void *to, u64 from, size_t bytes)
{
	ENTER_UNCAPTURED();
	if (!found(from, bytes, false))
		return INVALID_VALUE;
	memcpy(to, (void *)from, bytes);
	return OK;
}

API int cuMemsetD8_v2(u64 to, unsigned char byte, size_t bytes)
{
	ENTER_UNCAPTURED();
	if (!found(to, bytes, false))
		return INVALID_VALUE;
	memset((void *)to, byte, bytes);
	return OK;
}

static int copy(u64 to, bool to_host, u64 from, bool from_host, size_t bytes, stream *s)
{
	if (!found(to, bytes, to_host) || !found(from, bytes, from_host))
		return INVALID_VALUE;
	operation o = {};
	o.what = COPY;
	o.to = to;
	o.to_host = to_host;
	o.from = from;
	o.from_host = from_host;
	o.bytes = bytes;
	return add(s, &o);
}

API int cuMemcpyHtoDAsync_v2(u64 to, u64 from, size_t bytes, stream *s)
{
	ENTER_CONTEXT();
	return copy(to, false, from, true, bytes, s);
}

API int cuMemcpyDtoHAsync_v2(u64 to, u64 from, size_t bytes, stream *s)
{
	ENTER_CONTEXT();
	return copy(to, true, from, false, bytes, s);
}

API int cuMemcpyDtoDAsync_v2(u64 to, u64 from, size_t bytes, stream *s)
{
	ENTER_CONTEXT();
	return copy(to, false, from, false, bytes, s);
}

API int cuMemsetD8Async(u64 to, unsigned char byte, size_t bytes, stream *s)
{
	ENTER_CONTEXT();
	if (!found(to, bytes, false))
		return INVALID_VALUE;
	operation o = {};
	o.what = SET;
	o.to = to;
	o.byte = byte;
	o.bytes = bytes;
	return add(s, &o);
}

// A module has the kernels that are entries of its text and compiled for the host.

struct module {
	int magic;
	char *text;
};

struct function {
	int magic;
	module *of;
	kernel_entry *entry;
};

API int cuModuleLoadDataEx(module **to, const char *image, unsigned n, const int *options, void **values)
{
	ENTER_UNCAPTURED();
	size_t last = strlen(image);
	while (last && strchr(" \t\r\n", image[last - 1]))
		last--;
	if (!strstr(image, ".version") || !strchr("};", image[last - 1])) {
		char *log = 0;
		size_t length = 0;
		for (unsigned i = 0; i < n; i++) {
			if (options[i] == 5) // the compiler's complaints
				log = (char *)values[i];
			if (options[i] == 6) // how many characters of it
				length = (size_t)values[i];
		}
		if (log)
			snprintf(log, length, "ptxas application ptx input, line 1; fatal   : Missing .version directive at start of file\nptxas fatal   : Ptx assembly aborted due to errors\n");
		return INVALID_PTX;
	}
	module *m = (module *)calloc(1, sizeof *m);
	m->magic = module_magic;
	m->text = strdup(image);
	live++;
	*to = m;
	return OK;
}

API int cuModuleUnload(module *m)
{
	ENTER_UNCAPTURED();
	if (!valid(m, module_magic))
		return INVALID_HANDLE;
	m->magic = 0;
	free(m->text);
	live--;
	return OK;
}

API int cuModuleGetFunction(function **to, module *m, const char *name)
{
	ENTER_CONTEXT();
	if (!valid(m, module_magic))
		return INVALID_HANDLE;
	char declared[256];
	snprintf(declared, sizeof declared, ".entry %s(", name);
	if (!strstr(m->text, declared))
		return NOT_FOUND;
	for (kernel_entry *e = kernel_entries; e; e = e->next)
		if (!strcmp(e->name, name)) {
			function *f = (function *)calloc(1, sizeof *f);
			*f = {function_magic, m, e};
			*to = f;
			return OK;
		}
	return NOT_FOUND;
}

API int cuLaunchKernel(function *f, unsigned x, unsigned y, unsigned z, unsigned threads, unsigned ty, unsigned tz, unsigned, stream *s, void **params, void **)
{
	ENTER_CONTEXT();
	if (!valid(f, function_magic) || !valid(f->of, module_magic))
		return INVALID_HANDLE;
	if (!x || x > 0x7fffffff || y != 1 || z != 1 || (int)threads != f->entry->threads || ty != 1 || tz != 1)
		return INVALID_VALUE;
	operation o = {};
	o.what = LAUNCH;
	o.entry = f->entry;
	o.blocks = x;
	o.args = params[0];
	return add(s, &o);
}

API int cuStreamCreate(stream **to, unsigned)
{
	ENTER_CONTEXT();
	stream *s = (stream *)calloc(1, sizeof *s);
	s->magic = stream_magic;
	s->next = streams;
	streams = s;
	live++;
	*to = s;
	return OK;
}

API int cuStreamDestroy_v2(stream *s)
{
	ENTER_CONTEXT();
	if (!valid(s, stream_magic))
		return INVALID_HANDLE;
	finished(s);
	clear(&s->captured);
	s->capturing = false;
	s->magic = 0;
	live--;
	return OK;
}

// The stream 0 has nothing to do: what is not given to a stream is done at once.
API int cuStreamSynchronize(stream *s)
{
	ENTER_CONTEXT();
	if (!s)
		return capturing_here() ? CAPTURE_UNSUPPORTED : OK;
	if (!valid(s, stream_magic))
		return INVALID_HANDLE;
	stream *target = s->joined ? s->joined : s;
	if (target->capturing) {
		target->spoilt = true;
		return CAPTURE_UNSUPPORTED;
	}
	return finished(s);
}

API int cuStreamBeginCapture_v2(stream *s, int mode)
{
	ENTER_CONTEXT();
	if (!valid(s, stream_magic))
		return INVALID_HANDLE;
	if (s->capturing || mode != 1)
		return INVALID_VALUE;
	static u64 captures;
	s->capturing = true;
	s->spoilt = false;
	s->capture = ++captures;
	s->lanes = 1;
	s->lane = 0;
	s->operations = s->waited_for = 0;
	s->thread = pthread_self();
	return OK;
}

API int cuStreamEndCapture(stream *s, graph **to)
{
	ENTER_CONTEXT();
	*to = 0;
	if (!valid(s, stream_magic))
		return INVALID_HANDLE;
	if (!s->capturing)
		return INVALID_VALUE;
	if (!pthread_equal(s->thread, pthread_self()))
		return CAPTURE_WRONG_THREAD;
	s->capturing = false;
	bool unjoined = false;
	for (stream *other = streams; other; other = other->next)
		if (other->joined == s) {
			other->joined = 0;
			unjoined |= other->waited_for < other->operations;
		}
	if (s->spoilt || unjoined) {
		clear(&s->captured);
		return s->spoilt ? CAPTURE_INVALIDATED : CAPTURE_UNJOINED;
	}
	graph *g = (graph *)calloc(1, sizeof *g);
	g->magic = graph_magic;
	g->all = s->captured;
	g->lanes = s->lanes;
	s->captured = {0, 0};
	live++;
	*to = g;
	return OK;
}

static int instantiate(graph **to, graph *g)
{
	if (!valid(g, graph_magic))
		return INVALID_HANDLE;
	graph *e = (graph *)calloc(1, sizeof *e);
	e->magic = exec_magic;
	e->lanes = g->lanes;
	e->of = (list *)calloc(g->lanes, sizeof *e->of);
	for (operation *o = g->all.first; o; o = o->next)
		append(&e->of[o->lane], o);
	live++;
	*to = e;
	return OK;
}

API int cuGraphInstantiateWithFlags(graph **to, graph *g, u64)
{
	ENTER_CONTEXT();
	return instantiate(to, g);
}

API int cuGraphInstantiate_v2(graph **to, graph *g, void *, char *, size_t)
{
	ENTER_CONTEXT();
	return instantiate(to, g);
}

API int cuGraphLaunch(graph *g, stream *s)
{
	ENTER_CONTEXT();
	if (!valid(g, exec_magic) || !valid(s, stream_magic))
		return INVALID_HANDLE;
	if (s->capturing || s->joined)
		return CAPTURE_UNSUPPORTED;
	operation o = {};
	o.what = GRAPH;
	o.run = g;
	return add(s, &o);
}

static int destroy(graph *g, int magic)
{
	if (!valid(g, magic))
		return INVALID_HANDLE;
	g->magic = 0;
	clear(&g->all);
	for (int i = 0; g->of && i < g->lanes; i++)
		clear(&g->of[i]);
	free(g->of);
	live--;
	return OK;
}

API int cuGraphDestroy(graph *g)
{
	ENTER_CONTEXT();
	return destroy(g, graph_magic);
}

API int cuGraphExecDestroy(graph *g)
{
	ENTER_CONTEXT();
	all_finished();
	return destroy(g, exec_magic);
}

API int cuEventCreate(event **to, unsigned)
{
	ENTER_CONTEXT();
	event *e = (event *)calloc(1, sizeof *e);
	e->magic = event_magic;
	live++;
	*to = e;
	return OK;
}

API int cuEventDestroy_v2(event *e)
{
	ENTER_CONTEXT();
	if (!valid(e, event_magic))
		return INVALID_HANDLE;
	e->magic = 0;
	live--;
	return OK;
}

API int cuEventRecord(event *e, stream *s)
{
	ENTER_CONTEXT();
	if (!valid(e, event_magic) || !valid(s, stream_magic))
		return INVALID_HANDLE;
	stream *target = s->joined ? s->joined : s;
	e->captured = target->capturing ? target : 0;
	e->in = s;
	if (e->captured) {
		e->capture = target->capture;
		e->reached = s->operations;
		return OK;
	}
	operation o = {};
	o.what = RECORD;
	o.of = e;
	o.record = ++e->records;
	return add(s, &o);
}

API int cuStreamWaitEvent(stream *s, event *e, unsigned)
{
	ENTER_CONTEXT();
	if (!valid(e, event_magic) || !valid(s, stream_magic))
		return INVALID_HANDLE;
	if (e->captured) {
		stream *target = e->captured;
		if (!target->capturing || target->capture != e->capture)
			return CAPTURED_EVENT;
		if (s != target && !s->joined) {
			s->joined = target;
			s->lane = target->lanes++;
			s->operations = s->waited_for = 0;
		}
		if (s != e->in && e->in->waited_for < e->reached)
			e->in->waited_for = e->reached;
		operation o = {};
		o.what = JOIN;
		o.other = e->in->lane;
		o.record = e->reached;
		return add(s, &o);
	}
	if (s->capturing || s->joined)
		return CAPTURE_UNSUPPORTED; // it would depend on what is not captured
	if (!e->records)
		return OK;
	operation o = {};
	o.what = WAIT;
	o.of = e;
	o.in = e->in;
	o.record = e->records;
	return add(s, &o);
}

API int cuEventSynchronize(event *e)
{
	ENTER_UNCAPTURED();
	if (!valid(e, event_magic))
		return INVALID_HANDLE;
	if (e->captured)
		return CAPTURED_EVENT;
	while (e->done < e->records && e->in->waiting.first)
		one(e->in);
	return broken;
}

API int cuEventElapsedTime(float *ms, event *start, event *end)
{
	ENTER_CONTEXT();
	if (!valid(start, event_magic) || !valid(end, event_magic) || !start->records || !end->records)
		return INVALID_HANDLE;
	if (start->captured || end->captured)
		return CAPTURED_EVENT;
	if (start->done < start->records || end->done < end->records)
		return NOT_READY;
	*ms = (float)(1e3 * (end->seconds - start->seconds));
	return OK;
}
