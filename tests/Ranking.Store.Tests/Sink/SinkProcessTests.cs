using System.Globalization;
using Ranking.Features.Partitioning;
using Ranking.Streams.Contracts;
using Ranking.Streams.Embedded;
using Ranking.Streams.Topics;

namespace Ranking.Store.Tests;

/// <summary>Sinks as processes that are stopped at whatever instruction they are at, continued when others have taken over, and killed.</summary>
public class SinkProcessTests
{
    [Theory]
    [MemberData(nameof(TestServer.All), MemberType = typeof(TestServer))]
    public async Task One_that_was_stopped_while_a_second_worked_and_one_that_was_killed_leave_the_rows_of_the_log(string which)
    {
        using EmbeddedKafka broker = EmbeddedKafka.Start();
        using OwnRedis server = OwnRedis.Start(which);
        Topic topic = new(broker.Settings("t") with { Flow = null });
        await using StoreConnection store = await StoreConnection.ConnectAsync(new() { Address = server.Address, Namespace = "t", CommandTimeout = TimeSpan.FromSeconds(20), ConnectTimeout = TimeSpan.FromSeconds(20) });
        topic.Write(500);
        SinkProcess first = Start();
        try
        {
            await UntilWholeAsync();
            for (int round = 0; round < 4; round++)
            {
                topic.Write(2_000);
                await Task.Delay(topic.Random.Next(200)); // amid its work
                first.Signal("STOP");
                using SinkProcess second = Start();
                topic.Write(500);
                await UntilWholeAsync();
                first.Signal("CONT"); // it holds a batch of the past
                topic.Write(500);
                await UntilWholeAsync();
                topic.Write(1_000);
                await Task.Delay(topic.Random.Next(100));
                first.Signal("KILL");
                first.Dispose();
                first = Start();
            }
            await UntilWholeAsync();
        }
        finally
        {
            first.Dispose();
            topic.Dispose();
        }

        SinkProcess Start() => SinkProcess.Start(topic.Kafka, EmbeddedKafka.Partitions, server.Address);

        Task UntilWholeAsync() => SinkRun.UntilWholeAsync(store, () => topic.Rows, 60);
    }

    /// <summary>The topic <c>rows</c> on a broker, and what it ends with.</summary>
    sealed class Topic : IDisposable
    {
        readonly TopicWriter _writer;
        int _written;

        public Topic(KafkaSettings kafka)
        {
            Kafka = kafka;
            using (Confluent.Kafka.IAdminClient admin = kafka.Admin()) admin.GetMetadata(kafka.Topic(TopicNames.Rows), TimeSpan.FromSeconds(10)); // makes it
            _writer = new(kafka);
        }

        public KafkaSettings Kafka { get; }

        public Random Random { get; } = new(1);

        public Dictionary<(string, string), byte[]> Rows { get; } = [];

        public void Write(int changes)
        {
            for (int i = 0; i < changes; i++)
            {
                (string kind, string id) = (Random.Next(4) == 0 ? "user" : "item", Random.Next(400).ToString(CultureInfo.InvariantCulture));
                byte[]? row = Random.Next(6) == 0 ? null : BitConverter.GetBytes(_written++);
                _writer.Write(TopicNames.Rows, Murmur2.Partition(id, EmbeddedKafka.Partitions), RowMessages.Key(kind, id), row is null ? null : RowMessages.Encode(row));
                if (row is null) Rows.Remove((kind, id));
                else Rows[(kind, id)] = row;
            }
            _writer.Flush();
        }

        public void Dispose() => _writer.Dispose();
    }
}
