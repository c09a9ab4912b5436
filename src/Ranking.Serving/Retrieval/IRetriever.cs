using System.Text.Json;

namespace Ranking.Serving.Retrieval;

/// <summary>A near item.</summary>
/// <param name="Id">The item.</param>
/// <param name="Similarity">Cosine, −1 to 1.</param>
internal readonly record struct Near(string Id, double Similarity);

/// <summary>Finds items whose documents' vectors are near.</summary>
internal interface IRetriever
{
    /// <summary>Why there is no retrieval at all; null where there is.</summary>
    string? Unavailable { get; }

    /// <summary>Numbers of a vector.</summary>
    int Dimension { get; }

    /// <summary>The vector of a document, as the items' were made.</summary>
    float[] Encode(JsonElement document);

    /// <summary>The nearest to a vector, nearest first.</summary>
    Task<IReadOnlyList<Near>> NearVectorAsync(ReadOnlyMemory<float> vector, int k, string? filter);

    /// <summary>The nearest to an item, itself left out; null if it has no vector.</summary>
    Task<IReadOnlyList<Near>?> NearItemAsync(string id, int k, string? filter);
}
