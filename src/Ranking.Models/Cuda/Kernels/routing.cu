// Sparse per-token MoE: who goes to which expert, and the way back. Rows of a group (token) and expert are packed together and
// padded to 256, so a tile of the grouped product has one expert. No atomics: a row's place depends on counts alone.
//
// Compile-time: WIDTH (of the group's rows), EXPERTS (routed ones), SLOTS (routed experts a row).
// Row space: group g's routed rows are [g * capacity, (g + 1) * capacity), then shared rows at shared + g * batchPadded + sample.

struct RouteArgs
{
    const u16* rows;        // normed rows, shared part used
    i64 shared;
    const u16* router;      // [group][EXPERTS][WIDTH]
    unsigned char* chosen;  // [group * batchPadded + sample][SLOTS]
    float* gates;           // [group * batchPadded + sample][SLOTS] softmax over the chosen, times scale
    int* slots;             // [group * batchPadded + sample][SLOTS] routed row
    int* source;            // [routed rows] sample, -1 for padding
    float* rowScale;        // [routed rows] gate of the row, 0 for padding
    int* tileGroup;         // [routed rows / 256] weight group of a tile, -1 for none
    int4* ranges;           // {first row, padded rows, weight group, rows}: routed groups at groups + g * EXPERTS + e
    float scale;            // alpha
    int groups, batch, batchPadded, capacity;
};

// Logits and the choice. 8 warps, 4 rows each at a time; the router lies in shared memory as float32. Reads every row once.
extern "C" __global__ void __launch_bounds__(256) route_choose(const RouteArgs p)
{
    extern __shared__ float router[];   // [EXPERTS][WIDTH]
    const int group = blockIdx.y, warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    // The first four of every 8 weights lie apart from the second four, so that a warp reads 512 bytes side by side of either.
    for (int i = threadIdx.x; i < EXPERTS * WIDTH / 8; i += 256)
    {
        float w[8];
        unpack8(((const uint4*)(p.router + (i64)group * EXPERTS * WIDTH))[i], w);
        *(float4*)(router + i * 4) = make_float4(w[0], w[1], w[2], w[3]);
        *(float4*)(router + EXPERTS * WIDTH / 2 + i * 4) = make_float4(w[4], w[5], w[6], w[7]);
    }
    __syncthreads();
    for (int pass = 0; pass < 2; pass++)
    {
        const int first = blockIdx.x * 64 + pass * 32 + warp * 4;
        if (first >= p.batch) continue;
        float logits[4][EXPERTS];
#pragma unroll
        for (int r = 0; r < 4; r++)
#pragma unroll
            for (int e = 0; e < EXPERTS; e++) logits[r][e] = 0.f;
        for (int d = lane * 8; d < WIDTH; d += 256)
        {
            float x[4][8];
#pragma unroll
            for (int r = 0; r < 4; r++)
            {
                int sample = first + r < p.batch ? first + r : p.batch - 1;
                unpack8(*(const uint4*)(p.rows + (p.shared + (i64)group * p.batchPadded + sample) * WIDTH + d), x[r]);
            }
#pragma unroll
            for (int e = 0; e < EXPERTS; e++)
            {
                const float* own = router + (e * WIDTH + d) / 2;
                const float4 low = *(const float4*)own, high = *(const float4*)(own + EXPERTS * WIDTH / 2);
#pragma unroll
                for (int r = 0; r < 4; r++)
                    logits[r][e] += x[r][0] * low.x + x[r][1] * low.y + x[r][2] * low.z + x[r][3] * low.w
                                  + x[r][4] * high.x + x[r][5] * high.y + x[r][6] * high.z + x[r][7] * high.w;
            }
        }
#pragma unroll
        for (int r = 0; r < 4; r++)
        {
#pragma unroll
            for (int e = 0; e < EXPERTS; e++) logits[r][e] = warp_sum(logits[r][e]);
            if (lane != 0 || first + r >= p.batch) continue;
            const i64 row = (i64)group * p.batchPadded + first + r;
            float best[SLOTS], total = 0.f; u32 taken = 0;
#pragma unroll
            for (int j = 0; j < SLOTS; j++)
            {
                int at = -1; float most = 0.f;
#pragma unroll
                for (int e = 0; e < EXPERTS; e++)
                    if (!(taken >> e & 1) && (at < 0 || logits[r][e] > most)) { at = e; most = logits[r][e]; }
                taken |= 1u << at; best[j] = most;
                p.chosen[row * SLOTS + j] = (unsigned char)at;
            }
#pragma unroll
            for (int j = 0; j < SLOTS; j++) total += expf(best[j] - best[0]);
#pragma unroll
            for (int j = 0; j < SLOTS; j++) p.gates[row * SLOTS + j] = expf(best[j] - best[0]) / total * p.scale;
        }
    }
}

