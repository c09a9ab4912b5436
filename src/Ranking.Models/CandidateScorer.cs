using System.Collections.Concurrent;
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
    readonly RankingModel model;
    readonly InputPlan plan;
    readonly TokenMixerScorer? scorer;
    readonly bool[] once, cacheable;
    readonly ConcurrentBag<ScoringBuffers> buffers = [];
    readonly ConcurrentBag<float[]> inputs = [];

    /// <summary>Over a model as it is now.</summary>
    public CandidateScorer(RankingModel model)
    {
        this.model = model;
        plan = model.Plan;
        if (model.Spec.Kind == "tokenmixer-large" && !plan.Columns.Any(c => c.Attention))
            scorer = new TokenMixerScorer(plan.Shape, model.Tasks, TokenMixerLargeSettings.Of(model.Spec), model.Parameters);
        once = [.. model.Layout.Groups.Select(g => g.Side == Side.User)];
        cacheable = [.. model.Layout.Groups.Select((g, i) => g.Side == Side.Item && scorer?.TokenWidth(i) > 0)];
    }

    /// <summary>Whether a group's token can be computed ahead of requests.</summary>
    public bool IsCacheable(int group) => cacheable[group];

    /// <summary>Numbers of a group's cached token: the token (D), its share of the global token's first layer (D), and what a cross network needs.</summary>
    /// <exception cref="ArgumentException">The group is not cacheable.</exception>
    public int ItemTokenWidth(int group) => cacheable[group] ? scorer!.TokenWidth(group)
        : throw new ArgumentException($"group '{model.Layout.Groups[group].Name}' has no token to cache", nameof(group));

    /// <summary>The token of an item-side group.</summary>
    /// <param name="group">Its number in the layout.</param>
    /// <param name="item">Only the group's own columns are read.</param>
    /// <returns>[<see cref="ItemTokenWidth"/>].</returns>
    public float[] ComputeItemToken(int group, FeatureVector item)
    {
        float[] token = new float[ItemTokenWidth(group)], raw = new float[plan.Shape.Groups[group].Width];
        plan.Gather(group, item, raw);
        ScoringBuffers own = Rent();
        scorer!.ComputeToken(group, raw, token, own);
        buffers.Add(own);
        return token;
    }

    /// <summary>Probabilities of a request's candidates, row-major [B, tasks].</summary>
    /// <param name="candidates">Their features. Those of user-side groups are read from the first one alone.</param>
    /// <param name="itemTokens">For each candidate, for each group of the layout: its cached token, or null to compute it; null: none is cached.</param>
    /// <exception cref="ArgumentException">A number that is not finite, an id that is too long, or a token of another width.</exception>
    public float[] Score(IReadOnlyList<FeatureVector> candidates, IReadOnlyList<float[]?[]?>? itemTokens = null)
    {
        if (candidates.Count == 0) return [];
        if (scorer is null) return model.Score(candidates);
        Check(candidates.Count, itemTokens);
        float[]? TokenOf(int b, int g) => cacheable[g] ? itemTokens?[b]?[g] : null;
        int width = plan.Shape.Width, needed = candidates.Count * width;
        if (!inputs.TryTake(out float[]? raw_BF) || raw_BF.Length < needed) raw_BF = new float[needed + needed / 4];
        for (int b = 0; b < candidates.Count; b++)
        {
            for (int g = 0; g < once.Length; g++)
            {
                if ((b > 0 && once[g]) || TokenOf(b, g) is not null) continue;
                plan.Gather(g, candidates[b], raw_BF.AsSpan(b * width + plan.Shape.Groups[g].Offset, plan.Shape.Groups[g].Width));
            }
        }
        ScoringBuffers own = Rent();
        float[] scores = new float[candidates.Count * model.Tasks];
        scorer.Forward(candidates.Count, raw_BF.AsSpan(0, needed), once, TokenOf, scores, own);
        buffers.Add(own);
        inputs.Add(raw_BF);
        foreach (ref float score in scores.AsSpan()) score = 1 / (1 + MathF.Exp(-score));
        return scores;
    }

    ScoringBuffers Rent() => buffers.TryTake(out ScoringBuffers? own) ? own : new ScoringBuffers();

    void Check(int candidates, IReadOnlyList<float[]?[]?>? itemTokens)
    {
        if (itemTokens is null) return;
        if (itemTokens.Count != candidates) throw new ArgumentException($"found tokens of {itemTokens.Count} candidates, expected {candidates}", nameof(itemTokens));
        foreach (float[]?[]? tokens in itemTokens)
        {
            if (tokens is null) continue;
            if (tokens.Length != once.Length) throw new ArgumentException($"found tokens of {tokens.Length} groups, expected {once.Length}", nameof(itemTokens));
            for (int g = 0; g < once.Length; g++)
            {
                if (tokens[g] is { } token && cacheable[g] && token.Length != scorer!.TokenWidth(g))
                    throw new ArgumentException($"group '{model.Layout.Groups[g].Name}': found a token of {token.Length} numbers, expected {scorer.TokenWidth(g)}", nameof(itemTokens));
            }
        }
    }
}
