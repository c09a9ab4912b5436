using System.Globalization;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Networks;
using Ranking.Models.Tables;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Checkpoints;

/// <summary>
/// A model of a changed spec that begins with what an older version of other features knows: tables of the same name and width as they
/// are; where kind and groups are the same, every dense tensor of the same shape, and of those that read the input the rows (and
/// columns) of the features that both have. The rest is fresh.
/// </summary>
/// <param name="Tables">The tables that were taken over.</param>
/// <param name="Tensors">The dense tensors that were taken over, whole or by feature.</param>
/// <param name="Fresh">Tables and tensors that start anew.</param>
public sealed record WarmStart(IReadOnlyList<string> Tables, IReadOnlyList<string> Tensors, IReadOnlyList<string> Fresh)
{
    /// <summary>The kinds whose tensors know the input as numbers beside each other; those of the others know it as fields.</summary>
    static readonly string[] ByNumber = ["tokenmixer-large", "dnn", "din"];

    /// <summary>Begins a model.</summary>
    /// <param name="folder">Of the older version.</param>
    /// <param name="oldLayout">The older version's features.</param>
    /// <param name="oldSpec">The older version's model.</param>
    /// <param name="layout">The new features.</param>
    /// <param name="spec">The new model.</param>
    /// <param name="seed">Of what is fresh.</param>
    /// <param name="device">Where the network runs.</param>
    /// <exception cref="InvalidDataException">A file of the older version is damaged.</exception>
    public static (RankingModel Model, WarmStart Taken) Begin(
        string folder, FeatureLayout oldLayout, ModelSpec oldSpec, FeatureLayout layout, ModelSpec spec, ulong seed, Device? device = null)
    {
        List<string> tables = [], tensors = [], fresh = [];
        using RankingModel old = RankingModel.Load(folder, oldLayout, oldSpec);
        RankingModel model = new(layout, spec, seed, device, (name, settings) =>
        {
            bool known = old.Tables.TryGetValue(name, out IdTable? table) && table.Settings.Dim == settings.Dim;
            (known ? tables : fresh).Add(name);
            return known ? IdTable.Load(Path.Combine(folder, RankingModel.TableFile(name)), name, settings, trains: true) : new IdTable(name, settings, seed);
        });
        InputShape before = old.Plan.Shape, now = model.Plan.Shape;
        bool same = oldSpec.Kind == spec.Kind && before.Groups.Select(g => g.Name).SequenceEqual(now.Groups.Select(g => g.Name))
            && (ByNumber.Contains(spec.Kind) || before.Columns.SequenceEqual(now.Columns));
        using DisposeScope scope = NewDisposeScope();
        using IDisposable _ = no_grad();
        foreach (string name in model.Parameters.Names)
            (same && old.Parameters.Names.Contains(name) && Take(name, old, model) ? tensors : fresh).Add(name);
        return (model, new WarmStart(tables, tensors, fresh));
    }

    static bool Take(string name, RankingModel old, RankingModel model)
    {
        Tensor from = old.Parameters[name], to = model.Parameters[name];
        if (from.dim() != to.dim()) return false;
        (long[] From, long[] To)[] axes = new (long[], long[])[from.dim()];
        for (int axis = 0; axis < axes.Length; axis++)
        {
            long size = from.shape[axis], wanted = to.shape[axis];
            InputShape before = old.Plan.Shape, now = model.Plan.Shape;
            if (axis == 0 && GroupOf(name) is { } group) axes[axis] = Shared(before, now, group);
            else if (size == before.Width && wanted == now.Width) axes[axis] = Shared(before, now, null);
            else if (size == wanted) axes[axis] = ([.. Range(size)], [.. Range(size)]);
            else return false;
            from = from.index_select(axis, tensor(axes[axis].From));
        }
        Tensor values = to.detach().cpu().clone();
        Put(values, from, [.. axes.Select(a => tensor(a.To))], 0);
        model.Parameters.Set(name, values);
        return true;
    }

    /// <summary>Overwrites the numbers that lie at the indices of every axis.</summary>
    static void Put(Tensor values, Tensor from, Tensor[] indices, int axis)
    {
        Tensor block = from;
        if (axis < indices.Length - 1)
        {
            block = values.index_select(axis, indices[axis]);
            Put(block, from, indices, axis + 1);
        }
        values.index_copy_(axis, indices[axis], block);
    }

    /// <summary>The group whose numbers a tensor reads, for a token's first layer.</summary>
    static int? GroupOf(string name) => name.StartsWith("token", StringComparison.Ordinal) && name.EndsWith(".weight", StringComparison.Ordinal)
        && int.TryParse(name.AsSpan(5, name.Length - 12), NumberStyles.None, CultureInfo.InvariantCulture, out int group) ? group : null;

    /// <summary>The numbers that both inputs have, within one group or in all of them: the same feature of the same width in the same group.</summary>
    static (long[] From, long[] To) Shared(InputShape before, InputShape now, int? group)
    {
        List<long> from = [], to = [];
        foreach ((int Group, InputSpan Column) column in Columns(now).Where(c => group is null || c.Group == group))
        {
            InputSpan? known = Columns(before).Where(c => c.Group == column.Group && c.Column.Name == column.Column.Name && c.Column.Width == column.Column.Width)
                .Select(c => c.Column).FirstOrDefault();
            if (known is null) continue;
            int start = group is { } own ? before.Groups[own].Offset : 0, newStart = group is { } its ? now.Groups[its].Offset : 0;
            from.AddRange(Range(known.Width).Select(i => known.Offset - start + i));
            to.AddRange(Range(known.Width).Select(i => column.Column.Offset - newStart + i));
        }
        return ([.. from], [.. to]);
    }

    static IEnumerable<(int Group, InputSpan Column)> Columns(InputShape shape) =>
        shape.Columns.Select(c => (shape.Groups.Count(g => g.Offset <= c.Offset) - 1, c));

    static IEnumerable<long> Range(long count) => Enumerable.Range(0, (int)count).Select(i => (long)i);
}
