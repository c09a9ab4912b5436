// Residual stream: add, RMSNorm, mix and revert in one pass, forward and backward. One block per sample, one warp per token.
// Activations are token-major: X[token][batchPadded][width]. Rows of a feed-forward are [shared rows + routed rows][group width]:
// the shared row of (group, sample) is shared + group * batchPadded + sample; routed rows lie before (sparse model only).
//
// Mix(X)[h, t*DH + c] = X[t, h*DH + c] is an address here: MIXED reads and writes 16-byte pieces at the mixed place.
//
// Compile-time: TOKENS, WIDTH, MIXED_TOKENS (H), SLOTS (routed experts a row, 0 dense), EXPERTS (routed ones, 0 dense).
// Bytes, forward: read base and branch (each T*D*2 a sample, the branch (1 + SLOTS) times), write the sum and the norm.
// Backward: read norm's gradient, the stream, the stream's gradient, write one (or two) gradients. Floor: bytes / copy bandwidth.
#define DH (WIDTH / MIXED_TOKENS)
#define CHUNKS ((WIDTH + 255) / 256)
#define WARPS (CHUNKS <= 4 ? (TOKENS < 16 ? TOKENS : 16) : (TOKENS < 8 ? TOKENS : 8))
#define NONE 0
#define PLAIN 1
#define MIXED 2
#define POOLED 3

struct Branch                   // the output rows of a feed-forward, or the gradient of its input rows
{
    const u16* rows;            // [shared + groups * batchPadded][group width]
    i64 shared;                 // first shared row
    const int* slots;           // [group * batchPadded + sample][SLOTS] routed rows; null: dense
    const float* logitGrad;     // backward of a sparse one: [group * batchPadded + sample][8]; null: none
    const unsigned char* chosen;    // with it: the experts of a row [group * batchPadded + sample][SLOTS], whose logits alone have a gradient
    const u16* router;          // [group][EXPERTS][group width]
};

struct AddNormArgs
{
    const void* base;           // previous stream, bf16 [T][Bp][D], or float32 [B][T][D] when it is the input
    Branch branch;
    const u16* extra;           // a further bf16 [T][Bp][D] to add; null: none
    const float* gamma;
    u16* sum;                   // [T][Bp][D]; null: not kept
    float* rootInverse;         // [T][Bp] 1 / rms; null: not kept
    u16* normed;                // rows of the next feed-forward (its shared rows)
    i64 normedShared;
    float* pooled;              // POOLED: [B][D] mean over tokens of the norm
    int batchPadded; float epsilon;
};

struct NormGradArgs
{
    Branch branch;              // gradient of the norm's output
    const float* pooled;        // POOLED: [B][D] gradient of the pooled mean
    const u16* stream;          // what was normed [T][Bp][D]
    const float* rootInverse;
    const float* gamma;
    const u16* residual;        // gradient that comes along the stream [T][Bp][D]; null: none
    const u16* extra;           // inter-layer residual's gradient; null: none
    u16* plain;                 // out: [T][Bp][D]
    u16* mixed;                 // out: [H][Bp][T*DH]; null: not wanted
    float* gammaPartial;        // [gridDim.x][D]
    int batch, batchPadded;
};

template <int LAYOUT> struct Place
{
    int group, column; i64 row; static const int width = LAYOUT == MIXED ? TOKENS * DH : WIDTH;

    __device__ __forceinline__ Place(int token, int d, int sample, int batchPadded)
    {
        group = LAYOUT == MIXED ? d / DH : token;
        column = LAYOUT == MIXED ? token * DH + d % DH : d;
        row = (i64)group * batchPadded + sample;
    }
    __device__ __forceinline__ i64 at(i64 firstRow) const { return (firstRow + row) * width + column; }
};

