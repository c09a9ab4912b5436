"""A table of the runs that run.sh made: mean ± sd over seeds of AUC and log loss on validation, seconds and samples/s."""
import collections, json, pathlib, statistics, sys

runs = collections.defaultdict(list)
for path in sorted(pathlib.Path(sys.argv[1]).glob("*-[0-9]*.json")):
    runs[path.stem.rpartition("-")[0]].append(json.loads(path.read_text()))
if not runs:
    sys.exit("no run is complete")
labels = list(next(iter(runs.values()))[0]["metrics"]["labels"])


def cell(values, digits):
    spread = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.{digits}f}{spread}"


print("| KIND | seeds | " + " | ".join(f"{l} AUC | {l} log loss" for l in labels) + " | samples/s |")
print("|---|---|" + "---|" * (2 * len(labels) + 1))
for kind, all_runs in sorted(runs.items(), key=lambda r: -statistics.mean(x["metrics"]["labels"][labels[0]]["auc"] for x in r[1])):
    cells = []
    for label in labels:
        metrics = [r["metrics"]["labels"][label] for r in all_runs]
        cells += [cell([m["auc"] for m in metrics], 4), cell([m["logloss"] for m in metrics], 4)]
    print(f"| `{kind}` | {len(all_runs)} | " + " | ".join(cells) + f" | {statistics.mean(r['samples_per_s'] for r in all_runs):.0f} |")
