#!/usr/bin/env bash
# Progressive (prequential) evaluation: each day is scored by the version that the days before it made, then learned from by the next version.
# Usage: progressive.sh SPEC EXAMPLES.parquet OUT FIRST_DAY LAST_DAY [KIND …]     environment: RANKING (the command), SET ("key=value …")
# Example: RANKING=ranking benchmarks/accuracy/progressive.sh features/kuairand all.parquet /tmp/progressive 2022-04-25 2022-05-06 tokenmixer-large dcnv2
# Days begin at midnight of the spec's time zone. One pass a day at constant rates, as a stream would have it.
set -euo pipefail
spec=$1 examples=$2 out=$3 first=$4 last=$5; shift 5
kinds=("${@:-tokenmixer-large}")
ranking=${RANKING:-ranking}
zone=$(sed -n 's/^time_zone: *\([^ ]*\).*/\1/p' "$spec/spec.yaml"); zone=${zone:-+00:00}
name=$(sed -n 's/^name: *\([^ ]*\).*/\1/p' "$spec/spec.yaml")
mkdir -p "$out"
echo "| KIND | day | rows | label | AUC | log loss |"; echo "|---|---|---|---|---|---|"
for kind in "${kinds[@]}"; do
  version=0
  for ((day = $(date -ud "$first" +%s); day <= $(date -ud "$last" +%s); day += 86400)); do
    from=$(date -ud "@$day" +%F)T00:00:00$zone to=$(date -ud "@$((day + 86400))" +%F)T00:00:00$zone
    [ "$version" = 0 ] || "$ranking" evaluate --registry "$out/$kind" --model "$name@$version" --examples "$examples" --from "$from" --to "$to" --json 2> /dev/null | python3 -c "
import json, sys
d = json.load(sys.stdin)
for label, m in d['labels'].items(): print(f'| {sys.argv[1]} | {sys.argv[2]} | {m[\"rows\"]:,} | {label} | {m[\"auc\"]:.4f} | {m[\"logloss\"]:.4f} |')" "$kind" "${from%T*}"
    before=()
    [ "$version" = 0 ] || before=(--from-version "$version")
    "$ranking" train --spec "$spec" --examples "$examples" --from "$from" --to "$to" --registry "$out/$kind" --model "$kind" "${before[@]}" \
      --set training.epochs=1 training.schedule=constant ${SET:-} --json > /dev/null 2> "$out/$kind.log"
    version=$((version + 1))
  done
done
