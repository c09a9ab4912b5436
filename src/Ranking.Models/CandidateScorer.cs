using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Input;
using Ranking.Models.Scoring;
using Ranking.Models.TokenMixerLarge;

namespace Ranking.Models;

/// <summary>
/// Scores a request's candidates: user-side groups once a request, item-side groups from cached tokens where there are any, on the
/// caller's thread and without torch for TokenMixer-Large. Other kinds, and models with target attention, go through torch.
/// </summary>
/// <remarks>A snapshot of the dense weights; the tables are the model's own. Thread-safe while nobody trains the model.</remarks>
public sealed class CandidateScorer
{
    /// <summary>Candidates that are scored together: few enough for their activations to stay in a core's cache.</summary>
    const int Block = 50;

    readonly IScoringModel model;
    readonly bool spread;
    readonly InputPlan? plan;
    readonly TokenMixerScorer? scorer;
    readonly bool[] once;
    readonly int[] tokenOffsets, tokenWidths; // In the item's token, of each group; width 0: not cacheable.
    readonly ConcurrentBag<ScoringBuffers> buffers = [];
    readonly ConcurrentBag<float[]> inputs = [];

    /// <summary>Over a model as it is now.</summary>
    /// <param name="model">The model.</param>
    /// <param name="spread">Whether a long list is spread over <see cref="SpareThreads"/>.</param>
    public CandidateScorer(IScoringModel model, bool spread = false)
    {
        (this.model, this.spread) = (model, spread);
        if (model is RankingModel { Spec.Kind: "tokenmixer-large" } mixer && !mixer.Plan.Columns.Any(c => c.Attention))
        {
            plan = mixer.Plan;
            scorer = new TokenMixerScorer(plan.Shape, model.Tasks, TokenMixerLargeSettings.Of(model.Spec), mixer.Parameters);
        }
        once = [.. model.Layout.Groups.Select(g => g.Side == Side.User)];
        tokenWidths = [.. model.Layout.Groups.Select((g, i) => g.Side == Side.Item ? scorer?.TokenWidth(i) ?? 0 : 0)];
        tokenOffsets = new int[tokenWidths.Length];
        for (int g = 1; g < tokenOffsets.Length; g++) tokenOffsets[g] = tokenOffsets[g - 1] + tokenWidths[g - 1];
    }

    /// <summary>
    /// Bytes of an item's token: for each item-side group the token (D), its share of the global token's first layer (D) and what a
    /// cross network needs, little-endian float32; 0 where this model has nothing to cache.
    /// </summary>
    public int ItemTokenBytes => tokenWidths.Sum() * sizeof(float);

    /// <summary>An item's token, to be cached; only item-side groups are read.</summary>
    /// <returns><see cref="ItemTokenBytes"/> of them.</returns>
    public byte[] ComputeItemToken(FeatureVector item)
    {
        byte[] token = new byte[ItemTokenBytes];
        Span<float> numbers = MemoryMarshal.Cast<byte, float>(token.AsSpan());
        ScoringBuffers own = Rent();
        for (int g = 0; g < tokenWidths.Length; g++)
        {
            if (tokenWidths[g] == 0) continue;
            float[] raw = new float[plan!.Shape.Groups[g].Width];
            plan.Gather(g, item, raw);
            scorer!.ComputeToken(g, raw, numbers.Slice(tokenOffsets[g], tokenWidths[g]), own);
        }
        buffers.Add(own);
        return token;
    }

    /// <summary>Whether bytes from a cache can be an item's token of this model: so many, all of them finite numbers.</summary>
    public bool IsItemToken(ReadOnlySpan<byte> token) => token.Length == ItemTokenBytes
        && !MemoryMarshal.Cast<byte, float>(token).ContainsAnyExceptInRange(float.MinValue, float.MaxValue);

    /// <summary>Probabilities of a request's candidates, row-major [B, tasks].</summary>
    /// <param name="candidates">Their features. Those of user-side groups are read from the first one alone.</param>
    /// <param name="itemTokens">For each candidate its item's token, or null to compute it; null: none is cached.</param>
    /// <exception cref="ArgumentException">A number that is not finite, an id that is too long, or bytes that are no token of this model.</exception>
    public float[] Score(IReadOnlyList<FeatureVector> candidates, IReadOnlyList<byte[]?>? itemTokens = null)
    {
        if (candidates.Count == 0) return [];
        if (scorer is null) return model.Score(candidates);
        Check(candidates.Count, itemTokens);
        float[] scores = new float[candidates.Count * model.Tasks];
        int blocks = (candidates.Count + Block - 1) / Block;
        if (spread) SpareThreads.Run(blocks, i => ScoreBlock(candidates, itemTokens, i * Block, scores));
        else for (int i = 0; i < blocks; i++) ScoreBlock(candidates, itemTokens, i * Block, scores);
        return scores;
    }

    void ScoreBlock(IReadOnlyList<FeatureVector> candidates, IReadOnlyList<byte[]?>? itemTokens, int first, float[] scores)
    {
        int count = Math.Min(Block, candidates.Count - first), width = plan!.Shape.Width;
        ReadOnlySpan<float> TokenOf(int b, int g) => tokenWidths[g] == 0 || itemTokens?[first + b] is not { } token ? default
            : MemoryMarshal.Cast<byte, float>(token).Slice(tokenOffsets[g], tokenWidths[g]);
        if (!inputs.TryTake(out float[]? raw_BF)) raw_BF = new float[Block * width];
        for (int b = 0; b < count; b++)
        {
            for (int g = 0; g < once.Length; g++)
            {
                if ((b > 0 && once[g]) || !TokenOf(b, g).IsEmpty) continue;
                plan.Gather(g, candidates[once[g] ? 0 : first + b], raw_BF.AsSpan(b * width + plan.Shape.Groups[g].Offset, plan.Shape.Groups[g].Width));
            }
        }
        ScoringBuffers own = Rent();
        Span<float> logits = scores.AsSpan(first * model.Tasks, count * model.Tasks);
        scorer!.Forward(count, raw_BF.AsSpan(0, count * width), once, TokenOf, logits, own);
        buffers.Add(own);
        inputs.Add(raw_BF);
        foreach (ref float score in logits) score = 1 / (1 + MathF.Exp(-score));
    }

    ScoringBuffers Rent() => buffers.TryTake(out ScoringBuffers? own) ? own : new ScoringBuffers();

    void Check(int candidates, IReadOnlyList<byte[]?>? itemTokens)
    {
        if (itemTokens is null) return;
        if (itemTokens.Count != candidates) throw new ArgumentException($"found tokens of {itemTokens.Count} candidates, expected {candidates}", nameof(itemTokens));
        for (int b = 0; b < candidates; b++)
        {
            if (itemTokens[b] is { } token && !IsItemToken(token))
                throw new ArgumentException($"candidate {b}: found a token of {token.Length} bytes, expected {ItemTokenBytes}, all of them finite numbers", nameof(itemTokens));
        }
    }
}
