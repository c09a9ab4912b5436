"""The peer of `ranking bench model --kinds tables`: EmbeddingBag with sparse gradients and its Adagrad, on a card. One JSON object a line."""
import argparse, json, torch

p = argparse.ArgumentParser()
p.add_argument("--batch", type=int, default=8192)
p.add_argument("--repeats", type=int, default=20)
a = p.parse_args()
rows, dim, ids, batches = 10_000_000, 64, 40, 6
torch.manual_seed(7)
bag = torch.nn.EmbeddingBag(rows, dim, mode="mean", sparse=True, device="cuda")
optimizer = torch.optim.Adagrad(bag.parameters(), lr=0.01)
draws = [torch.pow(torch.tensor(float(rows), dtype=torch.float64, device="cuda"), torch.rand(a.batch, ids, dtype=torch.float64, device="cuda")).long() * 7_368_787 % rows
         for _ in range(batches)]
gradient = torch.randn(a.batch, dim, device="cuda")
times = []
for i in range(a.repeats + batches):
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    bag(draws[i % batches]).backward(gradient)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    end.record()
    end.synchronize()
    if i >= batches: times.append(start.elapsed_time(end))
times.sort()
print(json.dumps({"gpu": torch.cuda.get_device_name(), "kind": "tables", "mode": "EmbeddingBag sparse, Adagrad", "part": "lookup+gradient+adagrad",
                  "ms": round(times[len(times) // 2], 3), "ms_min": round(times[0], 3), "rows": rows, "dim": dim, "batch": a.batch, "ids": ids,
                  "different": draws[(a.repeats - 1) % batches].unique().numel()}), flush=True)
