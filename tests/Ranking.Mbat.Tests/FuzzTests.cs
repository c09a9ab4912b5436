using System.Text;
using System.Text.Json;
using CsCheck;

namespace Ranking.Mbat.Tests;

/// <summary>10⁵ broken and odd inputs: a vector exactly where System.Text.Json finds a document, an error with a place elsewhere.</summary>
public class FuzzTests
{
    private static readonly Gen<byte[]> Inputs = Gen.OneOf(
        Gen.Byte.Array[0, 40],
        Gen.OneOf("{", "}", "[", "]", ":", ",", "\"", "\\", "\\u", "d800", "1", "-", "e", ".", "0", "true", "null", " ", "\n", "\"a\"", "é", "\u0001").Array[0, 30]
            .Select(parts => Encoding.UTF8.GetBytes(string.Concat(parts))),
        Gen.Select(Documents.Json(), Gen.Int[0, 1000], Gen.Byte, (json, at, change) =>
        {
            byte[] bytes = Encoding.UTF8.GetBytes(json);
            bytes[at % bytes.Length] = change;
            return bytes;
        }),
        Gen.Select(Documents.Json(), Gen.Int[0, 1000], (json, at) =>
        {
            byte[] bytes = Encoding.UTF8.GetBytes(json);
            return bytes[..(at % bytes.Length)];
        }));

    [Theory]
    [InlineData(KeyKind.Permutation, Normalization.Unit, 60_000)]
    [InlineData(KeyKind.Permutation, Normalization.Raw, 30_000)]
    [InlineData(KeyKind.Butterfly, Normalization.Unit, 10_000)]
    public void Nothing_but_a_vector_or_an_error_with_a_place(KeyKind keys, Normalization normalization, int inputs)
    {
        MbatEncoder encoder = new(new MbatSettings { Dimension = 48, Keys = keys, Normalization = normalization, CharacterNGrams = 2, NumbersInStrings = true, DatesInStrings = true });
        Inputs.Sample(json =>
        {
            float[] vector = new float[48];
            bool accepted = true;
            try
            {
                encoder.Encode(json, vector);
                Assert.All(vector, x => Assert.True(float.IsFinite(x)));
            }
            catch (MbatFormatException error)
            {
                Assert.True(error.Line >= 1 && error.Column >= 1 && error.Column <= json.Length + 1);
                accepted = false;
            }
            Assert.Equal(IsJson(json), accepted);
        }, iter: inputs);
    }

    private static bool IsJson(byte[] json)
    {
        try
        {
            // The parser leaves bytes in strings unchecked, the encoder does not.
            if (!System.Text.Unicode.Utf8.IsValid(json))
                return false;
            using JsonDocument document = JsonDocument.Parse(json);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
