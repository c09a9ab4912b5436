// Shared by every kernel of this folder: prepended to each source before NVRTC compiles it, so no header file is needed.
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

// bf16 pairs travel as one 32-bit word, the lower column in the lower half.
__device__ __forceinline__ float lower(u32 word) { return __uint_as_float(word << 16); }
__device__ __forceinline__ float upper(u32 word) { return __uint_as_float(word & 0xffff0000u); }
__device__ __forceinline__ u32 pack(float low, float high)
{
    u32 word;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
    return word;
}
__device__ __forceinline__ u16 to_bf16(float value) { return (u16)pack(value, 0.f); }
__device__ __forceinline__ float from_bf16(u16 value) { return __uint_as_float((u32)value << 16); }

__device__ __forceinline__ void unpack8(const uint4& words, float* out)
{
    out[0] = lower(words.x); out[1] = upper(words.x); out[2] = lower(words.y); out[3] = upper(words.y);
    out[4] = lower(words.z); out[5] = upper(words.z); out[6] = lower(words.w); out[7] = upper(words.w);
}
__device__ __forceinline__ uint4 pack8(const float* v)
{
    return make_uint4(pack(v[0], v[1]), pack(v[2], v[3]), pack(v[4], v[5]), pack(v[6], v[7]));
}

__device__ __forceinline__ float warp_sum(float value)
{
#pragma unroll
    for (int offset = 16; offset > 0; offset >>= 1) value += __shfl_xor_sync(0xffffffffu, value, offset);
    return value;
}
