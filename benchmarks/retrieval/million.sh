#!/usr/bin/env bash
# A million vectors of 256 floats: our index beside faiss (flat, HNSW) and hnswlib, on random vectors and on MBAT vectors of films, from 10^3 up.
# Usage: million.sh DATA OUT [COUNT]      DATA holds wikipedia_movies.jsonl.gz; needs python3-faiss and python3-hnswlib (apt-get install)
# OUT gets ours.jsonl and peers.jsonl; the table goes to standard output. 10^6 takes an hour on two cores, of which most is building graphs.
set -euo pipefail
data=$1 out=$2 count=${3:-1000000}
here=$(dirname "$(readlink -f "$0")")
export OMP_WAIT_POLICY=passive # threads that spin while others have the processor cost a hundredfold
python=${PYTHON:-/usr/bin/python3}
study() { dotnet run -c Release --no-build --project "$here" -- "$@"; }
dotnet build -c Release -v q "$here" > "$out.build.log" 2>&1 || { cat "$out.build.log" >&2; exit 1; }
mkdir -p "$out"
[ -f "$out/films.queries.f32" ] || study million-vectors "$data" "$out" "$count"
[ -s "$out/ours.jsonl" ] || { study million-search "$out" "$count" > "$out/ours.part"; mv "$out/ours.part" "$out/ours.jsonl"; }
[ -s "$out/peers.jsonl" ] || { "$python" "$here/million.py" "$out" "$count" "$out/peers.part" >> "$out/peers.part"; mv "$out/peers.part" "$out/peers.jsonl"; }
"$python" "$here/million_table.py" "$out"
