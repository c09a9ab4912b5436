using System.Text.Json;
using Ranking.Features.Errors;
using Ranking.Serving.Ranking;
using Ranking.Store.Vectors;

namespace Ranking.Serving.Http;

/// <summary>A similarity request, read and checked: exactly one of document, id and vector.</summary>
internal sealed record SimilarQuery(JsonElement? Document, string? Id, float[]? Vector, int K, VectorFilter? Filter);

/// <summary>Reads the body of <c>POST /v1/similar</c>.</summary>
internal static class SimilarRequestParser
{
    const int DefaultK = 10;

    static readonly KeySet Keys = new("a similarity request", "doc", "id", "vector", "k", "filter");

    /// <exception cref="RequestRefusedException">A field is missing, unknown, or has another type or range.</exception>
    public static SimilarQuery Parse(ReadOnlySpan<byte> body, int dimension, RankerLimits limits)
    {
        try
        {
            return Read(body, dimension, limits);
        }
        catch (JsonException e)
        {
            throw RankRequestParser.Syntax(e);
        }
    }

    static SimilarQuery Read(ReadOnlySpan<byte> body, int dimension, RankerLimits limits)
    {
        var json = new BodyReader(body);
        JsonElement? document = null;
        string? id = null;
        VectorFilter? filter = null;
        float[]? vector = null;
        int k = DefaultK, given = 0;
        ulong seen = 0;
        while (json.NextKey(Keys, ref seen, JsonPlace.Body, out int key))
        {
            var place = new JsonPlace(Keys.Names[key]);
            if (json.IsNull) continue;
            if (key <= 2) given++;
            switch (place.Field)
            {
                case "doc":
                    json.RequireObject(place, "a JSON object");
                    using (JsonDocument parsed = JsonDocument.Parse(json.Raw(body).ToArray())) document = parsed.RootElement.Clone();
                    break;
                case "id": id = json.Id(place); break;
                case "vector": vector = ReadVector(ref json, place, dimension); break;
                case "k": k = json.Integer(place, 1, limits.MaxNeighbours); break;
                default: filter = ReadFilter(json.Text(place, "a filter such as lang == \"en\" and year >= 1990")); break;
            }
        }
        json.End();
        if (given != 1) throw RequestRefusedException.Field400("$", given == 0 ? "none of doc, id and vector" : "more than one of doc, id and vector", "exactly one of them");
        return new(document, id, vector, k, filter);
    }

    static VectorFilter ReadFilter(string text)
    {
        try
        {
            return VectorFilter.Parse(text);
        }
        catch (RankingException e)
        {
            throw new RequestRefusedException(400, e.Error, e.Message, "$.filter", text);
        }
    }

    static float[] ReadVector(ref BodyReader json, JsonPlace place, int dimension)
    {
        string expected = $"a list of {dimension} numbers, not all 0";
        json.RequireList(place, expected);
        var vector = new float[dimension];
        int n = 0;
        for (; json.NextElement(); n++)
        {
            if (n == dimension) throw RequestRefusedException.Field400("$.vector", $"more than {dimension} numbers", expected);
            vector[n] = (float)json.Number(place with { Index = n });
        }
        if (n < dimension) throw RequestRefusedException.Field400("$.vector", $"{n} numbers", expected);
        double length = Math.Sqrt(vector.Sum(v => (double)v * v));
        if (!(length > 0) || double.IsInfinity(length)) throw RequestRefusedException.Field400("$.vector", $"length {length}", expected);
        for (int i = 0; i < n; i++) vector[i] = (float)(vector[i] / length);
        return vector;
    }
}
