using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Ranking.Features.Errors;
using Ranking.Features.Spec.Checking;
using Ranking.Features.Spec.Reading;

namespace Ranking.Features.Spec;

/// <summary>Reads and checks a spec. Everything that is wrong with it is reported at once.</summary>
public static class SpecReader
{
    /// <summary>Name of the file in a spec's folder.</summary>
    public const string FileName = "spec.yaml";

    const int MostBytes = 1 << 20;

    /// <summary>Reads <c>spec.yaml</c> in a folder; the SQL files that it names must lie there too.</summary>
    /// <param name="folder">The spec's folder.</param>
    /// <param name="overrides">Paths such as <c>model.d</c> and values, as text, that replace what the file says.</param>
    /// <exception cref="SpecException">The file is missing or has mistakes.</exception>
    public static RankingSpec Read(string folder, IEnumerable<(string Path, string Value)>? overrides = null)
    {
        string file = Path.Combine(folder, FileName);
        byte[] bytes;
        try
        {
            long length = new FileInfo(file).Length;
            if (length > MostBytes) throw OneError(file, $"{length} bytes", $"a spec of at most {MostBytes}");
            bytes = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw e is FileNotFoundException or DirectoryNotFoundException
                ? OneError(file, "no such file", "a readable spec", ErrorCodes.SpecNotFound)
                : OneError(file, e.Message, "a readable spec");
        }
        return Parse(bytes, file, folder, overrides);
    }

    /// <summary>Reads a spec from UTF-8 text.</summary>
    /// <param name="utf8">The text of the spec.</param>
    /// <param name="file">Its name in errors.</param>
    /// <param name="folder">Where its SQL files must lie; null if it needs none, as in a model version.</param>
    /// <param name="overrides">Paths and values that replace what the text says.</param>
    /// <exception cref="SpecException">The text has mistakes.</exception>
    public static RankingSpec Parse(ReadOnlySpan<byte> utf8, string file = FileName, string? folder = null, IEnumerable<(string Path, string Value)>? overrides = null)
    {
        var errors = new SpecErrors();
        SpecNode? tree = Decode(utf8, file, errors) is { } text ? YamlTree.Read(text, file, errors) : null;
        if (tree is not null and not MapNode) errors.Add(tree.Place, tree.Description, "a map");
        if (tree is not MapNode root)
        {
            errors.ThrowIfAny();
            throw new InvalidOperationException("A spec without a tree has an error.");
        }
        foreach ((string path, string value) in overrides ?? []) SpecOverrides.Apply(root, path, value, errors);
        RankingSpec spec = new SpecBinder(errors).BindRoot(root);
        new SpecChecks(spec, root, errors).Run(folder);
        errors.ThrowIfAny();
        return spec;
    }

    static string? Decode(ReadOnlySpan<byte> utf8, string file, SpecErrors errors)
    {
        if (utf8.StartsWith(Encoding.UTF8.Preamble)) utf8 = utf8[3..];
        char[] text = new char[utf8.Length];
        if (Utf8.ToUtf16(utf8, text, out int read, out int written, replaceInvalidSequences: false) == OperationStatus.Done) return new(text, 0, written);
        ReadOnlySpan<char> before = text.AsSpan(0, written);
        errors.Add(new(file, before.Count('\n') + 1, written - before.LastIndexOf('\n')), $"the byte 0x{utf8[read]:x2}", "text in UTF-8");
        return null;
    }

    static SpecException OneError(string file, string found, string expected, ErrorCode? code = null) =>
        new(code ?? ErrorCodes.SpecInvalid, [new(file, 1, 1, found, expected)]);
}
