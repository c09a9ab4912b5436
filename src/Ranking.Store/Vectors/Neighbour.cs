namespace Ranking.Store.Vectors;

/// <summary>A found element.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Similarity">Cosine, −1 to 1, computed here from both vectors.</param>
public readonly record struct Neighbour(string Id, float Similarity);