// Places. One block a group; thread i owns consecutive samples, so a row's place is (expert's start) + (rows of earlier threads)
// + (own earlier rows): sample order within an expert.
extern "C" __global__ void __launch_bounds__(1024) route_place(const RouteArgs p)
{
    __shared__ int counts[EXPERTS][1025];
    __shared__ int starts[EXPERTS + 1], used[EXPERTS];
    const int group = blockIdx.x, thread = threadIdx.x, each = (p.batch + 1023) / 1024;
    const int first = thread * each, last = min(first + each, p.batch);
    const i64 rows = (i64)group * p.batchPadded, region = (i64)group * p.capacity;
    int own[EXPERTS];
#pragma unroll
    for (int e = 0; e < EXPERTS; e++) own[e] = 0;
    for (int sample = first; sample < last; sample++)
#pragma unroll
        for (int j = 0; j < SLOTS; j++)
        {
            int expert = p.chosen[(rows + sample) * SLOTS + j];
#pragma unroll
            for (int e = 0; e < EXPERTS; e++) own[e] += e == expert;
        }
#pragma unroll
    for (int e = 0; e < EXPERTS; e++) counts[e][thread] = own[e];
    for (int i = thread; i < p.capacity; i += 1024) { p.source[region + i] = -1; p.rowScale[region + i] = 0.f; }
    __syncthreads();
    // One warp scans one expert's 1024 counts.
    const int warp = thread / 32, lane = thread % 32;
    if (warp < EXPERTS)
    {
        int carry = 0;
        for (int block = 0; block < 1024; block += 32)
        {
            int value = counts[warp][block + lane], sum = value;
            for (int offset = 1; offset < 32; offset <<= 1)
            {
                int other = __shfl_up_sync(0xffffffffu, sum, offset);
                if (lane >= offset) sum += other;
            }
            counts[warp][block + lane] = carry + sum - value;
            carry += __shfl_sync(0xffffffffu, sum, 31);
        }
        if (lane == 0) used[warp] = carry;
    }
    __syncthreads();
    if (thread == 0)
    {
        int at = 0;
        for (int e = 0; e < EXPERTS; e++)
        {
            starts[e] = at;
            int padded = (used[e] + 255) / 256 * 256;
            p.ranges[p.groups + group * EXPERTS + e] = make_int4((int)region + at, padded, group * (EXPERTS + 1) + e, used[e]);
            at += padded;
        }
        starts[EXPERTS] = at;
    }
    __syncthreads();
    for (int tile = thread; tile < p.capacity / 256; tile += 1024)
    {
        int owner = -1;
        for (int e = 0; e < EXPERTS; e++)
            if (tile * 256 >= starts[e] && tile * 256 < starts[e + 1]) owner = group * (EXPERTS + 1) + e;
        p.tileGroup[group * (p.capacity / 256) + tile] = owner;
    }
#pragma unroll
    for (int e = 0; e < EXPERTS; e++) own[e] = starts[e] + counts[e][thread];
    for (int sample = first; sample < last; sample++)
#pragma unroll
        for (int j = 0; j < SLOTS; j++)
        {
            int expert = p.chosen[(rows + sample) * SLOTS + j], place = 0;
#pragma unroll
            for (int e = 0; e < EXPERTS; e++)
                if (e == expert) { place = own[e]; own[e]++; }
            p.slots[(rows + sample) * SLOTS + j] = (int)region + place;
            p.source[region + place] = sample;
            p.rowScale[region + place] = p.gates[(rows + sample) * SLOTS + j];
        }
}

// Copies each sample's shared row to its routed rows, zeros to padding. One warp a routed row. Bytes: read once (L2), write once.
extern "C" __global__ void __launch_bounds__(256) route_gather(u16* rows, i64 shared, const int* source, const int* tileGroup, int capacity, int batchPadded, int routed)
{
    const int row = blockIdx.x * 8 + threadIdx.x / 32, lane = threadIdx.x % 32;
    if (row >= routed || tileGroup[row / 256] < 0) return;
    const int sample = source[row], group = row / capacity;
    const uint4* from = (const uint4*)(rows + (shared + (i64)group * batchPadded + sample) * WIDTH);
    uint4* to = (uint4*)(rows + (i64)row * WIDTH);
    const int pieces = (WIDTH / 8 + 31) / 32;
    uint4 words[pieces];    // all reads under way before the first write, which the compiler cannot know to lie elsewhere
#pragma unroll
    for (int i = 0; i < pieces; i++)
    {
        words[i] = make_uint4(0, 0, 0, 0);
        if (sample >= 0 && i * 32 + lane < WIDTH / 8) words[i] = from[i * 32 + lane];
    }
#pragma unroll
    for (int i = 0; i < pieces; i++)
        if (i * 32 + lane < WIDTH / 8) to[i * 32 + lane] = words[i];
}

