using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MessagePack;
using Ranking.Client.Formats;

namespace Ranking.Client;

/// <summary>Calls a ranking server. Thread-safe; make one and keep it.</summary>
public sealed class RankingClient : IDisposable
{
    const string Json = "application/json";
    readonly HttpClient http;
    readonly RankingClientOptions options;

    /// <summary>A client of the server at <paramref name="address"/>, with a connection pool of its own.</summary>
    public RankingClient(Uri address, RankingClientOptions? options = null)
        : this(new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(2) }) { BaseAddress = address }, options) { }

    /// <summary>A client over <paramref name="http"/>, whose base address is the server's; the client disposes it.</summary>
    public RankingClient(HttpClient http, RankingClientOptions? options = null)
    {
        this.http = http;
        this.options = options ?? new();
        http.Timeout = Timeout.InfiniteTimeSpan; // the options' timeout covers retries too
    }

    /// <summary>Ranks candidates for a user. A request without an id gets one, so that a retry is the same request.</summary>
    /// <exception cref="RankingClientException">The server refused, failed, or gave no answer in time.</exception>
    public Task<RankAnswer> RankAsync(RankRequest request, CancellationToken cancel = default)
    {
        if (request.RequestId is null) request = request with { RequestId = Guid.CreateVersion7().ToString("N") };
        return PostAsync("v1/rank", request, RankingJson.Default.RankRequest, RankingJson.Default.RankAnswer, cancel);
    }

    /// <summary>Finds the nearest documents.</summary>
    /// <exception cref="RankingClientException">The server refused, failed, or gave no answer in time.</exception>
    public Task<SimilarAnswer> SimilarAsync(SimilarRequest request, CancellationToken cancel = default) =>
        PostAsync("v1/similar", request, RankingJson.Default.SimilarRequest, RankingJson.Default.SimilarAnswer, cancel);

    /// <summary>The model versions that the server holds.</summary>
    /// <exception cref="RankingClientException">The server failed, or gave no answer in time.</exception>
    public Task<ModelsAnswer> ModelsAsync(CancellationToken cancel = default) =>
        SendAsync(() => new(HttpMethod.Get, "v1/models"), RankingJson.Default.ModelsAnswer, cancel);

    /// <summary>Whether the server has a model loaded and warm; null if so, else why not.</summary>
    public async Task<Problem?> NotReadyAsync(CancellationToken cancel = default)
    {
        try
        {
            using HttpResponseMessage answer = await http.GetAsync(new Uri("readyz", UriKind.Relative), cancel).ConfigureAwait(false);
            return answer.IsSuccessStatusCode ? null : await ProblemOfAsync(answer, cancel).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            return new() { Title = "unreachable", Detail = e.Message };
        }
    }

    Task<TAnswer> PostAsync<TRequest, TAnswer>(string path, TRequest request, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TAnswer> answerType, CancellationToken cancel)
    {
        byte[] body = options.MessagePack
            ? MessagePackSerializer.Serialize(request, RankingMessagePack.Options, cancel)
            : JsonSerializer.SerializeToUtf8Bytes(request, requestType);
        string mediaType = options.MessagePack ? RankingMessagePack.MediaType : Json;
        return SendAsync(
            () => new(HttpMethod.Post, path)
            {
                Content = new ByteArrayContent(body) { Headers = { ContentType = new(mediaType) } },
                Headers = { Accept = { new MediaTypeWithQualityHeaderValue(mediaType) } },
            },
            answerType,
            cancel);
    }

    async Task<TAnswer> SendAsync<TAnswer>(Func<HttpRequestMessage> make, JsonTypeInfo<TAnswer> answerType, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(options.Timeout);
        TimeSpan delay = options.RetryDelay;
        try
        {
            for (int attempt = 0; ; attempt++)
            {
                RankingClientException failure;
                TimeSpan pause = delay * (0.5 + Random.Shared.NextDouble() / 2);
                try
                {
                    using HttpRequestMessage request = make();
                    using HttpResponseMessage answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token).ConfigureAwait(false);
                    if (answer.IsSuccessStatusCode) return await ReadAsync(answer, answerType, timeout.Token).ConfigureAwait(false);
                    failure = new(await ProblemOfAsync(answer, timeout.Token).ConfigureAwait(false));
                    if (answer.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)) throw failure;
                    if (answer.Headers.RetryAfter?.Delta is { } asked && asked > pause) pause = asked;
                }
                catch (HttpRequestException e)
                {
                    failure = new($"no answer from {http.BaseAddress}: {e.Message}", e);
                }
                if (attempt >= options.Retries || Stopwatch.GetElapsedTime(start) + pause >= options.Timeout) throw failure;
                await Task.Delay(pause, timeout.Token).ConfigureAwait(false);
                delay *= 2;
            }
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new RankingClientException($"no answer from {http.BaseAddress} within {options.Timeout.TotalMilliseconds:0} ms", e);
        }
    }

    static async Task<TAnswer> ReadAsync<TAnswer>(HttpResponseMessage answer, JsonTypeInfo<TAnswer> type, CancellationToken cancel)
    {
        using Stream body = await answer.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        try
        {
            return answer.Content.Headers.ContentType?.MediaType == RankingMessagePack.MediaType
                ? await MessagePackSerializer.DeserializeAsync<TAnswer>(body, RankingMessagePack.Options, cancel).ConfigureAwait(false)
                : await JsonSerializer.DeserializeAsync(body, type, cancel).ConfigureAwait(false) ?? throw new RankingClientException("the server's answer is null");
        }
        catch (Exception e) when (e is JsonException or MessagePackSerializationException)
        {
            throw new RankingClientException($"the server's answer is not a {typeof(TAnswer).Name}: {e.Message}", e);
        }
    }

    static async Task<Problem> ProblemOfAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        try
        {
            using Stream body = await answer.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
            if (await JsonSerializer.DeserializeAsync(body, RankingJson.Default.Problem, cancel).ConfigureAwait(false) is { } problem)
                return problem.Status == 0 ? problem with { Status = (int)answer.StatusCode } : problem;
        }
        catch (JsonException)
        {
            // A proxy in between answers in its own words; its status is what is known.
        }
        return new() { Status = (int)answer.StatusCode, Title = answer.ReasonPhrase, Detail = $"{(int)answer.StatusCode} {answer.ReasonPhrase} without problem details" };
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => http.Dispose();
}
