using BenchmarkDotNet.Attributes;
using Ranking.Features.Aggregates;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Rows;

namespace Ranking.Benchmarks;

/// <summary>The video that was shown most often: one event counted, and its columns cut at an instant, from state and from its row.</summary>
public class AggregateBenchmarks
{
    private readonly FeatureDraft _draft = new(KuaiRand.Plan);
    private OwnerPlan _owner = null!;
    private EntityState _state = null!;
    private byte[] _row = [];
    private RequestFields _request;

    [GlobalSetup]
    public void Setup()
    {
        SourceEvent[] events = KuaiRand.Events(120_000);
        string busiest = events.OfType<Impression>().GroupBy(i => i.Item).MaxBy(g => g.Count())!.Key;
        _owner = KuaiRand.Plan.Owner("item")!;
        _state = new EntityState(KuaiRand.Plan, _owner);
        EntityDocument document = events.OfType<EntityDocument>().First(d => d.Kind == "item" && d.Id == busiest);
        _state.SetDocument(document.TimeMs, new DocumentReader(_owner.Document, KuaiRand.Plan.Mbat).Read(document.Json!));
        foreach (Impression i in events.OfType<Impression>().Where(i => i.Item == busiest))
        {
            _state.Count(i.TimeMs, "impression", 1_000_000, KeyFields.Of(i));
            _request = RequestFields.Of(i);
        }
        PackedWriter writer = new();
        _state.WriteRow(writer);
        _row = writer.Written.ToArray();
        Console.WriteLine($"// {events.OfType<Impression>().Count(i => i.Item == busiest)} impressions, {_owner.Keys.Length} keys, a row of {_row.Length} bytes");
    }

    [Benchmark]
    public void Count_an_event() => _state.Count(_request.TimeMs, "click", 1_000_000, _request.Keys);

    [Benchmark]
    public void Cut_from_state() => KuaiRand.Builder.AddOwner(_draft, _owner, _state, _request, _request.TimeMs - KuaiRand.Plan.DelayMs);

    [Benchmark]
    public void Cut_from_row() => KuaiRand.Builder.AddOwner(_draft, _owner, new PackedRow(KuaiRand.Plan, _owner, _row), _request, _request.TimeMs - KuaiRand.Plan.DelayMs);
}
