namespace Ranking.Training.Tuning;

/// <summary>The ranges that a search draws from where the user gives none.</summary>
public static class SearchSpaces
{
    static readonly string[] Everywhere =
    [
        "training.dense_rate=1e-3..3e-2:log", "training.sparse_rate=1e-2..5e-1:log", "training.embedding_decay=1e-6..1e-2:log",
        "training.batch=256,512,1024,2048", "tables.default.dimension=8,16,32",
    ];

    static readonly string[] Mixers =
    [
        "model.d=32,64,128", "model.h=4,8", "model.l=1..3", "model.n=0.5,1,2", "model.dropout=0.0..0.4", "model.tokenizer_init=0.1,0.25,0.5,1", "model.down_init=0.01,0.1,1",
    ];

    static readonly string[] Trees = ["model.rounds=50..400", "model.leaves=15,31,63,127", "model.shrinkage=2e-2..2e-1:log"];

    /// <summary>The ranges of a kind of model.</summary>
    public static IReadOnlyList<SearchRange> For(string kind) => kind switch
    {
        "tokenmixer-large" or "rankmixer" => [.. Everywhere.Concat(Mixers).Select(SearchRange.Parse)],
        "lightgbm" or "lightgbm-rank" => [.. Trees.Select(SearchRange.Parse)],
        "lr" or "fm" => [.. Everywhere.Select(SearchRange.Parse)],
        _ => [.. Everywhere.Append("model.dropout=0.0..0.4").Select(SearchRange.Parse), new SearchRange("model.hidden", ["[128]", "[256, 128]", "[400, 400]", "[512, 256, 128]"])],
    };
}