// Where the routed rows of a sample lie, asked for before anything needs them. All columns of a PLAIN token have one group; a MIXED
// token has a piece of every group, so lane i holds group i and the others ask it.
template <int LAYOUT, bool GRAD> struct Routing
{
#if SLOTS > 0
    static const bool HELD = LAYOUT == PLAIN || (LAYOUT == MIXED && MIXED_TOKENS <= 32);
    int rows[SLOTS], experts[SLOTS]; float gradients[SLOTS];

    __device__ __forceinline__ void read(const Branch& f, i64 row)
    {
#pragma unroll
        for (int j = 0; j < SLOTS; j++) rows[j] = f.slots[row * SLOTS + j];
        if constexpr (GRAD)
        {
#pragma unroll
            for (int j = 0; j < SLOTS; j++) experts[j] = f.chosen[row * SLOTS + j];
#pragma unroll
            for (int j = 0; j < SLOTS; j++) gradients[j] = f.logitGrad[row * 8 + experts[j]];
        }
    }
    __device__ __forceinline__ Routing(const Branch& f, int token, int sample, int batchPadded, int lane)
    {
        const int group = LAYOUT == PLAIN ? token : lane < MIXED_TOKENS ? lane : MIXED_TOKENS - 1;
        if (HELD) read(f, (i64)group * batchPadded + sample);
    }
    // Of a lane's group. The whole warp calls it.
    template <class P> __device__ __forceinline__ Routing at(const Branch& f, const P& place) const
    {
        Routing own = *this;
        if constexpr (LAYOUT != NONE && !HELD) own.read(f, place.row);
        if constexpr (LAYOUT == MIXED && HELD)
        {
#pragma unroll
            for (int j = 0; j < SLOTS; j++)
            {
                own.rows[j] = __shfl_sync(0xffffffffu, rows[j], place.group);
                if constexpr (GRAD)
                {
                    own.experts[j] = __shfl_sync(0xffffffffu, experts[j], place.group);
                    own.gradients[j] = __shfl_sync(0xffffffffu, gradients[j], place.group);
                }
            }
        }
        return own;
    }
#else
    __device__ __forceinline__ Routing(const Branch&, int, int, int, int) { }
    template <class P> __device__ __forceinline__ Routing at(const Branch&, const P&) const { return *this; }
#endif
};

template <int LAYOUT, bool GRAD>
__device__ __forceinline__ void add_branch(const Branch& f, const Place<LAYOUT>& place, const Routing<LAYOUT, GRAD>& routing, float* v)
{
    float part[8];
#if SLOTS > 0
    uint4 words[SLOTS];
#pragma unroll
    for (int j = 0; j < SLOTS; j++) words[j] = *(const uint4*)(f.rows + (i64)routing.rows[j] * place.width + place.column);
#endif
    unpack8(*(const uint4*)(f.rows + place.at(f.shared)), part);
#pragma unroll
    for (int i = 0; i < 8; i++) v[i] += part[i];
#if SLOTS > 0
#pragma unroll
    for (int j = 0; j < SLOTS; j++)
    {
        unpack8(words[j], part);
#pragma unroll
        for (int i = 0; i < 8; i++) v[i] += part[i];
    }
    if (GRAD)
    {
#pragma unroll
        for (int j = 0; j < SLOTS; j++)
            words[j] = *(const uint4*)(f.router + ((i64)place.group * EXPERTS + routing.experts[j]) * place.width + place.column);
#pragma unroll
        for (int j = 0; j < SLOTS; j++)
        {
            unpack8(words[j], part);
#pragma unroll
            for (int i = 0; i < 8; i++) v[i] += routing.gradients[j] * part[i];
        }
    }
#endif
}

// 8 gammas from column d on.
__device__ __forceinline__ void read8(const float* from, float* out)
{
    const float4 low = *(const float4*)from, high = *(const float4*)(from + 4);
    out[0] = low.x; out[1] = low.y; out[2] = low.z; out[3] = low.w;
    out[4] = high.x; out[5] = high.y; out[6] = high.z; out[7] = high.w;
}

