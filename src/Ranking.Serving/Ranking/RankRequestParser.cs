using System.Text;
using System.Text.Json;
using Ranking.Features.Errors;
using Ranking.Features.Events;
using Ranking.Features.Partitioning;
using Ranking.Features.Spec;

namespace Ranking.Serving.Ranking;

/// <summary>The first room of a request's walk: bytes become a <see cref="RankQuery"/>, or a refusal that says what is wrong where.</summary>
internal sealed class RankRequestParser
{
    const int MaxRequestIdBytes = 128;

    static readonly KeySet RequestKeys = new("a rank request",
        "user", "candidates", "request_id", "time", "context", "candidates_from", "weights", "limit", "deadline_ms", "explain");

    static readonly KeySet CandidateKeys = new("a candidate", "id", "features");
    static readonly KeySet FromKeys = new("candidates_from", "similar_to", "k");

    readonly RankerLimits limits;
    readonly TimeProvider clock;
    readonly ContextFields context;
    readonly KeySet labels;
    readonly double[] firstLabel;

    /// <summary>A parser of requests to versions of one spec.</summary>
    public RankRequestParser(RankingSpec spec, RankerLimits limits, TimeProvider clock)
    {
        this.limits = limits;
        this.clock = clock;
        context = new(spec, limits.MaxIdsOfField);
        labels = new("the spec's labels", [.. spec.Labels.Keys]);
        firstLabel = new double[labels.Names.Length];
        firstLabel[0] = 1;
    }

    /// <exception cref="RequestRefusedException">A field is missing, unknown, or has another type or range.</exception>
    public RankQuery Parse(ReadOnlySpan<byte> body)
    {
        string? requestId = null;
        try
        {
            return Parse(body, ref requestId);
        }
        catch (RequestRefusedException e)
        {
            e.RequestId = requestId;
            throw;
        }
        catch (JsonException e)
        {
            throw Syntax(e);
        }
    }

    /// <summary>The refusal of a body that is no JSON.</summary>
    public static RequestRefusedException Syntax(JsonException e)
    {
        string place = $"line {(e.LineNumber ?? 0) + 1}, byte {(e.BytePositionInLine ?? 0) + 1}";
        return new(400, ErrorCodes.RequestInvalid, $"the body is not JSON, at {place}", "$", place, "a JSON object");
    }

    RankQuery Parse(ReadOnlySpan<byte> body, ref string? requestId)
    {
        var json = new BodyReader(body);
        string? user = null, similarTo = null;
        long? time = null;
        var request = new FieldValue[context.Count];
        CandidateList? candidates = null;
        double[]? weights = null;
        int neighbours = 0;
        int? limit = null, deadline = null;
        bool explain = false;
        ReadOnlySpan<byte> candidatesLater = default;
        ulong seen = 0;
        bool contextRead = false;
        while (json.NextKey(RequestKeys, ref seen, JsonPlace.Body, out int key))
        {
            var place = new JsonPlace(RequestKeys.Names[key]);
            if (json.IsNull && place.Field != "user") continue; // as if absent: serialisers write nulls
            switch (place.Field)
            {
                case "request_id": requestId = RequestId(ref json, place); break;
                case "user": user = json.Id(place); break;
                case "time": time = json.Instant(place); break;
                case "context": context.Read(ref json, place, ContextScope.Request, request); contextRead = true; break;
                case "candidates":
                    // A candidate with features of its own starts from the request's context; where that may still come, its list waits.
                    candidatesLater = contextRead ? default : json.Raw(body);
                    if (contextRead) candidates = ReadCandidates(ref json, request);
                    break;
                case "candidates_from": similarTo = ReadFrom(ref json, place, out neighbours); break;
                case "weights": weights = ReadWeights(ref json, place); break;
                case "limit": limit = json.Integer(place, 1, int.MaxValue); break;
                case "deadline_ms": deadline = json.Integer(place, 1, limits.MaxDeadlineMs); break;
                default: explain = json.Boolean(place); break;
            }
        }
        json.End();
        if (!candidatesLater.IsEmpty)
        {
            var list = new BodyReader(candidatesLater, anyValue: true);
            candidates = ReadCandidates(ref list, request);
        }
        if (user is null) throw RequestRefusedException.Field400("$.user", null, "the user's id");
        if (candidates is null && similarTo is null) throw RequestRefusedException.Field400("$.candidates", null, "a list of candidates, or candidates_from");
        requestId ??= Guid.CreateVersion7().ToString("N");
        return new()
        {
            RequestId = requestId,
            User = user,
            TimeMs = time ?? clock.GetUtcNow().ToUnixTimeMilliseconds(),
            Context = request,
            Candidates = candidates?.Items ?? [],
            SimilarTo = similarTo,
            Neighbours = neighbours,
            Weights = weights ?? firstLabel,
            Limit = limit ?? int.MaxValue,
            Deadline = TimeSpan.FromMilliseconds(deadline ?? limits.DefaultDeadlineMs),
            Explain = explain,
        };
    }

