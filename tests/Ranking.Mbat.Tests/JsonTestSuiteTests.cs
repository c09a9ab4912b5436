namespace Ranking.Mbat.Tests;

/// <summary>All of JSONTestSuite (Nicolas Seriot, MIT): y_ is accepted, n_ is refused with a place, i_ is either.</summary>
public class JsonTestSuiteTests
{
    [Theory]
    [InlineData(Normalization.Unit)]
    [InlineData(Normalization.Raw)]
    public void Accepts_and_refuses_what_it_should(Normalization normalization)
    {
        MbatEncoder encoder = new(new MbatSettings { Normalization = normalization });
        float[] vector = new float[encoder.Dimension];
        List<string> wrong = [];
        int count = 0;
        foreach (string file in Directory.EnumerateFiles(SharedData.Require("json/JSONTestSuite"), "*.json", SearchOption.AllDirectories))
        {
            string name = Path.GetFileName(file);
            if (name[1] != '_' || name[0] is not ('y' or 'n' or 'i'))
                continue;
            count++;
            bool accepted = true;
            try
            {
                encoder.Encode(File.ReadAllBytes(file), vector);
                if (Math.Abs(vector.Sum(x => (double)x * x) - 1) > 1e-5)
                    wrong.Add(name + " has no unit vector");
            }
            catch (MbatFormatException error) when (error.Line >= 1 && error.Column >= 1)
            {
                accepted = false;
            }
            if (name[0] != 'i' && accepted != (name[0] == 'y'))
                wrong.Add(name);
        }
        Assert.Empty(wrong);
        Assert.Equal(318, count);
    }
}
