using static Ranking.Models.Cuda.LaunchPlan;

namespace Ranking.Models.Cuda;

/// <summary>Device addresses of one per-token feed-forward: its weights, what forward keeps for backward, shared scratch.</summary>
sealed record FeedForwardBuffers
{
    public required ulong UpGate { get; init; }
    public required ulong Down { get; init; }
    public required ulong UpGateGrad { get; init; }
    public required ulong UpGateMasters { get; init; }
    public required ulong UpGateStates { get; init; }
    public required ulong DownMasters { get; init; }
    public required ulong DownStates { get; init; }
    public required ulong DownGrad { get; init; }
    public required ulong Router { get; init; }
    public required ulong RouterGrad { get; init; }
    public required ulong Rows { get; init; }
    public required ulong Gate { get; init; }
    public required ulong Activation { get; init; }
    public required ulong Out { get; init; }
    public required ulong HiddenGrad { get; init; }
    public required ulong TileGroups { get; init; }
    public required ulong Ranges { get; init; }
    public required ulong Chosen { get; init; }
    public required ulong Gates { get; init; }
    public required ulong Slots { get; init; }
    public required ulong Source { get; init; }
    public required ulong RowScale { get; init; }
    public required ulong GateGrad { get; init; }
    public required ulong LogitGrad { get; init; }
    public required ulong RouterPartial { get; init; }
}

/// <summary>
/// The launches of one pSwiGLU, dense or sparse: <c>y = Wdown (SiLU(Wgate x) * Wup x)</c> a group, rows of routed experts packed
/// before the shared ones. Paper section 2 and 3; the products are gemm.cu.
/// </summary>
sealed class FeedForward(CudaDevice device, FeedForwardShape shape, FeedForwardBuffers at)
{
    // Box height of the epilogue's stores: rows of one of its warps.
    const int StoreRows = 16, GemmThreads = 384, GemmShared = 1024 + 3 * 49152 + 2 * 32768 + 6 * 2048 + 512, RouterSplits = 8;

    readonly BackboneShape model = shape.Model;

    nint Gemm(int weightGrad, int rowsK, int epilogue) => device.Kernel("gemm.cu", "gemm", GemmShared,
        $"WEIGHT_GRAD={weightGrad}", $"B_ROWS_K={rowsK}", $"EPILOGUE={epilogue}", $"GATES={(epilogue == 2 && model.Experts > 1 ? 1 : 0)}", "CLUSTER=2");

    nint Routing(string kernel, int shared = 0) => device.Kernel("routing.cu", kernel, shared, $"WIDTH={shape.Width}", $"EXPERTS={model.Routed}", $"SLOTS={model.Slots}");

    void Product(LaunchPlan plan, string name, nint function, ReadOnlySpan<TensorMap> maps, GemmArgs args)
    {
        args.Rows = (int)shape.Rows;
        TensorMap last = maps[^1];
        TensorMap At(int i, ReadOnlySpan<TensorMap> m) => i < m.Length ? m[i] : last;
        plan.Launch(name, function, (2 * Pairs(device.Multiprocessors / 2, args), 1, 1), GemmThreads, GemmShared,
            Of(At(0, maps)), Of(At(1, maps)), Of(At(2, maps)), Of(At(3, maps)), Of(args));
    }

    /// <summary>
    /// Pairs of blocks to launch: no more than the rounds over a card's pairs need. 64 units of a group on 66 pairs take as many rounds as on
    /// 64, but spread over two of them, and the group's operands are read twice.
    /// </summary>
    internal static int Pairs(int available, in GemmArgs args)
    {
        int units = args.Entries * Math.Max(1, args.SuperTiles) * args.NTiles, rounds = (units + available - 1) / available;
        return Math.Max(1, (units + rounds - 1) / Math.Max(1, rounds));
    }

    TensorMap RowMap(ulong address, int width, int boxRows, int stride = 0) => TensorMap.Of(address, width, shape.Rows, 1, stride == 0 ? width : stride, boxRows);

