using System.Diagnostics;
using Ranking.Client;
using Ranking.Features.Events;
using Ranking.Features.Spec;

namespace Ranking.Cli.Quickstart;

/// <summary>The requests of a quickstart: the last day's real lists, the latency of long ones, retrieval, all over HTTP at one instant.</summary>
internal sealed class QuickstartRanking(RankingSpec spec, RankingClient client, QuickstartSplit split, IReadOnlyList<Impression> lastDay, int seed)
{
    /// <summary>How long a request may take: the log's lists are ranked however busy the machine is.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    const int WarmUp = 100, Requests = 1_000, Candidates = 200;
    readonly DateTimeOffset at = DateTimeOffset.FromUnixTimeMilliseconds(split.HaltMs);

    /// <summary>The lists of two or more that the last day really showed, each with the ranker's order of it.</summary>
    public async Task<List<(ShownList List, RankAnswer Answer)>> RankListsAsync(Action<int, int> report, CancellationToken cancel)
    {
        List<ShownList> lists = [.. ShownList.Of(spec, lastDay).Where(l => l.Candidates.Count > 1)];
        var ranked = new List<(ShownList, RankAnswer)>(lists.Count);
        foreach (ShownList list in lists)
        {
            ranked.Add((list, await client.RankAsync(Request(list, list.Candidates), cancel)));
            report(ranked.Count, lists.Count);
        }
        return ranked;
    }

    /// <summary>Latencies, milliseconds ascending, of requests one after another: each a list filled up with seeded distinct items of the day.</summary>
    public async Task<double[]> MeasureAsync(Action<int, int> report, CancellationToken cancel)
    {
        List<ShownList> lists = ShownList.Of(spec, lastDay);
        Candidate[] items = [.. lastDay.DistinctBy(i => i.Item).Select(i => new Candidate(i.Item, ShownList.Fields(spec, i, ContextScope.Candidate)))];
        var random = new Random(seed);
        var latencies = new double[Requests];
        for (int n = -WarmUp; n < Requests; n++)
        {
            ShownList list = lists[random.Next(lists.Count)];
            var candidates = new List<Candidate>(list.Candidates.Take(Candidates));
            var seen = candidates.Select(c => c.Id).ToHashSet(StringComparer.Ordinal);
            random.Shuffle(items);
            foreach (Candidate item in items)
            {
                if (candidates.Count == Candidates) break;
                if (seen.Add(item.Id)) candidates.Add(item);
            }
            RankRequest request = Request(list, candidates);
            long started = Stopwatch.GetTimestamp();
            await client.RankAsync(request, cancel);
            if (n >= 0) latencies[n] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            report(Math.Max(0, n + 1), Requests);
        }
        Array.Sort(latencies);
        return latencies;
    }

    /// <summary>Ranks what is similar to an item and finds its neighbours; an item that was shown may have no document, so a few are tried.</summary>
    public async Task<string> RetrieveAsync(List<(ShownList List, RankAnswer Answer)> ranked, QuickstartDetails details, CancellationToken cancel)
    {
        const int tries = 20;
        foreach ((ShownList list, string item) in ranked.SelectMany(r => r.List.Candidates.Select(c => (r.List, c.Id))).DistinctBy(c => c.Id).Take(tries))
        {
            try
            {
                RankAnswer similar = await RankSimilarAsync(list, item, cancel);
                details.Neighbours.Add((item, 1, null));
                details.Neighbours.AddRange((await client.SimilarAsync(new() { Id = item, K = 5 }, cancel)).Neighbours.Select(n => (n.Id, n.Similarity, (string?)null)));
                return FormattableString.Invariant($"of 50 similar to {item}, {similar.Ranked[0].Id} ranks first");
            }
            catch (RankingClientException e) when (e.Problem?.Status == 501)
            {
                return "skipped: no vector sets";
            }
            catch (RankingClientException e) when (e.Problem?.Status == 404)
            {
            }
        }
        return $"skipped: none of {tries} items has a document";
    }

    Task<RankAnswer> RankSimilarAsync(ShownList list, string item, CancellationToken cancel) => client.RankAsync(new RankRequest
    {
        User = list.User,
        Time = at,
        Context = list.Context,
        CandidatesFrom = new() { SimilarTo = item, K = 50 },
        Limit = 10,
    }, cancel);

    RankRequest Request(ShownList list, IReadOnlyList<Candidate> candidates) => new()
    {
        User = list.User,
        Time = at,
        Context = list.Context,
        Candidates = candidates,
        DeadlineMs = (int)Deadline.TotalMilliseconds,
    };
}
