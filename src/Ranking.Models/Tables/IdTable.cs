using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Ranking.Models.Tables;

/// <summary>
/// Embeddings of ids as they come, without collisions: a dictionary from id to row, admission by count, TTL by event time, a row
/// budget with eviction, and Adagrad's sums, which live and die with their row.
/// </summary>
/// <remarks>
/// Deterministic: what a row starts as is a function of (seed, table, id), and everything else of the order of calls; row numbers
/// influence no value. While training one thread uses a table; <see cref="Find(string)"/> and <see cref="Row"/> change nothing and are
/// thread-safe while nobody trains.
/// </remarks>
public sealed partial class IdTable
{
    /// <summary>The row of ids that have none of their own.</summary>
    public const int Shared = -1;

    /// <summary>The row of a missing value.</summary>
    public const int Missing = -2;

    const int RowsAhead = 8;
    readonly IdIndex index = new(), pending = new();
    readonly RowStore store, special;
    readonly ulong seed;
    readonly RowGradients batch;
    readonly List<int> admitted = [];
    long nextSweepMs = long.MinValue, removals;

    /// <summary>An empty table.</summary>
    /// <param name="name">Of the table; part of what rows start as.</param>
    /// <param name="settings">See there.</param>
    /// <param name="seed">Of the rows' start.</param>
    /// <param name="trains">Whether rows hold Adagrad's sums; a table that only serves is half as large.</param>
    public IdTable(string name, IdTableSettings settings, ulong seed, bool trains = true)
    {
        Name = name;
        Settings = settings.Validated();
        Trains = trains;
        Seed = seed;
        this.seed = StableHash.Of(name, seed);
        store = new RowStore(settings.Dim * (trains ? 2 : 1));
        special = new RowStore(store.Stride);
        special.Grow(1);
        for (int row = 0; row < 2; row++) special[row].Clear();
        batch = new RowGradients(settings.Dim);
    }

    /// <summary>Of the table.</summary>
    public string Name { get; }

    /// <summary>Its settings.</summary>
    public IdTableSettings Settings { get; }

    /// <summary>The model's seed that it was made with.</summary>
    public ulong Seed { get; }

    /// <summary>Whether rows hold Adagrad's sums.</summary>
    public bool Trains { get; }

    /// <summary>Ids with a row of their own.</summary>
    public int Count => index.Count;

    /// <summary>Ids seen too seldom for a row so far.</summary>
    public int PendingCount => pending.Count;

    /// <summary>Rows dropped because their TTL passed.</summary>
    public long Expired { get; private set; }

    /// <summary>Rows dropped because the budget was spent.</summary>
    public long Evicted { get; private set; }

    /// <summary>Bytes held: rows, sums, keys, dictionary, counts.</summary>
    public long Bytes => index.Bytes + pending.Bytes + store.Bytes + special.Bytes;

    /// <summary>
    /// Bytes that a table of so many rows holds: a row's numbers (and sums), 24 bytes of bookkeeping in an array that grows by half, 8 in a
    /// dictionary that is 3/8 to 3/4 full, and the ids' own bytes with 2 for their lengths. Ids that wait for admission are beside it.
    /// </summary>
    /// <param name="ids">Rows.</param>
    /// <param name="dim">Numbers in a row.</param>
    /// <param name="idBytes">Mean length of an id, UTF-8.</param>
    /// <param name="trains">Whether rows hold Adagrad's sums.</param>
    public static long BytesFor(long ids, int dim, double idBytes, bool trains)
    {
        long slots = 64, capacity = 16;
        while (ids * 4 > slots * 3) slots *= 2;
        while (capacity < ids) capacity += capacity / 2 + 16;
        return ids * dim * (trains ? 8L : 4L) + capacity * 24 + slots * 8 + (long)(ids * (idBytes + 2));
    }

    /// <summary>The embedding of a row, [Dim].</summary>
    public ReadOnlySpan<float> Row(int row) => Numbers(row)[..Settings.Dim];

