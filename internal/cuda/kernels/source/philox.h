// The random bits of masks: Philox4x32-10 and the contract of package
// internal/kernel/drop, which says which bits are whose.

#pragma once

#include "memory.h"

// A mask is what the host writes before a run: its step changes while the graph of
// launches stays. scale is 65536/(65536-threshold).
struct mask {
	u64 seed;
	u64 step;
	u32 layer;
	u32 threshold;
	float scale;
	u32 unused;
};

// What all blocks of random bits of a mask share: they differ only in the first word of
// the counter, which takes three rounds to reach all four words.
struct philox {
	u32 c2_round1, c0_round2, c2_round2, c0_round3, c2_round3;
	u32 key0, key1; // of round 3
};

static DEVICE u64 wide(u32 x, u32 y) { return (u64)x * y; }
static DEVICE u32 high(u64 x) { return (u32)(x >> 32); }

static const u32 PHILOX_M0 = 0xD2511F53, PHILOX_M1 = 0xCD9E8D57;
static const u32 PHILOX_W0 = 0x9E3779B9, PHILOX_W1 = 0xBB67AE85;

static DEVICE philox philox_of(u64 seed, u64 step, u32 layer)
{
	philox p;
	u32 key0 = (u32)seed, key1 = high(seed);
	const u64 q = wide(PHILOX_M1, (u32)step);
	const u32 c0 = high(q) ^ layer ^ key0;
	p.c2_round1 = high(step) ^ key1;
	key0 += PHILOX_W0;
	key1 += PHILOX_W1;
	const u64 r = wide(PHILOX_M0, c0);
	p.c0_round2 = (u32)q ^ key0;
	p.c2_round2 = high(r) ^ key1;
	key0 += PHILOX_W0;
	key1 += PHILOX_W1;
	p.c0_round3 = key0;
	p.c2_round3 = (u32)r ^ key1;
	p.key0 = key0;
	p.key1 = key1;
	return p;
}

static DEVICE philox philox_of(const mask &m) { return philox_of(m.seed, m.step, m.layer); }

// The four random words of a block.
struct words {
	u32 c0, c1, c2, c3;
};

static DEVICE words philox_words(const philox &k, u32 block)
{
	u64 p = wide(PHILOX_M0, block);
	u32 c2 = high(p) ^ k.c2_round1;

	u64 q = wide(PHILOX_M1, c2);
	u32 c0 = high(q) ^ k.c0_round2, c1 = (u32)q;
	c2 = (u32)p ^ k.c2_round2;

	p = wide(PHILOX_M0, c0);
	q = wide(PHILOX_M1, c2);
	c0 = high(q) ^ c1 ^ k.c0_round3;
	c1 = (u32)q;
	c2 = high(p) ^ k.c2_round3;
	u32 c3 = (u32)p;

	u32 key0 = k.key0, key1 = k.key1;
	UNROLL
	for (int round = 4; round <= 10; round++) {
		key0 += PHILOX_W0;
		key1 += PHILOX_W1;
		p = wide(PHILOX_M0, c0);
		q = wide(PHILOX_M1, c2);
		c0 = high(q) ^ c1 ^ key0;
		c1 = (u32)q;
		c2 = high(p) ^ c3 ^ key1;
		c3 = (u32)p;
	}
	return words{c0, c1, c2, c3};
}

static const u32 GROUP = 64;     // elements that share eight blocks
static const u32 ALWAYS = 65536; // the threshold at which every element is dropped

// Bit k of the result is set where element 64*(block/8) + 8*k + block%8 is kept.
static DEVICE u32 kept_of_block(const philox &p, u32 block, u32 threshold)
{
	if (threshold == 0)
		return 0xff;
	if (threshold >= ALWAYS)
		return 0;
	const words w = philox_words(p, block);
	const u32 c[4] = {w.c0, w.c1, w.c2, w.c3};
	u32 kept = 0;
	UNROLL
	for (int j = 0; j < 4; j++) {
		kept |= (u32)((c[j] & 0xffff) >= threshold) << (2 * j);
		kept |= (u32)((c[j] >> 16) >= threshold) << (2 * j + 1);
	}
	return kept;
}

// Whether element i of a mask is kept. To ask for eight elements of a block together is
// eight times as fast.
static DEVICE bool keeps(const philox &p, u64 i, u32 threshold)
{
	const u32 block = (u32)(i / GROUP * 8 + i % 8);
	return kept_of_block(p, block, threshold) >> (i % GROUP / 8) & 1;
}

static const u32 NOISE_GROUP = 32; // elements that share eight blocks where each takes a word

// The word of element i: drop.Words.
static DEVICE u32 word_of(const philox &p, u64 i)
{
	const words w = philox_words(p, (u32)(i / NOISE_GROUP * 8 + i % 8));
	const u32 c[4] = {w.c0, w.c1, w.c2, w.c3};
	u32 word = c[0];
	UNROLL
	for (u32 j = 1; j < 4; j++)
		if (i % NOISE_GROUP / 8 == j) // c is in registers
			word = c[j];
	return word;
}
