using System.Globalization;
using System.Text;
using Ranking.Client;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Joining;
using Ranking.Features.Spec;

namespace Ranking.Serving.Tests;

/// <summary>A random history of a user and some items of <see cref="TestSpec"/>, ids of its own, with the request that comes after it.</summary>
sealed class History
{
    const int Items = 6;

    readonly Random random;
    readonly string prefix;

    public History(int seed)
    {
        (random, prefix) = (new(seed), string.Create(CultureInfo.InvariantCulture, $"h{seed}-"));
        // Of documents a row holds the newest: a cut before that one is marked stale.
        for (int i = 0; i < Items; i++)
        {
            if (random.Next(4) > 0) Log.Add(new EntityDocument(Before(240) - 60_000, "item", $"{prefix}v{i}", Encoding.UTF8.GetBytes($$"""{"music":"m{{random.Next(3)}}","words":["w{{random.Next(5)}}","w{{i}}"],"by_tab":{"home":{{i}},"feed":9 } }""")));
        }
        if (random.Next(3) > 0) Log.Add(new EntityDocument(Before(240) - 60_000, "user", User, Encoding.UTF8.GetBytes($$"""{"city":"Berlin","tastes":{"{{Author(1)}}":0.3,"{{Author(2)}}":0.7},"seen":{"{{prefix}}v2":4 } }""")));
        for (int n = random.Next(60); n > 0; n--)
        {
            // The last half hour more densely: the cut lies within it.
            long time = Before(random.Next(2) == 0 ? 30 : 240);
            int item = random.Next(Items);
            string request = string.Create(CultureInfo.InvariantCulture, $"{prefix}old{n}");
            Log.Add(new Impression(time, request, User, $"{prefix}v{item}", 0, Context(item)));
            if (random.Next(2) == 0) Log.Add(new Feedback(time + random.Next(60_000), request, User, $"{prefix}v{item}", random.Next(3) == 0 ? "long_view" : "click"));
        }
        Log.Sort(SourceEvent.Compare);
    }

    public static long TimeMs => TestRanker.Now.ToUnixTimeMilliseconds();

    public List<SourceEvent> Log { get; } = [];

    public string User => $"{prefix}u";

    public RankRequest Request => new()
    {
        RequestId = $"{prefix}r",
        User = User,
        Time = TestRanker.Now,
        Context = new Dictionary<string, FeatureValue> { ["tab"] = "home", ["shown"] = (string[])["x", "y"] },
        Candidates = [.. Enumerable.Range(0, Items).Select(i => new Candidate($"{prefix}v{i}", new Dictionary<string, FeatureValue> { ["author"] = Author(i), ["price"] = Price(i) }))],
    };

    /// <summary>The impressions of the request, shown at the request's own time.</summary>
    public IEnumerable<Impression> Shown => Enumerable.Range(0, Items).Select(i => new Impression(TimeMs, $"{prefix}r", User, $"{prefix}v{i}", i, Context(i)));

    long Before(int minutes) => TimeMs - 1 - random.Next(minutes * 60_000);

    FieldValue[] Context(int item) => [FieldValue.Of("home"), FieldValue.Of(["x", "y"]), FieldValue.Of(Price(item)), FieldValue.Of(Author(item))];

    string Author(int item) => string.Create(CultureInfo.InvariantCulture, $"{prefix}a{item % 3}");

    static double Price(int item) => 1.1 * item;

    /// <summary>What the pipeline makes of a log.</summary>
    public static Made Run(RankingSpec spec, IEnumerable<SourceEvent> log)
    {
        var made = new Made();
        var pipeline = new LocalPipeline(new FeatureBuilder(new FeaturePlan(spec)), 2, made);
        foreach (SourceEvent e in log.OrderBy(e => e, Comparer<SourceEvent>.Create(SourceEvent.Compare))) pipeline.AddInOrder(e);
        pipeline.Close();
        pipeline.FlushRows();
        return made;
    }

    public sealed class Made : ILocalOutput
    {
        public List<Example> Examples { get; } = [];

        public Dictionary<(string Kind, string Id), byte[]> Rows { get; } = [];

        public void Emit(Example example) => Examples.Add(example);

        public void EmitRow(OwnerPlan owner, string id, ReadOnlySpan<byte> row, bool deleted)
        {
            if (deleted) Rows.Remove((owner.Kind, id));
            else Rows[(owner.Kind, id)] = row.ToArray();
        }

        public void Reject(SourceEvent sourceEvent, Rejection why, string detail) => Assert.Fail($"{sourceEvent}: {why} {detail}");
    }
}
