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
    /// <summary>ε inside the root of RMSNorm.</summary>
    public float NormEpsilon { get; init; } = 1e-6f;

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

    /// <summary>
    /// Whether stream <paramref name="norm"/> (2l is X_l, 2l + 1 is Y_l) gets the previous such stream added: those after every
    /// <see cref="ResidualGap"/> blocks, after the first block's input and before the last block's output.
    /// </summary>
    public bool IsResidualPoint(int norm) => norm > 0 && norm % 2 == 0 && norm / 2 % ResidualGap == 0 && norm / 2 < Layers;

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
