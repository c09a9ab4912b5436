using Confluent.Kafka;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Loop;

/// <summary>What is due at a commit, and what follows it.</summary>
sealed partial class MemberSession
{
    void CommitWhatIsDue(bool worked)
    {
        bool rows = tasks.Values.Any(t => t.Task.HasRows), atEnd = !worked && tasks.Values.All(IsAtEnd);
        if (unheard is null)
        {
            silent?.Step(tasks);
            Advance();
        }
        bool pending = tasks.Values.Any(t => t.Changed);
        if (rows && (sinceRows.Elapsed >= FlushRowsEvery || (atEnd && !pending)))
        {
            foreach (HeldTask held in tasks.Values)
            {
                if (!held.Task.HasRows) continue;
                held.Task.FlushRows();
                pending = true;
            }
            sinceRows.Restart();
        }
        if (pending)
        {
            if (unheard is null) pacing.Choose(tasks.Values);
            Commit();
        }
        else if (!rows && atEnd && !caughtUp && committing is null) caughtUp = IsCaughtUp();
        if (sinceDelete.Elapsed >= DeleteEvery) DeleteApplied();
        sinceCommit.Restart();
    }

    bool IsAtEnd(HeldTask held)
    {
        for (int t = 0; t < input.Topics.Count; t++) if (!held.IsAtEnd(t)) return false;
        return true;
    }

    /// <summary>Whether everything up to high watermarks that are asked for now was read: other members' open transactions count as unread.</summary>
    bool IsCaughtUp()
    {
        TopicPartition[] inputs = [.. tasks.Keys.SelectMany(p => input.Topics.Select(t => new TopicPartition(kafka.Topic(t), p)))];
        // What others owe us is not there yet, although nothing of it can be read.
        if (tasks.Values.Any(t => t.Task.AwaitsAnswers)) return false;
        // A member may be given nothing at first, while its client does not know all topics yet; one that still has nothing later is spare.
        if (inputs.Length == 0) return sinceTaken.Elapsed > options.SessionTimeout;
        Dictionary<TopicPartition, long> ends = queries.EndsAsync(inputs).GetAwaiter().GetResult();
        return tasks.Values.All(held => held.Positions.Index().All(at => at.Item >= ends[new(kafka.Topic(input.Topics[at.Index]), held.Partition)]));
    }

    /// <summary>Begins a commit of what was done since the last one began.</summary>
    void Commit()
    {
        FinishCommit();
        output.HandOver();
        output.SendFrames();
        HeldTask[] changed = [.. tasks.Values.Where(t => t.Changed)];
        if (changed.Length == 0 && !writer.IsOpen) return;
        foreach (HeldTask held in changed) held.WriteChanges(change => writer.Write(TopicNames.State, held.Partition, change.Key, change.Value));
        options.Probe?.Invoke("written");
        // Changed or not, every position is there: a transaction without offsets would fence nobody.
        TopicPartitionOffset[] positions = [.. tasks.Values.SelectMany(held => held.Committed.Select((at, t) => new TopicPartitionOffset(kafka.Topic(input.Topics[t]), held.Partition, at)))];
        writer.BeginCommit(positions, consumer.ConsumerGroupMetadata, () =>
        {
            options.Probe?.Invoke("committed");
            foreach (HeldTask held in changed) held.ApplyChanges();
            options.Probe?.Invoke("applied");
        }, stopping);
        committing = (tasks.Values.Sum(t => t.TakeUsed()), output.Written);
    }

    /// <summary>Waits for the commit that is under way, and does what has to follow it.</summary>
    void FinishCommit()
    {
        writer.Finish();
        if (committing is not { } done) return;
        committing = null;
        if (memory.IsOver) memory.Trim();
        pacing.Pause(consumer);
        progress.Committed(done.Used, done.Written);
    }

    /// <summary>Deletes what is applied for good of counts and answers: nobody but their owner reads them.</summary>
    void DeleteApplied()
    {
        sinceDelete.Restart();
        FinishCommit();
        TopicPartitionOffset[] applied = [.. tasks.Values.SelectMany(held => Enumerable.Range(input.Sources, input.Topics.Count - input.Sources)
            .Select(t => new TopicPartitionOffset(kafka.Topic(input.Topics[t]), held.Partition, held.Committed[t])))];
        if (applied.Length == 0) return;
        _ = queries.DeleteBelowAsync(applied).ContinueWith(done => LogTrouble(logger, done.Exception!.GetBaseException().Message), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }
}