    /// <summary>The row of an id; <see cref="Shared"/> where it has none. Changes nothing.</summary>
    /// <exception cref="ArgumentException">Not 1 to 512 bytes of UTF-8.</exception>
    [SkipLocalsInit]
    public int Find(string id)
    {
        Span<byte> buffer = stackalloc byte[IdBytes.Most];
        ReadOnlySpan<byte> key = IdBytes.Of(id, buffer, Name);
        int row = index.Find(key, (uint)StableHash.Of(key, seed));
        return row >= 0 ? row : Shared;
    }

    /// <summary>The mean of the ids' rows, or what stands for a missing value. Changes nothing.</summary>
    public void Pool(ReadOnlySpan<string> ids, Span<float> pooled)
    {
        if (ids.Length == 1) Row(Find(ids[0])).CopyTo(pooled);
        else if (ids.Length == 0 && Settings.Missing == MissingValue.Learned) Row(Missing).CopyTo(pooled);
        else
        {
            pooled.Clear();
            foreach (string id in ids) TensorPrimitives.Add(pooled, Row(Find(id)), pooled);
            if (ids.Length > 0) TensorPrimitives.Multiply(pooled, 1f / ids.Length, pooled);
        }
    }

    /// <summary>Begins a batch: forgets the gradients of the last one, and drops what expired, now and then.</summary>
    /// <param name="timeMs">Event time of the batch's latest example.</param>
    public void BeginBatch(long timeMs)
    {
        batch.Clear();
        admitted.Clear();
        if (Settings.Ttl is not { } ttl) return;
        if (nextSweepMs != long.MinValue && timeMs >= nextSweepMs) Sweep(timeMs);
        if (nextSweepMs == long.MinValue || timeMs >= nextSweepMs) nextSweepMs = timeMs + Math.Max(1, (long)ttl.TotalMilliseconds / 8);
    }

    /// <summary>The row of an id in a batch that trains: counts the sight, admits the id if it is due, evicts if there is no room.</summary>
    /// <param name="id">1 to 512 bytes of UTF-8.</param>
    /// <param name="timeMs">Event time of the example.</param>
    /// <exception cref="ArgumentException">Not 1 to 512 bytes of UTF-8.</exception>
    [SkipLocalsInit]
    public int Resolve(string id, long timeMs)
    {
        Span<byte> buffer = stackalloc byte[IdBytes.Most];
        ReadOnlySpan<byte> key = IdBytes.Of(id, buffer, Name);
        ulong hash = StableHash.Of(key, seed);
        return Resolve(key, hash, index.Find(key, (uint)hash), timeMs);
    }

    /// <summary>How many rows have gone so far.</summary>
    internal long Removals => removals;

    /// <summary>As <see cref="Resolve(string, long)"/>, for an id that was looked up before: the row found then is the id's while no other has gone.</summary>
    /// <param name="id">1 to 512 bytes of UTF-8.</param>
    /// <param name="timeMs">Event time of the example.</param>
    /// <param name="found">What <see cref="Find(ReadOnlySpan{string}, Span{int})"/> gave.</param>
    /// <param name="removals"><see cref="Removals"/> at that time.</param>
    internal int Resolve(string id, long timeMs, int found, long removals) =>
        found >= 0 && removals == this.removals && See(found, timeMs) ? found : Resolve(id, timeMs);

    int Resolve(ReadOnlySpan<byte> key, ulong hash, int row, long timeMs)
    {
        if (row >= 0)
        {
            if (See(row, timeMs)) return row;
            RemoveRow(row);
            Expired++;
        }
        return Settings.Admission > 1 && !IsDue(key, (uint)hash, timeMs) ? Shared : Admit(key, hash, timeMs);
    }

    // False: the row's time to live had passed.
    bool See(int row, long timeMs)
    {
        ref IdEntry known = ref index[row];
        if (IsExpired(known.SeenMs, timeMs) && !batch.Holds(row)) return false;
        known.SeenMs = Math.Max(known.SeenMs, timeMs);
        if (known.Count < uint.MaxValue) known.Count++;
        rowChanges?.Change(row);
        return true;
    }

    /// <summary>Where the batch gathers the gradient of a row, [Dim]; zero at its first use in the batch.</summary>
    public Span<float> Gradient(int row) => batch.Of(row);

