using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Serving.Limits;
using Ranking.Serving.Retrieval;
using Ranking.Serving.Telemetry;
using Ranking.Serving.Versions;
using Ranking.Store;

namespace Ranking.Serving.Ranking;

/// <summary>A request's walk once it is parsed: retrieve, fetch, assemble, score, blend.</summary>
internal sealed class Ranker(IRowFetcher rows, IRetriever retriever, RedisGuard redis, RankerOptions options, RankerMetrics metrics, ILogger<Ranker> log)
{
    /// <summary>The request's time lies before what a row still holds.</summary>
    public const string StaleTime = "stale_time";

    /// <summary>A row in Redis cannot be read.</summary>
    public const string DamagedRow = "damaged_row";

    /// <summary>Neighbours could not be asked for.</summary>
    public const string NoRetrieval = "no_retrieval";

    readonly RankerLimits limits = options.Limits;
    long lastDamageLogged;
    readonly Lock noting = new();
    volatile bool redisAway;
    long noticedAt;
    double scoringMsPerCandidate = 0.02; // a first guess, for the deadline of the first request

    public async Task<RankResult> RankAsync(ServingVersion version, RankQuery query, Deadline deadline)
    {
        List<string> degraded = [];
        long at = Stopwatch.GetTimestamp();
        if (query.SimilarTo is not null)
        {
            await RetrieveAsync(query, deadline, degraded).ConfigureAwait(false);
            at = metrics.Stage("retrieve", at);
        }
        metrics.Candidates(query.Candidates.Count);
        bool useTokens = options.CacheTokens && version.Scorer.UsesTokens;
        FetchPlan fetch = version.FetchPlanner.Plan(query, useTokens);
        using FetchedRows fetched = await FetchAsync(version, fetch, query, deadline, degraded).ConfigureAwait(false);
        at = metrics.Stage("fetch", at);
        deadline.Check("before the candidates were scored");
        FeatureVector[] examples = version.Assembler.Assemble(query, fetch, fetched, out Assembler.Findings findings);
        Report(findings, degraded);
        at = metrics.Stage("assemble", at);
        RankResult result = Score(version, query, examples, fetched, useTokens, degraded);
        TimeSpan scoring = Stopwatch.GetElapsedTime(at);
        metrics.Stage("score", at);
        if (examples.Length > 0) scoringMsPerCandidate = 0.9 * scoringMsPerCandidate + 0.1 * scoring.TotalMilliseconds / examples.Length;
        foreach (string reason in degraded) metrics.Degraded(reason);
        return result;
    }

    async Task RetrieveAsync(RankQuery query, Deadline deadline, List<string> degraded)
    {
        if (retriever.Unavailable is { } why) throw new RequestRefusedException(501, ErrorCodes.RetrievalUnavailable, why, "$.candidates_from");
        TimeSpan timeout = deadline.ForFetch(TimeSpan.Zero, limits.RedisTimeoutMs);
        (Retrieved<string>? answer, string? reason) = await redis.AskAsync(
            static s => s.retriever.CandidatesAsync(s.query.SimilarTo!, s.query.Neighbours),
            (retriever, query),
            timeout,
            timeout.TotalMilliseconds < limits.RedisTimeoutMs).ConfigureAwait(false);
        if (reason is not null)
        {
            if (query.Candidates.Count == 0)
                throw new RequestRefusedException(503, ErrorCodes.RedisUnreachable, $"candidates_from needs Redis, which did not answer ({reason})", "$.candidates_from", retryAfter: TimeSpan.FromSeconds(1));
            degraded.Add(NoRetrieval);
            return;
        }
        if (answer!.Unavailable is { } lacking) throw new RequestRefusedException(501, ErrorCodes.RetrievalUnavailable, lacking, "$.candidates_from");
        if (answer.Found is not { } near)
        {
            if (query.Candidates.Count > 0) return;
            throw new RequestRefusedException(404, ErrorCodes.DocumentUnknown, "the item of candidates_from has no vector", "$.candidates_from.similar_to", query.SimilarTo, "an item whose document has a vector");
        }
        var given = new HashSet<string>(query.Candidates.Select(c => c.Id), StringComparer.Ordinal);
        foreach (string id in near) if (given.Add(id)) query.Candidates.Add(new(id, null));
    }

