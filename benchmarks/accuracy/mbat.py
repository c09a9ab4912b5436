"""The table of mbat.sh: AUC without and with the vector, and the paired difference with its interval, a line a seed and part of the examples."""
import glob, json, os, sys

out = sys.argv[1]
print("| seed | examples | rows | label | with − without | 95 % | p |\n|---|---|---|---|---|---|---|")
for file in sorted(glob.glob(os.path.join(out, "compare-*.json"))):
    seed = os.path.basename(file)[len("compare-"):-len(".json")]
    report = json.load(open(file))
    parts = {"all": {"rows": report["rows"], "labels": report["labels"]}, **{f"item {name}": part for name, part in (report.get("segments") or {}).items()}}
    for name, part in parts.items():
        for label, d in part["labels"].items():
            values = f"{d['delta_auc']:+.4f} | {d['low']:+.4f} … {d['high']:+.4f} | {d['p']:.3f}" if d else "– | – | –"
            print(f"| {seed} | {name} | {part['rows']} | {label} | {values} |")
print("\n| seed | | label | AUC | log loss |\n|---|---|---|---|---|")
for kind in ("without", "with"):
    for file in sorted(glob.glob(os.path.join(out, f"{kind}-*.json"))):
        seed = os.path.basename(file)[len(kind) + 1:-len(".json")]
        for label, m in json.load(open(file))["metrics"]["labels"].items():
            if m.get("auc") is not None:
                print(f"| {seed} | {kind} | {label} | {m['auc']:.4f} | {m['logloss']:.4f} |")
