using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.ObjectPool;

namespace Ranking.Serving.Http;

/// <summary>Buffers in which answers are written whole before they are sent: with their length, and never half before an error.</summary>
internal sealed class AnswerBuffer
{
    const int KeptBytes = 1 << 20;

    readonly ObjectPool<ArrayBufferWriter<byte>> pool = new DefaultObjectPool<ArrayBufferWriter<byte>>(new Policy(), 2 * Environment.ProcessorCount);

    public ArrayBufferWriter<byte> Rent() => pool.Get();

    public void Return(ArrayBufferWriter<byte> buffer) => pool.Return(buffer);

    public static Task SendAsync(HttpContext http, ArrayBufferWriter<byte> buffer, string mediaType)
    {
        http.Response.ContentType = mediaType;
        http.Response.ContentLength = buffer.WrittenCount;
        return http.Response.Body.WriteAsync(buffer.WrittenMemory, http.RequestAborted).AsTask();
    }

    sealed class Policy : PooledObjectPolicy<ArrayBufferWriter<byte>>
    {
        public override ArrayBufferWriter<byte> Create() => new(16 << 10);

        public override bool Return(ArrayBufferWriter<byte> buffer)
        {
            buffer.ResetWrittenCount();
            return buffer.Capacity <= KeptBytes;
        }
    }
}
