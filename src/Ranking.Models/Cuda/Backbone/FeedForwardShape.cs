namespace Ranking.Models.Cuda;

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
    /// <summary>Tiles of 128 hidden units, in which gate products are kept.</summary>
    public int HiddenTiles => (ExpertHidden + 127) / 128;
    /// <summary>Bytes of the kept gate products.</summary>
    public long GateBytes => Rows / 128 * HiddenTiles * 32768;
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
