using System.CommandLine;
using System.Text.Json;
using Ranking.Cli.Parsing;
using Ranking.Client;
using Ranking.Features.Errors;
using Ranking.Mbat;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking similar</c>: nearest documents, from an index file or a running ranker.</summary>
internal sealed class SimilarCommand : RankingCommand
{
    readonly Option<string?> index = OptionFactory.Text("--index", "An index that index build made.", "FILE");
    readonly Option<string?> url = OptionFactory.Text("--url", "Address of a running ranker.", "URL");
    readonly Option<string?> document = OptionFactory.Text("--doc", "File with one JSON document; - reads standard input.", "FILE");
    readonly Option<string?> id = OptionFactory.Text("--id", "Id of a document that is in the index.", "ID");
    readonly Option<int> k = OptionFactory.Integer("--k", "How many.", 10, 1, 1000);
    readonly Option<string?> filter = OptionFactory.Text("--filter", "A condition on attributes, such as .duration > 30; with --url.", "TEXT");

    public SimilarCommand() : base("similar", "Find the documents nearest to one.", "ranking similar --index documents.index --id v1 -k 5", "ranking similar --url http://localhost:8080 --doc document.json")
    {
        k.Aliases.Add("-k");
        foreach (Option option in (Option[])[index, url, document, id, k, filter]) Add(option);
    }

    public override bool Streams => true;

    public override async Task<int> RunAsync(Invocation run)
    {
        if (run.Get(index) is null == run.Get(url) is null) throw new RankingException(ErrorCodes.WrongUsage, "either --index or --url is expected");
        if (run.Get(document) is null == run.Get(id) is null) throw new RankingException(ErrorCodes.WrongUsage, "either --doc or --id is expected");
        string? text = run.Get(document) switch { null => null, "-" => await Console.In.ReadToEndAsync(run.Stopping), var file => await File.ReadAllTextAsync(file, run.Stopping) };
        IEnumerable<(string Id, double Similarity)> found = run.Get(url) is { } address ? await Ask(run, address, text) : Search(run, text);
        foreach ((string neighbour, double similarity) in found) run.Terminal.Line(new { id = neighbour, similarity });
        return 0;
    }

    async Task<IEnumerable<(string, double)>> Ask(Invocation run, string address, string? text)
    {
        using var client = new RankingClient(RankerAddress.Parse(address));
        SimilarAnswer answer = await client.SimilarAsync(new() { Doc = text is null ? null : Json(text), Id = run.Get(id), K = run.Get(k), Filter = run.Get(filter) }, run.Stopping);
        return answer.Neighbours.Select(n => (n.Id, n.Similarity));
    }

    IEnumerable<(string, double)> Search(Invocation run, string? text)
    {
        if (run.Has(filter)) throw new RankingException(ErrorCodes.WrongUsage, "--filter needs --url: an index file holds no attributes");
        using VectorIndex vectors = VectorIndex.Open(run.Get(index)!);
        int own = -1;
        if (text is null && (own = vectors.Row(run.Get(id)!)) < 0) throw new RankingException(ErrorCodes.DocumentUnknown, $"--id: {Usage.Quote(run.Get(id)!)} is not in {run.Get(index)}");
        ReadOnlySpan<float> query = own >= 0 ? vectors.Vector(own) : new MbatEncoder(vectors.Settings).Encode(text!);
        return [.. vectors.Search(query, run.Get(k), accept: row => row != own).Select(n => (n.Id, (double)n.Similarity))];
    }

    static JsonElement Json(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException e) { throw new RankingException(ErrorCodes.DocumentInvalid, $"--doc: {e.Message}", e); }
    }
}
