// What a library for the host exports: its kernels, by name. Include this after all
// kernels.

#pragma once

#include "kernel.h"

kernel_entry *kernel_entries;

static kernel_entry *kernel_named(const char *name)
{
	for (kernel_entry *e = kernel_entries; e; e = e->next)
		if (__builtin_strcmp(e->name, name) == 0)
			return e;
	return 0;
}

// The threads of a kernel's block, 0 if there is no such kernel.
extern "C" int kernel_threads(const char *name)
{
	const kernel_entry *e = kernel_named(name);
	return e ? e->threads : 0;
}

// The size of a kernel's arguments, 0 if there is no such kernel.
extern "C" int kernel_size(const char *name)
{
	const kernel_entry *e = kernel_named(name);
	return e ? e->size : 0;
}

// Runs the blocks [from, to) of a kernel, one after the other. The result is 0 if there
// is no such kernel.
extern "C" int kernel_run(const char *name, int from, int to, int blocks, const void *args)
{
	const kernel_entry *e = kernel_named(name);
	if (!e)
		return 0;
	for (int block = from; block < to; block++)
		e->run(block, blocks, args);
	return 1;
}
