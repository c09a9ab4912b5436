using System.Text.Json;
using Ranking.Features.Events;
using Ranking.Features.Spec;
using Ranking.Streams.Replay;

namespace Ranking.Streams.Tests.Replay;

/// <summary>The shipped spec over the shipped log, against what data/README says of it.</summary>
public class KuaiRandTests
{
    static readonly string Folder = Repository.Features("kuairand");
    static readonly long Split = DateTimeOffset.Parse("2022-05-05T00:00+08:00", null).ToUnixTimeMilliseconds();

    [Fact]
    public void The_log_becomes_the_events_that_its_page_describes()
    {
        RankingSpec spec = SpecReader.Read(Folder);
        using var logs = new RawLogs(spec, Folder, Path.Combine(Folder, "data"));
        var impressions = new Dictionary<string, Impression>();
        var counts = new Dictionary<string, int>();
        int entities = 0, late = 0;
        SourceEvent? last = null;
        foreach (SourceEvent e in logs.ReadAll())
        {
            Assert.True(last is null || SourceEvent.Compare(last, e) <= 0);
            last = e;
            switch (e)
            {
                case EntityDocument d:
                    Assert.Equal(DateTimeOffset.Parse("2022-04-24T00:00+08:00", null).ToUnixTimeMilliseconds(), d.TimeMs);
                    Assert.DoesNotContain("null", JsonDocument.Parse(d.Json!).RootElement.GetRawText());
                    entities++;
                    break;
                case Impression i:
                    impressions.Add(i.RequestId, i);
                    break;
                case Feedback f:
                    Impression of = impressions[f.RequestId!]; // which came before
                    Assert.Equal((of.User, of.Item), (f.User, f.Item));
                    counts[f.Kind] = counts.GetValueOrDefault(f.Kind) + 1;
                    if (f.TimeMs >= of.TimeMs + 600_000) late++;
                    break;
            }
        }

        Assert.Equal(198_895, impressions.Count);
        Assert.Equal(27_285 + 7_583, entities);
        Assert.Equal(171_805, impressions.Values.Count(i => i.TimeMs < Split));
        Assert.Equal(12, late);
        // The sums of the file's columns.
        Assert.Equal(new() { ["click"] = 87_752, ["long_view"] = 61_665, ["like"] = 3_402, ["follow"] = 261, ["comment"] = 503, ["forward"] = 158, ["hate"] = 171 }, counts);
        Impression first = impressions["log_standard_0425_0506:00000000"];
        Assert.Equal((1650812741436, "712", "5239", "1"), (first.TimeMs, first.User, first.Item, first.Context[0].Id));
        Assert.Contains("log_standard_0425_0506:00198894", impressions.Keys);
    }
}
