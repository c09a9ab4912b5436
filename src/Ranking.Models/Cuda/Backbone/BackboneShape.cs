namespace Ranking.Models.Cuda;

/// <summary>
/// Size of a TokenMixer-Large backbone (reading C) as the kernels need it. Symbols as in the paper: T tokens, D width, H mixed
/// tokens, n hidden expansion, L blocks; sparse per-token MoE with E experts of which k are active (one of them shared).
/// </summary>
public sealed record BackboneShape
{
    /// <summary>T, the global token included; 1 to 64.</summary>
    public required int Tokens { get; init; }
    /// <summary>D; a multiple of 8.</summary>
    public required int Width { get; init; }
    /// <summary>H; divides D, with D / H a multiple of 8.</summary>
    public required int Mixed { get; init; }
    /// <summary>n; n * D and n * T * D / H must be multiples of 8 (of 8 E where sparse).</summary>
    public int Hidden { get; init; } = 2;
    /// <summary>L.</summary>
    public required int Layers { get; init; }
    /// <summary>Samples a step.</summary>
    public required int Batch { get; init; }
    /// <summary>E, the shared one included; 1 is the dense model. At most 9.</summary>
    public int Experts { get; init; } = 1;
    /// <summary>k, the shared one included.</summary>
    public int Active { get; init; } = 1;
    /// <summary>Gate scale; null is E / k.</summary>
    public double? Alpha { get; init; }
    /// <summary>A lower block's output is added every so many blocks, never into the last.</summary>
    public int ResidualGap { get; init; } = 2;

    /// <summary>Rows of a group are padded to this many, so that one tile of a product has one group.</summary>
    public const int RowPadding = 256;
    /// <summary>Batch rounded up to whole tiles.</summary>
    public int BatchPadded => Pad(Batch);
    /// <summary>Routed experts a row, k - 1.</summary>
    public int Slots => Active - 1;
    /// <summary>Routed experts, E - 1.</summary>
    public int Routed => Experts - 1;
    /// <summary>Gate scale in force.</summary>
    public float GateScale => (float)(Alpha ?? (double)Experts / Active);
    /// <summary>The feed-forward on mixed tokens: H groups of width T * D / H.</summary>
    public FeedForwardShape Mixing => new(this, Mixed, Tokens * Width / Mixed);
    /// <summary>The feed-forward on tokens: T groups of width D.</summary>
    public FeedForwardShape PerToken => new(this, Tokens, Width);
    /// <summary>Parameters of all per-token matrices, routers not counted.</summary>
    public long MatrixParameters => Layers * (Mixing.Parameters + PerToken.Parameters);

    internal static int Pad(int rows) => (rows + RowPadding - 1) / RowPadding * RowPadding;

    /// <summary>Says what no kernel can run, by setting, value and what was expected.</summary>
    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public BackboneShape Validate()
    {
        static void Require(bool holds, string setting, object value, string expected)
        {
            if (!holds) throw new ArgumentException($"{setting} is {value}; expected {expected}");
        }
        Require(Tokens is >= 1 and <= 64, "tokens", Tokens, "1 to 64");
        Require(Width >= 8 && Width % 8 == 0 && Width <= 2048, "width", Width, "a multiple of 8 up to 2048");
        Require(Mixed >= 1 && Width % Mixed == 0 && Width / Mixed % 8 == 0, "mixed tokens", Mixed, $"a divisor of width {Width} with width / mixed a multiple of 8");
        Require(Layers is >= 1 and <= 64, "layers", Layers, "1 to 64");
        Require(Batch is >= 1 and <= 1 << 20, "batch", Batch, "1 to 1048576");
        Require(ResidualGap >= 1, "residual gap", ResidualGap, "1 or more");
        Require(Experts is >= 1 and <= 9, "experts", Experts, "1 to 9");
        Require(Experts == 1 ? Active == 1 : Active >= 2 && Active <= Experts, "active experts", Active, Experts == 1 ? "1 in a dense model" : $"2 to {Experts}");
        Require(Hidden >= 1, "hidden expansion", Hidden, "1 or more");
        foreach (FeedForwardShape f in (FeedForwardShape[])[Mixing, PerToken])
        {
            Require(f.Width * (long)Hidden % (8 * Experts) == 0, "hidden width", f.Width * (long)Hidden, $"a multiple of 8 * experts = {8 * Experts}");
            Require(f.Rows < int.MaxValue, "rows of a feed-forward", f.Rows, "below 2^31; use a smaller batch");
            Require((long)Routed * f.Width * 4 <= 200 * 1024, "router of one group", (long)Routed * f.Width, "at most 51200 weights (shared memory)");
        }
        return this;
    }
}

