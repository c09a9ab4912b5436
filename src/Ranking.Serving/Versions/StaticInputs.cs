using System.Runtime.InteropServices;
using System.Text;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Store.Tokens;

namespace Ranking.Serving.Versions;

/// <summary>Hashes what an item's cached token was computed from: when the item's document changes, its token is a miss.</summary>
internal sealed class StaticInputs(FeatureLayout layout)
{
    readonly FeatureColumn[] inputs = [.. layout.Groups.Where(g => g.Side == Side.Item).SelectMany(g => g.Columns).Distinct()];

    /// <param name="item">The item's features.</param>
    /// <param name="buffer">Scratch of the caller, grown as needed.</param>
    public ulong HashOf(FeatureVector item, ref byte[] buffer)
    {
        int length = 0;
        foreach (FeatureColumn column in inputs)
        {
            if (!column.IsIds)
            {
                ReadOnlySpan<byte> numbers = MemoryMarshal.AsBytes(item.Numbers.AsSpan(column.Index, column.Width));
                Grow(ref buffer, length + numbers.Length);
                numbers.CopyTo(buffer.AsSpan(length));
                length += numbers.Length;
                continue;
            }
            foreach (string id in item.IdsOf(column.Index))
            {
                Grow(ref buffer, length + 2 + id.Length * 3);
                int bytes = Encoding.UTF8.GetBytes(id, buffer.AsSpan(length + 2));
                (buffer[length], buffer[length + 1]) = ((byte)bytes, (byte)(bytes >> 8)); // lengths in front: "ab","c" is not "a","bc"
                length += 2 + bytes;
            }
            Grow(ref buffer, length + 2);
            (buffer[length], buffer[length + 1]) = (0xff, 0xff); // ends the column: no id is so long
            length += 2;
        }
        return CachedToken.HashInputs(buffer.AsSpan(0, length));
    }

    static void Grow(ref byte[] buffer, int needed)
    {
        if (buffer.Length < needed) Array.Resize(ref buffer, Math.Max(needed, 2 * buffer.Length));
    }
}
