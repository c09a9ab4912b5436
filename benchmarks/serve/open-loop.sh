#!/usr/bin/env bash
# Latency of a running ranker under an open load: at a fixed low rate, then the highest rate at which all is answered (saturation), then
# 70 % of that. Requests: users and videos of the shipped KuaiRand log, seeded, at the end of its last day.
# Usage: benchmarks/serve/open-loop.sh URL [CANDIDATES...]     e.g. against `ranking quickstart --redis localhost:6379 --serve`
set -euo pipefail
cd "$(dirname "$0")/../.."
url=${1:?URL of a running ranker}; shift
ranking=src/Ranking.Cli/bin/Release/net10.0/ranking
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT

requests() { # N: 400 requests of N candidates, JSON lines
    zcat features/kuairand/data/log_standard_*.csv.gz | awk -F, -v n="$1" -v q='"' '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == "user_id") u = i; else if ($i == "video_id") v = i; next }
        !($u in users) { users[$u]; user[us++] = $u }
        !($v in videos) && $v != "video_id" { videos[$v]; video[vs++] = $v }
        END { srand(1)
            for (r = 0; r < 400; r++) {
                printf "{%suser%s:%s%s%s,%stime%s:%s2022-05-06T16:00:00+00:00%s,%scandidates%s:[", q, q, q, user[int(rand() * us)], q, q, q, q, q, q, q
                split("", taken)
                for (c = 0; c < n; ) { i = int(rand() * vs); if (i in taken) continue; taken[i]; printf "%s%s%s%s", c++ ? "," : "", q, video[i], q }
                print "]}"
            } }'
}
bench() { # FILE RATE SECONDS: the result as one JSON object
    "$ranking" bench serve --url "$url" --requests "$1" --rate "$2" --duration "$3s" --warm-up 2s --json 2> "$work/log"
}
number() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"; }
line() { # what, rate, JSON
    printf '| %s | %s | %s | %s | %s | %s |\n' "$n" "$1" "$2" "$(number p50 <<< "$3")" "$(number p90 <<< "$3")" "$(number p99 <<< "$3")"
}
holds() { # FILE RATE: whether every request is answered well, and as many as were offered
    local r; r=$(bench "$1" "$2" 8)
    [ "$(number offered <<< "$r")" = "$(number 200 <<< "$r")" ] && awk -v t="$(number p99 <<< "$r")" 'BEGIN { exit !(t < 100) }'
}

echo '| candidates | load | requests/s | p50 ms | p90 ms | p99 ms |'
echo '|---|---|---|---|---|---|'
for n in "${@:-50 200 500}"; do for n in $n; do
    requests "$n" > "$work/$n.jsonl"
    line low 20 "$(bench "$work/$n.jsonl" 20 20)"
    low=20; high=40
    while [ "$high" -lt 5000 ] && holds "$work/$n.jsonl" "$high"; do low=$high; high=$((high * 2)); done
    for _ in 1 2 3 4; do
        middle=$(((low + high) / 2))
        if holds "$work/$n.jsonl" "$middle"; then low=$middle; else high=$middle; fi
    done
    line saturation "$low" "$(bench "$work/$n.jsonl" "$low" 15)"
    line '70 % of it' $((low * 7 / 10)) "$(bench "$work/$n.jsonl" $((low * 7 / 10)) 20)"
done; done
