using System.Globalization;
using System.Text;
using Ranking.Features.Errors;

namespace Ranking.Store.Vectors;

/// <summary>Reads the words of a filter and says where it stumbles.</summary>
sealed class FilterReader(string text)
{
    /// <summary>Numbers beyond this are refused: servers print and parse them differently.</summary>
    const double Largest = 1e15;

    int _at;

    public RankingException Error(string found, string expected) =>
        new(ErrorCodes.FilterInvalid, string.Create(CultureInfo.InvariantCulture, $"filter, character {_at + 1}: found {found}, expected {expected}"));

    public string Field()
    {
        Space();
        int start = _at;
        while (_at < text.Length && (char.IsLetterOrDigit(text[_at]) || text[_at] is '_' or '-' or '.')) _at++;
        if (_at == start) throw Error(Here(), "the name of a field");
        return text[start.._at];
    }

    public string Operator()
    {
        Space();
        foreach (string op in new[] { "==", "!=", "<=", ">=", "<", ">" })
            if (text.AsSpan(_at).StartsWith(op))
            {
                _at += op.Length;
                return op;
            }
        if (TryWord("in")) return "in";
        int before = _at;
        if (TryWord("not") && TryWord("in")) return "not in";
        _at = before;
        throw Error(Here(), "==, !=, <, <=, >, >=, in or not in");
    }

    public bool TryWord(string word)
    {
        Space();
        int end = _at + word.Length;
        if (!text.AsSpan(_at).StartsWith(word) || (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] == '_'))) return false;
        _at = end;
        return true;
    }

    public object Value()
    {
        Space();
        if (TryWord("true")) return true;
        if (TryWord("false")) return false;
        if (_at < text.Length && text[_at] is '"' or '\'') return Text(text[_at]);
        return Number("a text in quotes, a number, true or false");
    }

    public IReadOnlyList<object> List(int most)
    {
        Take('[', "a list such as [\"a\", \"b\"]");
        List<object> values = [];
        do
        {
            if (values.Count == most) throw Error($"more than {most} elements", "fewer");
            values.Add(Value());
            Space();
        }
        while (_at < text.Length && text[_at] == ',' && ++_at > 0);
        Take(']', "',' or ']'");
        return values;
    }

    public double Number(string expected = "a number")
    {
        Space();
        int start = _at;
        while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] is '+' or '-' or '.')) _at++;
        if (double.TryParse(text.AsSpan(start, _at - start), NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            && Math.Abs(number) <= Largest)
            return number;
        string found = _at == start ? Here() : $"'{text[start.._at]}'";
        _at = start;
        throw Error(found, expected + (double.IsNaN(number) || Math.Abs(number) > Largest ? " of at most 15 digits before the point" : ""));
    }

    public void ExpectEnd()
    {
        Space();
        if (_at < text.Length) throw Error(Here(), "'and' or the end");
    }

    string Text(char quote)
    {
        StringBuilder value = new();
        int start = _at++;
        for (; _at < text.Length && text[_at] != quote; _at++)
        {
            if (text[_at] == '\\' && ++_at == text.Length) break;
            value.Append(text[_at]);
        }
        if (_at >= text.Length)
        {
            _at = start;
            throw Error("a text without end", $"{quote} at its end");
        }
        _at++;
        return value.ToString();
    }

    void Take(char c, string expected)
    {
        Space();
        if (_at >= text.Length || text[_at] != c) throw Error(Here(), expected);
        _at++;
    }

    string Here() => _at >= text.Length ? "the end" : $"'{text[_at]}'";

    void Space()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at])) _at++;
    }
}
