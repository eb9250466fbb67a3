#!/usr/bin/env bash
# What makes submatrix dropout stable: the table in docs/submatrix.md. Trains on
# 5,000 images of MNIST and reports on 5,000 others, held out from the 60,000;
# the test set is not used. Prints one row for each setting: dropout, learning
# rate, further settings and the mean validation error over two seeds.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
go build -o "$out/mnist" ./cmd/mnist

# row NAME LR FLAGS...: a row of the table.
row() {
	local name=$1 lr=$2 error
	shift 2
	rm -rf "$out/runs"
	"$out/mnist" --validation 5000 --curve 0 --seeds 2 --hidden 512,512 -p 0.5 --input-p 0.2 --plain-epochs 1 --epochs 15 \
		--lr "$lr" --out "$out/runs" "$@" >/dev/null 2>&1 &&
		error=$(awk -F, '$1 == "with dropout" { sum += $7; n++ } END { printf "%.2f %%", 100 * sum / n }' "$out/runs/runs.csv") ||
		error=diverged
	echo "| $name | $lr | ${*/--submatrix/} | $error |"
}

for lr in 0.02 0.05 0.1; do
	row unit $lr
	row submatrix $lr --submatrix
	row submatrix $lr --submatrix --clip-norm 1
	row submatrix $lr --submatrix --clip-norm 2
	row submatrix $lr --submatrix --warmup 100
	row submatrix $lr --submatrix --max-norm 2.5
	row submatrix $lr --submatrix --momentum 0.5
done
# More masks for the same images: smaller batches, with a rate in proportion.
for setting in "0.02 40" "0.01 20" "0.005 10"; do
	read -r lr batch <<<"$setting"
	row unit $lr --batch $batch
	row submatrix $lr --submatrix --batch $batch
done
