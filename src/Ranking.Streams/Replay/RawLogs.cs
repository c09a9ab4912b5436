using Ranking.Features.Errors;
using Ranking.Features.Events;
using Ranking.Features.Spec;

namespace Ranking.Streams.Replay;

/// <summary>
/// Raw logs as events: runs the SQL files of a spec's folder with DuckDB over a data folder. Results are streamed, in DuckDB's bounded
/// memory, so that logs may be larger than the machine's.
/// </summary>
/// <remarks>
/// The SQL finds the data folder in <c>getvariable('data')</c>. Columns beyond those that are asked for are ignored. Times are
/// TIMESTAMP WITH TIME ZONE or BIGINT milliseconds; whole numbers as ids become their decimal text.
/// </remarks>
public sealed class RawLogs : IDisposable
{
    static readonly LogColumn Time = new("time", LogColumnType.Time);

    readonly LogDatabase database;
    readonly LogSource impressions;
    readonly LogSource? feedback;
    readonly LogSource[] entities;

    /// <summary>Opens the logs, once their compressed files are whole; no SQL runs before events are read.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="specFolder">Its folder, where the SQL files lie.</param>
    /// <param name="dataFolder">The folder of the raw logs.</param>
    /// <param name="settings">What DuckDB may use.</param>
    /// <exception cref="RankingException">There is no such data folder, or a compressed file in it is cut off.</exception>
    public RawLogs(RankingSpec spec, string specFolder, string dataFolder, RawLogSettings? settings = null)
    {
        if (!Directory.Exists(dataFolder)) throw new RankingException(ErrorCodes.FileNotFound, $"found no folder \"{dataFolder}\", expected the folder of the raw logs");
        CompressedLogs.Check(dataFolder);
        impressions = ImpressionsOf(spec, Path.Combine(specFolder, spec.Sources.Impressions));
        feedback = spec.Sources.Feedback is { } file ? FeedbackOf(spec, Path.Combine(specFolder, file)) : null;
        entities = [.. spec.Sources.Entities.Select(e => EntitiesOf(e.Key, Path.Combine(specFolder, e.Value)))];
        database = new(dataFolder, settings ?? new());
    }

    /// <summary>Every event, in the order of <see cref="SourceEvent.Compare"/>. Each enumeration runs the SQL again.</summary>
    /// <exception cref="RawLogException">The SQL fails, yields other columns, or a row cannot be used.</exception>
    public IEnumerable<SourceEvent> ReadAll() =>
        SortedMerge.Of(Sources.Select(s => InOrder(s.Read(database, null).Select(e => e.Event), s.File)), SourceEvent.Compare);

    /// <summary>The impressions, in event-time order.</summary>
    /// <exception cref="RawLogException">As for <see cref="ReadAll"/>.</exception>
    public IEnumerable<Impression> ReadImpressions() => impressions.Read(database, null).Select(e => (Impression)e.Event);

    /// <summary>The feedback, in event-time order; none if the spec has no SQL for it.</summary>
    /// <exception cref="RawLogException">As for <see cref="ReadAll"/>.</exception>
    public IEnumerable<Feedback> ReadFeedback() => feedback?.Read(database, null).Select(e => (Feedback)e.Event) ?? [];

    /// <summary>The documents of all kinds of entity, in event-time order.</summary>
    /// <exception cref="RawLogException">As for <see cref="ReadAll"/>.</exception>
    public IEnumerable<EntityDocument> ReadEntities() =>
        SortedMerge.Of(entities.Select(s => s.Read(database, null).Select(e => (EntityDocument)e.Event)), SourceEvent.Compare);

    /// <summary>
    /// Every event in the order in which it arrived, late ones included: a column that every SQL file yields beside the others says
    /// when (TIMESTAMP WITH TIME ZONE or a whole number). What arrived at once comes as entities, impressions, feedback, by row.
    /// </summary>
    /// <param name="column">Name of that column.</param>
    /// <exception cref="RawLogException">As for <see cref="ReadAll"/>.</exception>
    public IEnumerable<SourceEvent> ReadByArrival(string column) =>
        SortedMerge.Of(Sources.Select(s => s.Read(database, column)), (a, b) =>
            a.Arrival != b.Arrival ? a.Arrival.CompareTo(b.Arrival) : a.Event.KindRank.CompareTo(b.Event.KindRank)).Select(e => e.Event);

    /// <inheritdoc/>
    public void Dispose() => database.Dispose();

    IEnumerable<LogSource> Sources => [.. entities, impressions, .. feedback is null ? Array.Empty<LogSource>() : [feedback]];

    static LogSource ImpressionsOf(RankingSpec spec, string file)
    {
        LogColumn[] columns =
        [
            Time, new("request_id", LogColumnType.Id), new("user", LogColumnType.Id), new("item", LogColumnType.Id), new("position", LogColumnType.Whole),
            .. spec.Context.Select(c => new LogColumn(c.Key, c.Value.Type switch
            {
                FieldType.Id => LogColumnType.Id,
                FieldType.Number => LogColumnType.Number,
                _ => LogColumnType.Ids,
            })),
        ];
        int fields = spec.Context.Count;
        return new(file, columns, ["time", "user", "request_id", "item"], row =>
        {
            var context = new FieldValue[fields];
            for (int i = 0; i < fields; i++) context[i] = row.Value(5 + i);
            return new Impression(row.TimeMs(0), row.Id(1), row.Id(2), row.Id(3), row.Place(4), context);
        });
    }

    static LogSource FeedbackOf(RankingSpec spec, string file)
    {
        LogColumn[] columns =
        [
            Time, new("request_id", LogColumnType.Id), new("user", LogColumnType.Id), new("item", LogColumnType.Id),
            new("kind", LogColumnType.Id), new("value", LogColumnType.Number, Default: "1"),
        ];
        Dictionary<string, string> kinds = spec.FeedbackKinds.ToDictionary(k => k, StringComparer.Ordinal); // one string a kind, not one a row
        return new(file, columns, ["time", "user", "request_id", "item", "kind", "value"], row =>
        {
            string text = row.Text(4);
            if (!kinds.TryGetValue(text, out string? kind)) throw row.Wrong(4, LogRow.Shown(text), $"one of the spec's kinds of feedback: {string.Join(", ", kinds.Keys)}");
            return new Feedback(row.TimeMs(0), row.OptionalId(1), row.Id(2), row.Id(3), kind, row.Millionths(5));
        });
    }

    static LogSource EntitiesOf(string kind, string file)
    {
        LogColumn[] columns = [Time, new("id", LogColumnType.Id), new("doc", LogColumnType.Json)];
        return new(file, columns, ["time", "id"], row => new EntityDocument(row.TimeMs(0), kind, row.Id(1), row.Document(2)));
    }

    /// <summary>Holds the promise that everything after it builds on, should DuckDB order text otherwise than we do.</summary>
    static IEnumerable<SourceEvent> InOrder(IEnumerable<SourceEvent> events, string file)
    {
        SourceEvent? last = null;
        foreach (SourceEvent e in events)
        {
            if (last is not null && SourceEvent.Compare(last, e) > 0)
                throw new RawLogException(ErrorCodes.SourceSqlFailed, file, null, null, $"{e} after {last}", "events in the order of time and identity");
            yield return last = e;
        }
    }
}
