"""Tables of million.sh: for each data set and number of vectors a line a method; of graphs the fastest setting with recall@10 of .95 and of .99, or the best there is."""
import json, os, sys

lines = [json.loads(l) for f in ("ours.jsonl", "peers.jsonl", "ours.part", "peers.part") if os.path.exists(os.path.join(sys.argv[1], f)) for l in open(os.path.join(sys.argv[1], f))]
for data in ("films", "random"):
    print(f"\n### {data}\n\n| vectors | method | ef | build s | MiB | recall@10 | QPS, 1 thread | QPS, 2 threads |\n|---|---|---|---|---|---|---|---|")
    for n in sorted({l["n"] for l in lines}):
        here = [l for l in lines if l["data"] == data and l["n"] == n]
        for what in dict.fromkeys(l["what"] for l in here):
            of = [l for l in here if l["what"] == what]
            efs = [None]
            if "ef" in of[0]:
                efs = sorted({next((l["ef"] for l in of if l["recall"] >= r), of[-1]["ef"]) for r in (0.95, 0.99)})
            for ef in efs:
                by = {l["threads"]: l for l in of if l.get("ef") == ef}
                one = by[1]
                print(f"| {n:,} | {what} | {ef or ''} | {one['build_s']} | {one['bytes'] / 2**20:.0f} | {one['recall']:.4f} | {one['qps']:.0f} | {by[2]['qps']:.0f} |" if 2 in by else "")
