using Ranking.Features.Errors;
using Ranking.Features.Spec;

namespace Ranking.Training.Tests;

public class LearningRateScheduleTests
{
    [Fact]
    public void Cosine_falls_from_one_to_zero_over_all_passes()
    {
        LearningRateSchedule schedule = LearningRateSchedule.Of(new TrainingSpec(Batch: 10, Epochs: 2, Schedule: "cosine"), 41);
        Assert.Equal(10, schedule.CosineSteps);
        Assert.Equal(1, schedule.Factor(0));
        Assert.Equal(0.5, schedule.Factor(5), 1e-12);
        Assert.Equal(0, schedule.Factor(10), 1e-12);
        Assert.Equal(0, schedule.Factor(11), 1e-12);
        Assert.True(Enumerable.Range(0, 10).All(s => schedule.Factor(s) > schedule.Factor(s + 1)));
    }

    [Fact]
    public void Warm_up_rises_and_never_starts_at_zero()
    {
        LearningRateSchedule schedule = LearningRateSchedule.Of(new TrainingSpec(Warmup: 4), null);
        Assert.Equal([0.2, 0.4, 0.6, 0.8, 1, 1], Enumerable.Range(0, 6).Select(s => Math.Round(schedule.Factor(s), 12)));
    }

    [Theory]
    [InlineData("cosine", "number of examples")]
    [InlineData("linear", "'linear'")]
    public void What_cannot_be_followed_is_refused(string schedule, string says)
    {
        RankingException error = Assert.Throws<RankingException>(() => LearningRateSchedule.Of(new TrainingSpec(Schedule: schedule), null));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }
}
