// Small dense work around the backbone: the loss of a linear head on the pooled tokens, sums of partial gradients, Adagrad over
// flat memory, and the seeded initialisation. No atomics: every sum has one fixed order.

// Mean binary cross-entropy of logit = pooled . weight + bias; one warp a sample.
struct HeadArgs
{
    const float* pooled; const float* weight; const float* bias; const float* labels;
    float* logits; float* losses; float* logitGrads; float* pooledGrad; float gradScale; int batch, width;
};
extern "C" __global__ void __launch_bounds__(256) head_loss(const HeadArgs p)
{
    const int sample = blockIdx.x * 8 + threadIdx.x / 32, lane = threadIdx.x % 32;
    if (sample >= p.batch) return;
    const float* x = p.pooled + (i64)sample * p.width;
    float logit = 0.f;
    for (int d = lane; d < p.width; d += 32) logit += x[d] * p.weight[d];
    logit = warp_sum(logit) + p.bias[0];
    if (lane == 0) p.logits[sample] = logit;
    if (!p.labels) return;
    const float label = p.labels[sample];
    const float gradient = (1.f / (1.f + expf(-logit)) - label) * p.gradScale;
    if (lane == 0)
    {
        p.losses[sample] = fmaxf(logit, 0.f) - logit * label + log1pf(expf(-fabsf(logit)));
        p.logitGrads[sample] = gradient;
    }
    for (int d = lane; d < p.width; d += 32) p.pooledGrad[(i64)sample * p.width + d] = gradient * p.weight[d];
}

// partial[block][d] = sum over the block's samples of logitGrad * pooled; the last column (d = width) is the bias.
extern "C" __global__ void __launch_bounds__(256) head_grad(const float* pooled, const float* logitGrads, float* partial, int batch, int width)
{
    for (int d = threadIdx.x; d <= width; d += 256)
    {
        float total = 0.f;
        for (int sample = blockIdx.x; sample < batch; sample += gridDim.x)
            total += logitGrads[sample] * (d < width ? pooled[(i64)sample * width + d] : 1.f);
        partial[(i64)blockIdx.x * (width + 1) + d] = total;
    }
}

extern "C" __global__ void __launch_bounds__(256) sum_partials(const float* partial, float* out, int count, int width)
{
    const int d = blockIdx.x * 256 + threadIdx.x;
    if (d >= width) return;
    float total = 0.f;
    for (int i = 0; i < count; i++) total += partial[(i64)i * width + d];
    out[d] = total;
}

// Mean of n values by one block: thread sums, then a fixed tree.
extern "C" __global__ void __launch_bounds__(1024) mean(const float* values, float* out, int n)
{
    __shared__ float part[32];
    float total = 0.f;
    for (int i = threadIdx.x; i < n; i += 1024) total += values[i];
    total = warp_sum(total);
    if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = total;
    __syncthreads();
    if (threadIdx.x < 32)
    {
        total = warp_sum(part[threadIdx.x]);
        if (threadIdx.x == 0) out[0] = total / n;
    }
}

// Adagrad, PyTorch's formula: s += g^2, m -= lr g / (sqrt(s) + eps), for the small parameters (norms, routers, head); the matrices
// are updated in the epilogue of their gradient (gemm.cu). A group is 8 parameters.
struct AdagradArgs { u16* weights; float* masters; float* states; const void* gradients; i64 groups; float rate, epsilon, scale; };

__device__ __forceinline__ void adagrad8(const AdagradArgs& p, i64 i, const float* g)
{
    float4* m4 = (float4*)(p.masters + i * 8); float4* s4 = (float4*)(p.states + i * 8);
    float4 m0 = m4[0], m1 = m4[1], s0 = s4[0], s1 = s4[1];
    float m[8] = { m0.x, m0.y, m0.z, m0.w, m1.x, m1.y, m1.z, m1.w }, s[8] = { s0.x, s0.y, s0.z, s0.w, s1.x, s1.y, s1.z, s1.w };
#pragma unroll
    for (int k = 0; k < 8; k++)
    {
        float gradient = g[k] * p.scale;
        s[k] += gradient * gradient;
        m[k] -= p.rate * gradient / (sqrtf(s[k]) + p.epsilon);
    }
    m4[0] = make_float4(m[0], m[1], m[2], m[3]); m4[1] = make_float4(m[4], m[5], m[6], m[7]);
    s4[0] = make_float4(s[0], s[1], s[2], s[3]); s4[1] = make_float4(s[4], s[5], s[6], s[7]);
    if (p.weights) ((uint4*)p.weights)[i] = pack8(m);
}
extern "C" __global__ void __launch_bounds__(256) adagrad_float(const AdagradArgs p)
{
    for (i64 i = (i64)blockIdx.x * 256 + threadIdx.x; i < p.groups; i += (i64)gridDim.x * 256)
    {
        const float4* g4 = (const float4*)((const float*)p.gradients + i * 8);
        float4 a = g4[0], b = g4[1];
        float g[8] = { a.x, a.y, a.z, a.w, b.x, b.y, b.z, b.w };
        adagrad8(p, i, g);
    }
}

// Uniform in [-bound, bound), a pure function of seed and index (splitmix64): the same on every device.
extern "C" __global__ void __launch_bounds__(256) uniform(u16* weights, float* masters, i64 n, float bound, u64 seed)
{
    for (i64 i = (i64)blockIdx.x * 256 + threadIdx.x; i < n; i += (i64)gridDim.x * 256)
    {
        u64 z = seed + (u64)(i + 1) * 0x9e3779b97f4a7c15ull;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull; z = (z ^ (z >> 27)) * 0x94d049bb133111ebull; z ^= z >> 31;
        float value = ((float)(u32)(z >> 40) * (1.f / 16777216.f) * 2.f - 1.f) * bound;
        if (masters) masters[i] = value;
        if (weights) weights[i] = to_bf16(value);
    }
}
extern "C" __global__ void __launch_bounds__(256) fill(float* out, i64 n, float value)
{
    for (i64 i = (i64)blockIdx.x * 256 + threadIdx.x; i < n; i += (i64)gridDim.x * 256) out[i] = value;
}
// to += from, 8 elements a group.
extern "C" __global__ void __launch_bounds__(256) add_bf16(u16* to, const u16* from, i64 groups)
{
    for (i64 i = (i64)blockIdx.x * 256 + threadIdx.x; i < groups; i += (i64)gridDim.x * 256)
    {
        float a[8], b[8];
        unpack8(((const uint4*)to)[i], a); unpack8(((const uint4*)from)[i], b);
#pragma unroll
        for (int k = 0; k < 8; k++) a[k] += b[k];
        ((uint4*)to)[i] = pack8(a);
    }
}
