using System.Globalization;
using Ranking.Mbat;
using StackExchange.Redis;

namespace Ranking.Store.Vectors;

/// <summary>
/// Which vector sets of an entity kind there are. Each lies under the hash of its encoder's settings, so that one of new settings grows
/// beside the old; searches go to the current one, sinks fill all that are not dropped. Every method is one trip.
/// </summary>
sealed class VectorSets(StoreConnection store, string kind)
{
    readonly RedisKey _sets = store.Keys.VectorSets(kind), _current = store.Keys.VectorsCurrent(kind), _wanted = store.Keys.VectorsWanted(kind), _used = store.Keys.VectorsUsed(kind);

    /// <summary>What there is.</summary>
    public async Task<VectorSetsState> ReadAsync()
    {
        Task<HashEntry[]> sets = store.Database.HashGetAllAsync(_sets);
        Task<RedisValue[]> pointers = store.Database.StringGetAsync([_current, _wanted]);
        Task<SortedSetEntry[]> used = store.Database.SortedSetRangeByRankWithScoresAsync(_used);
        await Task.WhenAll(sets, pointers, used);
        string[] wanted = ((string?)(await pointers)[1])?.Split('/') ?? [];
        bool known = wanted.Length == 2 && long.TryParse(wanted[0], NumberStyles.None, CultureInfo.InvariantCulture, out _);
        return new(
            (await sets).ToDictionary(e => (string)e.Name!, e => Enum.TryParse((string?)e.Value, ignoreCase: true, out VectorSetStage stage) ? stage : VectorSetStage.Building, StringComparer.Ordinal),
            (await pointers)[0],
            known ? wanted[1] : null,
            known ? long.Parse(wanted[0], CultureInfo.InvariantCulture) : 0,
            (await used).ToDictionary(e => (string)e.Element!, e => (long)e.Score, StringComparer.Ordinal));
    }

    /// <summary>Wants a set; where there is none at all, it is searched while it grows.</summary>
    /// <param name="settings">Its encoder's.</param>
    /// <param name="atMs">When it was wanted, Unix milliseconds.</param>
    public Task WantAsync(MbatSettings settings, long atMs)
    {
        string hash = settings.Hash();
        return Task.WhenAll(
            store.Database.StringSetAsync(store.Keys.VectorSettings(kind, hash), settings.ToJson()), // before the set is listed
            ReviveAsync(hash),
            store.Database.SortedSetAddAsync(_used, hash, atMs, SortedSetWhen.GreaterThan),
            store.Database.StringSetAsync(_wanted, string.Create(CultureInfo.InvariantCulture, $"{atMs}/{hash}")),
            store.Database.StringSetAsync(_current, hash, when: When.NotExists));
    }

    // One that is being dropped begins anew.
    async Task ReviveAsync(string hash)
    {
        if (!await store.Database.HashSetAsync(_sets, hash, nameof(VectorSetStage.Building), When.NotExists) && await StageAsync(hash) == VectorSetStage.Dropped)
            await store.Database.HashSetAsync(_sets, hash, nameof(VectorSetStage.Building));
    }

    /// <summary>The encoder of a set; null if there is none.</summary>
    public async Task<MbatEncoder?> EncoderAsync(string hash) =>
        (byte[]?)await store.Database.StringGetAsync(store.Keys.VectorSettings(kind, hash)) is { } json ? new MbatEncoder(MbatSettings.FromJson(json)) : null;

    /// <summary>Hash of the set that is searched.</summary>
    public async Task<string?> CurrentAsync() => await store.Database.StringGetAsync(_current);

    /// <summary>How far a set is; null if there is none.</summary>
    public async Task<VectorSetStage?> StageAsync(string hash) =>
        Enum.TryParse((string?)await store.Database.HashGetAsync(_sets, hash), ignoreCase: true, out VectorSetStage stage) ? stage : null;

    /// <summary>Notes that a set is of use.</summary>
    public Task UseAsync(string hash, long nowMs) => store.Database.SortedSetAddAsync(_used, hash, nowMs);

    /// <summary>Notes how far a set is.</summary>
    public Task MoveAsync(string hash, VectorSetStage stage, long nowMs) => Task.WhenAll(
        store.Database.HashSetAsync(_sets, hash, stage.ToString()), store.Database.SortedSetAddAsync(_used, hash, nowMs));

    /// <summary>Has searches go to another set; the old one counts as used now.</summary>
    public Task SwitchAsync(string? from, string to, long nowMs) => Task.WhenAll(
        MoveAsync(to, VectorSetStage.Whole, nowMs),
        from is null ? Task.CompletedTask : UseAsync(from, nowMs),
        store.Database.StringSetAsync(_current, to));

    /// <summary>Deletes the keys of a set, large ones without holding the server up.</summary>
    public Task DeleteAsync(string hash) => store.Database.KeyDeleteAsync([
        store.Keys.Vectors(kind, hash),
        store.Keys.VectorDocuments(kind, hash),
        store.Keys.VectorDeletions(kind, hash),
        store.Keys.VectorSettings(kind, hash),
        .. store.Keys.VectorOffsets(kind, hash),
    ]); // one slot

    /// <summary>Deletes a set and forgets it.</summary>
    public Task ForgetAsync(string hash) => Task.WhenAll(DeleteAsync(hash), store.Database.HashDeleteAsync(_sets, hash), store.Database.SortedSetRemoveAsync(_used, hash));
}
