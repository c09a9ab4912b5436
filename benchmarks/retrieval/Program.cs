using System.Globalization;
using Ranking.RetrievalStudy;

// dotnet run -c Release --project benchmarks/retrieval -- [DATA [OUT [PART …]]]
//   DATA  folder of corpora, JSON lines of id, label, doc (default ../shared/data/json)
//   OUT   folder for study-DATE.md and its plots (default benchmarks/retrieval/results)
//   PART  labels, film-labels, distance, films, capacity, depth: only these (default all, which takes an hour on two cores)
// For million.sh: million-vectors DATA OUT COUNT writes vectors, million-search OUT COUNT measures our index on them.
if (args is ["million-vectors", var corpora, var into, var vectors])
{
    Directory.CreateDirectory(into);
    MillionVectors.Write(corpora, into, int.Parse(vectors, CultureInfo.InvariantCulture));
    return 0;
}
if (args is ["million-search", var from, var searched])
{
    MillionSearch.Run(from, int.Parse(searched, CultureInfo.InvariantCulture));
    return 0;
}
string data = args.Length > 0 ? args[0] : Path.Combine("..", "shared", "data", "json");
string outFolder = args.Length > 1 ? args[1] : Path.Combine("benchmarks", "retrieval", "results");
if (!Directory.Exists(data))
{
    Console.Error.WriteLine($"{data}: there is no such folder of corpora");
    return 1;
}
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
Directory.CreateDirectory(outFolder);
Report report = new(outFolder);
(string Name, Action Run)[] parts =
[
    ("labels", () => LabelStudy.Run(data, report)), ("film-labels", () => LabelStudy.RunFilms(data, report)), ("distance", () => EditDistanceStudy.Run(data, report)), ("films", () => FilmStudy.Run(data, report)),
    ("capacity", () => CapacityStudy.Run(report)), ("depth", () => DepthStudy.Run(report)),
];
if (args.Skip(2).Except(parts.Select(p => p.Name)).FirstOrDefault() is { } unknown)
{
    Console.Error.WriteLine($"{unknown}: expected {string.Join(", ", parts.Select(p => p.Name))}");
    return 2;
}
foreach ((string name, Action run) in parts) if (args.Length <= 2 || args.Skip(2).Contains(name)) run();
report.Save();
return 0;
