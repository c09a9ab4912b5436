// One grouped bf16 matrix product for every dense layer of the backbone (Hopper: TMA, mbarriers, wgmma), persistent, with the
// element-wise work of the feed-forward in its epilogue. Accumulators are float32.
//
// Compile-time choices (NVRTC -D):
//   WEIGHT_GRAD  0: rows x weights. C[row, n] = sum_k A[row, k] B[group(row)][k, n]; a row tile belongs to one group.
//                1: weight gradient. C[group][m, n] = sum_row A[row, m] B[row, n] over the rows of the group.
//   B_ROWS_K     rows x weights only. 1: B is stored [group][k, n] (forward); 0: B is stored [group][n, k] (data gradient).
//   EPILOGUE     0 STORE; 1 SWIGLU: B holds 128 columns of Wup beside 128 of Wgate; 2 SWIGLU_GRAD;
//                3 ADAGRAD: weight gradient that is applied, not stored.
//                SWIGLU_GRAD writes the gradients of u and g side by side, [rows][2 hidden].
//   CLUSTER      2: a pair of blocks works on 256 rows and shares B's tile by multicast; 1: no pair.
//
//   GATES        SWIGLU_GRAD: rows have gates, whose gradient is wanted.
//
// Tiles are 128 x 256 x 64: two consumer warpgroups with 64 x 256 each, three epilogue warps, one warp for the loads, 3 stages of
// 48 KiB. The consumers hand their accumulators over as bf16 (64 KiB, each register to the same lane of another warp) and go on
// with the next tile, so the epilogue runs beside its products. Three epilogue warps, not four: the products need 154 registers, and
// the compiler gives every warp of a kernel the same number at first, so 12 warps are the most.
// Eight pieces a tile over three warps: a consumer's piece comes to the same epilogue warp every third tile, hence three barriers a
// piece, each waited on by one warp only. (With one barrier a piece, a warp that waits for the next tile's piece while another has
// not seen this tile's takes the phase before last for the one it wants, since a wait knows a phase's parity alone. A tile without
// products, an expert that got no row, is enough for that.)
// Floor per tile and k-step: 4.2 MFLOP, 1024 tensor-core cycles; 32 KiB from L2 with the pair, 48 KiB without.
// What SWIGLU keeps of the up and gate products u and g: the scaled activation a = scale u SiLU(g), which the down product reads
// anyway, and g. scale u = a / SiLU(g), so SWIGLU_GRAD needs no u: the slope d SiLU(g) / SiLU(g) is 1 / g + 1 - sigmoid(g).
// g lies in the order in which threads hold it: only SWIGLU writes and only SWIGLU_GRAD reads it, each thread its own, 16 bytes at
// a time, fully coalesced.
// The epilogues that read much (SWIGLU_GRAD, ADAGRAD) keep their next reads under way while they work, also from one piece to the
// next, and write straight from registers: the copy engine's way out needs a fence, which waits for every read under way. No
// prefetch into the L2: beside the operands' tiles it has no room for it, and what is asked for early is read twice.
#define STAGES 3
#define A_BYTES 16384
#define B_BYTES 32768
#define STAGE_BYTES (A_BYTES + B_BYTES)
#define STORE_BYTES 2048
#define EPILOGUE_WARPS 3
#define HAND_BYTES 32768
#define PIECES 8
#define SUPER_ROWS 256

struct __align__(64) TensorMap { u64 opaque[16]; };

struct GemmArgs
{
    const int* table;       // rows x weights: group of each 256-row tile, -1 for none. Weight gradient: int4 {first row, rows, group, -}
    int entries;            // entries of the table
    int superTiles;         // weight gradient: tiles of 256 rows of C in a group
    int nTiles;             // tiles of 256 columns (SWIGLU: of 128 hidden units)
    int kSteps;             // rows x weights: ceil(K / 64)
    int hiddenTiles;        // SWIGLU*: ceil(hidden / 128), the row length of the store of g in tiles
    int hidden;             // SWIGLU_GRAD: row length of the activation
    uint4* gate;            // SWIGLU*: g; null in SWIGLU: not kept
    const u16* activation;  // SWIGLU_GRAD: [rows][hidden]
    u16* hiddenGrad;        // SWIGLU_GRAD: [rows][2 hidden]
    const float* rowScale;  // SWIGLU*: the gate of each row; null: 1
    float* gateGrad;        // SWIGLU_GRAD: [nTiles][rows] partial gradients of rowScale
    int rows;
    float* masters;         // ADAGRAD: [group][m][n]
    float* states;
    u16* weights;
    int m, n;
    float rate, epsilon, gradScale;
};

