using System.Text;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Joining;
using Ranking.Features.Tests.Joining;
using Ranking.Streams.Contracts;
using Ranking.Streams.Examples;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Tests.Pipeline;

/// <summary>What a run leaves: every example in the merged order, and the last row of each key.</summary>
sealed class Outcome : ILocalOutput
{
    /// <summary>Entities are forgotten after silences that the histories have; who writes JSON has names of his own.</summary>
    public static readonly FeatureBuilder Builder = new(new FeaturePlan(SmallProblem.Expiring(userSeconds: 900, itemSeconds: 250) with
    {
        Json = new(new() { ["user"] = "member.id", ["request_id"] = "rid", ["author"] = "made.by" }, new() { ["kind"] = "action" },
            new() { ["item"] = new() { ["id"] = "sku", ["time"] = "updated_at", ["doc"] = "." } }),
    }));

    public List<Example> Examples { get; } = [];

    public SortedDictionary<string, string> Rows { get; } = new(StringComparer.Ordinal);

    /// <summary>Of a run over a log in order, without topics.</summary>
    public static Outcome Of(IEnumerable<SourceEvent> log)
    {
        var outcome = new Outcome();
        var local = new LocalPipeline(Builder, 1, outcome);
        foreach (SourceEvent e in log) local.AddInOrder(e);
        local.Close();
        local.FlushRows();
        return outcome;
    }

    /// <summary>What the topics hold, committed.</summary>
    public static Outcome Of(KafkaSettings kafka, int partitions)
    {
        var outcome = new Outcome();
        using var examples = new ExampleTopicReader(kafka, "outcome", Builder.Plan.Layout, partitions);
        while (examples.Take(TimeSpan.FromMilliseconds(100)) is var example && (example is not null || !examples.CaughtUp))
            if (example is not null) outcome.Examples.Add(example);
        using var rows = new TopicReader(kafka, "outcome", [TopicNames.Rows], partitions);
        while (!rows.CaughtUp)
            if (rows.Read(TimeSpan.FromMilliseconds(100)) is { } row) outcome.Keep(row.Message.Key, row.Message.Value);
        return outcome;
    }

    /// <summary>Fails where another differs by a bit.</summary>
    public void MustEqual(Outcome other)
    {
        Assert.Equal(Examples.Count, other.Examples.Count);
        foreach ((Example expected, Example got) in Examples.Zip(other.Examples))
            if (!expected.Equals(got)) Assert.Fail($"expected {Text(expected)}\n     got {Text(got)}\n{Examples.Zip(other.Examples).Count(z => !z.First.Equals(z.Second))} of {Examples.Count} differ");
        Assert.Equal(Rows, other.Rows);
    }

    static string Text(Example e) => $"{e.TimeMs} {e.User} {e.RequestId} {e.Item} [{string.Join(' ', e.Labels)}] [{string.Join(' ', e.Features.Numbers)}] {string.Join(',', e.Features.Ids)} {string.Join(',', e.Features.IdOffsets)}";

    public void Keep(byte[] key, byte[]? value)
    {
        string name = Encoding.UTF8.GetString(key);
        if (value is null) Rows.Remove(name);
        else Rows[name] = Convert.ToHexString(RowMessages.Decode(value));
    }

    public void Emit(Example example) => Examples.Add(example);

    public void EmitRow(OwnerPlan owner, string id, ReadOnlySpan<byte> row, bool deleted)
    {
        if (deleted) Rows.Remove($"{owner.Kind}:{id}");
        else Rows[$"{owner.Kind}:{id}"] = Convert.ToHexString(row);
    }

    public void Reject(SourceEvent sourceEvent, Rejection why, string detail) { }
}
