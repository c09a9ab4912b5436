#!/usr/bin/env bash
# The one trip of a request against redis-benchmark's MGET of as many values of the same size, in turn on one server.
# Usage: benchmarks/store/fetch.sh HOST:PORT [ROUNDS]; rows of 600 bytes and tokens of 520 count as values of 560.
set -euo pipefail
cd "$(dirname "$0")/../.."
server=${1:?HOST:PORT of a Redis}; rounds=${2:-5}; bytes=560
host=${server%:*}; port=${server##*:}
value=$(head -c $bytes /dev/zero | tr '\0' x)
trap 'seq 1 1000 | sed "s/.*/fetch-bench:&/" | xargs redis-cli -h "$host" -p "$port" del > /dev/null' EXIT
for i in $(seq 1 1000); do echo "SET fetch-bench:$i $value"; done | redis-cli -h "$host" -p "$port" > /dev/null

ours() { src/Ranking.Cli/bin/Release/net10.0/ranking bench store --redis "$server" --rows "$1" --bytes $bytes --duration 4s --json 2> /dev/null | sed -n 's/.*"p50":\([0-9.]*\).*/\1/p'; }
theirs() { redis-benchmark -h "$host" -p "$port" -c 1 -n 4000 --precision 3 --csv mget $(seq 1 "$1" | sed 's/.*/fetch-bench:&/') 2> /dev/null | tail -n 1 | awk -F, '{ gsub("\"", "", $(NF-3)); print $(NF-3) }'; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

echo '| values of a trip | ours, p50 ms | redis-benchmark MGET, p50 ms | ratio |'
echo '|---|---|---|---|'
for n in 100 400 1000; do
    us=(); them=()
    for _ in $(seq "$rounds"); do us+=("$(ours $n)"); them+=("$(theirs $n)"); done
    a=$(printf '%s\n' "${us[@]}" | median); b=$(printf '%s\n' "${them[@]}" | median)
    awk -v n=$n -v a="$a" -v b="$b" 'BEGIN { printf "| %d | %.3f | %.3f | %.2f |\n", n, a, b, a / b }'
done