__device__ __forceinline__ u32 shared_address(const void* p) { return (u32)__cvta_generic_to_shared(p); }

__device__ __forceinline__ void barrier_init(u32 barrier, u32 count)
{
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" :: "r"(barrier), "r"(count) : "memory");
}
__device__ __forceinline__ void barrier_expect(u32 barrier, u32 bytes)
{
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" :: "r"(barrier), "r"(bytes) : "memory");
}
// No cluster scope on these two: products read through the async proxy, and a cluster-wide release costs a memory barrier a stage.
__device__ __forceinline__ void barrier_arrive_at(u32 barrier, u32 block)
{
    asm volatile("{\n.reg .b32 remote;\nmapa.shared::cluster.u32 remote, %0, %1;\n"
                 "mbarrier.arrive.shared::cluster.b64 _, [remote];\n}" :: "r"(barrier), "r"(block) : "memory");
}
__device__ __forceinline__ void barrier_arrive(u32 barrier)
{
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" :: "r"(barrier) : "memory");
}
__device__ __forceinline__ void barrier_wait(u32 barrier, u32 parity)
{
    u32 done;
    do
    {
        asm volatile("{\n.reg .pred p;\nmbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\nselp.u32 %0, 1, 0, p;\n}"
                     : "=r"(done) : "r"(barrier), "r"(parity) : "memory");
    } while (!done);
}
__device__ __forceinline__ void load_tile(u32 target, const TensorMap* map, u32 barrier, int c0, int c1, int c2)
{
    asm volatile("cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5}], [%2];"
                 :: "r"(target), "l"(map), "r"(barrier), "r"(c0), "r"(c1), "r"(c2) : "memory");
}
__device__ __forceinline__ void load_tile_pair(u32 target, const TensorMap* map, u32 barrier, int c0, int c1, int c2)
{
    asm volatile("cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster [%0], [%1, {%3, %4, %5}], [%2], %6;"
                 :: "r"(target), "l"(map), "r"(barrier), "r"(c0), "r"(c1), "r"(c2), "h"((u16)3) : "memory");
}
__device__ __forceinline__ void store_tile(const TensorMap* map, u32 source, int c0, int c1, int c2)
{
    asm volatile("cp.async.bulk.tensor.3d.global.shared::cta.bulk_group [%0, {%2, %3, %4}], [%1];\ncp.async.bulk.commit_group;"
                 :: "l"(map), "r"(source), "r"(c0), "r"(c1), "r"(c2) : "memory");
}
__device__ __forceinline__ void cluster_sync()
{
#if CLUSTER == 2
    asm volatile("barrier.cluster.arrive.release;\nbarrier.cluster.wait.acquire;" ::: "memory");
#else
    __syncthreads();
#endif
}

// Shared-memory descriptors, 128-byte swizzle. Along k: rows of 128 bytes (64 k), groups of 8 rows 1024 bytes apart.
// Along m or n: boxes of 64 columns x 64 k, 8192 bytes apart; groups of 8 k 1024 bytes apart.
__device__ __forceinline__ u64 descriptor(u32 address, u32 leading)
{
    return (u64)((address & 0x3ffff) >> 4) | ((u64)(leading >> 4) << 16) | ((u64)(1024 >> 4) << 32) | (1ull << 62);
}