    /// <summary>Holds a row until the batch ends: eviction and TTL leave it alone. Gives its place among the batch's rows.</summary>
    public int Touch(int row) => batch.SlotOf(row);

    /// <summary>The batch's rows, in the order of their first sight.</summary>
    internal IReadOnlyList<int> BatchRows => batch.RowList;

    /// <summary>Whether <see cref="Admitted"/> is kept.</summary>
    internal bool RecordsAdmitted { get; set; }

    /// <summary>Rows that the batch admitted, which begin as they are here: for who keeps the numbers elsewhere.</summary>
    internal IReadOnlyList<int> Admitted => admitted;

    /// <summary>Where rows of their own lie.</summary>
    internal RowStore Store => store;

    /// <summary>Where the shared row and that of a missing value lie, as rows 0 and 1.</summary>
    internal RowStore Special => special;

    /// <summary>Sum of the squares of the batch's gradients: for clipping over all parameters.</summary>
    public double SquaredGradientNorm() => batch.SquaredNorm();

    /// <summary>Adagrad on the rows of the batch, in the order of their first sight.</summary>
    /// <param name="learningRate">Of the tables.</param>
    /// <param name="decay">L2 decay: decay · row joins the gradient.</param>
    /// <param name="scale">Factor on the gradients (clipping).</param>
    /// <param name="epsilon">Beside the root.</param>
    public void Apply(float learningRate, float decay = 0, float scale = 1, float epsilon = 1e-10f)
    {
        if (!Trains) throw new InvalidOperationException($"table '{Name}' was opened for serving and holds no optimiser state");
        int dim = Settings.Dim;
        ReadOnlySpan<int> rows = batch.Rows;
        for (int slot = 0; slot < rows.Length; slot++)
        {
            if (slot + RowsAhead < rows.Length && rows[slot + RowsAhead] is >= 0 and var next) store.Prefetch(next, store.Stride);
            Span<float> numbers = Numbers(rows[slot]);
            SparseAdagrad.Step(numbers[..dim], numbers[dim..], batch.Of(rows[slot]), learningRate, decay, scale, epsilon);
        }
    }

    /// <summary>Gives an id a row of these numbers, with fresh sums; false where it has one, or where there is no room.</summary>
    internal bool TryAdd(string id, ReadOnlySpan<float> numbers, long seenMs)
    {
        Span<byte> buffer = stackalloc byte[IdBytes.Most];
        ReadOnlySpan<byte> key = IdBytes.Of(id, buffer, Name);
        ulong hash = StableHash.Of(key, seed);
        if (index.Find(key, (uint)hash) >= 0 || index.Count >= Settings.MaxRows) return false;
        Set(Admit(key, hash, seenMs), numbers);
        return true;
    }

    /// <summary>Overwrites a row's numbers, not its sums.</summary>
    internal void Set(int row, ReadOnlySpan<float> numbers) => numbers.CopyTo(Numbers(row)[..Settings.Dim]);

    Span<float> Numbers(int row) => row >= 0 ? store[row] : special[-1 - row];

    int Admit(ReadOnlySpan<byte> key, ulong hash, long timeMs)
    {
        if (index.Count >= Settings.MaxRows) Evicted += Evict(index, RemoveRow, Math.Max(1, Settings.MaxRows / 16), batch);
        if (index.Count >= Settings.MaxRows) return Shared; // The batch holds every row.
        int row = index.Add(key, (uint)hash);
        store.Grow(row);
        if (RecordsAdmitted) admitted.Add(row);
        (index[row].SeenMs, index[row].Count) = (timeMs, (uint)Settings.Admission);
        rowChanges?.Change(row);
        Span<float> numbers = store[row];
        numbers.Clear();
        ulong state = hash;
        foreach (ref float number in numbers[..Settings.Dim])
        {
            state += 0x9E3779B97F4A7C15;
            number = Settings.InitialScale * ((StableHash.Mix(state) >> 40) * (2f / (1 << 24)) - 1f);
        }
        return row;
    }
}
