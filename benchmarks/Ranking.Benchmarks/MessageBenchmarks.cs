using BenchmarkDotNet.Attributes;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Streams.Contracts;

namespace Ranking.Benchmarks;

/// <summary>Messages of topics, read and written.</summary>
public class MessageBenchmarks
{
    private const int Count = 1_000;
    private readonly int _contextFields = KuaiRand.Plan.Spec.Context.Count;
    private Example[] _examples = [];
    private byte[][] _impressionMessages = [];
    private byte[][] _feedbackMessages = [];
    private byte[][] _exampleMessages = [];

    [GlobalSetup]
    public void Setup()
    {
        SourceEvent[] events = KuaiRand.Events(10_000);
        _examples = [.. KuaiRand.Run(events, 1).Examples.TakeLast(Count)];
        _impressionMessages = [.. events.OfType<Impression>().Take(Count).Select(SourceMessages.Encode)];
        _feedbackMessages = [.. events.OfType<Feedback>().Take(Count).Select(SourceMessages.Encode)];
        _exampleMessages = [.. _examples.Select(ExampleMessages.Encode)];
        foreach ((string name, byte[][] messages) in new[] { ("impressions", _impressionMessages), ("feedback", _feedbackMessages), ("examples", _exampleMessages) })
            Console.WriteLine($"// {messages.Length} {name}, {messages.Average(m => m.Length):F0} bytes each");
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public void Decode_impression()
    {
        foreach (byte[] message in _impressionMessages)
            SourceMessages.Decode("impressions", message, _contextFields);
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public void Decode_feedback()
    {
        foreach (byte[] message in _feedbackMessages)
            SourceMessages.Decode("feedback", message, _contextFields);
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public void Decode_example()
    {
        foreach (byte[] message in _exampleMessages)
            ExampleMessages.Decode(message, KuaiRand.Plan.Layout);
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public void Encode_example()
    {
        foreach (Example example in _examples)
            ExampleMessages.Encode(example);
    }
}