// d = (add ? d : 0) + a b for 16 of k.
__device__ __forceinline__ void multiply(float* d, u64 a, u64 b, int add)
{
    asm volatile(
        "{\n.reg .pred add;\nsetp.ne.b32 add, %132, 0;\nwgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
        "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "
        "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "
        "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, "
        "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, "
        "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, "
        "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, "
        "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127}, "
        "%128, %129, add, 1, 1, %130, %131;\n}"
        :
          "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]),
          "+f"(d[8]), "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]),
          "+f"(d[16]), "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]),
          "+f"(d[24]), "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]),
          "+f"(d[32]), "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]),
          "+f"(d[40]), "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]),
          "+f"(d[48]), "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]),
          "+f"(d[56]), "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63]),
          "+f"(d[64]), "+f"(d[65]), "+f"(d[66]), "+f"(d[67]), "+f"(d[68]), "+f"(d[69]), "+f"(d[70]), "+f"(d[71]),
          "+f"(d[72]), "+f"(d[73]), "+f"(d[74]), "+f"(d[75]), "+f"(d[76]), "+f"(d[77]), "+f"(d[78]), "+f"(d[79]),
          "+f"(d[80]), "+f"(d[81]), "+f"(d[82]), "+f"(d[83]), "+f"(d[84]), "+f"(d[85]), "+f"(d[86]), "+f"(d[87]),
          "+f"(d[88]), "+f"(d[89]), "+f"(d[90]), "+f"(d[91]), "+f"(d[92]), "+f"(d[93]), "+f"(d[94]), "+f"(d[95]),
          "+f"(d[96]), "+f"(d[97]), "+f"(d[98]), "+f"(d[99]), "+f"(d[100]), "+f"(d[101]), "+f"(d[102]), "+f"(d[103]),
          "+f"(d[104]), "+f"(d[105]), "+f"(d[106]), "+f"(d[107]), "+f"(d[108]), "+f"(d[109]), "+f"(d[110]), "+f"(d[111]),
          "+f"(d[112]), "+f"(d[113]), "+f"(d[114]), "+f"(d[115]), "+f"(d[116]), "+f"(d[117]), "+f"(d[118]), "+f"(d[119]),
          "+f"(d[120]), "+f"(d[121]), "+f"(d[122]), "+f"(d[123]), "+f"(d[124]), "+f"(d[125]), "+f"(d[126]), "+f"(d[127])
        : "l"(a), "l"(b), "n"(WEIGHT_GRAD), "n"(WEIGHT_GRAD || B_ROWS_K), "r"(add));
}

// One stage of 64 k. It ends with the products done: with anything left in flight over the loop's edge the compiler serialises every
// product; the other warpgroup's products fill the tensor cores meanwhile.
__device__ __forceinline__ void multiply_stage(float* acc, u32 a, u32 b, int add)
{
    const u64 da = descriptor(a, 8192), db = descriptor(b, 8192);
    const int stepA = WEIGHT_GRAD ? 128 : 2, stepB = WEIGHT_GRAD || B_ROWS_K ? 128 : 2;
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
    multiply(acc, da, db, add);
    multiply(acc, da + stepA, db + stepB, 1);
    multiply(acc, da + 2 * stepA, db + 2 * stepB, 1);
    multiply(acc, da + 3 * stepA, db + 3 * stepB, 1);
    asm volatile("wgmma.commit_group.sync.aligned;\nwgmma.wait_group.sync.aligned 0;" ::: "memory");
}

// 64 columns of a warp's 16 rows: registers -> swizzled staging buffer -> TMA store.
struct Stager
{
    u32 buffers; int lane, turn;

    __device__ __forceinline__ void emit(const u32* words, const TensorMap* map, int c0, int c1, int c2)
    {
        if (lane == 0) asm volatile("cp.async.bulk.wait_group.read 1;" ::: "memory");
        __syncwarp();
        u32 buffer = buffers + turn * STORE_BYTES;
        int matrix = lane >> 3, row = (matrix & 1) * 8 + (lane & 7);
#pragma unroll
        for (int i = 0; i < 4; i++)
        {
            int chunk = 2 * i + (matrix >> 1);
            asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, %4};"
                         :: "r"(buffer + row * 128 + ((chunk ^ (row & 7)) << 4)),
                            "r"(words[4 * i]), "r"(words[4 * i + 1]), "r"(words[4 * i + 2]), "r"(words[4 * i + 3]) : "memory");
        }
        asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
        __syncwarp();
        if (lane == 0) store_tile(map, buffer, c0, c1, c2);
        turn ^= 1;
    }
};

// Count of a block's tiles, as the barriers between consumers and epilogue see it.
struct Turn
{
    u32 parity = 0, third = 0, thirdParity = 0;

    __device__ __forceinline__ void next()
    {
        parity ^= 1;
        if (++third == EPILOGUE_WARPS) { third = 0; thirdParity ^= 1; }
    }
};

// One thread's accumulators on their way from a consumer to the epilogue: bf16 pairs, 16 bytes a thread side by side, no bank conflict.
struct Hand
{
    u32 buffer, full, empty;    // full: the first of EPILOGUE_WARPS barriers

    __device__ __forceinline__ void give(const float* acc, const Turn& turn) const
    {
        barrier_wait(empty, turn.parity ^ 1);
#pragma unroll
        for (int i = 0; i < 16; i++)
            asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" :: "r"(buffer + i * 2048),
                         "r"(pack(acc[8 * i], acc[8 * i + 1])), "r"(pack(acc[8 * i + 2], acc[8 * i + 3])),
                         "r"(pack(acc[8 * i + 4], acc[8 * i + 5])), "r"(pack(acc[8 * i + 6], acc[8 * i + 7])) : "memory");
        barrier_arrive(full + 8 * turn.third);
    }
    __device__ __forceinline__ void wait(const Turn& turn) const { barrier_wait(full + 8 * turn.third, turn.thirdParity); }
    // Columns 64 j to 64 j + 63: word 2 c + half holds row (8 half), columns 8 c and 8 c + 1.
    __device__ __forceinline__ void take(u32* words, int j) const
    {
#pragma unroll
        for (int i = 0; i < 4; i++)
            asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
                         : "=r"(words[4 * i]), "=r"(words[4 * i + 1]), "=r"(words[4 * i + 2]), "=r"(words[4 * i + 3])
                         : "r"(buffer + (j * 4 + i) * 2048) : "memory");
    }
};

