using System.Text;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Features.Spec.Writing;
using Ranking.Mbat;

namespace Ranking.Features.Tests.Spec;

public class SpecReaderTests
{
    [Fact]
    public void Everything_that_the_file_says_is_in_the_spec()
    {
        RankingSpec spec = Specs.Parse(Specs.Small);

        Assert.Equal(TimeSpan.FromHours(8), spec.TimeZone);
        Assert.Equal(TimeSpan.FromSeconds(5), spec.Lateness);
        Assert.Equal(["tab", "price", "author", "shown"], spec.Context.Keys);
        Assert.Equal(new ContextFieldSpec(FieldType.Number, ContextScope.Candidate), spec.Context["price"]);
        Assert.Equal(TimeSpan.FromDays(90), spec.Entities["item"].Ttl);
        Assert.Null(spec.Entities["user"].Ttl);
        Assert.Equal(new LabelSpec("order", TimeSpan.FromDays(1), 2), spec.Labels["buy"]);
        Assert.Equal(["click", "order", "hide"], spec.FeedbackKinds);
        Assert.Equal(TimeSpan.FromDays(1), spec.LabelWindow);
        Assert.Equal([new FieldRef("user"), new FieldRef("item"), new FieldRef("context", "tab")], spec.Baseline);
        Assert.Equal(new TableSpec(16, 2, TimeSpan.FromDays(30), 1000), spec.Tables["item"]);
        Assert.Equal(new IdFeatureSpec(new("user"), "nobody"), spec.Features["user_id"]);
        Assert.Equal(new FieldRef("user", "address.city"), ((IdFeatureSpec)spec.Features["city"]).From);
        Assert.Equal(new NumberFeatureSpec(new("context", "price"), Transform.Log1p, 3, 0.5), spec.Features["price"]);
        Assert.Equal([1, 2.5, 1000], ((BucketFeatureSpec)spec.Features["price_bucket"]).Bounds);
        Assert.Equal(new SequenceFeatureSpec("order", new("item"), Pooling: Pooling.Din, Table: "item"), spec.Features["liked"]);
        Assert.Equal(TimePart.HourOfWeek, ((TimeFeatureSpec)spec.Features["hour"]).Part);
        Assert.Equal("0", spec.Features["position"].Serving);
        var rate = (AggregateFeatureSpec)spec.Features["item_ctr"];
        Assert.Equal([TimeSpan.FromHours(1), TimeSpan.FromDays(1), null], rate.Windows.Select(w => w.Length));
        Assert.Equal([AggregatePart.Rate, AggregatePart.LogOver], rate.As);
        Assert.Equal(TimeSpan.FromHours(1), ((AggregateFeatureSpec)spec.Features["cross"]).Bucket);
        Assert.Equal(Side.Item, spec.Groups["item"].Side);
        Assert.Equal(Side.Request, spec.Groups["request"].Side);
        Assert.Equal((32, 4, 2), (spec.Model.D, spec.Model.H, spec.Model.L));
        Assert.Equal([256, 128], spec.Model.Hidden);
        Assert.Equal((256, 0.01, 0.05), (spec.Training.Batch, spec.Training.DenseRate, spec.Training.SparseRate));
    }

