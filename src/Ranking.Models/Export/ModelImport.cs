using System.Text;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Checkpoints;
using Ranking.Models.Tables;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Export;

/// <summary>A model from safetensors files as <see cref="ModelExport"/> writes them, whoever wrote these.</summary>
public static class ModelImport
{
    /// <summary>Reads weights and tables. Adagrad's sums begin at zero, so the model can be trained further.</summary>
    /// <param name="folder">Of the files.</param>
    /// <param name="layout">Of the spec that they must fit.</param>
    /// <param name="spec">Its model's settings.</param>
    /// <param name="seed">Of rows that training will add.</param>
    /// <param name="seenMs">Event time at which the ids count as seen, for TTL.</param>
    /// <exception cref="InvalidDataException">Something does not fit; the message names file, tensor, what was found and what was expected.</exception>
    /// <exception cref="ArgumentException">Settings that no model can have.</exception>
    public static RankingModel Read(string folder, FeatureLayout layout, ModelSpec spec, ulong seed, long seenMs)
    {
        RankingModel model = new(layout, spec, seed);
        try
        {
            using (DisposeScope scope = NewDisposeScope()) model.TakeWeights(Path.Combine(folder, ModelExport.WeightsFile), Tensors(folder, ModelExport.WeightsFile));
            foreach (IdTable table in model.Tables.Values) Fill(table, folder, seenMs);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    static Dictionary<string, Tensor> Tensors(string folder, string file)
    {
        string path = Path.Combine(folder, file);
        return File.Exists(path) ? Safetensors.Read(path).Tensors : throw new InvalidDataException($"{path} is missing");
    }

    static void Fill(IdTable table, string folder, long seenMs)
    {
        string file = ModelExport.TableFile(table.Name), path = Path.Combine(folder, file);
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, Tensor> tensors = Tensors(folder, file);
        Exception Wrong(string what) => new InvalidDataException($"{path}: {what}");
        byte[] ids = Vector(ModelExport.Ids, ScalarType.Byte).data<byte>().ToArray();
        long[] offsets = Vector(ModelExport.IdOffsets, ScalarType.Int64).data<long>().ToArray();
        if (offsets.Length == 0 || offsets[0] != 0 || offsets[^1] != ids.Length) throw Wrong($"'{ModelExport.IdOffsets}' does not begin at 0 and end at {ids.Length}, the bytes of '{ModelExport.Ids}'");
        int count = offsets.Length - 1, dim = table.Settings.Dim;
        Tensor rows = Named(ModelExport.Rows);
        if (rows.dtype != ScalarType.Float32 || !rows.shape.SequenceEqual([count + 2L, dim]))
            throw Wrong($"'{ModelExport.Rows}': found {rows.dtype} [{string.Join(", ", rows.shape)}], expected Float32 [{count + 2}, {dim}]: a row an id, the shared one and the missing one");
        if (count > table.Settings.MaxRows) throw Wrong($"found {count} ids, more than the {table.Settings.MaxRows} rows that the spec gives table '{table.Name}'");
        if (!rows.isfinite().all().item<bool>()) throw Wrong($"'{ModelExport.Rows}' holds a number that is not finite");
        UTF8Encoding strict = new(false, throwOnInvalidBytes: true);
        for (int i = 0; i < count + 2; i++)
        {
            using Tensor row = rows.select(0, i);
            ReadOnlySpan<float> numbers = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(row.bytes);
            if (i >= count) table.Set(i == count ? IdTable.Shared : IdTable.Missing, numbers);
            else if (!table.TryAdd(IdAt(i), numbers, seenMs)) throw Wrong($"found the id '{IdAt(i)}' twice");
        }

        string IdAt(int i)
        {
            if (offsets[i + 1] - offsets[i] is not (> 0 and <= IdBytes.Most) || offsets[i + 1] > ids.Length) throw Wrong($"found an id of {offsets[i + 1] - offsets[i]} bytes, expected 1 to {IdBytes.Most}");
            try { return strict.GetString(ids, (int)offsets[i], (int)(offsets[i + 1] - offsets[i])); }
            catch (DecoderFallbackException e) { throw Wrong($"id {i} is not UTF-8: {e.Message}"); }
        }

        Tensor Named(string name) => tensors.GetValueOrDefault(name) ?? throw Wrong($"tensor '{name}' is missing");

        Tensor Vector(string name, ScalarType type) => Named(name) is { } found && found.dtype == type && found.dim() == 1 ? found
            : throw Wrong($"'{name}': found {Named(name).dtype} [{string.Join(", ", Named(name).shape)}], expected {type} of one dimension");
    }
}