    TensorMap WeightMap(ulong address, int rows, int columns, int boxRows, int stride = 0) =>
        TensorMap.Of(address, columns, rows, shape.WeightGroups, stride == 0 ? columns : stride, boxRows);

    GemmArgs ByRows(int n, int k) => new() { Table = at.TileGroups, Entries = shape.Tiles, NTiles = (n + 255) / 256, KSteps = (k + 63) / 64 };

    GemmArgs ByWeights(int m, int n) => new() { Table = at.Ranges, Entries = shape.WeightGroups, SuperTiles = (m + 255) / 256, NTiles = (n + 255) / 256 };

    /// <summary>Normed shared rows are in Rows; leaves outputs (of shared and routed rows) in Out. Gate products are kept if asked.</summary>
    internal void Forward(LaunchPlan plan, bool keep)
    {
        int w = shape.Width, h = shape.ExpertHidden;
        if (model.Experts > 1) Route(plan);
        GemmArgs up = ByRows(0, w) with { NTiles = shape.HiddenTiles, HiddenTiles = shape.HiddenTiles, Gate = keep ? at.Gate : 0, RowScale = Scale };
        TensorMap a = RowMap(at.Rows, w, 128), act = RowMap(at.Activation, h, StoreRows);
        Product(plan, "up-gate", Gemm(0, 1, 1), [a, WeightMap(at.UpGate, w, h, 64, 2 * h), WeightMap(at.UpGate + (ulong)h * 2, w, h, 64, 2 * h), act], up);
        TensorMap b = WeightMap(at.Down, h, w, 64);
        Product(plan, "down", Gemm(0, 1, 0), [RowMap(at.Activation, h, 128), b, b, RowMap(at.Out, w, StoreRows)], ByRows(w, h));
    }

    ulong Scale => model.Experts > 1 ? at.RowScale : 0;

    void Route(LaunchPlan plan)
    {
        RouteArgs args = new()
        {
            Rows = at.Rows,
            Shared = shape.SharedRow,
            Router = at.Router,
            Chosen = at.Chosen,
            Gates = at.Gates,
            Slots = at.Slots,
            Source = at.Source,
            RowScale = at.RowScale,
            TileGroup = at.TileGroups,
            Ranges = at.Ranges,
            Scale = model.GateScale,
            Groups = shape.Groups,
            Batch = model.Batch,
            BatchPadded = model.BatchPadded,
            Capacity = shape.Capacity,
        };
        int shared = model.Routed * shape.Width * 4;
        plan.Launch("route", Routing("route_choose", shared), ((model.Batch + 63) / 64, shape.Groups, 1), 256, shared, Of(args));
        plan.Launch("route", Routing("route_place"), (shape.Groups, 1, 1), 1024, 0, Of(args));
        Gather(plan, at.Rows);
    }

    void Gather(LaunchPlan plan, ulong rows) => plan.Launch("gather", Routing("route_gather"), ((int)((shape.SharedRow + 7) / 8), 1, 1), 256, 0,
        Of(rows), Of(shape.SharedRow), Of(at.Source), Of(at.TileGroups), Of(shape.Capacity), Of(model.BatchPadded), Of((int)shape.SharedRow));

