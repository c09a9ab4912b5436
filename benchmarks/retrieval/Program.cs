using System.Globalization;
using Ranking.RetrievalStudy;

// dotnet run -c Release --project benchmarks/retrieval -- [DATA [OUT]]
//   DATA  folder of corpora, JSON lines of id, label, doc (default ../shared/data/json)
//   OUT   folder for study-DATE.md and its plots (default benchmarks/retrieval/results)
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
LabelStudy.Run(data, report);
EditDistanceStudy.Run(data, report);
CapacityStudy.Run(report);
DepthStudy.Run(report);
report.Save();
return 0;
