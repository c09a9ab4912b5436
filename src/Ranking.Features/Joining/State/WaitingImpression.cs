using Ranking.Features.Events;

namespace Ranking.Features.Joining.State;

/// <summary>An impression within its label window, or without all its answers.</summary>
/// <param name="number">Its place in the order of release.</param>
/// <param name="impression">The impression.</param>
/// <param name="owners">For each owner of the plan its packed columns as of the cut; null: not asked, or no answer yet.</param>
/// <param name="labels">For each label of the spec 1 or 0.</param>
/// <param name="unanswered">How many answers it waits for.</param>
/// <param name="served">What it was served with, if known.</param>
public sealed class WaitingImpression(long number, Impression impression, byte[]?[] owners, float[] labels, int unanswered = 0, Served? served = null)
{
    /// <summary>Its place in the order of release.</summary>
    public long Number => number;

    /// <summary>The impression.</summary>
    public Impression Impression => impression;

    /// <summary>For each owner its packed columns, or null.</summary>
    public byte[]?[] Owners => owners;

    /// <summary>For each label 1 or 0.</summary>
    public float[] Labels => labels;

    /// <summary>How many answers it waits for.</summary>
    public int Unanswered { get; set; } = unanswered;

    /// <summary>What it was served with, if known: the least of its usable records.</summary>
    public Served? Served { get; set; } = served;
}
