using System.Runtime.InteropServices;
using System.Text.Json;
using Ranking.Mbat;

namespace Ranking.RetrievalStudy;

/// <summary>
/// The vectors of <c>million.sh</c>, as raw floats of length 1: random directions, and MBAT vectors of films. There are 36,273 films, so the
/// others are recombined: a film's title, year, genres and picture with the cast of another one of nearly its year, and sentences of its text in
/// turn with those of a third. Queries are drawn the same way and are not among them.
/// </summary>
internal static class MillionVectors
{
    public const int Dimension = 256, Queries = 1024;

    public static void Write(string data, string folder, int count)
    {
        Random random = new(5);
        float[] vector = new float[Dimension];
        Save(folder, "random", count, _ =>
        {
            for (int j = 0; j < Dimension; j++)
                vector[j] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
            float length = MathF.Sqrt(vector.Sum(x => x * x));
            for (int j = 0; j < Dimension; j++)
                vector[j] /= length;
            return vector;
        });
        byte[][] documents = Corpus.Load(Path.Combine(data, "wikipedia_movies.jsonl.gz"), "films").Documents;
        JsonElement[] films = [.. documents.Select(document => JsonDocument.Parse(document).RootElement).OrderBy(film => film.GetProperty("year").GetInt32())];
        MbatEncoder encoder = new(new MbatSettings { Dimension = Dimension });
        JsonBuffer json = new();
        Save(folder, "films", count, i =>
        {
            encoder.Encode(i < films.Length ? documents[i] : Recombined(films, random, json), vector);
            return vector;
        });
    }

    private static void Save(string folder, string name, int count, Func<int, float[]> next)
    {
        using FileStream vectors = File.Create(Path.Combine(folder, name + ".f32")), queries = File.Create(Path.Combine(folder, name + ".queries.f32"));
        for (int i = 0; i < count + Queries; i++)
            (i < count ? vectors : queries).Write(MemoryMarshal.AsBytes(next(i).AsSpan()));
    }

    private static ReadOnlySpan<byte> Recombined(JsonElement[] films, Random random, JsonBuffer json)
    {
        int i = random.Next(films.Length);
        JsonElement cast = films[Math.Clamp(i + random.Next(-500, 500), 0, films.Length - 1)], text = films[random.Next(films.Length)];
        json.Clear();
        using Utf8JsonWriter writer = new(json.Stream);
        writer.WriteStartObject();
        foreach (JsonProperty member in films[i].EnumerateObject())
        {
            if (member.Name == "cast" && cast.TryGetProperty("cast", out JsonElement others))
            {
                writer.WritePropertyName("cast");
                others.WriteTo(writer);
            }
            else if (member.Name == "extract" && text.TryGetProperty("extract", out JsonElement other))
            {
                string[] mine = member.Value.GetString()!.Split(". "), theirs = other.GetString()!.Split(". ");
                writer.WriteString("extract", string.Join(". ", mine.Select((sentence, n) => n % 2 == 0 || n >= theirs.Length ? sentence : theirs[n])));
            }
            else
            {
                member.WriteTo(writer);
            }
        }
        writer.WriteEndObject();
        writer.Flush();
        return json.Written;
    }

    private sealed class JsonBuffer
    {
        public MemoryStream Stream { get; } = new();
        public ReadOnlySpan<byte> Written => Stream.GetBuffer().AsSpan(0, (int)Stream.Length);
        public void Clear() => Stream.SetLength(0);
    }
}
