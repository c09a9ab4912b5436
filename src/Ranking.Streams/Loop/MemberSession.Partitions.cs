using Confluent.Kafka;

namespace Ranking.Streams.Loop;

/// <summary>Partitions that are given and taken away, all at once: their restore, and what has to be heard before their tasks begin.</summary>
sealed partial class MemberSession
{
    void Take(List<TopicPartition> given)
    {
        int[] whole = [.. given.GroupBy(g => g.Partition.Value).Where(g => g.Count() == input.Topics.Count).Select(g => g.Key).Order()];
        memberId = consumer.MemberId;
        LogTaken(logger, options.Member, string.Join(", ", whole));
        restore = new(kafka, builder, options, partitions, input.Topics, queries, whole);
        (joined, caughtUp) = (true, false);
        sinceTaken.Restart();
    }

    /// <summary>Commits what was written since the last commit, and gives all partitions up.</summary>
    void Release()
    {
        LogReleased(logger, options.Member);
        restore?.Dispose();
        restore = null;
        Commit();
        FinishCommit();
        foreach (HeldTask held in tasks.Values) held.Dispose();
        tasks.Clear();
        output.Part();
        pacing.Clear();
        unheard = null;
        (joined, caughtUp) = (false, false);
    }

    bool Restore()
    {
        if (consumer.Consume(TimeSpan.Zero) is not null) throw new InvalidOperationException("a message came before its task was restored");
        if (lost || restore is null || !restore.Step(consumer)) return true;
        foreach (HeldTask held in restore.Finish(output, memory)) tasks.Add(held.Partition, held);
        restore.Dispose();
        restore = null;
        unheard = tasks.Count == 0 ? [] : queries.EndsAsync(tasks.Keys.SelectMany(p => input.Topics.Skip(input.Sources).Select(t => new TopicPartition(kafka.Topic(t), p)))).GetAwaiter().GetResult();
        Assign(from: input.Sources);
        return true;
    }

    /// <summary>
    /// Whether the tasks have read what was said to them before they came to this member. Only then can what they say to one another go
    /// the short way: a watermark must not overtake a count that is still in its topic. The sources wait until then.
    /// </summary>
    bool HasHeard()
    {
        if (unheard!.Any(end => tasks[end.Key.Partition.Value].Positions[input.IndexOf(end.Key.Topic)] < end.Value)) return false;
        unheard = null;
        output.BringNear(tasks.Values.Select(held => (held.Partition, held.Task)));
        Assign(from: 0);
        return true;
    }

    /// <summary>Reads topics, from one on, of the tasks held, from where they stand.</summary>
    void Assign(int from) => consumer.Assign(tasks.Values.SelectMany(held => Enumerable.Range(from, input.Topics.Count - from)
        .Select(t => new TopicPartitionOffset(kafka.Topic(input.Topics[t]), held.Partition, held.Positions[t]))));
}
