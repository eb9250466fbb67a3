// Package draw provides the randomness of ops: the [Source] of an op's random
// words, the [Step] of a run, the rate, the axes over which a [Mask] is
// shared, and the options that set them. Package ops exports the parts that
// users need.
package draw
