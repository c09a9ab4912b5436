using System.Buffers;
using System.Text.Json;
using Ranking.Features.Spec;
using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Serving.Http;
using Ranking.Serving.Ranking;

namespace Ranking.Serving.Versions;

/// <summary>
/// Sends synthetic requests through a version before it serves: code is compiled and memory touched before the first caller waits,
/// and weights that give no probabilities are found while the old version still serves.
/// </summary>
internal sealed class WarmUp
{
    static readonly int[] Sizes = [1, 50, 200, 500];
    const int Rounds = 4;

    /// <exception cref="RankingException">The version gives something that is no probability.</exception>
    public void Run(ServingVersion version)
    {
        var output = new ArrayBufferWriter<byte>();
        for (int round = 0; round < Rounds; round++)
        {
            foreach (int size in Sizes)
            {
                RankQuery query = version.Parser.Parse(Body(version.Spec, size));
                FetchPlan fetch = version.FetchPlanner.Plan(query, version.Scorer.UsesTokens);
                FeatureVector[] examples = version.Assembler.Assemble(query, fetch, FetchedRows.Nothing(fetch), out _);
                var probabilities = new float[size * version.Layout.Labels];
                var missed = new List<ComputedToken>();
                version.Scorer.Score(examples, version.Scorer.UsesTokens ? new byte[]?[size] : null, probabilities, missed);
                Check(version, probabilities);
                if (version.Scorer.UsesTokens) ScoreAgain(version, examples, missed);
                double[] scores = Blend.Scores(probabilities, query.Weights);
                var result = new RankResult(query, version.Layout, Blend.Order(scores), scores, probabilities, examples, []);
                output.ResetWrittenCount();
                RankAnswerJson.Write(result, output);
                RankAnswerMessagePack.Write(result, output);
            }
        }
    }

    /// <summary>The path of a full cache.</summary>
    static void ScoreAgain(ServingVersion version, FeatureVector[] examples, List<ComputedToken> computed)
    {
        var tokens = new byte[]?[examples.Length];
        foreach (ComputedToken token in computed) tokens[token.Candidate] = token.Value;
        var probabilities = new float[examples.Length * version.Layout.Labels];
        version.Scorer.Score(examples, tokens, probabilities, []);
        Check(version, probabilities);
    }

    static void Check(ServingVersion version, float[] probabilities)
    {
        foreach (float p in probabilities)
            if (!(p >= 0 && p <= 1)) throw new RankingException(ErrorCodes.VersionDamaged, $"{version.Name} gives {p} for a synthetic request; expected a probability");
    }

    static byte[] Body(RankingSpec spec, int size)
    {
        var output = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteString("user", "warm-up");
        json.WriteStartObject("context");
        WriteFields(json, spec, ContextScope.Request);
        json.WriteEndObject();
        json.WriteStartArray("candidates");
        for (int i = 0; i < size; i++)
        {
            json.WriteStartObject();
            json.WriteString("id", $"warm-up-{i}");
            json.WriteStartObject("features");
            WriteFields(json, spec, ContextScope.Candidate);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return output.WrittenSpan.ToArray();
    }

    static void WriteFields(Utf8JsonWriter json, RankingSpec spec, ContextScope scope)
    {
        foreach ((string name, ContextFieldSpec field) in spec.Context)
        {
            if (field.Per != scope) continue;
            json.WritePropertyName(name);
            if (field.Type == FieldType.Number) json.WriteNumberValue(0);
            else if (field.Type == FieldType.Id) json.WriteStringValue("warm-up");
            else
            {
                json.WriteStartArray();
                json.WriteStringValue("warm-up");
                json.WriteEndArray();
            }
        }
    }
}
