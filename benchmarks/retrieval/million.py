"""Peers of million.sh on the same vectors: faiss (flat, HNSW) and hnswlib, a line of JSON a measurement.
Usage: million.py OUT COUNT [FILE of lines that are there already, which are not measured again]. Graphs: M 16, ef_construction 100; ef grows until recall@10 is .99, or the time is out."""
import json, os, resource, sys, threading, time
import numpy, faiss, hnswlib

out, count = sys.argv[1], int(sys.argv[2])
measured = set()
if len(sys.argv) > 3 and os.path.exists(sys.argv[3]):
    measured = {(l["data"], l["n"], l["what"]) for l in map(json.loads, open(sys.argv[3]))}
D, K, QUERIES, M, EF = 256, 10, 1024, 16, 100


def line(**values):
    print(json.dumps(values), flush=True)


def per_second(search, threads, seconds=2.0):
    """search(i) answers query i; threads share the queries. Python's lock is let go of inside both libraries."""
    done, begin = [0] * threads, time.perf_counter()

    def work(t):
        i = t
        while time.perf_counter() - begin < seconds:
            search(i % QUERIES)
            done[t] += 1
            i += threads

    workers = [threading.Thread(target=work, args=(t,)) for t in range(threads)]
    [w.start() for w in workers]
    [w.join() for w in workers]
    return sum(done) / (time.perf_counter() - begin)


def recall(found, truth):
    return float(numpy.mean([len(set(f) & set(t)) / K for f, t in zip(found, truth)]))


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def built(build):
    wall, used = time.perf_counter(), cpu()
    index = build()
    return index, {"build_s": round(time.perf_counter() - wall, 2), "build_cpu_s": round(cpu() - used, 2)}


def graph(data, n, what, times, size, search_all, search_one, set_ef, truth):
    for ef in (10, 20, 40, 80, 160, 320, 640, 1280, 2560):
        set_ef(ef)
        r = recall(search_all(), truth)
        for threads in (1, 2):
            line(data=data, n=n, what=what, threads=threads, ef=ef, **times, bytes=size, recall=round(r, 4), qps=round(per_second(search_one, threads), 1))
        if r >= 0.99:
            break


for data in ("films", "random"):
    vectors = numpy.fromfile(os.path.join(out, data + ".f32"), dtype=numpy.float32, count=count * D).reshape(-1, D)
    queries = numpy.fromfile(os.path.join(out, data + ".queries.f32"), dtype=numpy.float32).reshape(-1, D)
    n = 1000
    while n <= count:
        some = vectors[:n]
        truth = numpy.fromfile(os.path.join(out, f"{data}-{n}.truth.i32"), dtype=numpy.int32).reshape(-1, K)
        faiss.omp_set_num_threads(1)

        def flat():
            index = faiss.IndexFlatIP(D)
            index.add(some)
            return index

        if (data, n, "faiss flat, batches of 32") not in measured:
            index, times = built(flat)
            r = recall(index.search(queries[:128], K)[1], truth[:128])
            for threads in (1, 2):
                line(data=data, n=n, what="faiss flat", threads=threads, **times, bytes=4 * D * n, recall=round(r, 4), qps=round(per_second(lambda i: index.search(queries[i:i + 1], K), threads), 1))
            for threads in (1, 2):
                faiss.omp_set_num_threads(threads)
                begin, passes = time.perf_counter(), 0
                while time.perf_counter() - begin < 2:
                    index.search(queries[(passes * 32) % QUERIES:][:32], K)
                    passes += 1
                line(data=data, n=n, what="faiss flat, batches of 32", threads=threads, **times, bytes=4 * D * n, recall=round(r, 4), qps=round(32 * passes / (time.perf_counter() - begin), 1))
            del index

        file = os.path.join(out, "peer.index")

        def lib():
            index = hnswlib.Index(space="ip", dim=D)
            index.init_index(max_elements=n, ef_construction=EF, M=M)
            index.set_num_threads(2)
            index.add_items(some)
            index.set_num_threads(1)
            return index

        if (data, n, "hnswlib") not in measured:
            index, times = built(lib)
            index.save_index(file)
            size = os.path.getsize(file)
            graph(data, n, "hnswlib", times, size, lambda: index.knn_query(queries, K)[0], lambda i: index.knn_query(queries[i:i + 1], K, num_threads=1), index.set_ef, truth)
            del index

        def hnsw():
            faiss.omp_set_num_threads(2)
            index = faiss.IndexHNSWFlat(D, M, faiss.METRIC_INNER_PRODUCT)
            index.hnsw.efConstruction = EF
            index.add(some)
            faiss.omp_set_num_threads(1)
            return index

        if (data, n, "faiss HNSW") not in measured:
            index, times = built(hnsw)
            faiss.write_index(index, file)
            size = os.path.getsize(file)

            def set_ef(ef):
                index.hnsw.efSearch = ef

            graph(data, n, "faiss HNSW", times, size, lambda: index.search(queries, K)[1], lambda i: index.search(queries[i:i + 1], K), set_ef, truth)
            del index

        n *= 10
    if os.path.exists(file):
        os.remove(file)
