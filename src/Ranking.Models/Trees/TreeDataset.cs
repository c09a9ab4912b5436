namespace Ranking.Models.Trees;

/// <summary>Rows that a <see cref="Booster"/> learns from, cut into bins.</summary>
sealed unsafe class TreeDataset : IDisposable
{
    /// <summary>Over a copy of the rows.</summary>
    /// <param name="rows">How a row is made.</param>
    /// <param name="data">Row-major.</param>
    /// <param name="parameters">LightGBM's.</param>
    public TreeDataset(TreeRows rows, ReadOnlySpan<float> data, string parameters)
    {
        nint handle;
        string all = $"{parameters} categorical_feature={string.Join(',', rows.Categories)}";
        fixed (float* from = data) LightGbm.Check(LightGbm.DatasetCreate(from, LightGbm.Float32, data.Length / rows.Width, rows.Width, 1, all, 0, out handle));
        Handle = handle;
        LightGbm.Check(LightGbm.DatasetSetFeatureNames(handle, rows.Names, rows.Width));
    }

    /// <summary>LightGBM's.</summary>
    public nint Handle { get; }

    /// <summary>Sets labels or weights, one a row.</summary>
    public void Set(string field, ReadOnlySpan<float> values)
    {
        fixed (float* from = values) LightGbm.Check(LightGbm.DatasetSetField(Handle, field, from, values.Length, LightGbm.Float32));
    }

    /// <summary>Sets the lists that are ranked: how many rows, one after another, each has.</summary>
    public void SetLists(ReadOnlySpan<int> lengths)
    {
        fixed (int* from = lengths) LightGbm.Check(LightGbm.DatasetSetField(Handle, "group", from, lengths.Length, LightGbm.Int32));
    }

    public void Dispose() => LightGbm.Check(LightGbm.DatasetFree(Handle));
}