// 64 columns of two rows a thread: the four lanes of a row swap words (a 4 x 4 transpose), so that each holds 8 columns side by side.
// words[4 * (2 * half + block) + i]: row 8 * half, columns 32 * block + 8 * (lane % 4) + 2 i.
__device__ __forceinline__ void side_by_side(u32* words, int lane)
{
    const int quad = lane & 3;
    u32 out[16];
#pragma unroll
    for (int half = 0; half < 2; half++)
#pragma unroll
        for (int block = 0; block < 2; block++)
        {
            u32* w = out + 4 * (2 * half + block);
#pragma unroll
            for (int i = 0; i < 4; i++) w[i] = words[2 * (block * 4 + i) + half];
#pragma unroll
            for (int i = 0; i < 4; i += 2)
            {
                u32 other = __shfl_xor_sync(0xffffffffu, quad & 1 ? w[i] : w[i + 1], 1);
                if (quad & 1) w[i] = other; else w[i + 1] = other;
            }
#pragma unroll
            for (int i = 0; i < 2; i++)
            {
                u32 other = __shfl_xor_sync(0xffffffffu, quad & 2 ? w[i] : w[i + 2], 2);
                if (quad & 2) w[i] = other; else w[i + 2] = other;
            }
        }
#pragma unroll
    for (int i = 0; i < 16; i++) words[i] = out[i];
}

__device__ __forceinline__ float sigmoid(float x) { return __fdividef(1.f, 1.f + __expf(-x)); }

