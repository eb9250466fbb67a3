package page

import "github.com/gorgonia-dropout/dropout/training/experiment"

// Verdict says whether a published number is reached: whether what is worse here is so by
// no more than a limit, and whether chance alone may have decided that, since the 95 %
// interval contains the limit.
func Verdict(worse experiment.Estimate, limit float64) string {
	says := "reproduces"
	if worse.Mean > limit {
		says = "does not"
	}
	if low, high := worse.Interval(0.95); low <= limit && limit <= high {
		says += ", within chance"
	}
	return says
}

// Beyond says whether the 95 % interval of a difference lies above 0, as 1, or below it, as
// -1. It is 0 if the interval contains 0, or if there is none for want of seeds.
func Beyond(difference experiment.Estimate) int {
	switch low, high := difference.Interval(0.95); {
	case low > 0:
		return 1
	case high < 0:
		return -1
	}
	return 0
}
