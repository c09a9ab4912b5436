using System.Collections.Concurrent;

namespace Ranking.Mbat;

/// <summary>The matrices of keys, shared by all threads of an encoder, up to a number of bytes.</summary>
internal sealed class MatrixCache(MbatSettings settings, KeyHashes hashes)
{
    private const long HaarBytes = 2L << 30;
    private const int Others = 1 << 16;
    private readonly ConcurrentDictionary<ulong, Lazy<KeyMatrix>> _matrices = new();

    /// <summary>M_k.</summary>
    /// <exception cref="InvalidOperationException">More keys than Haar matrices fit in memory.</exception>
    public KeyMatrix this[ulong key]
    {
        get
        {
            if (_matrices.TryGetValue(key, out Lazy<KeyMatrix>? known))
                return known.Value;
            bool haar = settings.Keys == KeyKind.Haar;
            long most = haar ? HaarBytes / (4L * settings.Dimension * settings.Dimension) : Others;
            if (_matrices.Count < most)
                return _matrices.GetOrAdd(key, k => new Lazy<KeyMatrix>(() => Make(k))).Value;
            if (haar)
                throw new InvalidOperationException($"keys: haar holds {most} keys at dimension {settings.Dimension}, the documents have more; take permutation or butterfly");
            return Make(key);
        }
    }

    private KeyMatrix Make(ulong key) => settings.Keys switch
    {
        KeyKind.Haar => new HaarMatrix(settings.Dimension, key),
        KeyKind.Butterfly => new ButterflyMatrix(settings.Dimension, key, hashes.Bank),
        _ => new PermutationMatrix(settings.Dimension, key, hashes.Bank),
    };
}