// Gradient of the logits from the gradients of the gates: softmax over the chosen ones. One thread a row.
struct RouteGradArgs
{
    const float* gateGrad;          // [tiles][rows]
    const unsigned char* chosen; const float* gates; const int* slots;
    float* logitGrad;               // [group * batchPadded + sample][8], zero where not chosen
    int tiles, rows, count, batch, batchPadded; float scale;
};
extern "C" __global__ void __launch_bounds__(256) route_grad(const RouteGradArgs p)
{
    const int row = blockIdx.x * 256 + threadIdx.x;
    if (row >= p.count) return;
    float out[8] = { 0, 0, 0, 0, 0, 0, 0, 0 };
    if (row % p.batchPadded < p.batch)
    {
        float gradient[SLOTS], share[SLOTS], inner = 0.f;
#pragma unroll
        for (int j = 0; j < SLOTS; j++)
        {
            const int place = p.slots[(i64)row * SLOTS + j];
            gradient[j] = 0.f;
            for (int tile = 0; tile < p.tiles; tile++) gradient[j] += p.gateGrad[(i64)tile * p.rows + place];
            gradient[j] *= p.scale;
            share[j] = p.gates[(i64)row * SLOTS + j] / p.scale;
            inner += gradient[j] * share[j];
        }
#pragma unroll
        for (int j = 0; j < SLOTS; j++)
#pragma unroll
            for (int e = 0; e < EXPERTS; e++)
                if (p.chosen[(i64)row * SLOTS + j] == e) out[e] = share[j] * (gradient[j] - inner);
    }
    float4* to = (float4*)(p.logitGrad + (i64)row * 8);
    to[0] = make_float4(out[0], out[1], out[2], out[3]); to[1] = make_float4(out[4], out[5], out[6], out[7]);
}

// partial[split][group][e][d] = sum over the split's samples of logitGrad[e] * row[d]. 8 column lanes x 32 row lanes, 64 columns.
extern "C" __global__ void __launch_bounds__(256) router_grad(const u16* rows, i64 shared, const float* logitGrad, float* partial, int batch, int batchPadded)
{
    __shared__ float part[32][64];
    const int group = blockIdx.y, column = threadIdx.x % 8, rowLane = threadIdx.x / 8, d = blockIdx.x * 64 + column * 8;
    float acc[EXPERTS][8];
#pragma unroll
    for (int e = 0; e < EXPERTS; e++)
#pragma unroll
        for (int i = 0; i < 8; i++) acc[e][i] = 0.f;
    if (d < WIDTH)
        for (int sample = blockIdx.z * 32 + rowLane; sample < batch; sample += gridDim.z * 32)
        {
            const i64 row = (i64)group * batchPadded + sample;
            float x[8];
            unpack8(*(const uint4*)(rows + (shared + row) * WIDTH + d), x);
            const float4 low = *(const float4*)(logitGrad + row * 8), high = *(const float4*)(logitGrad + row * 8 + 4);
            const float g[8] = { low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w };
#pragma unroll
            for (int e = 0; e < EXPERTS; e++)
#pragma unroll
                for (int i = 0; i < 8; i++) acc[e][i] += g[e] * x[i];
        }
    for (int e = 0; e < EXPERTS; e++)
    {
        __syncthreads();
#pragma unroll
        for (int k = 0; k < EXPERTS; k++)
            if (k == e)
#pragma unroll
                for (int i = 0; i < 8; i++) part[rowLane][column * 8 + i] = acc[k][i];
        __syncthreads();
        if (threadIdx.x < 64 && blockIdx.x * 64 + threadIdx.x < WIDTH)
        {
            float total = 0.f;
            for (int r = 0; r < 32; r++) total += part[r][threadIdx.x];
            partial[(((i64)blockIdx.z * gridDim.y + group) * EXPERTS + e) * WIDTH + blockIdx.x * 64 + threadIdx.x] = total;
        }
    }
}