    static string RequestId(ref BodyReader json, JsonPlace place)
    {
        const string expected = "text of 1 to 128 bytes of UTF-8";
        string id = json.Text(place, expected);
        return id.Length > 0 && Encoding.UTF8.GetByteCount(id) <= MaxRequestIdBytes && Ids.IsValid(id)
            ? id
            : throw RequestRefusedException.Field400(place.ToString(), $"text of {Encoding.UTF8.GetByteCount(id)} bytes", expected);
    }

    CandidateList ReadCandidates(ref BodyReader json, FieldValue[] request)
    {
        var place = new JsonPlace("candidates");
        json.RequireList(place, "a list of candidates");
        var list = new CandidateList();
        for (int i = 0; json.NextElement(); i++)
        {
            if (i == limits.MaxCandidates)
            {
                throw RequestRefusedException.OfField(413, ErrorCodes.RequestTooLarge, "$.candidates",
                    $"more than {limits.MaxCandidates} candidates", $"at most {limits.MaxCandidates} (the limit MaxCandidates)");
            }
            JsonPlace at = place with { Index = i };
            if (!json.IsObject) list.Add(json.Id(at), null, i);
            else ReadCandidate(ref json, at, request, list, i);
        }
        if (list.Items.Count == 0) throw RequestRefusedException.Field400("$.candidates", "an empty list", "at least one candidate");
        return list;
    }

    void ReadCandidate(ref BodyReader json, JsonPlace place, FieldValue[] request, CandidateList list, int index)
    {
        string? id = null;
        FieldValue[]? values = null;
        ulong seen = 0;
        while (json.NextKey(CandidateKeys, ref seen, place, out int key))
        {
            if (key == 0)
            {
                id = json.Id(place with { Inner = "id" });
            }
            else if (!json.IsNull)
            {
                values = [.. request];
                context.Read(ref json, place with { Inner = "features" }, ContextScope.Candidate, values);
            }
        }
        if (id is null) throw RequestRefusedException.Field400($"{place}.id", null, "the item's id");
        list.Add(id, values, index);
    }

    string ReadFrom(ref BodyReader json, JsonPlace place, out int k)
    {
        json.RequireObject(place, "an object with similar_to and k");
        string? id = null;
        k = 0;
        ulong seen = 0;
        while (json.NextKey(FromKeys, ref seen, place, out int key))
        {
            if (key == 0) id = json.Id(place with { Inner = "similar_to" });
            else k = json.Integer(place with { Inner = "k" }, 1, limits.MaxNeighbours);
        }
        if (k == 0) throw RequestRefusedException.Field400("$.candidates_from.k", null, $"an integer from 1 to {limits.MaxNeighbours}");
        return id ?? throw RequestRefusedException.Field400("$.candidates_from.similar_to", null, "an item's id");
    }

    double[] ReadWeights(ref BodyReader json, JsonPlace place)
    {
        json.RequireObject(place, "an object of a weight for each label");
        var weights = new double[labels.Names.Length];
        ulong seen = 0;
        while (json.NextKey(labels, ref seen, place, out int label)) weights[label] = json.Number(place with { Inner = labels.Names[label] });
        return weights.AsSpan().IndexOfAnyExcept(0) >= 0 ? weights
            : throw RequestRefusedException.Field400("$.weights", "no weight other than 0", $"a weight for at least one of {string.Join(", ", labels.Names)}");
    }
}
