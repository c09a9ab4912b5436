using System.Text.Json;
using Ranking.Mbat;

namespace Ranking.RetrievalStudy;

/// <summary>Labelled documents, each also as the bags that the rivals take.</summary>
internal sealed class Corpus
{
    public required string Name { get; init; }
    public required string[] Labels { get; init; }
    public required byte[][] Documents { get; init; }

    /// <param name="path">JSON lines of id, label, doc.</param>
    /// <param name="name">Name in the tables.</param>
    /// <param name="without">A top-level key to drop from each document.</param>
    /// <param name="most">At most so many documents, evenly spread.</param>
    public static Corpus Load(string path, string name, string? without = null, int most = int.MaxValue)
    {
        List<(string Label, byte[] Document)> all = [];
        using CorpusReader reader = CorpusReader.Open(path);
        while (reader.Read(out CorpusDocument document))
            all.Add((document.Label ?? "", Drop(document.Json, without)));
        int step = Math.Max(1, all.Count / Math.Min(most, all.Count));
        List<(string Label, byte[] Document)> kept = [.. all.Where((_, i) => i % step == 0).Take(most)];
        return new() { Name = name, Labels = [.. kept.Select(d => d.Label)], Documents = [.. kept.Select(d => d.Document)] };
    }

    /// <summary>Tokens path=value of each document, or path=word, with array positions left out.</summary>
    public Dictionary<string, double>[] Bags(bool words) => [.. Documents.Select(document =>
    {
        Dictionary<string, double> bag = new(StringComparer.Ordinal);
        using JsonDocument json = JsonDocument.Parse(document);
        Collect(json.RootElement, "", words, bag);
        return bag;
    })];

    private static void Collect(JsonElement value, string path, bool words, Dictionary<string, double> bag)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty member in value.EnumerateObject())
                    Collect(member.Value, $"{path}/{member.Name}", words, bag);
                break;
            case JsonValueKind.Array:
                foreach (JsonElement element in value.EnumerateArray())
                    Collect(element, path, words, bag);
                break;
            case JsonValueKind.String when words:
                foreach (string word in value.GetString()!.ToLowerInvariant().Split([' ', '.', ',', '/', '-', '_', ':', '"', '(', ')', '\n'], StringSplitOptions.RemoveEmptyEntries))
                    Count($"{path}={word}");
                break;
            default:
                Count($"{path}={value.GetRawText()}");
                break;
        }

        void Count(string token) => bag[token] = bag.GetValueOrDefault(token) + 1;
    }

    private static byte[] Drop(ReadOnlyMemory<byte> json, string? key)
    {
        if (key is null)
            return json.ToArray();
        using JsonDocument document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            return json.ToArray();
        MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            foreach (JsonProperty member in document.RootElement.EnumerateObject().Where(m => m.Name != key))
                member.WriteTo(writer);
            writer.WriteEndObject();
        }
        return stream.ToArray();
    }
}