template <bool INPUT, int ADD, int OUT> __device__ __forceinline__ void add_norm(const AddNormArgs& p)
{
    const int sample = blockIdx.x, warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    extern __shared__ float pool[];
    float mean[CHUNKS][8];
    if (OUT == POOLED)
    {
#pragma unroll
        for (int c = 0; c < CHUNKS; c++)
#pragma unroll
            for (int i = 0; i < 8; i++) mean[c][i] = 0.f;
    }
    for (int token = warp; token < TOKENS; token += WARPS)
    {
        float v[CHUNKS][8], squares = 0.f;
        const Routing<ADD, false> routing(p.branch, token, sample, p.batchPadded, lane);
#pragma unroll
        for (int c = 0; c < CHUNKS; c++)
        {
            const int d = (c * 32 + lane) * 8;
            const Place<ADD == MIXED ? MIXED : PLAIN> place(token, d < WIDTH ? d : WIDTH - 8, sample, p.batchPadded);
            const auto routed = routing.at(p.branch, place);
            if (d >= WIDTH)
            {
#pragma unroll
                for (int i = 0; i < 8; i++) v[c][i] = 0.f;
                continue;
            }
            const Place<PLAIN> stream(token, d, sample, p.batchPadded);
            if (INPUT) read8((const float*)p.base + ((i64)sample * TOKENS + token) * WIDTH + d, v[c]);
            else unpack8(*(const uint4*)((const u16*)p.base + stream.at(0)), v[c]);
            if constexpr (ADD != NONE) add_branch(p.branch, place, routed, v[c]);
            if (p.extra)
            {
                float part[8];
                unpack8(*(const uint4*)(p.extra + stream.at(0)), part);
#pragma unroll
                for (int i = 0; i < 8; i++) v[c][i] += part[i];
            }
            // The stream is bf16: norm what the backward pass will read back.
            uint4 rounded = pack8(v[c]);
            unpack8(rounded, v[c]);
            if (p.sum) *(uint4*)(p.sum + stream.at(0)) = rounded;
#pragma unroll
            for (int i = 0; i < 8; i++) squares += v[c][i] * v[c][i];
        }
        const float r = rsqrtf(warp_sum(squares) / WIDTH + p.epsilon);
        if (p.rootInverse && lane == 0) p.rootInverse[(i64)token * p.batchPadded + sample] = r;
#pragma unroll
        for (int c = 0; c < CHUNKS; c++)
        {
            const int d = (c * 32 + lane) * 8;
            if (d >= WIDTH) continue;
            float gamma[8];
            read8(p.gamma + d, gamma);
#pragma unroll
            for (int i = 0; i < 8; i++) v[c][i] *= r * gamma[i];
            if (OUT == PLAIN) *(uint4*)(p.normed + Place<PLAIN>(token, d, sample, p.batchPadded).at(p.normedShared)) = pack8(v[c]);
            if (OUT == MIXED) *(uint4*)(p.normed + Place<MIXED>(token, d, sample, p.batchPadded).at(p.normedShared)) = pack8(v[c]);
            if (OUT == POOLED)
            {
#pragma unroll
                for (int i = 0; i < 8; i++) mean[c][i] += v[c][i];
            }
        }
    }
    if (OUT == POOLED)
    {
#pragma unroll
        for (int c = 0; c < CHUNKS; c++)
        {
            const int d = (c * 32 + lane) * 8;
            if (d >= WIDTH) continue;
#pragma unroll
            for (int i = 0; i < 8; i++) pool[warp * WIDTH + d + i] = mean[c][i];
        }
        __syncthreads();
        for (int d = threadIdx.x; d < WIDTH; d += WARPS * 32)
        {
            float total = 0.f;
            for (int w = 0; w < WARPS; w++) total += pool[w * WIDTH + d];
            p.pooled[(i64)sample * WIDTH + d] = total / TOKENS;
        }
    }
}

#define ADD_NORM(name, input, add, out) \
    extern "C" __global__ void __launch_bounds__(WARPS * 32) name(const AddNormArgs p) { add_norm<input, add, out>(p); }
ADD_NORM(input_norm_mix, true, NONE, MIXED)                // X, RMS, Mix: in front of the first block
ADD_NORM(revert_add_norm, false, MIXED, PLAIN)          // Y = X + Revert(F1), RMS(Y)
ADD_NORM(add_norm_mix, false, PLAIN, MIXED)             // X' = Y + F2, Mix(RMS(X'))
ADD_NORM(add_norm_pool, false, PLAIN, POOLED)           // X' = Y + F2, mean over tokens of RMS(X')