// For gradients: one special-function operation instead of two, 1.2e-4 off at most.
__device__ __forceinline__ float sigmoid_fast(float x)
{
    float t;
    asm("tanh.approx.f32 %0, %1;" : "=f"(t) : "f"(0.5f * x));
    return fmaf(0.5f, t, 0.5f);
}
__device__ __forceinline__ float reciprocal(float x)
{
    float r;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x));
    return r;
}
__device__ __forceinline__ float root(float x)
{
    float r;
    asm("sqrt.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x));
    return r;
}
// g = 0 comes with an activation of 0 and must not make NaN of it.
__device__ __forceinline__ float away_from_zero(float g) { return fabsf(g) < 1e-30f ? 1e-30f : g; }
__device__ __forceinline__ u32 multiply_pairs(u32 a, u32 b)
{
    u32 product;
    asm("mul.rn.bf16x2 %0, %1, %2;" : "=r"(product) : "r"(a), "r"(b));
    return product;
}

// Where a unit of work lies. Every role of a block walks the same units.
struct Unit
{
    int row, n, group, firstK, kSteps; bool live;

    Unit() = default;
    __device__ __forceinline__ Unit(const GemmArgs& p, int index, int rank)
    {
#if CLUSTER == 1
        rank = index & 1; index >>= 1;
#endif
#if WEIGHT_GRAD
        int perGroup = p.superTiles * p.nTiles, entry = index / perGroup, tile = index % perGroup;
        int4 rows = ((const int4*)p.table)[entry];
        firstK = rows.x; kSteps = rows.y / 64; group = rows.z; live = true;
        row = (tile / p.nTiles) * SUPER_ROWS + rank * 128; n = tile % p.nTiles;
#else
        int tile = index / p.nTiles;
        group = p.table[tile]; live = group >= 0; firstK = 0; kSteps = p.kSteps;
        row = tile * SUPER_ROWS + rank * 128; n = index % p.nTiles;
#endif
    }
};

#if EPILOGUE >= 2
__device__ __forceinline__ uint4 read16(const void* from)
{
    uint4 v;
    asm volatile("ld.global.cs.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(from) : "memory");
    return v;
}

// The 16-row pieces of an epilogue warp, every third of a tile's eight, tile after tile.
struct Walk
{
    int index, piece; bool more; Unit unit;

    __device__ __forceinline__ Walk(int first, int stride, int piece) : index(first - stride), piece(piece) { }
    __device__ __forceinline__ void seek(const GemmArgs& p, int units, int stride, int rank)
    {
        do
        {
            index += stride;
            more = index < units;
            if (more) unit = Unit(p, index, rank);
        } while (more && !unit.live);
    }
    // True where this piece was the tile's last.
    __device__ __forceinline__ bool next(const GemmArgs& p, int units, int stride, int rank)
    {
        piece += EPILOGUE_WARPS;
        if (piece < PIECES) return false;
        piece -= PIECES;
        seek(p, units, stride, rank);
        return true;
    }
};
#endif

#if EPILOGUE == 3
// Adagrad where the gradient arises: masters and states are read and written, bf16 weights refreshed, the gradient itself is never
// stored. 20 bytes a weight of traffic hide behind other blocks' products, where those are long enough; else they are the floor, and
// three warps must keep the memory busy: while 16 weights of a lane are worked on the next 16 to 32 are on their way, also from one
// piece to the next.
struct AdagradPlace     // a lane's two rows of a piece
{
    i64 start; int column, rows;

    __device__ __forceinline__ AdagradPlace(const GemmArgs& p, const Unit& unit, int piece, int lane)
    {
        const int row = unit.row + piece * 16 + lane / 4;
        column = unit.n * 256 + (lane & 3) * 8;
        start = (i64)unit.group * p.m * p.n + (i64)row * p.n + column;
        rows = p.m - row;
    }
};

template <int HALF> struct AdagradWeights   // 16 weights of one of the two rows
{
    float4 m[4], s[4];

    __device__ __forceinline__ void load(const GemmArgs& p, const AdagradPlace& place, int j)
    {
#pragma unroll
        for (int i = 0; i < 4; i++)
        {
            const int at = j * 64 + (i >> 1) * 32;
            const i64 from = place.start + HALF * 8 * p.n + at + (i & 1) * 4;
            const bool inside = place.rows > HALF * 8 && place.column + at < p.n;
            m[i] = inside ? __ldcs((const float4*)(p.masters + from)) : make_float4(0.f, 0.f, 0.f, 0.f);
            s[i] = inside ? __ldcs((const float4*)(p.states + from)) : make_float4(1.f, 1.f, 1.f, 1.f);
        }
    }
    __device__ __forceinline__ void apply(const GemmArgs& p, const AdagradPlace& place, int j, const u32* gradient)
    {
#pragma unroll
        for (int block = 0; block < 2; block++)
        {
            const int at = j * 64 + block * 32;
            const i64 to = place.start + HALF * 8 * p.n + at;
            const bool inside = place.rows > HALF * 8 && place.column + at < p.n;
            float* master = (float*)&m[2 * block]; float* state = (float*)&s[2 * block];
#pragma unroll
            for (int k = 0; k < 8; k++)
            {
                const u32 word = gradient[4 * block + k / 2];
                const float g = (k & 1 ? upper(word) : lower(word)) * p.gradScale;
                state[k] += g * g;
                master[k] -= p.rate * g * reciprocal(root(state[k]) + p.epsilon);
            }
            if (!inside) continue;
#pragma unroll
            for (int i = 0; i < 2; i++)
            {
                __stcs((float4*)(p.masters + to + 4 * i), m[2 * block + i]);
                __stcs((float4*)(p.states + to + 4 * i), s[2 * block + i]);
            }
            *(uint4*)(p.weights + to) = pack8(master);
        }
    }
};
#endif

#if EPILOGUE == 2
struct KeptPlace        // a lane's two rows of a piece
{
    const uint4* gates; const u16* activation; u16* out; int second, column;

    __device__ __forceinline__ KeptPlace(const GemmArgs& p, const Unit& unit, int piece, int lane)
    {
        const int row = unit.row + piece * 16 + lane / 4;
        column = unit.n * 256 + (lane & 3) * 8;
        gates = p.gate + (((i64)(unit.row / 128) * p.hiddenTiles + unit.n * 2) * 2 + piece / 4) * 1024 + piece % 4 * 32 + lane;
        // Past the last tile the products are zero; any finite g does.
        second = unit.n * 2 + 1 < p.hiddenTiles ? 2048 : 0;
        activation = p.activation + (i64)row * p.hidden + column;
        out = p.hiddenGrad + (i64)row * 2 * p.hidden + column;
    }
};

// What is kept of 32 columns of a piece, side by side: of both rows.
struct Kept
{
    uint4 a[2], g[2];

    __device__ __forceinline__ void read(const GemmArgs& p, const KeptPlace& place, int part)
    {
        const uint4* from = place.gates + (part >> 2) * place.second + (part >> 1 & 1) * 512 + (part & 1) * 128;
#pragma unroll
        for (int half = 0; half < 2; half++)
        {
            g[half] = read16(from + half * 256);
            a[half] = make_uint4(0, 0, 0, 0);
            if (place.column + part * 32 < p.hidden) a[half] = read16(place.activation + (i64)half * 8 * p.hidden + part * 32);
        }
    }
    // d: gradient of the scaled activation. SiLU and the slopes in float32, the products of pairs in bf16: half the operations.
    __device__ __forceinline__ void gradient(const GemmArgs& p, const KeptPlace& place, int part, const u32* d, const float* scales, float* gates) const
    {
#pragma unroll
        for (int half = 0; half < 2; half++)
        {
            const u32 as[4] = { a[half].x, a[half].y, a[half].z, a[half].w }, gs[4] = { g[half].x, g[half].y, g[half].z, g[half].w };
            u32 up[4], gate[4];
#pragma unroll
            for (int k = 0; k < 4; k++)
            {
                const u32 own = d[8 * half + 4 * (part & 1) + k];
                const float g0 = away_from_zero(lower(gs[k])), g1 = away_from_zero(upper(gs[k])), s0 = sigmoid_fast(g0), s1 = sigmoid_fast(g1);
                u32 silu = pack(g0 * s0, g1 * s1);
#if GATES
                gates[half] += lower(own) * lower(as[k]) + upper(own) * upper(as[k]);
                silu = multiply_pairs(silu, pack(scales[half], scales[half]));
#endif
                up[k] = multiply_pairs(own, silu);
                gate[k] = multiply_pairs(own, pack(lower(as[k]) * (reciprocal(g0) + (1.f - s0)), upper(as[k]) * (reciprocal(g1) + (1.f - s1))));
            }
            if (place.column + part * 32 >= p.hidden) continue;
            u16* to = place.out + (i64)half * 16 * p.hidden + part * 32;
            __stcs((uint4*)to, make_uint4(up[0], up[1], up[2], up[3]));
            __stcs((uint4*)(to + p.hidden), make_uint4(gate[0], gate[1], gate[2], gate[3]));
        }
    }
};
#endif

extern "C" __global__ void __launch_bounds__(384, 1)
#if CLUSTER == 2
__cluster_dims__(2, 1, 1)
#endif
gemm(const __grid_constant__ TensorMap mapA, const __grid_constant__ TensorMap mapB, const __grid_constant__ TensorMap mapB2,
     const __grid_constant__ TensorMap mapC, const GemmArgs p)
{
    extern __shared__ unsigned char memory[];
    const u32 base = (shared_address(memory) + 1023) & ~1023u;
    const u32 hands = base + STAGES * STAGE_BYTES, staging = hands + 2 * HAND_BYTES, barriers = staging + 2 * EPILOGUE_WARPS * STORE_BYTES;
    const int warpgroup = threadIdx.x / 128;
    int rank = 0;
#if CLUSTER == 2
    asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
#endif
    if (threadIdx.x == 0)
    {
        for (int s = 0; s < STAGES; s++) { barrier_init(barriers + 8 * s, 1); barrier_init(barriers + 8 * (STAGES + s), 2 * CLUSTER); }
        for (int i = 0; i < PIECES * (EPILOGUE_WARPS + 1); i++) barrier_init(barriers + 8 * (2 * STAGES + i), 32);
        asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
    }
    cluster_sync();
#if WEIGHT_GRAD
    const int units = p.entries * p.superTiles * p.nTiles * (2 / CLUSTER);
#else
    const int units = p.entries * p.nTiles * (2 / CLUSTER);
#endif
    const int first = blockIdx.x / CLUSTER, stride = gridDim.x / CLUSTER;

    const int lane = threadIdx.x % 32, role = threadIdx.x / 32;
    // Of a consumer warp, 0 to 7: 16 rows of the tile.
    const auto hand = [&](int consumer)
    {
        return Hand { hands + (consumer / 4) * HAND_BYTES + (consumer % 4 * 32 + lane) * 16,
                      barriers + 8 * (2 * STAGES + PIECES + consumer * EPILOGUE_WARPS), barriers + 8 * (2 * STAGES + consumer) };
    };

    if (role == 8 + EPILOGUE_WARPS)
    {
        u32 stage = 0, parity = 1;
        for (int index = first; index < units; index += stride)
        {
            Unit unit(p, index, rank);
            if (!unit.live) continue;
            for (int k = 0; k < unit.kSteps; k++)
            {
                if (lane == 0)
                {
                    u32 full = barriers + 8 * stage, a = base + stage * STAGE_BYTES, b = a + A_BYTES;
                    barrier_wait(barriers + 8 * (STAGES + stage), parity);
                    barrier_expect(full, STAGE_BYTES);
#if WEIGHT_GRAD
                    int k0 = unit.firstK + k * 64;
                    load_tile(a, &mapA, full, unit.row, k0, 0);
                    load_tile(a + 8192, &mapA, full, unit.row + 64, k0, 0);
#define LOAD_B(load, box) load(b + (box) * 8192, &mapB, full, unit.n * 256 + (box) * 64, k0, 0)
#define B_BOXES 4
#else
                    load_tile(a, &mapA, full, k * 64, unit.row, 0);
#if !B_ROWS_K
#define LOAD_B(load, box) load(b + (box) * 16384, &mapB, full, k * 64, unit.n * 256 + (box) * 128, unit.group)
#define B_BOXES 2
#elif EPILOGUE == 1
#define LOAD_B(load, box) load(b + (box) * 8192, (box) < 2 ? &mapB : &mapB2, full, unit.n * 128 + ((box) & 1) * 64, k * 64, unit.group)
#define B_BOXES 4
#else
#define LOAD_B(load, box) load(b + (box) * 8192, &mapB, full, unit.n * 256 + (box) * 64, k * 64, unit.group)
#define B_BOXES 4
#endif
#endif
#if CLUSTER == 2
                    for (int i = 0; i < B_BOXES / 2; i++) LOAD_B(load_tile_pair, rank * (B_BOXES / 2) + i);
#else
                    for (int i = 0; i < B_BOXES; i++) LOAD_B(load_tile, i);
#endif
                }
                __syncwarp();
                if (++stage == STAGES) { stage = 0; parity ^= 1; }
            }
        }
    }
    else if (warpgroup < 2)
    {
        const Hand to = hand(role);
        const int thread = threadIdx.x % 128;
        u32 stage = 0, parity = 0;
        Turn turn;
        float acc[128];
        for (int index = first; index < units; index += stride)
        {
            Unit unit(p, index, rank);
            if (!unit.live) continue;
            for (int k = 0; k < unit.kSteps; k++)
            {
                barrier_wait(barriers + 8 * stage, parity);
                multiply_stage(acc, base + stage * STAGE_BYTES + warpgroup * 8192, base + stage * STAGE_BYTES + A_BYTES, k > 0);
                if (thread < CLUSTER) barrier_arrive_at(barriers + 8 * (STAGES + stage), thread);
                if (++stage == STAGES) { stage = 0; parity ^= 1; }
            }
            to.give(acc, turn);
            // Together into the next tile: a warp whose piece was taken early would else run a whole turn of the stages ahead.
            asm volatile("bar.sync %0, 128;" :: "r"(warpgroup + 1) : "memory");
            turn.next();
        }
    }
    else
    {
#if EPILOGUE >= 2
        Turn turn;
        Walk walk(first, stride, role - 8);
        walk.seek(p, units, stride, rank);
#endif
#if EPILOGUE == 3
        if (walk.more)
        {
            AdagradPlace place(p, walk.unit, walk.piece, lane);
            AdagradWeights<0> low;
            AdagradWeights<1> high;
            low.load(p, place, 0);
            high.load(p, place, 0);
#pragma unroll 1
            while (walk.more)
            {
                const Hand from = hand(walk.piece);
                const bool rows = walk.unit.kSteps > 0;     // no rows, no gradient
                const bool last = walk.next(p, units, stride, rank);
                const AdagradPlace next(p, walk.unit, walk.piece, lane);
                from.wait(turn);
#pragma unroll 1
                for (int j = 0; j < 4; j++)
                {
                    u32 words[16];
                    from.take(words, j);
                    if (j == 3) barrier_arrive(from.empty);
                    side_by_side(words, lane);
                    const bool stays = j < 3;
                    const AdagradPlace then = stays ? place : next;
                    const int column = stays ? j + 1 : 0;
                    if (rows) low.apply(p, place, j, words);
                    if (stays || walk.more) low.load(p, then, column);
                    if (rows) high.apply(p, place, j, words + 8);
                    if (stays || walk.more) high.load(p, then, column);
                }
                if (last) turn.next();
                place = next;
            }
        }
#elif EPILOGUE == 2
        if (walk.more)
        {
            KeptPlace place(p, walk.unit, walk.piece, lane);
            Kept kept[4];
#pragma unroll
            for (int part = 0; part < 4; part++) kept[part].read(p, place, part);
#pragma unroll 1
            while (walk.more)
            {
                const Hand from = hand(walk.piece);
                float scales[2] = { 1.f, 1.f }, gates[2] = { 0.f, 0.f };
#if GATES
                const int own = walk.unit.row + walk.piece * 16 + lane / 4, n = walk.unit.n;
                scales[0] = p.rowScale[own]; scales[1] = p.rowScale[own + 8];
#endif
                const bool last = walk.next(p, units, stride, rank);
                const KeptPlace next(p, walk.unit, walk.piece, lane);
                from.wait(turn);
#pragma unroll 1
                for (int j = 0; j < 4; j += 2)
#pragma unroll
                    for (int i = 0; i < 2; i++)
                    {
                        u32 d[16];
                        from.take(d, j + i);
                        if (j + i == 3) barrier_arrive(from.empty);
                        side_by_side(d, lane);
#pragma unroll
                        for (int part = 2 * i; part < 2 * i + 2; part++)
                        {
                            kept[part].gradient(p, place, 2 * j + part, d, scales, gates);
                            if (j == 0) kept[part].read(p, place, 4 + part);
                            else if (walk.more) kept[part].read(p, next, part);
                        }
                    }
#if GATES
#pragma unroll
                for (int half = 0; half < 2; half++)
                {
                    gates[half] += __shfl_xor_sync(0xffffffffu, gates[half], 1);
                    gates[half] += __shfl_xor_sync(0xffffffffu, gates[half], 2);
                    // The activation holds the row's gate; one that underflowed has no gradient.
                    if (lane % 4 == 0) p.gateGrad[(i64)n * p.rows + own + 8 * half] = scales[half] > 0.f ? gates[half] / scales[half] : 0.f;
                }
#endif
                if (last) turn.next();
                place = next;
            }
        }
#else
        Stager stager = { staging + (role - 8) * 2 * STORE_BYTES, lane, 0 };
        Turn turn;
        int next = role - 8;    // each epilogue warp takes every third of the consumers' 16-row pieces
        for (int index = first; index < units; index += stride)
        {
            Unit unit(p, index, rank);
            if (!unit.live) continue;
#pragma unroll 1
            for (; next < PIECES; next += EPILOGUE_WARPS)
            {
                const Hand from = hand(next);
                const int row = unit.row + next * 16;
#if EPILOGUE == 1
                const int own = row + lane / 4;
                const float scale0 = p.rowScale ? p.rowScale[own] : 1.f, scale8 = p.rowScale ? p.rowScale[own + 8] : 1.f;
#endif
                from.wait(turn);
#if EPILOGUE == 0
#pragma unroll 1
                for (int j = 0; j < 4; j++)
                {
                    u32 words[16];
                    from.take(words, j);
#if WEIGHT_GRAD
                    if (unit.kSteps == 0)   // no rows, no gradient
#pragma unroll
                        for (int i = 0; i < 16; i++) words[i] = 0;
#endif
                    stager.emit(words, &mapC, unit.n * 256 + j * 64, row, WEIGHT_GRAD ? unit.group : 0);
                }
#elif EPILOGUE == 1
                uint4* gate = p.gate + (((i64)(unit.row / 128) * p.hiddenTiles + unit.n) * 2 + next / 4) * 1024 + next % 4 * 32 + lane;
#pragma unroll 1
                for (int j = 0; j < 2; j++)
                {
                    u32 u[16], g[16], a[16];
                    from.take(u, j);
                    from.take(g, j + 2);
#pragma unroll
                    for (int i = 0; i < 16; i++)
                    {
                        float u0 = lower(u[i]), u1 = upper(u[i]), g0 = lower(g[i]), g1 = upper(g[i]), s0 = sigmoid(g0), s1 = sigmoid(g1);
                        const float scale = i & 1 ? scale8 : scale0;
                        a[i] = pack(u0 * g0 * s0 * scale, u1 * g1 * s1 * scale);
                    }
                    if (p.gate)
                    {
                        side_by_side(g, lane);
#pragma unroll
                        for (int i = 0; i < 4; i++) gate[(j * 4 + i) * 128] = make_uint4(g[4 * i], g[4 * i + 1], g[4 * i + 2], g[4 * i + 3]);
                    }
                    stager.emit(a, &mapC, unit.n * 128 + j * 64, row, 0);
                }
#endif
                barrier_arrive(from.empty);
            }
            next -= PIECES;
            turn.next();
        }
        if (lane == 0) asm volatile("cp.async.bulk.wait_group 0;" ::: "memory");
#endif
    }
    // A block whose partner may still send to it must not leave.
    cluster_sync();
}
