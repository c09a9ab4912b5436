#!/usr/bin/env bash
# Every KIND on one spec, one pass, several seeds: a line of JSON a run, then the table.
# Usage: run.sh SPEC DATA OUT TRAIN_END [KIND …]     environment: RANKING (the command), SEEDS ("1 2 3"), SET ("key=value …")
# Example: RANKING=ranking benchmarks/accuracy/run.sh features/kuairand features/kuairand/data /tmp/accuracy 2022-05-05T00:00:00+08:00
# A run whose line is there already is not repeated, so a stopped benchmark goes on where it was.
set -euo pipefail
spec=$1 data=$2 out=$3 end=$4; shift 4
ranking=${RANKING:-ranking} seeds=${SEEDS:-1 2 3}
kinds=("$@")
[ ${#kinds[@]} -gt 0 ] || kinds=(tokenmixer-large rankmixer lr fm dnn deepfm dcnv2 dlrm wukong finalmlp finalnet din lightgbm lightgbm-rank)
name=$(basename "$spec")
here=$(dirname "$(readlink -f "$0")")
mkdir -p "$out"
export OMP_NUM_THREADS=1
[ -f "$out/train.parquet" ] || "$ranking" examples --spec "$spec" --data "$data" --to "$end" --out "$out/train.parquet"
[ -f "$out/valid.parquet" ] || "$ranking" examples --spec "$spec" --data "$data" --from "$end" --out "$out/valid.parquet"
for seed in $seeds; do
  for kind in "${kinds[@]}"; do
    result="$out/$kind-$seed.json"
    [ -s "$result" ] && continue
    # What the search found for this kind, where the folder has it.
    own=()
    [ -f "$here/settings/$name.json" ] && mapfile -t own < <(python3 -c "
import json, sys
for setting, value in json.load(open(sys.argv[1])).get(sys.argv[2], {}).items(): print(f'{setting}={value}')" "$here/settings/$name.json" "$kind")
    "$ranking" train --spec "$spec" --examples "$out/train.parquet" --valid "$out/valid.parquet" --registry "$out/registry" \
      --model "$kind" --seed "$seed" --set training.seed="$seed" "${own[@]}" ${SET:-} --json > "$result.part"
    mv "$result.part" "$result"
  done
done
python3 "$here/table.py" "$out"
# Paired tests, clustered by user, of the first seed: TokenMixer-Large's AUC less the other's.
version() { python3 -c "import json, sys; d = json.load(open(sys.argv[1])); print('%s@%d' % (d['model'], d['version']))" "$1"; }
first=${seeds%% *}
[ -s "$out/tokenmixer-large-$first.json" ] || exit 0
echo
for kind in "${kinds[@]}"; do
  [ "$kind" != tokenmixer-large ] && [ -s "$out/$kind-$first.json" ] || continue
  "$ranking" compare --registry "$out/registry" --a "$(version "$out/$kind-$first.json")" --b "$(version "$out/tokenmixer-large-$first.json")" \
    --examples "$out/valid.parquet" --json 2> /dev/null | python3 -c "
import json, sys
for label, d in json.load(sys.stdin)['labels'].items():
    print(f'tokenmixer-large − $kind, {label}: {d[\"delta_auc\"]:+.4f} [{d[\"low\"]:+.4f}, {d[\"high\"]:+.4f}], p {d[\"p\"]:.3f}')"
done
