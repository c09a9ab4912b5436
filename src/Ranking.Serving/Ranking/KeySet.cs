using System.Text;

namespace Ranking.Serving.Ranking;

/// <summary>The keys that an object of a body may have.</summary>
internal sealed class KeySet
{
    public KeySet(string of, params string[] names)
    {
        (Of, Names) = (of, names);
        Utf8 = [.. names.Select(Encoding.UTF8.GetBytes)];
    }

    /// <summary>What the object is, for messages.</summary>
    public string Of { get; }

    public string[] Names { get; }

    public byte[][] Utf8 { get; }
}
