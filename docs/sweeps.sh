#!/usr/bin/env bash
# The measurements in docs/sweeps.md: bash docs/sweeps.sh
# It takes 40 s on two cores and needs them idle.
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go build -o "$dir/sweep" ./cmd/sweep

echo "8 trainings by one worker and by two, in turn, fastest of ${TURNS:=3}"
for turn in $(seq "$TURNS"); do
	for workers in 1 2; do
		"$dir/sweep" run examples/sweep.yaml --seeds 1 --workers $workers --store "$dir/$turn-$workers" --out "$dir/out" 2>&1 |
			sed -n 's/^8 trials in \(.*\) s\.$/\1/p' >>"$dir/$workers"
	done
done
one=$(sort -n "$dir/1" | head -1) two=$(sort -n "$dir/2" | head -1)
awk -v one="$one" -v two="$two" 'BEGIN { printf "one worker %.1f s, two %.1f s: %.2f times the throughput\n\n", one, two, one / two }'

for arguments in "--workers 1" "--workers 10 --trials 2000" "--workers 1000 --trials 5000 --millis 1000"; do
	echo "sweep simulate $arguments"
	# shellcheck disable=SC2086 # they are several
	"$dir/sweep" simulate $arguments
done
