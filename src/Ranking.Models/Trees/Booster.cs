using System.Text;

namespace Ranking.Models.Trees;

/// <summary>Boosted trees of one task.</summary>
sealed unsafe class Booster : IDisposable
{
    readonly nint handle;

    Booster(nint handle) => this.handle = handle;

    /// <summary>Without trees; <see cref="Grow"/> adds them.</summary>
    /// <param name="dataset">What it learns from.</param>
    /// <param name="parameters">LightGBM's, <c>key=value</c> with spaces between.</param>
    public static Booster Over(TreeDataset dataset, string parameters)
    {
        LightGbm.Check(LightGbm.BoosterCreate(dataset.Handle, parameters, out nint handle));
        return new Booster(handle);
    }

    /// <summary>From LightGBM's text format.</summary>
    /// <exception cref="ArgumentException">It is not that.</exception>
    public static Booster Parse(string text)
    {
        LightGbm.Check(LightGbm.BoosterLoad(text, out _, out nint handle));
        return new Booster(handle);
    }

    /// <summary>Numbers of a row that it reads.</summary>
    public int Features
    {
        get
        {
            LightGbm.Check(LightGbm.BoosterFeatures(handle, out int count));
            return count;
        }
    }

    /// <summary>Adds a tree.</summary>
    /// <returns>False: no split gains any more.</returns>
    public bool Grow()
    {
        LightGbm.Check(LightGbm.BoosterUpdate(handle, out int finished));
        return finished == 0;
    }

    /// <summary>Sums of leaves of rows, row-major.</summary>
    public double[] Predict(ReadOnlySpan<float> rows, int width)
    {
        double[] scores = new double[rows.Length / width];
        fixed (float* data = rows)
        fixed (double* to = scores)
            LightGbm.Check(LightGbm.BoosterPredict(handle, data, LightGbm.Float32, scores.Length, width, 1, LightGbm.Raw, 0, -1, "num_threads=1", out _, to));
        return scores;
    }

    /// <summary>LightGBM's text format, of the first rounds alone where a number is given.</summary>
    public string ToText(int rounds = -1)
    {
        byte[] buffer = new byte[1 << 20];
        while (true)
        {
            long length;
            fixed (byte* to = buffer) LightGbm.Check(LightGbm.BoosterSave(handle, 0, rounds, 0, buffer.Length, out length, to));
            if (length <= buffer.Length) return Encoding.UTF8.GetString(buffer, 0, (int)length - 1); // It ends with a zero.
            buffer = new byte[length];
        }
    }

    public void Dispose() => LightGbm.Check(LightGbm.BoosterFree(handle));
}
