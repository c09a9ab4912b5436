using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Ranking.Features.Errors;
using Ranking.Serving.Ranking;

namespace Ranking.Serving.Http;

/// <summary>A request's whole body in a pooled buffer.</summary>
internal readonly struct RequestBody : IDisposable
{
    readonly byte[] buffer;
    readonly int length;

    RequestBody(byte[] buffer, int length) => (this.buffer, this.length) = (buffer, length);

    public ReadOnlySpan<byte> Bytes => buffer.AsSpan(0, length);

    public ReadOnlyMemory<byte> Memory => buffer.AsMemory(0, length);

    /// <summary>Reads the body to its end.</summary>
    /// <exception cref="RequestRefusedException">413: it is longer than allowed; what is over is not read.</exception>
    public static async ValueTask<RequestBody> ReadAsync(HttpRequest request, int maxBytes, CancellationToken cancel)
    {
        if (request.ContentLength > maxBytes) throw TooLarge(maxBytes, request.ContentLength.Value.ToString(System.Globalization.CultureInfo.InvariantCulture));
        PipeReader reader = request.BodyReader;
        while (true)
        {
            ReadResult read = await reader.ReadAsync(cancel).ConfigureAwait(false);
            ReadOnlySequence<byte> bytes = read.Buffer;
            if (bytes.Length > maxBytes)
            {
                reader.AdvanceTo(bytes.End);
                throw TooLarge(maxBytes, $"more than {maxBytes}");
            }
            if (!read.IsCompleted)
            {
                reader.AdvanceTo(bytes.Start, bytes.End);
                continue;
            }
            int length = (int)bytes.Length;
            byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Max(length, 1));
            bytes.CopyTo(buffer);
            reader.AdvanceTo(bytes.End);
            return new(buffer, length);
        }
    }

    static RequestRefusedException TooLarge(int maxBytes, string found) =>
        RequestRefusedException.OfField(413, ErrorCodes.RequestTooLarge, "$", $"a body of {found} bytes", $"at most {maxBytes} (the limit MaxBodyBytes)");

    public void Dispose()
    {
        if (buffer is not null) ArrayPool<byte>.Shared.Return(buffer);
    }
}
