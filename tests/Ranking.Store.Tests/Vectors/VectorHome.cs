using Ranking.Mbat;
using Ranking.Store.Vectors;

namespace Ranking.Store.Tests;

/// <summary>A place where vectors lie and can be searched: a vector set of a server, or a file.</summary>
sealed class VectorHome : IAsyncDisposable
{
    readonly TestServer? _server;
    readonly DirectoryInfo? _folder;
    FileVectors? _file;

    VectorHome(TestServer? server, DirectoryInfo? folder) => (_server, _folder) = (server, folder);

    public static TheoryData<string> All => ["garnet", "redis8", "file"];

    public string Path => System.IO.Path.Combine(_folder!.FullName, "vectors.index");

    public static async Task<VectorHome> StartAsync(string which) => which == "file"
        ? new(null, Directory.CreateTempSubdirectory("ranking-vectors-"))
        : new(await TestServer.StartAsync(which), null);

    public async Task<IVectorSearch> FillAsync(int dimension, IReadOnlyList<VectorDocument> documents)
    {
        if (_server is null)
        {
            FileVectors.Build(Path, new MbatSettings { Dimension = dimension }, documents);
            return _file = new FileVectors(Path);
        }
        VectorStore vectors = new(_server.Store, "item", "test", dimension);
        foreach (VectorDocument[] chunk in documents.Chunk(200)) await vectors.PutAsync(chunk);
        return vectors;
    }

    public async ValueTask DisposeAsync()
    {
        _file?.Dispose();
        _folder?.Delete(recursive: true);
        if (_server is not null) await _server.DisposeAsync();
    }
}
