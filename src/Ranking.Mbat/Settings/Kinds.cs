using System.Text.Json.Serialization;

namespace Ranking.Mbat;

/// <summary>The family of orthogonal matrices that stand for keys.</summary>
[JsonConverter(typeof(SnakeCaseEnum<KeyKind>))]
public enum KeyKind
{
    /// <summary>Signed permutations of 16-float blocks with a shuffle inside each: O(D) and exact.</summary>
    Permutation,

    /// <summary>Uniformly random orthogonal matrices: D² numbers a key, the reference.</summary>
    Haar,

    /// <summary>Products of random Givens stages: O(D log D).</summary>
    Butterfly,
}

/// <summary>What weighs the same when values are added.</summary>
[JsonConverter(typeof(SnakeCaseEnum<Normalization>))]
public enum Normalization
{
    /// <summary>Every value of an object or array is brought to unit length: siblings weigh the same.</summary>
    Unit,

    /// <summary>Plain sums: leaves (words, numbers, atoms) weigh the same.</summary>
    Raw,
}

/// <summary>How an array is encoded.</summary>
[JsonConverter(typeof(SnakeCaseEnum<ArrayMode>))]
public enum ArrayMode
{
    /// <summary>Each element is bound by its position.</summary>
    Sequence,

    /// <summary>The elements are summed: order does not matter, how often an element occurs does.</summary>
    Set,
}

/// <summary>What happens when an object repeats a key.</summary>
[JsonConverter(typeof(SnakeCaseEnum<DuplicateKeys>))]
public enum DuplicateKeys
{
    /// <summary>The last value counts, and the vector is the one of a document that never had the others.</summary>
    LastWins,

    /// <summary>The document is refused.</summary>
    Error,
}
