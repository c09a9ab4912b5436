using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Ranking.Features.Errors;
using Ranking.Mbat;
using Ranking.Store.Sink;
using StackExchange.Redis;

namespace Ranking.Store.Vectors;

/// <summary>
/// Fills the vector sets of an entity kind, one sink each: that of this process's encoder, and whatever else other processes want or
/// search. A set of new settings grows beside the current one, both follow the topic, and searches go over when the new one is whole;
/// the old one is dropped when it has been of no use for a while. What is wanted lies in Redis (the process that was started last has its
/// way), so members of old and new settings may run side by side.
/// </summary>
public sealed partial class DocumentSinks : IDisposable
{
    readonly StoreConnection _store;
    readonly string _kind;
    readonly TimeSpan _lateness;
    readonly Func<string, ISinkSource<DocumentChange>> _source;
    readonly SinkOptions _options;
    readonly ILoggerFactory _logs;
    readonly ILogger _log;
    readonly VectorSets _sets;
    readonly VectorSetSwitch _switch;
    readonly Member _own;
    readonly HashSet<string> _unknown = [];
    MbatEncoder _wanted; // the latest wish that this process knows of
    long _wantedMs;
    volatile IReadOnlyList<Member> _members;

    sealed record Member(MbatEncoder Encoder, DocumentSink Sink, ISinkSource<DocumentChange> Source, SinkLoop<DocumentChange> Loop) : IDisposable
    {
        public string Hash => Encoder.SettingsHash;

        public Task? Run { get; private set; }

        CancellationTokenSource Stop { get; set; } = new();

        public void Begin()
        {
            if (Stop.IsCancellationRequested) Stop = new();
            Run = Task.Run(() => Loop.RunAsync(Stop.Token), CancellationToken.None);
        }

        public async Task EndAsync()
        {
            await Stop.CancelAsync();
            if (Run is not null) await Run;
        }

        public void Dispose()
        {
            (Source as IDisposable)?.Dispose();
            Sink.Dispose();
            Stop.Dispose();
        }
    }

    /// <summary>Sinks that do not run yet.</summary>
    /// <param name="store">The server.</param>
    /// <param name="kind">Entity kind.</param>
    /// <param name="encoder">This process's.</param>
    /// <param name="lateness">The spec's allowed lateness.</param>
    /// <param name="source">Opens the topic of documents for a reader of a name; disposed where it can be.</param>
    /// <param name="options">How they write.</param>
    /// <param name="logs">Told of changes and trouble.</param>
    public DocumentSinks(
        StoreConnection store, string kind, MbatEncoder encoder, TimeSpan lateness, Func<string, ISinkSource<DocumentChange>> source, SinkOptions? options = null, ILoggerFactory? logs = null)
    {
        (_store, _kind, _lateness, _source, _logs) = (store, kind, lateness, source, logs ?? NullLoggerFactory.Instance);
        _options = options ?? new SinkOptions { BatchSize = 200 }; // a VADD takes a millisecond
        (_log, _sets, _wanted) = (_logs.CreateLogger<DocumentSinks>(), new VectorSets(store, kind), encoder);
        _own = Open(encoder, "vectors");
        _members = [_own];
        _switch = new VectorSetSwitch(store, kind, _sets, _own.Source.Partitions, hash => _members.FirstOrDefault(m => m.Hash == hash)?.Sink, NowMs, _log);
    }

    /// <summary>The sink of this process's encoder.</summary>
    public DocumentSink Own => _own.Sink;

    /// <summary>Waits until everything that the topic holds now is in all sets; they must be running.</summary>
    public Task DrainAsync(CancellationToken cancellation) => Task.WhenAll(_members.Select(m => m.Loop.DrainAsync(cancellation)));

    /// <summary>Deletes the vectors of entities that are gone from all sets.</summary>
    internal Task ExpireAsync(IReadOnlyList<RowChange> gone) => Task.WhenAll(_members.Select(m => m.Sink.ExpireAsync(gone)));

