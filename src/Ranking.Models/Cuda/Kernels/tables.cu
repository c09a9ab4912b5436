// ID tables on the card: pooling of rows, the rows' gradients, Adagrad. What to do comes as 32-bit words that the host made
// (TableBatch.cs). A row is its numbers, then Adagrad's sums. No atomics: a row's gradient is summed in the order of its entries, at
// most 32 by one thread, then over such segments, so the same batch gives the same bits.
// Bytes of a batch with M members, U different rows, of dim floats: pool 4 M dim, segments 4 M dim (from the L2 mostly) + 8 M,
// Adagrad 16 U dim; floor by them at 4.2 TB/s.
struct TableWork
{
    u64 special; int chunks, rowsLog, dim, slots, rows, firstSegment, segments, segmentStarts, entries;
    int admitted, admittedRows, admittedNumbers, partial, gradient, padding0, padding1;
};
struct ColumnWork { int table, width, members, ends, offsets, offsetCount, padding0, padding1; };

__device__ __forceinline__ float* row_of(const int* words, const TableWork& t, int row)
{
    const i64 stride = 2 * t.dim;
    if (row < 0) return (float*)t.special + (-1 - row) * stride;
    const u64* chunks = (const u64*)(words + t.chunks);
    return (float*)chunks[row >> t.rowsLog] + (row & ((1 << t.rowsLog) - 1)) * stride;
}

// Rows that the batch admitted: their first numbers, and sums of zero.
extern "C" __global__ void __launch_bounds__(256) admit(const int* words)
{
    const TableWork t = ((const TableWork*)words)[blockIdx.y];
    for (int i = blockIdx.x * 256 + threadIdx.x; i < t.admitted * t.dim; i += gridDim.x * 256)
    {
        const int slot = i / t.dim, d = i % t.dim;
        float* row = row_of(words, t, words[t.admittedRows + slot]);
        row[d] = __int_as_float(words[t.admittedNumbers + i]);
        row[t.dim + d] = 0.f;
    }
}

// x[b][offset + d] = mean over the example's members, for every place of every column.
extern "C" __global__ void __launch_bounds__(256) pool(const int* words, int tables, float* x, int examples, int width)
{
    const ColumnWork c = ((const ColumnWork*)((const TableWork*)words + tables))[blockIdx.y];
    const TableWork t = ((const TableWork*)words)[c.table < 0 ? 0 : c.table];
    for (int i = blockIdx.x * 256 + threadIdx.x; i < examples * c.width; i += gridDim.x * 256)
    {
        const int b = i / c.width, d = i % c.width;
        float value = 0.f;
        if (c.table < 0) value = __int_as_float(words[c.members + i]);
        else
        {
            const int start = b == 0 ? 0 : words[c.ends + b - 1], end = words[c.ends + b];
#pragma unroll 4
            for (int m = start; m < end; m++) value += row_of(words, t, words[c.members + m])[d];
            if (end - start > 1) value *= 1.f / (end - start);
        }
        for (int o = 0; o < c.offsetCount; o++) x[(i64)b * width + words[c.offsets + o] + d] = value;
    }
}

// partial[segment][d] = sum over its entries of share * gradient.
extern "C" __global__ void __launch_bounds__(256) sum_segments(const int* words, const float* gradient, float* partial)
{
    const TableWork t = ((const TableWork*)words)[blockIdx.y];
    for (int i = blockIdx.x * 256 + threadIdx.x; i < t.segments * t.dim; i += gridDim.x * 256)
    {
        const int segment = i / t.dim, d = i % t.dim, end = words[t.segmentStarts + segment + 1];
        float sum = 0.f;
#pragma unroll 4
        for (int e = words[t.segmentStarts + segment]; e < end; e++)
            sum += gradient[(i64)words[t.entries + 2 * e] + d] * __int_as_float(words[t.entries + 2 * e + 1]);
        partial[t.partial + i] = sum;
    }
}

// rowGradient[slot][d] = sum over its segments; squares[table][block] = the block's part of the squared norm.
extern "C" __global__ void __launch_bounds__(256) sum_rows(const int* words, const float* partial, float* rowGradient, double* squares)
{
    __shared__ double part[8];
    const TableWork t = ((const TableWork*)words)[blockIdx.y];
    double square = 0;
    for (int i = blockIdx.x * 256 + threadIdx.x; i < t.slots * t.dim; i += gridDim.x * 256)
    {
        const int slot = i / t.dim, d = i % t.dim, end = words[t.firstSegment + slot + 1];
        float sum = 0.f;
#pragma unroll 8
        for (int s = words[t.firstSegment + slot]; s < end; s++) sum += partial[t.partial + s * t.dim + d];
        rowGradient[t.gradient + i] = sum;
        square += (double)sum * sum;
    }
    for (int offset = 16; offset > 0; offset >>= 1) square += __shfl_xor_sync(0xffffffffu, square, offset);
    if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = square;
    __syncthreads();
    if (threadIdx.x > 0) return;
    for (int warp = 1; warp < 8; warp++) square += part[warp];
    squares[blockIdx.y * gridDim.x + blockIdx.x] = square;
}

// Adagrad as SparseAdagrad.cs: g = scale * g + decay * w; s += g^2; w -= rate * g / (sqrt(s) + epsilon).
extern "C" __global__ void __launch_bounds__(256) apply(const int* words, const float* rowGradient, float rate, float decay, float scale, float epsilon)
{
    const TableWork t = ((const TableWork*)words)[blockIdx.y];
    for (int i = blockIdx.x * 256 + threadIdx.x; i < t.slots * t.dim; i += gridDim.x * 256)
    {
        const int slot = i / t.dim, d = i % t.dim;
        float* row = row_of(words, t, words[t.rows + slot]);
        const float weight = row[d], step = rowGradient[t.gradient + i] * scale + weight * decay, sum = row[t.dim + d] + step * step;
        row[t.dim + d] = sum;
        row[d] = weight - step * rate / (sqrtf(sum) + epsilon);
    }
}