// dX = residual + r (gamma dN - xhat mean(gamma dN xhat)), dgamma = sum dN xhat.
template <int IN> __device__ __forceinline__ void norm_grad(const NormGradArgs& p)
{
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    __shared__ float total[WIDTH];
    float gammaGrad[CHUNKS][8];
#pragma unroll
    for (int c = 0; c < CHUNKS; c++)
#pragma unroll
        for (int i = 0; i < 8; i++) gammaGrad[c][i] = 0.f;
    for (int sample = blockIdx.x; sample < p.batch; sample += gridDim.x)
    {
        for (int token = warp; token < TOKENS; token += WARPS)
        {
            const float r = p.rootInverse[(i64)token * p.batchPadded + sample];
            uint4 stream[CHUNKS], residual[CHUNKS];
            float v[CHUNKS][8], product = 0.f;
            const Routing<IN == POOLED ? NONE : IN, true> routing(p.branch, token, sample, p.batchPadded, lane);
#pragma unroll
            for (int c = 0; c < CHUNKS; c++)
            {
                const int d = (c * 32 + lane) * 8;
                const Place<IN == MIXED ? MIXED : PLAIN> place(token, d < WIDTH ? d : WIDTH - 8, sample, p.batchPadded);
                const auto routed = routing.at(p.branch, place);
                stream[c] = make_uint4(0, 0, 0, 0);
#pragma unroll
                for (int i = 0; i < 8; i++) v[c][i] = 0.f;
                if (d >= WIDTH) continue;
                stream[c] = *(const uint4*)(p.stream + Place<PLAIN>(token, d, sample, p.batchPadded).at(0));
                // Not needed before the sum over the row, but on its way meanwhile. (A sparse model has no registers left for it.)
                if (SLOTS == 0 && p.residual) residual[c] = *(const uint4*)(p.residual + Place<PLAIN>(token, d, sample, p.batchPadded).at(0));
                if constexpr (IN != POOLED) add_branch(p.branch, place, routed, v[c]);
                else
                {
                    read8(p.pooled + (i64)sample * WIDTH + d, v[c]);
#pragma unroll
                    for (int i = 0; i < 8; i++) v[c][i] /= TOKENS;
                }
            }
#pragma unroll
            for (int c = 0; c < CHUNKS; c++)
            {
                const int d = (c * 32 + lane) * 8;
                if (d >= WIDTH) continue;
                float x[8], gamma[8];
                unpack8(stream[c], x);
                read8(p.gamma + d, gamma);
#pragma unroll
                for (int i = 0; i < 8; i++)
                {
                    x[i] *= r;
                    gammaGrad[c][i] += v[c][i] * x[i];
                    v[c][i] *= gamma[i];
                    product += v[c][i] * x[i];
                }
            }
            const float shared = warp_sum(product) / WIDTH;
#pragma unroll
            for (int c = 0; c < CHUNKS; c++)
            {
                const int d = (c * 32 + lane) * 8;
                if (d >= WIDTH) continue;
                const Place<PLAIN> place(token, d, sample, p.batchPadded);
                float x[8], part[8];
                unpack8(stream[c], x);
#pragma unroll
                for (int i = 0; i < 8; i++) v[c][i] = r * (v[c][i] - x[i] * r * shared);
                if (p.residual)
                {
                    if (SLOTS > 0) residual[c] = *(const uint4*)(p.residual + place.at(0));
                    unpack8(residual[c], part);
#pragma unroll
                    for (int i = 0; i < 8; i++) v[c][i] += part[i];
                }
                if (p.extra)
                {
                    unpack8(*(const uint4*)(p.extra + place.at(0)), part);
#pragma unroll
                    for (int i = 0; i < 8; i++) v[c][i] += part[i];
                }
                uint4 rounded = pack8(v[c]);
                *(uint4*)(p.plain + place.at(0)) = rounded;
                if (p.mixed) *(uint4*)(p.mixed + Place<MIXED>(token, d, sample, p.batchPadded).at(0)) = rounded;
            }
        }
    }
    // Warps add to the block's sum in turn: the order of additions is fixed, so are the bits.
    for (int w = 0; w < WARPS; w++)
    {
        if (w == warp)
        {
#pragma unroll
            for (int c = 0; c < CHUNKS; c++)
            {
                const int d = (c * 32 + lane) * 8;
                if (d >= WIDTH) continue;
#pragma unroll
                for (int i = 0; i < 8; i++) total[d + i] = (w == 0 ? 0.f : total[d + i]) + gammaGrad[c][i];
            }
        }
        __syncthreads();
    }
    for (int d = threadIdx.x; d < WIDTH; d += WARPS * 32) p.gammaPartial[(i64)blockIdx.x * WIDTH + d] = total[d];
}

#define NORM_GRAD(name, in) \
    extern "C" __global__ void __launch_bounds__(WARPS * 32, 1) name(const NormGradArgs p) { norm_grad<in>(p); }
NORM_GRAD(norm_grad_plain, PLAIN)
NORM_GRAD(norm_grad_mixed, MIXED)
NORM_GRAD(norm_grad_pooled, POOLED)
