using Ranking.Client;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models;
using Ranking.Streams.Replay;
using Ranking.Training;
using Ranking.Training.Batches;
using Ranking.Training.Evaluation;
using Ranking.Training.Registry;

namespace Ranking.Cli.Quickstart;

/// <summary>The end of a quickstart: the version on the days that it did not learn from, beside the smoothed target mean and the order shown.</summary>
internal sealed class QuickstartEvaluation(RankingSpec spec, QuickstartSplit split, Func<RawLogs> openLog, QuickstartResult result, QuickstartDetails details)
{
    /// <summary>Scores the held examples, compares lists with what was shown, and picks one list to show.</summary>
    /// <param name="version">What was trained.</param>
    /// <param name="stream">The stream, ended.</param>
    /// <param name="ranked">The last day's lists, as the ranker answered.</param>
    /// <param name="cancel">Stops it.</param>
    public void Run(ModelVersion version, QuickstartStream stream, List<(ShownList List, RankAnswer Answer)> ranked, CancellationToken cancel)
    {
        using IScoringModel model = VersionModel.Load(version);
        string? gaucReason = GaucRule.ReasonAgainst(spec, null, split.TrainEndMs);
        EvaluationReport report = Evaluator.Evaluate(ExampleScorer.Score(spec, model.Score, new ExampleList(stream.Held), cancel: cancel), new EvaluationSettings { GaucReason = gaucReason });
        EvaluationReport baseline = Evaluator.Evaluate(stream.Baseline, new EvaluationSettings { GaucReason = gaucReason });
        foreach ((string label, LabelMetrics metrics) in report.Labels) result.Labels[label] = new(metrics.Auc, metrics.Gauc, baseline.Labels[label].Auc);
        details.Evaluation = report;

        Dictionary<(string, string, long), bool> liked = [];
        foreach (Example e in stream.Held) liked[(e.RequestId, e.Item, e.TimeMs)] = e.Labels[0] > 0;
        bool Liked(Impression i) => liked.GetValueOrDefault((i.RequestId, i.Item, i.TimeMs));
        var ndcg = new List<(double Ranked, double Shown)>();
        (ShownList List, RankAnswer Answer)? best = null;
        foreach ((ShownList list, RankAnswer answer) in ranked)
        {
            Dictionary<string, int> shownAt = list.Candidates.Select((c, i) => (c.Id, i)).ToDictionary(c => c.Id, c => c.i, StringComparer.Ordinal);
            if (list.Ndcg(answer.Ranked.Select(r => shownAt[r.Id]), Liked) is not { } value) continue;
            ndcg.Add((value, list.Ndcg(Enumerable.Range(0, list.Candidates.Count), Liked)!.Value));
            if (best is null || (list.Candidates.Count > best.Value.List.Candidates.Count && list.Candidates.Count <= 12)) best = (list, answer);
        }
        if (ndcg.Count == 0) return;
        (result.RankNdcg10, result.ShownNdcg10) = (ndcg.Average(n => n.Ranked), ndcg.Average(n => n.Shown));
        Dictionary<string, string> documents = Documents([.. best!.Value.Answer.Ranked.Select(r => r.Id), .. details.Neighbours.Select(n => n.Id)]);
        foreach (RankedItem item in best.Value.Answer.Ranked)
        {
            int at = best.Value.List.Candidates.Select(c => c.Id).ToList().IndexOf(item.Id);
            details.Ranked.Add((item, at, Liked(best.Value.List.Impressions[at]), documents.GetValueOrDefault(item.Id)));
        }
        for (int i = 0; i < details.Neighbours.Count; i++) details.Neighbours[i] = details.Neighbours[i] with { Document = documents.GetValueOrDefault(details.Neighbours[i].Id) };
    }

    Dictionary<string, string> Documents(HashSet<string> items)
    {
        var documents = new Dictionary<string, string>(StringComparer.Ordinal);
        using RawLogs log = openLog();
        foreach (EntityDocument document in log.ReadEntities())
            if (document is { Kind: "item", Json: { } json } && items.Contains(document.Id)) documents[document.Id] = System.Text.Encoding.UTF8.GetString(json);
        return documents;
    }
}