    [Fact]
    public void Overrides_replace_and_add_values_and_are_checked_like_them()
    {
        RankingSpec spec = Specs.Parse(Specs.Small, ("model.d", "64"), ("model.hidden", "[8, 4]"), ("training.ema", "0.9"), ("mbat.dimension", "128"));
        Assert.Equal((64, 0.9, 128), (spec.Model.D, spec.Training.Ema, spec.Mbat.Dimension));
        Assert.Equal([8, 4], spec.Model.Hidden);

        Assert.Equal("--set model.d:1:1: found \"wide\", expected a whole number from 1 to 8192",
            Assert.Throws<SpecException>(() => Specs.Parse(Specs.Small, ("model.d", "wide"))).Message);
        Assert.Equal("--set model.h:1:1: found H = 5 with D = 32, expected an H that divides D",
            Assert.Throws<SpecException>(() => Specs.Parse(Specs.Small, ("model.h", "5"))).Message);
        Assert.Equal("--set model.dd:1:1: found the unknown key \"dd\", expected \"d\"",
            Assert.Throws<SpecException>(() => Specs.Parse(Specs.Small, ("model.dd", "5"))).Message);
        Assert.Equal("--set list.0:1:1: found a list at \"list\", expected a map: a list is replaced as a whole",
            Assert.Throws<SpecException>(() => Specs.Parse(Specs.Small, ("list.0", "user"))).Message);
        Assert.Equal("--set model..d:1:1: found the path \"model..d\", expected keys with dots between them, such as model.d",
            Assert.Throws<SpecException>(() => Specs.Parse(Specs.Small, ("model..d", "1"))).Message);
        Assert.Equal("--set model.hidden:1:8: found \"b\", expected a whole number from 1 to 65536",
            Assert.Throws<SpecException>(() => Specs.Parse(Specs.Small, ("model.hidden", "[8, 4, b]"))).Message);
    }

    [Fact]
    public void The_feature_hash_covers_what_decides_examples_and_nothing_else()
    {
        RankingSpec spec = Specs.Parse(Specs.Small);
        string hash = spec.FeatureHash;
        Assert.Matches("^[0-9a-f]{64}$", hash);
        Assert.Equal(hash, Specs.Parse("# a comment\n" + Specs.Small).FeatureHash);
        foreach ((string path, string value) in new[]
        {
            ("model.d", "64"), ("training.seed", "7"), ("name", "other"), ("lateness", "1s"), ("sources.feedback", "f.sql"), ("list", "[user]"),
            ("tables.item.rows", "5"), ("tables.item.ttl", "1d"), ("tables.item.admission", "3"), ("tables.item.dimension", "8"), ("baseline", "[user]"), ("delay", "30000ms"),
            ("mbat", "{ dimension: 128 }"), // its feature has a dimension of its own
        })
            Assert.True(hash == Specs.Parse(Specs.Small, (path, value)).FeatureHash, $"{path} changed the feature hash");
        foreach ((string path, string value) in new[]
        {
            ("delay", "31s"), ("time_zone", "+07:00"), ("context.extra", "{ type: id }"), ("feedback", "[click]"), ("labels.click.window", "11m"),
            ("negatives.keep", "0.4"), ("features.tab.missing", "x"), ("features.item_ctr.strength", "6"),
            ("features.item_ctr.windows", "[1h, 1d]"), ("groups.item.side", "request"), ("groups.more", "{ features: [tab] }"),
            ("mbat", "{ seed: 4 }"),
        })
            Assert.True(hash != Specs.Parse(Specs.Small, (path, value)).FeatureHash, $"{path} did not change the feature hash");
        // Where no feature is a document's vector, how documents become vectors is the search's business alone.
        string plain = Specs.Small.Replace("look: { type: mbat, from: item, dimension: 32 }", "look: { type: id, from: item.look }", StringComparison.Ordinal);
        Assert.Equal(Specs.Parse(plain).FeatureHash, Specs.Parse(plain, ("mbat", "{ seed: 4, normalization: raw }")).FeatureHash);
    }

