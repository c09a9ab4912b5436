#!/usr/bin/env bash
# The KuaiRand training loop beside PyTorch's, in turn, two threads each: run.sh [ROUNDS [STEPS [PYTHON]]]. From a checkout built in Release; Debian's python3-torch by default.
# Debian's default BLAS is slow: install libopenblas0-pthread, or put its folder in LD_LIBRARY_PATH, so that the comparison is a fair one.
# On a machine that others use, STUDY_THREADS=1 and the CPU time a step say more than samples/s.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-3} steps=${2:-600} python=${3:-/usr/bin/python3}
work=${RANKING_CPU_STUDY:-$(mktemp -d)}
ours=benchmarks/Ranking.Benchmarks/bin/Release/net10.0/Ranking.Benchmarks
[ -f "$work/all.parquet" ] || src/Ranking.Cli/bin/Release/net10.0/ranking examples --spec features/kuairand --out "$work/all.parquet"
[ -d "$work/dump" ] || $ours train dump "$work/all.parquet" "$work/dump"
for kind in tokenmixer-large dcnv2; do
    for round in $(seq "$rounds"); do
        $ours train run "$work/all.parquet" $kind "$steps" > "$work/$kind-ours-$round.txt"
        "$python" benchmarks/cpu/train.py "$work/dump" $kind "$steps" > "$work/$kind-torch-$round.txt"
        printf '%s: ours %s | %s | load %s\n' "$kind" "$(tail -n 1 "$work/$kind-ours-$round.txt")" "$(tail -n 1 "$work/$kind-torch-$round.txt")" "$(cut -d' ' -f1 /proc/loadavg)"
    done
    echo "largest difference of the first 20 losses: $(paste <(grep ^loss "$work/$kind-ours-1.txt") <(grep ^loss "$work/$kind-torch-1.txt") | awk '{ d = $3 - $6; if (d < 0) d = -d; if (d > most) most = d } END { print most }')"
done