    /// <summary>Runs until <paramref name="stop"/>, or until one of the sinks fails.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _own.Begin();
        try
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    await LookAsync(stop);
                }
                catch (Exception e) when (StoreConnection.IsServerFault(e) || (e is RankingException r && (r.Error == ErrorCodes.RedisUnreachable || r.Error == ErrorCodes.RedisRefused)))
                {
                    // The sinks say so themselves; the next look may find it.
                }
                using var wait = CancellationTokenSource.CreateLinkedTokenSource(stop);
                Task ended = await Task.WhenAny([Task.Delay(_options.LookEvery, wait.Token), .. _members.Select(m => m.Run!)]);
                await wait.CancelAsync();
                if (_members.Any(m => m.Run == ended)) await ended;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        finally
        {
            await Task.WhenAll(_members.Select(m => m.EndAsync()));
        }
    }

    async Task LookAsync(CancellationToken stop)
    {
        VectorSetsState state = await _sets.ReadAsync();
        if (_wantedMs == 0) _wantedMs = Math.Max(NowMs(), state.WantedMs + 1); // clocks of machines differ
        if (state.Current is null || state.WantedMs < _wantedMs || !state.Sets.ContainsKey(state.Wanted!)) // or Redis came back empty
        {
            await _sets.WantAsync(_wanted.Settings, _wantedMs);
            state = await _sets.ReadAsync();
        }
        await FollowAsync(state);
        await _switch.LookAsync(state, stop);
        await DropAsync(state);
    }

    // A sink for each set that is not dropped. The last process whose sink has ended deletes what all have written.
    async Task FollowAsync(VectorSetsState state)
    {
        foreach (Member gone in _members.Where(m => !state.Sets.TryGetValue(m.Hash, out VectorSetStage stage) || stage == VectorSetStage.Dropped).ToArray())
        {
            _members = [.. _members.Where(m => m != gone)];
            await gone.EndAsync();
            if (gone != _own) gone.Dispose();
            await _sets.DeleteAsync(gone.Hash);
        }
        foreach ((string hash, VectorSetStage stage) in state.Sets)
        {
            if (stage == VectorSetStage.Dropped || _members.Any(m => m.Hash == hash) || _unknown.Contains(hash)) continue;
            if (await EncoderAsync(hash) is not { } encoder) continue;
            Member member = hash == _own.Hash ? _own : Open(encoder, "vectors-" + hash);
            member.Begin();
            _members = [.. _members, member];
            LogBeside(_log, hash, _kind);
        }
        if (state.WantedMs >= _wantedMs && _members.FirstOrDefault(m => m.Hash == state.Wanted) is { } wanted) (_wanted, _wantedMs) = (wanted.Encoder, state.WantedMs);
    }

    async Task<MbatEncoder?> EncoderAsync(string hash)
    {
        if (hash == _own.Hash) return _own.Encoder;
        try
        {
            MbatEncoder? encoder = await _sets.EncoderAsync(hash);
            if (encoder is null || encoder.SettingsHash == hash) return encoder;
        }
        catch (Exception e) when (e is MbatFormatException or ArgumentException)
        {
        }
        _unknown.Add(hash); // of a later revision of the encoder: its own processes fill it
        LogUnknown(_log, hash, _kind);
        return null;
    }

    async Task DropAsync(VectorSetsState state)
    {
        foreach ((string hash, VectorSetStage stage) in state.Sets)
        {
            if (hash == state.Current || hash == state.Wanted) continue;
            TimeSpan unused = TimeSpan.FromMilliseconds(NowMs() - state.UsedMs.GetValueOrDefault(hash));
            if (stage != VectorSetStage.Dropped && unused > _options.KeepUnused)
            {
                await _sets.MoveAsync(hash, VectorSetStage.Dropped, NowMs());
                LogDropped(_log, hash, _kind);
            }
            else if (stage == VectorSetStage.Dropped && unused > _options.KeepUnused / 10) await _sets.ForgetAsync(hash); // every sink has ended
        }
    }

    Member Open(MbatEncoder encoder, string reader)
    {
        DocumentSink sink = new(_store, _kind, encoder, _lateness, _options);
        ISinkSource<DocumentChange> source = _source(reader);
        return new(encoder, sink, source, new(source, sink, _logs.CreateLogger<DocumentSink>()));
    }

    long NowMs() => _options.Clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Member member in _members.Append(_own).Distinct()) member.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Vectors of encoder settings {Hash} are kept for {Kind} beside this process's own")]
    static partial void LogBeside(ILogger logger, string hash, string kind);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Vectors of encoder settings {Hash} for {Kind} are not kept by this process: it does not know these settings")]
    static partial void LogUnknown(ILogger logger, string hash, string kind);

    [LoggerMessage(Level = LogLevel.Information, Message = "Vectors of encoder settings {Hash} for {Kind} are dropped: nobody has used them lately")]
    static partial void LogDropped(ILogger logger, string hash, string kind);
}
