using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Ranking.Features.Partitioning;
using StackExchange.Redis;

namespace Ranking.Store;

/// <summary>
/// Names of all keys. Everything of an id lies under the hash tag b = murmur2(id) mod <see cref="Tags"/>, so that a row, its tokens and
/// the offset at which it was written share one slot of a cluster and one script can write them:
/// <code>
/// ns:{b}:item:ID            row of entity kind "item"
/// ns:{b}:token:VERSION:ID   cached token of item ID for a model version
/// ns:{b}:offset             what the sink wrote last for this tag
/// ns:versions               model versions that have tokens, until when
/// ns:{vectors:KIND}:HASH    the vector set of an entity kind made with encoder settings of that hash; beside it, in its slot,
///                           ns:{vectors:KIND}:HASH:offset:b, :documents, :deleted and :settings
/// ns:{vectors:KIND}:sets    which vector sets there are; in the same slot :current, :wanted and :used
/// </code>
/// </summary>
public sealed class KeyLayout
{
    /// <summary>Number of hash tags. The partition count of <c>rows</c> divides it, so a tag's rows lie in one partition.</summary>
    public const int Tags = 64;

    const int MaxNameLength = 200;
    static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    readonly string[] _tagPrefixes = new string[Tags];
    readonly RedisKey[] _offsets = new RedisKey[Tags];
    readonly ConcurrentDictionary<string, RedisKey[]> _rowPrefixes = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, RedisKey[]> _tokenPrefixes = new(StringComparer.Ordinal);

    /// <summary>The layout of one namespace.</summary>
    /// <exception cref="ArgumentException">The namespace has another form than <see cref="StoreOptions.Namespace"/> says.</exception>
    public KeyLayout(string @namespace)
    {
        CheckName(@namespace, "namespace");
        Namespace = @namespace;
        for (int b = 0; b < Tags; b++)
        {
            _tagPrefixes[b] = string.Create(CultureInfo.InvariantCulture, $"{@namespace}:{{{b}}}:");
            _offsets[b] = Encoding.UTF8.GetBytes(_tagPrefixes[b] + "offset");
        }
        Versions = Encoding.UTF8.GetBytes(@namespace + ":versions");
    }

    /// <summary>Prefix of all keys.</summary>
    public string Namespace { get; }

    /// <summary>Sorted set of the model versions that have tokens; scores are the Unix seconds at which the last one expires.</summary>
    public RedisKey Versions { get; }

    /// <summary>The tag of an id, 0 to <see cref="Tags"/> − 1. Modulo the partition count it is the id's partition.</summary>
    public static int TagOf(string id) => Murmur2.Partition(id, Tags);

    /// <summary>Key of an entity's row.</summary>
    /// <param name="kind">Entity kind of the spec: letters, digits, <c>.</c>, <c>_</c>, <c>-</c>.</param>
    /// <param name="id">Entity's id.</param>
    public RedisKey Row(string kind, string id) => Row(kind, id, TagOf(id));

    internal RedisKey Row(string kind, string id, int tag) => RowPrefixes(kind)[tag].Append(id);

    /// <summary>Key of an item's cached token.</summary>
    public RedisKey Token(string version, string id) => Token(version, id, TagOf(id));

    internal RedisKey Token(string version, string id, int tag) => TokenPrefixes(version)[tag].Append(id);

    /// <summary>Key of a tag's offset.</summary>
    public RedisKey Offset(int tag) => _offsets[tag];

    /// <summary>Key of the vector set of an entity kind for an encoder. One key, hence on one shard; all sets of a kind share a slot.</summary>
    /// <param name="kind">Entity kind.</param>
    /// <param name="settings">Hash of the encoder's settings.</param>
    public RedisKey Vectors(string kind, string settings)
    {
        CheckName(kind, "entity kind");
        CheckName(settings, "settings hash");
        return $"{Namespace}:{{vectors:{kind}}}:{settings}";
    }

    /// <summary>Key of a tag's offset for a vector set.</summary>
    public RedisKey VectorOffset(string kind, string settings, int tag) => Vectors(kind, settings).Append(string.Create(CultureInfo.InvariantCulture, $":offset:{tag}"));

    /// <summary>Keys of all tags' offsets for a vector set; in one slot.</summary>
    public RedisKey[] VectorOffsets(string kind, string settings) => [.. Enumerable.Range(0, Tags).Select(b => VectorOffset(kind, settings, b))];

