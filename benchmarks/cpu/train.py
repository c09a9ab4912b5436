"""The KuaiRand models of this project in PyTorch, on the same batches from the same initial weights (benchmarks/cpu/run.sh).

Reads what `train dump` wrote: examples in arrays (loaded before the clock starts), weights and rows as safetensors. A batch's ids are looked up in a
dictionary, pooled by nn.EmbeddingBag with sparse gradients; torch.optim.Adagrad for the tables, torch.optim.Adam for the rest.
usage: train.py FOLDER KIND STEPS
"""
import json, os, struct, sys, time
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

folder, kind, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.set_num_threads(int(os.environ.get("STUDY_THREADS", 2)))
BATCH, WARM = 512, 200


def safetensors(path):
    data = open(path, "rb").read()
    length = struct.unpack("<Q", data[:8])[0]
    types = {"F32": np.float32, "I64": np.int64, "U8": np.uint8}
    found = {}
    for name, t in json.loads(data[8:8 + length]).items():
        if name != "__metadata__":
            begin, end = t["data_offsets"]
            found[name] = np.frombuffer(data[8 + length + begin:8 + length + end], types[t["dtype"]]).reshape(t["shape"]).copy()
    return found


def lines(path):
    return [line.rstrip("\n").split("\t") for line in open(path)]


columns = [(name, table, int(width)) for name, table, width in lines(f"{folder}/{kind}/input.tsv")]
groups = [(int(offset), int(width)) for _, offset, width in lines(f"{folder}/{kind}/groups.tsv")]
labels = torch.from_numpy(np.fromfile(f"{folder}/labels.f32", np.float32)).reshape(-1, 2)
values, places, tables = {}, {}, {}
for name, table, width in columns:
    if name in values:
        continue
    if not table:
        values[name] = torch.from_numpy(np.fromfile(f"{folder}/{name}.f32", np.float32)).reshape(-1, width)
        continue
    values[name] = (open(f"{folder}/{name}.ids", encoding="utf8", newline="\n").read().split("\n")[:-1], np.concatenate([[0], np.fromfile(f"{folder}/{name}.ends", np.int32)]))
    if table not in tables:
        stored = safetensors(f"{folder}/{kind}/table-{table}.safetensors")
        ids, ends = stored["ids"].tobytes(), stored["id_offsets"]
        places[table] = {ids[ends[i]:ends[i + 1]].decode(): i for i in range(len(ends) - 1)}
        tables[table] = nn.EmbeddingBag.from_pretrained(torch.from_numpy(stored["rows"]), freeze=False, mode="mean", sparse=True)
P = {name: nn.Parameter(torch.from_numpy(value)) for name, value in safetensors(f"{folder}/{kind}/weights.safetensors").items()}


def linear(name, x):
    return torch.addmm(P[name + ".bias"], x, P[name + ".weight"])


def cross(x0):
    x = x0
    layer = 1
    while f"cross{layer}.weight" in P:
        x = x0 * linear(f"cross{layer}", x) + x
        layer += 1
    return x


def rms(name, x):
    return x * (x * x).mean(-1, keepdim=True).add(1e-6).rsqrt() * P[name]


def swiglu(name, x):
    return (F.silu(x.bmm(P[name + ".gate"])) * x.bmm(P[name + ".up"])).bmm(P[name + ".down"])


def token_mixer_large(x, h=8):
    tokens = [linear("global", x)] + [linear(f"token{i}", x[:, o:o + w]) for i, (o, w) in enumerate(groups)]
    t = torch.stack(tokens)
    count, batch, d = t.shape
    layer = 1
    while f"block{layer}.norm1" in P:
        mixed = rms(f"block{layer}.norm1", t).reshape(count, batch, h, d // h).permute(2, 1, 0, 3).reshape(h, batch, count * d // h)
        made = swiglu(f"block{layer}.f1", mixed).reshape(h, batch, count, d // h).permute(2, 1, 0, 3).reshape(count, batch, d)
        t = t + made
        t = t + swiglu(f"block{layer}.f2", rms(f"block{layer}.norm2", t))
        layer += 1
    return linear("head", rms("norm", t).mean(0)) + linear("cross_head", cross(x))


def dcnv2(x):
    y = x
    layer = 1
    while f"deep.layer{layer}.weight" in P:
        y = F.relu(linear(f"deep.layer{layer}", y))
        layer += 1
    return linear("head", torch.cat([cross(x), y], 1))


network = {"tokenmixer-large": token_mixer_large, "dcnv2": dcnv2}[kind]
dense = torch.optim.Adam(P.values(), lr=1e-3)
sparse = torch.optim.Adagrad([t.weight for t in tables.values()], lr=0.05, eps=1e-10)


def column(name, table, first, last):
    if not table:
        return values[name][first:last]
    ids, ends = values[name]
    rows = torch.tensor([places[table][i] for i in ids[ends[first]:ends[last]]], dtype=torch.long)
    offsets = torch.from_numpy((ends[first:last] - ends[first]).astype(np.int64))
    pooled = tables[table](rows, offsets)
    empty = torch.from_numpy(ends[first:last] == ends[first + 1:last + 1])
    if empty.any():  # no id: the table's last row
        missing = tables[table](torch.tensor([tables[table].num_embeddings - 1]), torch.tensor([0]))
        pooled = torch.where(empty[:, None], missing, pooled)
    return pooled


batches, rates, clock, cpu = len(labels) // BATCH, [], None, 0.0
for step in range(1, steps + 1):
    first = (step - 1) % batches * BATCH
    found = {}
    for name, table, _ in columns:
        if name not in found:
            found[name] = column(name, table, first, first + BATCH)
    logits = network(torch.cat([found[name] for name, _, _ in columns], 1))
    loss = F.binary_cross_entropy_with_logits(logits, labels[first:first + BATCH])
    dense.zero_grad()
    sparse.zero_grad()
    loss.backward()
    dense.step()
    sparse.step()
    value = loss.item()
    if step <= 20:
        print(f"loss {step} {value:.6f}", flush=True)
    if step >= WARM and step % 50 == 0:
        if clock:
            rates.append(50 * BATCH / (time.perf_counter() - clock))
        clock = time.perf_counter()
    if step == WARM:
        cpu = time.process_time()
print(f"torch {torch.__version__} samples/s {sorted(rates)[len(rates) // 2]:.0f} (best {max(rates):.0f}), CPU ms/step {(time.process_time() - cpu) / (steps - WARM) * 1e3:.2f}")