/// <summary>One per-token feed-forward: groups (tokens or mixed tokens) with their own weights.</summary>
public sealed record FeedForwardShape(BackboneShape Model, int Groups, int Width)
{
    /// <summary>Hidden units of one expert (of the whole, where dense).</summary>
    public int ExpertHidden => Width * Model.Hidden / Model.Experts;
    /// <summary>Weight sets.</summary>
    public int WeightGroups => Groups * Model.Experts;
    /// <summary>Weights of one feed-forward.</summary>
    public long Parameters => UpGateParameters + DownParameters;
    /// <summary>Wup beside Wgate, [group][expert][width][2 * hidden], the shared expert last.</summary>
    public long UpGateParameters => (long)WeightGroups * Width * 2 * ExpertHidden;
    /// <summary>Wdown, [group][expert][hidden][width].</summary>
    public long DownParameters => (long)WeightGroups * ExpertHidden * Width;
    /// <summary>Routed rows that a group may need: every expert's rows padded to whole tiles.</summary>
    public int Capacity => Model.Experts == 1 ? 0 : BackboneShape.Pad(Model.Slots * Model.Batch + Model.Routed * (BackboneShape.RowPadding - 1));
    /// <summary>First shared row: routed rows of all groups lie before.</summary>
    public long SharedRow => (long)Groups * Capacity;
    /// <summary>Rows in all.</summary>
    public long Rows => SharedRow + (long)Groups * Model.BatchPadded;
    /// <summary>Tiles of 256 rows.</summary>
    public int Tiles => (int)(Rows / BackboneShape.RowPadding);
    /// <summary>Tiles of 128 hidden units, in which up and gate products are kept.</summary>
    public int HiddenTiles => (ExpertHidden + 127) / 128;
    /// <summary>Bytes of the kept up and gate products.</summary>
    public long KeptBytes => Rows / 128 * HiddenTiles * 65536;
    /// <summary>Router weights, [group][routed expert][width].</summary>
    public long RouterParameters => (long)Groups * Model.Routed * Width;

    /// <summary>Weight group of each tile; routed tiles start as -1 and are set by the routing of each step.</summary>
    public int[] TileGroups()
    {
        int[] groups = new int[Tiles];
        int routed = (int)(SharedRow / BackboneShape.RowPadding), each = Model.BatchPadded / BackboneShape.RowPadding;
        Array.Fill(groups, -1, 0, routed);
        for (int g = 0; g < Groups; g++) Array.Fill(groups, g * Model.Experts + Model.Experts - 1, routed + g * each, each);
        return groups;
    }

    /// <summary>Row ranges of the weight gradients, four integers each: first row, rows (padded), weight group, rows. Shared experts come first, being the longest.</summary>
    public int[] Ranges()
    {
        int[] ranges = new int[WeightGroups * 4];
        for (int g = 0; g < Groups; g++)
        {
            ranges[4 * g] = (int)SharedRow + g * Model.BatchPadded;
            ranges[4 * g + 1] = Model.BatchPadded;
            ranges[4 * g + 2] = g * Model.Experts + Model.Experts - 1;
            ranges[4 * g + 3] = Model.Batch;
        }
        return ranges;
    }
}