    /// <summary>Hash of the documents that a vector set was made from: id to event time and hash.</summary>
    public RedisKey VectorDocuments(string kind, string settings) => Vectors(kind, settings).Append(":documents");

    /// <summary>Sorted set of deleted documents by event time, kept while an older one could still come.</summary>
    public RedisKey VectorDeletions(string kind, string settings) => Vectors(kind, settings).Append(":deleted");

    /// <summary>The encoder's settings that a vector set is made with, as JSON.</summary>
    public RedisKey VectorSettings(string kind, string settings) => Vectors(kind, settings).Append(":settings");

    /// <summary>Hash of the vector sets of a kind: settings hash to how far it is.</summary>
    public RedisKey VectorSets(string kind) => Vectors(kind, "sets");

    /// <summary>Settings hash of the vector set that is searched.</summary>
    public RedisKey VectorsCurrent(string kind) => Vectors(kind, "current");

    /// <summary>Settings hash of the vector set that is to be searched once it is whole.</summary>
    public RedisKey VectorsWanted(string kind) => Vectors(kind, "wanted");

    /// <summary>Sorted set of settings hashes by when their vector set was last of use, Unix milliseconds.</summary>
    public RedisKey VectorsUsed(string kind) => Vectors(kind, "used");

    /// <summary>Pattern for SCAN that finds every key of the namespace.</summary>
    public string AllPattern => Namespace + ":*";

    /// <summary>Pattern for SCAN that finds every row, token and row offset of the namespace.</summary>
    public string TaggedPattern => Namespace + ":{*}:*";

    /// <summary>Reads a key of this layout back. False for keys that are no rows, such as offsets and vector sets.</summary>
    public bool TryParseRow(string key, out int tag, out string kind, out string id)
    {
        (kind, id) = ("", "");
        if (!TryParseTag(key, out tag, out string rest)) return false;
        int colon = rest.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || colon == rest.Length - 1 || rest.StartsWith("token:", StringComparison.Ordinal)) return false;
        (kind, id) = (rest[..colon], rest[(colon + 1)..]);
        return true;
    }

    /// <summary>Reads a token's key back.</summary>
    public bool TryParseToken(string key, out int tag, out string version, out string id)
    {
        (version, id) = ("", "");
        if (!TryParseTag(key, out tag, out string rest) || !rest.StartsWith("token:", StringComparison.Ordinal)) return false;
        int colon = rest.IndexOf(':', 6);
        if (colon <= 6 || colon == rest.Length - 1) return false;
        (version, id) = (rest[6..colon], rest[(colon + 1)..]);
        return true;
    }

    bool TryParseTag(string key, out int tag, out string rest)
    {
        (tag, rest) = (-1, "");
        if (!key.StartsWith(Namespace, StringComparison.Ordinal) || !key.AsSpan(Namespace.Length).StartsWith(":{")) return false;
        int close = key.IndexOf("}:", Namespace.Length, StringComparison.Ordinal);
        if (close < 0) return false;
        ReadOnlySpan<char> digits = key.AsSpan(Namespace.Length + 2, close - Namespace.Length - 2);
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out tag) || tag >= Tags) return false;
        rest = key[(close + 2)..];
        return true;
    }

    RedisKey[] RowPrefixes(string kind) => _rowPrefixes.GetOrAdd(kind, static (k, self) =>
    {
        CheckName(k, "entity kind");
        if (k is "token" or "offset") throw new ArgumentException($"entity kind \"{k}\" is a name that the store uses itself; expected another");
        return self.Prefixes(k + ":");
    }, this);

    RedisKey[] TokenPrefixes(string version)
    {
        if (_tokenPrefixes.TryGetValue(version, out RedisKey[]? prefixes)) return prefixes;
        CheckName(version, "model version");
        if (_tokenPrefixes.Count > 256) _tokenPrefixes.Clear(); // versions come and go; a process that runs for a year must not keep them
        return _tokenPrefixes[version] = Prefixes($"token:{version}:");
    }

    // Bytes, not strings: StackExchange.Redis then appends an id without allocating.
    RedisKey[] Prefixes(string rest) => [.. _tagPrefixes.Select(p => (RedisKey)Encoding.UTF8.GetBytes(p + rest))];

    internal static void CheckName(string name, string what)
    {
        if (name.Length is 0 or > MaxNameLength || name.AsSpan().ContainsAnyExcept(NameCharacters))
            throw new ArgumentException($"{what} \"{name}\": expected 1 to {MaxNameLength} letters, digits, '.', '_' or '-'");
    }
}
