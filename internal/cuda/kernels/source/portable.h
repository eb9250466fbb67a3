// The functions of package portable, operation by operation.

#pragma once

#include "kernel.h"

static const double LN2_HIGH = 6.93147180369123816490e-01, LN2_LOW = 1.90821492927058770002e-10;

static DEVICE double from_bits(u64 x) { return __builtin_bit_cast(double, x); }
static DEVICE u64 to_bits(double x) { return __builtin_bit_cast(u64, x); }
static DEVICE double infinity() { return from_bits(0x7ffull << 52); }
static DEVICE double not_a_number() { return from_bits(0x7ff8ull << 48); }

// 2^k for a normal result.
static DEVICE double power_of_two(int k) { return from_bits((u64)(i64)(k + 1023) << 52); }

// The largest whole number that is not above x, for the small x that there are here.
static DEVICE int whole(double x)
{
	const int k = (int)x;
	return k > x ? k - 1 : k;
}

static DEVICE double portable_exp(double x)
{
	if (x != x)
		return x;
	if (x > 709.79)
		return infinity();
	if (x < -745.14)
		return 0;
	const int k = whole(x * 1.44269504088896340735992468100189214 + 0.5);
	const double r = (x - k * LN2_HIGH) - k * LN2_LOW;
	const double z = r * r;
	double p = 1.26177193074810590878e-4 * z + 3.02994407707441961300e-2;
	p = p * z + 9.99999999999999999910e-1;
	p = p * r;
	double q = 3.00198505138664455042e-6 * z + 2.52448340349684104192e-3;
	q = q * z + 2.27265548208155028766e-1;
	q = q * z + 2;
	const double e = 1 + 2 * (p / (q - p));
	if (k > -1022 && k < 1023)
		return e * power_of_two(k);
	// In two steps of which only the second may round, as math.Ldexp.
	if (k < 0)
		return e * power_of_two(k + 100) * power_of_two(-100);
	return e * power_of_two(k - 100) * power_of_two(100);
}

static DEVICE double portable_log(double x)
{
	if (x != x || x == infinity())
		return x;
	if (x < 0)
		return not_a_number();
	if (x == 0)
		return -infinity();
	int k = -1022;
	if (x < power_of_two(-1022)) { // denormal
		x *= power_of_two(60);
		k -= 60;
	}
	const u64 bits = to_bits(x);
	k += (int)(bits >> 52);
	double m = from_bits((bits & ((1ull << 52) - 1)) | 1022ull << 52);
	if (m < 1.41421356237309504880168872420969808 / 2) {
		m *= 2;
		k--;
	}
	const double f = m - 1;
	const double s = f / (2 + f);
	const double z = s * s;
	double r = 1.479819860511658591e-01;
	r = r * z + 1.531383769920937332e-01;
	r = r * z + 1.818357216161805012e-01;
	r = r * z + 2.222219843214978396e-01;
	r = r * z + 2.857142874366239149e-01;
	r = r * z + 3.999999999940941908e-01;
	r = r * z + 6.666666666666735130e-01;
	r = z * r;
	const double half = 0.5 * f * f;
	const double n = k;
	return n * LN2_HIGH - ((half - (s * (half + r) + n * LN2_LOW)) - f);
}

// SeriesLog, of a positive normal x.
static DEVICE double portable_series_log(double x)
{
	const u64 bits = to_bits(x);
	int e = (int)(bits >> 52) - 1022;
	double m = from_bits((bits & ((1ull << 52) - 1)) | 1022ull << 52);
	if (m < 0.70710678118654752440) {
		m *= 2;
		e--;
	}
	const double s = (m - 1) / (m + 1);
	const double z = s * s;
	double sum = 1.0 / 17 * z;
	sum = (sum + 1.0 / 15) * z;
	sum = (sum + 1.0 / 13) * z;
	sum = (sum + 1.0 / 11) * z;
	sum = (sum + 1.0 / 9) * z;
	sum = (sum + 1.0 / 7) * z;
	sum = (sum + 1.0 / 5) * z;
	sum = (sum + 1.0 / 3) * z;
	const double n = e;
	return n * LN2_HIGH + (n * LN2_LOW + 2 * s * (1 + sum));
}

// Normal is in two parts: the middle of the distribution, and the tails, which take much
// longer and have less than a sixth of the words. Each is right for its own words only.
static DEVICE double normal_probability(u32 word) { return (word + 0.5) / 4294967296.0; }

static DEVICE bool normal_in_tail(u32 word) { return __builtin_fabs(normal_probability(word) - 0.5) > 0.425; }

static DEVICE double normal_middle(u32 word)
{
	const double q = normal_probability(word) - 0.5;
	const double r = 0.180625 - q * q;
	double num = 59.109374720 * r + 159.29113202;
	num = num * r + 50.434271938;
	num = num * r + 3.3871327179;
	double den = 67.187563600 * r + 78.757757664;
	den = den * r + 17.895169469;
	den = den * r + 1;
	return q * num / den;
}

static DEVICE double normal_tail(u32 word)
{
	const double v = normal_probability(word), q = v - 0.5;
	const double r = root64(-portable_series_log(q > 0 ? 1 - v : v)) - 1.6;
	double num = 0.17023821103 * r + 1.3067284816;
	num = num * r + 2.7568153900;
	num = num * r + 1.4234372777;
	double den = 0.12021132975 * r + 0.73700164250;
	den = den * r + 1;
	return (q < 0 ? -num : num) / den;
}

static DEVICE double portable_normal(u32 word)
{
	return normal_in_tail(word) ? normal_tail(word) : normal_middle(word);
}
