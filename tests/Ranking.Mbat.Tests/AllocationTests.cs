using System.Text;

namespace Ranking.Mbat.Tests;

public class AllocationTests
{
    [Theory]
    [InlineData(Normalization.Unit)]
    [InlineData(Normalization.Raw)]
    public void A_warm_document_allocates_nothing(Normalization normalization)
    {
        MbatEncoder encoder = new(new MbatSettings { Normalization = normalization });
        byte[] json = Encoding.UTF8.GetBytes("""
            {"title":"The \u0047reat Ärger","year":1925,"x":1,"x":2,"tags":["a","b",{"deep":[1,2,[3,true,null,"",{}]]}],"score":-1.5e-3}
            """);
        float[] vector = new float[encoder.Dimension];
        for (int i = 0; i < 3; i++)
            encoder.Encode(json, vector);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            encoder.Encode(json, vector);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