    /// <summary>
    /// <paramref name="outGrad"/> holds the gradient of the output on the shared rows. Writes the weight gradients (with
    /// <paramref name="adagrad"/> given, applies them in the same launch instead and stores none) and leaves the
    /// gradient of the normed rows in Out (routers' share apart: see <see cref="GradBranch"/>).
    /// </summary>
    internal void Backward(LaunchPlan plan, ulong outGrad, (float Rate, float Epsilon)? adagrad = null)
    {
        int w = shape.Width, h = shape.ExpertHidden;
        if (model.Experts > 1) Gather(plan, outGrad);
        TensorMap dy = RowMap(outGrad, w, 128);
        GemmArgs hidden = ByRows(h, w) with
        {
            HiddenTiles = shape.HiddenTiles,
            Hidden = h,
            Gate = at.Gate,
            Activation = at.Activation,
            HiddenGrad = at.HiddenGrad,
            RowScale = Scale,
            GateGrad = model.Experts > 1 ? at.GateGrad : 0,
        };
        TensorMap down = WeightMap(at.Down, h, w, 128);
        Product(plan, "hidden grad", Gemm(0, 0, 2), [dy, down], hidden);
        TensorMap upGate = WeightMap(at.UpGate, w, 2 * h, 128);
        Product(plan, "row grad", Gemm(0, 0, 0), [RowMap(at.HiddenGrad, 2 * h, 128), upGate, upGate, RowMap(at.Out, w, StoreRows)], ByRows(w, 2 * h));
        // The weights' gradients come last: with an optimiser in their epilogue they change the weights that the products above read.
        WeightGrad(plan, "down grad", RowMap(at.Activation, h, 64), RowMap(outGrad, w, 64), at.DownGrad, h, w, adagrad is null ? null : (at.DownMasters, at.DownStates, at.Down), adagrad);
        WeightGrad(plan, "up-gate grad", RowMap(at.Rows, w, 64), RowMap(at.HiddenGrad, 2 * h, 64), at.UpGateGrad, w, 2 * h,
            adagrad is null ? null : (at.UpGateMasters, at.UpGateStates, at.UpGate), adagrad);
        if (model.Experts == 1) return;
        int rows = shape.Groups * model.BatchPadded;
        RouteGradArgs grad = new()
        {
            GateGrad = at.GateGrad,
            Chosen = at.Chosen,
            Gates = at.Gates,
            Slots = at.Slots,
            LogitGrad = at.LogitGrad,
            Tiles = (h + 255) / 256,
            Rows = (int)shape.Rows,
            Count = rows,
            Batch = model.Batch,
            BatchPadded = model.BatchPadded,
            Scale = model.GateScale,
        };
        plan.Launch("route grad", Routing("route_grad"), ((rows + 255) / 256, 1, 1), 256, 0, Of(grad));
        plan.Launch("route grad", Routing("router_grad"), ((w + 63) / 64, shape.Groups, RouterSplits), 256, 0,
            Of(at.Rows), Of(shape.SharedRow), Of(at.LogitGrad), Of(at.RouterPartial), Of(model.Batch), Of(model.BatchPadded));
        plan.Launch("route grad", device.Kernel("dense.cu", "sum_partials", 0), ((int)((shape.RouterParameters + 255) / 256), 1, 1), 256, 0,
            Of(at.RouterPartial), Of(at.RouterGrad), Of(RouterSplits), Of((int)shape.RouterParameters));
    }

    void WeightGrad(
        LaunchPlan plan, string name, TensorMap a, TensorMap b, ulong gradient, int m, int n, (ulong Masters, ulong States, ulong Weights)? target, (float Rate, float Epsilon)? adagrad)
    {
        GemmArgs args = ByWeights(m, n);
        if (target is { } t && adagrad is { } o)
            args = args with { Masters = t.Masters, States = t.States, Weights = t.Weights, M = m, N = n, Rate = o.Rate, Epsilon = o.Epsilon, GradScale = 1 };
        Product(plan, name, Gemm(1, 0, target is null ? 0 : 3), [a, b, b, WeightMap(gradient, m, n, StoreRows)], args);
    }

    /// <summary>Floats of scratch that the routers' gradients need.</summary>
    internal static long RouterPartialFloats(FeedForwardShape shape) => shape.RouterParameters * RouterSplits;

    /// <summary>The output rows, to be added up by the next norm.</summary>
    internal BranchArgs OutBranch => new() { Rows = at.Out, Shared = shape.SharedRow, Slots = model.Experts > 1 ? at.Slots : 0 };

    /// <summary>The gradient rows of the input, to be added up by the norm's gradient, with the routers' share.</summary>
    internal BranchArgs GradBranch => OutBranch with { LogitGrad = model.Experts > 1 ? at.LogitGrad : 0, Chosen = at.Chosen, Router = at.Router };
}
