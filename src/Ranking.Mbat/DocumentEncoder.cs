using System.Text.Json;

namespace Ranking.Mbat;

/// <summary>
/// Reads one document after another, by one thread at a time. All buffers are kept, so that a document like earlier ones
/// allocates nothing.
/// </summary>
internal sealed class DocumentEncoder
{
    private readonly EncoderContext _context;
    private readonly Frames _frames;
    private readonly LeafEncoder _leaves;
    private readonly OpenKeys _keys = new();
    private readonly HashSet<int> _replaced = [];
    private byte[] _text = new byte[256];

    /// <param name="context">Settings and what follows from them.</param>
    /// <param name="observer">Takes each leaf's feature in place of its vector, for learning weights.</param>
    public DocumentEncoder(EncoderContext context, Action<ulong>? observer = null)
    {
        _context = context;
        _frames = context.NewFrames();
        _leaves = new LeafEncoder(context, _frames, observer);
    }

    /// <summary>The sum of the last document.</summary>
    public Accumulator Result => _frames.Result;

    /// <exception cref="MbatFormatException">No JSON, or a limit is broken.</exception>
    public void Read(ReadOnlySpan<byte> document)
    {
        document = JsonText.Checked(document);
        _frames.Reset();
        _keys.Clear();
        _replaced.Clear();
        Utf8JsonReader reader = new(document, new JsonReaderOptions { MaxDepth = _context.Settings.MaxDepth });
        Walk walk = new(this, document, 0, first: true);
        try
        {
            reader.Read();
            walk.Value(ref reader, new Place(_context.Rules.Root, 1, 0, Root: true));
            reader.Read();
        }
        catch (JsonException error)
        {
            throw JsonText.From(error, document);
        }
    }

    private ReadOnlySpan<byte> Unescaped(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
            return reader.ValueSpan;
        if (_text.Length < reader.ValueSpan.Length)
            _text = new byte[Math.Max(reader.ValueSpan.Length, 2 * _text.Length)];
        return _text.AsSpan(0, JsonText.Unescape(reader.ValueSpan, _text));
    }

    /// <summary>Where a value stands.</summary>
    /// <param name="Rule">Node of the rules.</param>
    /// <param name="Weight">Weight of the value; negative where it is taken back.</param>
    /// <param name="Path">Hash of the key path without indexes.</param>
    /// <param name="Root">Whether it is the document.</param>
    private readonly record struct Place(int Rule, double Weight, ulong Path, bool Root);

    /// <summary>
    /// One walk over the document, or over a value in it that a later one replaces: then keys need no looking up, since
    /// the values that were replaced within it are known, and each leaf is taken back at most once.
    /// </summary>
    private readonly ref struct Walk(DocumentEncoder encoder, ReadOnlySpan<byte> document, int offset, bool first)
    {
        private readonly DocumentEncoder _encoder = encoder;
        private readonly ReadOnlySpan<byte> _document = document;
        private readonly int _offset = offset;
        private readonly bool _first = first;

        public void Value(ref Utf8JsonReader reader, Place place)
        {
            EncoderContext context = _encoder._context;
            LeafEncoder leaves = _encoder._leaves;
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    Composite(ref reader, place);
                    break;
                case JsonTokenType.String:
                    leaves.Text(_encoder.Unescaped(ref reader), place.Weight, place.Path, place.Root);
                    break;
                case JsonTokenType.Number:
                    NumberScale? scale = place.Rule == PathRules.None ? null : context.Rules[place.Rule].Scale;
                    leaves.Number(reader.ValueSpan, scale, place.Weight, place.Path);
                    break;
                case JsonTokenType.True:
                    leaves.Atom(context.Leaves.True, place.Weight, place.Path);
                    break;
                case JsonTokenType.False:
                    leaves.Atom(context.Leaves.False, place.Weight, place.Path);
                    break;
                default:
                    leaves.Atom(context.Leaves.Null, place.Weight, place.Path);
                    break;
            }
        }

