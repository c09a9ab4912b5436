#!/usr/bin/env bash
# A spec with and without the MBAT vector of the item's document: on all examples, and on items that training has not seen.
# Usage: mbat.sh SPEC DATA OUT TRAIN_END [DIMENSION]     environment: RANKING (the command), SEEDS ("1 2 3"), SET ("key=value …")
# Example: RANKING=ranking benchmarks/accuracy/mbat.sh features/movielens /data/movielens-small /tmp/mbat 2016-01-01T00:00:00Z
# A run whose file is there already is not repeated, so a stopped benchmark goes on where it was.
set -euo pipefail
spec=$1 data=$2 out=$3 end=$4 dimension=${5:-64}
ranking=${RANKING:-ranking} seeds=${SEEDS:-1 2 3}
here=$(dirname "$(readlink -f "$0")")
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
for kind in without with; do
  mkdir -p "$out/$kind/spec"
  cp "$spec"/*.sql "$spec/spec.yaml" "$out/$kind/spec/"
done
# One feature more, in the group that holds the item's id.
sed -i -e "s/^features:\$/features:\n  document: { type: mbat, from: item, dimension: $dimension }/" -e 's/\[item_id,/[document, item_id,/' "$out/with/spec/spec.yaml"
for kind in without with; do
  [ -f "$out/$kind/train.parquet" ] || "$ranking" examples --spec "$out/$kind/spec" --data "$data" --to "$end" --out "$out/$kind/train.parquet"
  [ -f "$out/$kind/valid.parquet" ] || "$ranking" examples --spec "$out/$kind/spec" --data "$data" --from "$end" --out "$out/$kind/valid.parquet"
done
for seed in $seeds; do
  for kind in without with; do
    [ -s "$out/$kind-$seed.json" ] && continue
    "$ranking" train --spec "$out/$kind/spec" --examples "$out/$kind/train.parquet" --valid "$out/$kind/valid.parquet" --registry "$out/registry" \
      --seed "$seed" --set training.seed="$seed" ${SET:-} --json > "$out/$kind-$seed.part"
    mv "$out/$kind-$seed.part" "$out/$kind-$seed.json"
  done
  if [ ! -s "$out/compare-$seed.json" ]; then
    version() { python3 -c "import json, sys; d = json.load(open(sys.argv[1])); print('%s@%d' % (d['model'], d['version']))" "$1"; }
    "$ranking" compare --registry "$out/registry" --a "$(version "$out/without-$seed.json")" --examples "$out/without/valid.parquet" \
      --b "$(version "$out/with-$seed.json")" --examples-b "$out/with/valid.parquet" --segment new:item_id --json > "$out/compare-$seed.part"
    mv "$out/compare-$seed.part" "$out/compare-$seed.json"
  fi
done
python3 "$here/mbat.py" "$out"
