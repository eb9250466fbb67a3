package tabular

import (
	"bytes"
	"encoding/csv"
	"slices"
)

const (
	peeked      = 1 << 16 // bytes in which commas are looked for
	commaSample = 50      // records
	// headerSample is the number of rows that the first line is compared with.
	headerSample = 1000
)

// comma returns what separates the columns of a file that begins with head: what divides
// the most lines into the same number of values.
func comma(head []byte) rune {
	if len(head) == peeked {
		head = head[:bytes.LastIndexByte(head, '\n')+1] // the last line is cut
	}
	best, most := ',', 0.0
	for _, c := range []rune{',', ';', '\t', '|'} {
		if score := regularity(head, c); score > most {
			best, most = c, score
		}
	}
	return best
}

// regularity is the share of lines that have the same number of values, and a little more
// the more these are; 0 where lines have one value.
func regularity(head []byte, c rune) float64 {
	in := csv.NewReader(bytes.NewReader(head))
	in.Comma, in.FieldsPerRecord, in.LazyQuotes, in.ReuseRecord = c, -1, true, true
	count := make(map[int]int)
	lines := 0
	for lines < commaSample {
		record, err := in.Read()
		if err != nil {
			break
		}
		lines++
		count[len(record)]++
	}
	var best float64
	for values, n := range count {
		if values > 1 {
			best = max(best, float64(n)/float64(lines)+(1-1/float64(values))/10)
		}
	}
	return best
}

// isHeader reports whether a first record has names: not numbers where the others in their
// column are, or, where there are no columns of numbers, values that do not occur again.
func isHeader(first []string, values [][]string) bool {
	var names, same, again int
	for i, v := range first {
		column := values[i][:min(len(values[i]), headerSample)]
		numbers, present := 0, 0
		for _, other := range column {
			if isMissing(other) {
				continue
			}
			present++
			if _, ok := anyNumber(other); ok {
				numbers++
			}
		}
		_, number := anyNumber(v)
		switch {
		case present > 0 && 10*numbers >= 9*present && !number && !isMissing(v):
			names++
		case present > 0 && 10*numbers >= 9*present:
			same++
		case slices.Contains(column, v):
			again++
		}
	}
	switch {
	case names+same > 0:
		return names >= same
	case len(values[0]) == 0:
		return true
	}
	return 2*again <= len(first)
}