    [Fact]
    public void The_mbat_section_says_what_the_encoders_own_settings_say()
    {
        Assert.Equal(new MbatSettings().Hash(), new MbatSpec().Settings.Hash());
        MbatSettings given = MbatSettings.FromJson("""
            {"dimension": 512, "seed": 3, "keys": "butterfly", "normalization": "raw", "arrays": "set", "number_identity": 0.5, "character_n_grams": 3,
             "n_gram_share": 0.25, "numbers_in_strings": true, "dates_in_strings": true,
             "paths": [{"path": "id", "weight": 0}, {"path": "tags.*", "arrays": "sequence"}, {"path": "year", "thresholds": [1990, 2000.5]}]}
            """u8);
        RankingSpec spec = Specs.Parse(Specs.Small, ("mbat", """
            { dimension: 512, seed: 3, keys: butterfly, normalization: raw, arrays: set, number_identity: 0.5, character_n_grams: 3,
              n_gram_share: 0.25, numbers_in_strings: true, dates_in_strings: true,
              paths: [{ path: id, weight: 0 }, { path: tags.*, arrays: sequence }, { path: year, thresholds: [1990, 2000.5] }] }
            """));
        Assert.Equal(given.Hash(), spec.Mbat.Settings.Hash());
        Assert.Equal(given.Hash(), SpecReader.Parse(SpecWriter.ToJson(spec)).Mbat.Settings.Hash());
    }

    [Fact]
    public void The_spec_hash_covers_everything_but_layout()
    {
        string hash = Specs.Parse(Specs.Small).SpecHash;
        Assert.Equal(hash, Specs.Parse(Specs.Small + "\n# end").SpecHash);
        Assert.NotEqual(hash, Specs.Parse(Specs.Small, ("training.seed", "2")).SpecHash);
        Assert.NotEqual(hash, Specs.Parse(Specs.Small, ("name", "other")).SpecHash);
    }

    [Fact]
    public void A_folder_needs_the_spec_and_the_files_that_it_names()
    {
        string folder = Directory.CreateTempSubdirectory("ranking-spec-").FullName;
        try
        {
            string file = Path.Combine(folder, "spec.yaml");
            Assert.Equal($"{file}:1:1: found no such file, expected a readable spec", Assert.Throws<SpecException>(() => SpecReader.Read(folder)).Message);
            File.WriteAllText(file, Specs.Small);
            foreach (string sql in new[] { "impressions.sql", "feedback.sql", "items.sql" }) File.WriteAllText(Path.Combine(folder, sql), "SELECT 1");
            Assert.Equal($"{file}:9:38: found no file \"users.sql\", expected an SQL file in the spec's folder",
                Assert.Throws<SpecException>(() => SpecReader.Read(folder)).Message);
            File.WriteAllText(Path.Combine(folder, "users.sql"), "SELECT 1");
            Assert.Equal("small", SpecReader.Read(folder).Name);
            File.WriteAllBytes(file, new byte[2 << 20]);
            Assert.Equal($"{file}:1:1: found 2097152 bytes, expected a spec of at most 1048576", Assert.Throws<SpecException>(() => SpecReader.Read(folder)).Message);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Bytes_that_are_not_text_are_refused_where_they_are()
    {
        byte[] bytes = [.. "version: 1\nname: "u8, 0xc3, 0x28];
        Assert.Equal("spec.yaml:2:7: found the byte 0xc3, expected text in UTF-8", Assert.Throws<SpecException>(() => SpecReader.Parse(bytes)).Message);
        Assert.Equal("small", SpecReader.Parse([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(Specs.Small)]).Name);
    }

    [Fact]
    public void Every_shipped_spec_and_every_kind_of_feature_has_a_plan_and_an_owner()
    {
        foreach (string folder in Directory.GetDirectories(Path.Combine(Repository.Root, "features")))
        {
            var shipped = new FeaturePlan(SpecReader.Read(folder));
            Assert.Equal(shipped.Layout.Columns.Count, shipped.RequestColumns.Length + shipped.Owners.Sum(o => o.Columns.Length));
        }
        RankingSpec spec = Specs.Parse(Specs.Small, ("entities.author", "{}"), ("features.style", "{ type: mbat, from: author }"), ("features.nation", "{ type: id, from: author.nation }"));
        OwnerPlan author = new FeaturePlan(spec).Owner("author")!;
        Assert.Equal(["style", "nation"], author.Columns.Select(c => c.Column.Feature));
        Assert.Equal(spec.Context.IndexOf("author"), author.Field.Context);
    }
}
