#!/usr/bin/env bash
# Chooses the default settings of cmd/mnist on a validation set: 10,000 images
# held out from MNIST's 60,000 training images. The test set is not used.
# Uses Gonum's BLAS, so that every machine gets the same numbers.
# Prints one row for each setting: arm, learning rate, p of the hidden units, p
# of the inputs, epochs and the mean validation error over two seeds.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
go build -o "$out/mnist" ./cmd/mnist

# arm NAME FLAGS...: the validation error of one arm.
arm() {
	local name=$1
	shift
	rm -rf "$out/runs"
	DROPOUT_BLAS=gonum "$out/mnist" --validation 10000 --curve 0 --seeds 2 --seed 101 --out "$out/runs" "$@" >/dev/null 2>&1 || {
		echo "diverged"
		return
	}
	awk -F, -v arm="$name dropout" '$1 == arm { sum += $7; n++ } END { printf "%.2f %%\n", 100 * sum / n }' "$out/runs/runs.csv"
}

for lr in 0.05 0.1 0.2 0.3; do
	for epochs in 20 40; do
		echo "| without dropout | $lr | | | $epochs | $(arm without --epochs 1 --plain-lr $lr --plain-epochs $epochs) |"
	done
done
for lr in 0.05 0.1 0.2; do
	for p in 0.1 0.2 0.3 0.5; do
		for input in 0.1 0.2 0.3 0.4; do
			echo "| with dropout | $lr | $p | $input | 40 | $(arm with --plain-epochs 1 --lr $lr -p $p --input-p $input --epochs 40) |"
		done
	done
done