    async Task<FetchedRows> FetchAsync(ServingVersion version, FetchPlan fetch, RankQuery query, Deadline deadline, List<string> degraded)
    {
        if (fetch.Rows.Count == 0 && fetch.Tokens.Count == 0) return FetchedRows.Nothing(fetch);
        TimeSpan timeout = deadline.ForFetch(TimeSpan.FromMilliseconds(scoringMsPerCandidate * query.Candidates.Count), limits.RedisTimeoutMs);
        long askedAt = Stopwatch.GetTimestamp();
        Task<FetchedRows> asked = rows.FetchAsync(fetch, version.Name);
        FetchedRows fetched;
        try
        {
            // The store's own time-out and circuit breaker stand behind this; only a shorter deadline needs another.
            fetched = timeout.TotalMilliseconds < limits.RedisTimeoutMs ? await asked.WaitAsync(timeout).ConfigureAwait(false) : await asked.ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            StoreConnection.Observe(asked);
            degraded.Add(RedisGuard.TimedOut);
            return FetchedRows.Nothing(fetch);
        }
        NoteRedis(fetched, askedAt);
        if (fetched.Reason is not null) degraded.Add(fetched.Reason);
        return fetched;
    }

    /// <summary>One line when Redis goes away and one when it is back, however many requests see it.</summary>
    void NoteRedis(FetchedRows fetched, long askedAt)
    {
        bool away = fetched.Reason is not null;
        if (redisAway == away) return;
        lock (noting)
        {
            // What was asked before the last change and is answered after it says nothing of now.
            if (redisAway == away || askedAt < noticedAt) return;
            (redisAway, noticedAt) = (away, Stopwatch.GetTimestamp());
            if (away) log.RedisAway(fetched.Trouble ?? fetched.Reason!);
            else log.RedisBack();
        }
    }

    RankResult Score(ServingVersion version, RankQuery query, FeatureVector[] examples, FetchedRows fetched, bool useTokens, List<string> degraded)
    {
        int labels = version.Layout.Labels;
        var probabilities = new float[examples.Length * labels];
        var missed = new List<ComputedToken>();
        if (examples.Length > 0) version.Scorer.Score(examples, useTokens ? fetched.Tokens : null, probabilities, missed);
        for (int i = 0; i < probabilities.Length; i++)
        {
            if (float.IsFinite(probabilities[i])) continue;
            throw new RequestRefusedException(422, ErrorCodes.RequestInvalid,
                $"'{query.Candidates[i / labels].Id}' has no finite score: its numbers are far outside what the model was trained on", $"$.candidates[{i / labels}]");
        }
        if (useTokens && fetched.Tokens is not null)
        {
            metrics.Tokens(examples.Length - missed.Count, missed.Count);
            // While Redis is away there is nowhere to write to.
            if (missed.Count > 0 && fetched.Reason is null) rows.WriteTokens(version.Name, [.. missed.Select(m => (query.Candidates[m.Candidate].Id, m.Value))]);
        }
        double[] scores = Blend.Scores(probabilities, query.Weights);
        int[] order = Blend.Order(scores);
        return new(query, version.Layout, order.AsMemory(0, Math.Min(query.Limit, order.Length)), scores, probabilities, examples, degraded);
    }

    void Report(in Assembler.Findings findings, List<string> degraded)
    {
        metrics.Rows(findings.Found, findings.Missing, findings.Stale, findings.Damaged);
        if (findings.Stale > 0) degraded.Add(StaleTime);
        if (findings.Damaged == 0) return;
        degraded.Add(DamagedRow);
        long last = Volatile.Read(ref lastDamageLogged), now = Stopwatch.GetTimestamp();
        if ((last == 0 || Stopwatch.GetElapsedTime(last, now) > TimeSpan.FromMinutes(1)) && Interlocked.CompareExchange(ref lastDamageLogged, now, last) == last)
            log.RowDamaged(findings.DamagedKind!, findings.Damage!);
    }
}