        private void Composite(ref Utf8JsonReader reader, Place place)
        {
            bool apart = _encoder._context.Settings.Normalization == Normalization.Unit && !place.Root;
            if (apart)
                _encoder._frames.OpenNode();
            Place inner = apart ? place with { Weight = 1, Root = false } : place with { Root = false };
            bool any = reader.TokenType == JsonTokenType.StartObject ? Members(ref reader, inner) : Elements(ref reader, inner);
            if (!any)
            {
                LeafHashes atoms = _encoder._context.Leaves;
                _encoder._leaves.Atom(reader.TokenType == JsonTokenType.EndObject ? atoms.EmptyObject : atoms.EmptyArray, inner.Weight, place.Path);
            }
            if (apart)
                _encoder._frames.CloseNode(place.Weight);
        }

        private bool Elements(ref Utf8JsonReader reader, Place place)
        {
            ArrayMode mode = place.Rule == PathRules.None ? _encoder._context.Settings.Arrays : _encoder._context.Rules[place.Rule].Arrays;
            bool any = false;
            _encoder._frames.EnterArray();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                any = true;
                if (mode == ArrayMode.Sequence)
                    _encoder._frames.NextElement();
                Value(ref reader, place);
            }
            _encoder._frames.Leave();
            return any;
        }

        private bool Members(ref Utf8JsonReader reader, Place place)
        {
            PathRules rules = _encoder._context.Rules;
            OpenKeys keys = _encoder._keys;
            int firstKey = keys.Count;
            bool any = false;
            // A reader of a complete document throws rather than ends early.
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                any = true;
                int at = (int)reader.TokenStartIndex;
                ulong key = _encoder._context.Keys.Key(_encoder.Unescaped(ref reader));
                int earlier = _first ? Find(firstKey, key, at) : -1;
                int entry = _first && earlier < 0 ? keys.Add(firstKey, key) : earlier;
                reader.Read();
                int start = _offset + (int)reader.TokenStartIndex;
                int rule = rules.Child(place.Rule, key);
                double weight = place.Weight * (rule == PathRules.None ? 1 : rules[rule].Weight);
                if (weight == 0 || (!_first && _encoder._replaced.Contains(start)))
                {
                    reader.Skip();
                    continue;
                }
                Place child = new(rule, weight, StableHash.Pair(place.Path, key), Root: false);
                if (earlier >= 0)
                    TakeBack(key, keys.Value(earlier), child);
                _encoder._frames.EnterKey(key);
                Value(ref reader, child);
                _encoder._frames.Leave();
                if (_first)
                    keys.Value(entry) = (start, (int)reader.BytesConsumed);
            }
            keys.Close(firstKey);
            return any;
        }

        // The entry of a key that this object already has; -1 if it is new.
        private int Find(int firstKey, ulong key, int at)
        {
            OpenKeys keys = _encoder._keys;
            int entry = keys.Find(firstKey, key);
            MbatSettings settings = _encoder._context.Settings;
            if (entry >= 0 && settings.DuplicateKeys == DuplicateKeys.Error)
                throw JsonText.At(_document, at, "the object has this key twice");
            if (entry < 0 && keys.Count >= settings.MaxKeys)
                throw JsonText.At(_document, at, $"the open objects hold more than {settings.MaxKeys} keys (max_keys)");
            return entry;
        }

        // Under its key by itself, since what a key's matrix gives is rounded for each value.
        private void TakeBack(ulong key, (int Start, int End) value, Place place)
        {
            ReadOnlySpan<byte> text = _document[value.Start..value.End];
            Walk earlier = new(_encoder, text, value.Start, first: false);
            Utf8JsonReader reader = new(text, new JsonReaderOptions { MaxDepth = _encoder._context.Settings.MaxDepth });
            reader.Read();
            _encoder._frames.EnterKey(key);
            earlier.Value(ref reader, place with { Weight = -place.Weight });
            _encoder._frames.Leave();
            _encoder._replaced.Add(value.Start);
        }
    }
}
