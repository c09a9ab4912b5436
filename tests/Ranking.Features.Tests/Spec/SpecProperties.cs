using System.Text;
using CsCheck;
using Ranking.Features.Spec;
using Ranking.Features.Spec.Writing;

namespace Ranking.Features.Tests.Spec;

public class SpecProperties
{
    static readonly Gen<TimeSpan> Durations = Gen.OneOf(Gen.Int[1, 3_000].Select(v => TimeSpan.FromMilliseconds(v * 24)), Gen.Int[1, 30].Select(v => TimeSpan.FromDays(v)));
    static readonly Gen<string> Texts = Gen.String[Gen.Char[" ax09_:{}[]#'\"\\,&*!|>%@`~\n\té漢"], 1, 12];

    static readonly Gen<FeatureSpec> Features = Gen.OneOf<FeatureSpec>(
        Gen.Select(Gen.Int[0, 3].Select(i => new FieldRef[] { new("user"), new("item"), new("context", "tab"), new("item", "a.b") }[i]), Texts, (from, missing) => (FeatureSpec)new IdFeatureSpec(from, missing)),
        Gen.Select(Gen.Double[-1e6, 1e6].HashSet[1, 9], Gen.Double[-5, 5], (bounds, missing) => (FeatureSpec)new BucketFeatureSpec(new("context", "price"), [.. bounds.Order()], missing)),
        Gen.Select(Gen.Enum<Transform>(), Gen.Double[-9, 9], Gen.Double[0.1, 9], (t, mean, scale) => (FeatureSpec)new NumberFeatureSpec(new("item", "x"), t, mean, scale)),
        Gen.Select(Gen.Bool.Select(item => item ? new FieldRef("item") : new FieldRef("context", "tab")), Gen.Double[-9, 9], (by, missing) => (FeatureSpec)new NumberFeatureSpec(new("item", "a.b"), Missing: missing, By: by)),
        Gen.Select(Gen.Bool, Gen.Double[-9, 9], (_, serving) => (FeatureSpec)new NumberFeatureSpec(new("context", "position"), TrainingOnly: true, Serving: serving.ToString("R", null))),
        Gen.Select(Gen.Int[1, 99], Gen.Enum<Pooling>(), (length, pooling) => (FeatureSpec)new SequenceFeatureSpec("click", new("item"), length, pooling)),
        Gen.Select(Durations.HashSet[1, 4], Gen.Double[0.01, 0.99], Gen.Double[0.1, 99], Gen.Shuffle(Enum.GetValues<AggregatePart>(), 1, 4), (windows, prior, strength, parts) =>
            (FeatureSpec)new AggregateFeatureSpec([new("item"), new("context", "tab")], "click", [.. windows.Select(w => new WindowSpec(w)), new(null)], As: parts, Prior: prior, Strength: strength)),
        Gen.Enum<TimePart>().Select(p => (FeatureSpec)new TimeFeatureSpec(p)),
        Gen.Double[0, 1e9].Select(m => (FeatureSpec)new SinceFeatureSpec("impression", m)),
        Gen.Int[1, 60].Select(d => (FeatureSpec)new MbatFeatureSpec(new("item"), d * 16)));

    static readonly Gen<RankingSpec> All = Gen.Select(Features.Array[1, 8], Durations, Gen.Int[-14 * 60, 14 * 60], Gen.Double[0.001, 1], Gen.Int[1, 16], Gen.ULong, Gen.Double[0, 100])
        .Select((features, window, minutes, keep, h, seed, rate) => new RankingSpec
        {
            Version = 1,
            Name = "random",
            TimeZone = TimeSpan.FromMinutes(minutes),
            Sources = new("i.sql", "f.sql", new() { ["item"] = "e.sql" }),
            Context = new() { ["tab"] = new(FieldType.Id), ["price"] = new(FieldType.Number, ContextScope.Candidate) },
            Feedback = ["hide"],
            Entities = new() { ["item"] = new(window + TimeSpan.FromSeconds(1)) },
            Labels = new() { ["click"] = new("click", window, keep) },
            Negatives = new(keep),
            Tables = new() { ["default"] = new(h, h, window + TimeSpan.FromSeconds(1), h) },
            Features = new(features.Select((f, i) => KeyValuePair.Create($"f{i}", f))),
            Groups = new() { ["all"] = new([.. features.Select((_, i) => $"f{i}")]) },
            Mbat = new(64, seed),
            Model = new(D: h * 4, H: h, Hidden: [h]),
            Training = new(DenseRate: rate),
        });

    [Fact]
    public void A_written_spec_is_read_back_as_it_was() => All.Sample(spec =>
    {
        byte[] json = SpecWriter.ToJson(spec);
        RankingSpec read = SpecReader.Parse(json);
        Assert.Equal(Encoding.UTF8.GetString(json), Encoding.UTF8.GetString(SpecWriter.ToJson(read)));
        Assert.Equal(spec.FeatureHash, read.FeatureHash);
        Assert.Equal(spec.SpecHash, SpecReader.Parse(SpecWriter.ToJson(spec, indented: true)).SpecHash);
        foreach ((string name, FeatureSpec feature) in spec.Features)
            if (feature is IdFeatureSpec or NumberFeatureSpec or SequenceFeatureSpec or TimeFeatureSpec or SinceFeatureSpec or MbatFeatureSpec)
                Assert.Equal(feature, read.Features[name]);
    }, iter: 500);

    [Fact]
    public void Flipped_bytes_give_a_spec_or_a_list_of_mistakes_never_a_crash()
    {
        byte[] whole = Encoding.UTF8.GetBytes(Specs.Small);
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte).Array[1, 6].Sample(flips =>
        {
            byte[] bytes = [.. whole];
            foreach ((int at, byte value) in flips) bytes[at] = value;
            AssertReadsOrRefuses(bytes);
        }, iter: 3_000);
    }

    [Fact]
    public void Cut_doubled_and_swapped_pieces_never_crash_either()
    {
        byte[] whole = Encoding.UTF8.GetBytes(Specs.Small);
        Gen.Select(Gen.Int[0, whole.Length], Gen.Int[0, whole.Length], Gen.Int[0, whole.Length]).Sample((a, b, c) =>
        {
            AssertReadsOrRefuses(whole[..a]);
            AssertReadsOrRefuses([.. whole[..a], .. whole[Math.Min(b, c)..Math.Max(b, c)], .. whole[a..]]);
        }, iter: 1_000);
        Gen.String[Gen.Char["a:{}[]-?,&*!|>'\"%@#\n\t \\~"], 0, 60].Sample(text => AssertReadsOrRefuses(Encoding.UTF8.GetBytes(text)), iter: 5_000);
    }

    static void AssertReadsOrRefuses(byte[] bytes)
    {
        try
        {
            SpecReader.Parse(bytes);
        }
        catch (SpecException e)
        {
            Assert.NotEmpty(e.Errors);
            Assert.All(e.Errors, error => Assert.True(error.Line >= 1 && error.Column >= 1 && error.Found.Length > 0 && error.Expected.Length > 0));
        }
    }
}
