"""Random search of several KINDs, as many trials each, several trainings at once: one line of JSON a trial.

search.py RANGES.json SPEC TRAIN.parquet VALID.parquet OUT.jsonl TRIALS WORKERS KIND ...     environment: RANKING (the command), DEVICE (cpu or cuda), OMP_NUM_THREADS
A trial's settings depend on kind and number alone; a trial that OUT holds is not run again. `ranking tune` does the same one trial after another, and stops weak ones early.
RANGES.json: {"all": {setting: range}, KIND: {…}}; a range is a list of values, or {"log": [low, high]}; a kind's own ranges replace those of all.
"""
import concurrent.futures, hashlib, json, math, os, pathlib, random, shlex, subprocess, sys, tempfile

ranges, spec, train, valid, out, trials, workers, *kinds = sys.argv[1:]
ranges = json.loads(pathlib.Path(ranges).read_text())
done = {(r["kind"], r["trial"]) for r in map(json.loads, open(out))} if os.path.exists(out) else set()


def draw(kind, trial):
    rng = random.Random(hashlib.sha256(f"{kind} {trial}".encode()).digest())
    return {setting: rng.choice(r) if isinstance(r, list) else f"{10 ** rng.uniform(*map(math.log10, r['log'])):.4g}" for setting, r in sorted((ranges["all"] | ranges.get(kind, {})).items())}


def run(kind, trial):
    settings = draw(kind, trial)
    with tempfile.TemporaryDirectory() as registry:
        command = [*shlex.split(os.environ.get("RANKING", "ranking")), "train", "--spec", spec, "--examples", train, "--valid", valid, "--registry", registry, "--model", kind, "--device", os.environ.get("DEVICE", "cpu"), "--json", "--set", *(f"{k}={v}" for k, v in settings.items())]
        ended = subprocess.run(command, capture_output=True, text=True)
    line = {"kind": kind, "trial": trial, "settings": settings}
    if ended.returncode == 0:
        result = json.loads(ended.stdout)
        line |= {"auc": {label: m["auc"] for label, m in result["metrics"]["labels"].items()}, "logloss": {label: m["logloss"] for label, m in result["metrics"]["labels"].items()}, "samples_per_s": result["samples_per_s"]}
    else:
        line["error"] = ended.stderr.strip().splitlines()[-1:]
    with open(out, "a") as file:
        file.write(json.dumps(line) + "\n")


with concurrent.futures.ThreadPoolExecutor(int(workers)) as pool:
    list(pool.map(lambda job: run(*job), [(kind, trial) for trial in range(int(trials)) for kind in kinds if (kind, trial) not in done]))
best = {}
for r in map(json.loads, open(out)):
    if "auc" in r and sum(r["auc"].values()) > sum(best.get(r["kind"], {"auc": {}})["auc"].values()):
        best[r["kind"]] = r
for kind, r in sorted(best.items(), key=lambda b: -sum(b[1]["auc"].values())):
    print(kind, r["auc"], json.dumps(r["settings"]))
