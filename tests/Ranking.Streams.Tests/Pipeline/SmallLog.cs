using System.Text;
using Ranking.Features.Events;
using Ranking.Features.Tests.Joining;

namespace Ranking.Streams.Tests.Pipeline;

/// <summary>Histories of the small problem.</summary>
static class SmallLog
{
    /// <summary>A seeded log in order: shows, clicks and buys that follow, documents, ties; perhaps what was served, of the shows' features or of others.</summary>
    public static IEnumerable<SourceEvent> Events(int events, int seed = 7, bool served = false)
    {
        var random = new Random(seed);
        var log = new List<SourceEvent>(events);
        for (int i = 0; i < events; i++)
        {
            long time = 1_600_000_000_000 + random.Next(20_000_000) / 100 * 100;
            string user = $"ü{random.Next(300)}", item = $"item-{random.Next(100)}", request = $"r{i}";
            switch (random.Next(10))
            {
                case 0: log.Add(new EntityDocument(time, "user", user, Encoding.UTF8.GetBytes($$"""{"age":{{random.Next(90)}},"past":{"likes":{"a{{random.Next(40)}}":0.5,"a{{random.Next(40)}}":2 } } }"""))); break;
                case 1: log.Add(new EntityDocument(time, "item", item, random.Next(8) == 0 ? null : Encoding.UTF8.GetBytes($$"""{"genre":["g{{random.Next(9)}}"],"tabs":{"t1":{{random.Next(3)}} } }"""))); break;
                default:
                    log.Add(new Impression(time, request, user, item, random.Next(10), [FieldValue.Of($"t{random.Next(3)}"), FieldValue.Of($"a{random.Next(40)}")]));
                    if (random.Next(2) == 0) log.Add(new Feedback(time + random.Next(70_000), request, user, item, "click"));
                    if (random.Next(9) == 0) log.Add(new Feedback(time + random.Next(70_000), null, user, item, "buy", random.Next(5) * Feedback.One));
                    for (int n = served ? random.Next(3) : 0; n > 0; n--)
                        log.Add(SmallProblem.Served(time + random.Next(-70_000, 70_000), request, user, item, $"v{random.Next(3)}", random.Next(9), usable: true) with { FeatureHash = random.Next(5) == 0 ? "another" : Outcome.Builder.Plan.Spec.FeatureHash });
                    break;
            }
        }
        log.Sort((a, b) => SourceEvent.Compare(a, b) is var c && c != 0 ? c : a.CompareContent(b));
        return log;
    }
}
