// Ranks three videos for a user:  dotnet run -- http://127.0.0.1:8080
using Ranking.Client;

using var client = new RankingClient(new Uri(args.Length > 0 ? args[0] : "http://127.0.0.1:8080"), new() { Timeout = TimeSpan.FromMilliseconds(500) });
var request = new RankRequest
{
    User = "u1",
    Context = new Dictionary<string, FeatureValue> { ["tab"] = "1" },
    Candidates = ["v1", "v2", new Candidate("v3", new Dictionary<string, FeatureValue> { ["author"] = "a7" })],
    Weights = new Dictionary<string, double> { ["click"] = 1, ["long_view"] = 0.5 },
    DeadlineMs = 200,
};
try
{
    RankAnswer answer = await client.RankAsync(request);
    if (answer.Degraded) Console.Error.WriteLine($"degraded: {string.Join(", ", answer.DegradedReasons)}");
    foreach (RankedItem item in answer.Ranked) Console.WriteLine($"{item.Id}\t{item.Score:0.0000}");
    Console.WriteLine($"copy request id {answer.RequestId} into the impressions, so that labels find them");
    return 0;
}
catch (RankingClientException e)
{
    Console.Error.WriteLine(e.Message); // code, field, found and expected; show the items in their old order
    return 1;
}
