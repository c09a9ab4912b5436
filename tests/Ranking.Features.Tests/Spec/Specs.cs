using System.Text;
using Ranking.Features.Spec;

namespace Ranking.Features.Tests.Spec;

/// <summary>Specs that tests share.</summary>
static class Specs
{
    /// <summary>A small spec that uses every kind of feature.</summary>
    public const string Small = """
        version: 1
        name: small
        time_zone: +08:00
        lateness: 5s
        delay: 30s
        sources:
          impressions: impressions.sql
          feedback: feedback.sql
          entities: { item: items.sql, user: users.sql }
        context:
          tab: { type: id }
          price: { type: number, per: candidate }
          author: { type: id, per: candidate }
          shown: { type: ids }
        feedback: [click, hide]
        entities:
          user: {}
          item: { ttl: 90d }
        labels:
          click: { feedback: click, window: 10m }
          buy: { feedback: order, window: 1d, weight: 2 }
        list: [user, day]
        negatives: { keep: 0.5 }
        baseline: [user, item, tab]
        tables:
          default: { dimension: 8 }
          item: { dimension: 16, admission: 2, ttl: 30d, rows: 1000 }
        features:
          user_id: { type: id, from: user, missing: nobody }
          item_id: { type: id, from: item, table: item }
          city: { type: id, from: user.address.city }
          title: { type: multi_hot, from: item.words, length: 8 }
          tab: { type: id, from: tab }
          price: { type: number, from: price, transform: log1p, mean: 3, scale: 0.5 }
          price_bucket: { type: bucket, from: context.price, bounds: [1, 2.5, 1e3] }
          shown: { type: multi_hot, from: shown, table: item }
          clicked: { type: sequence, of: click, field: item, length: 10, table: item }
          liked: { type: sequence, of: order, field: item, pooling: din, table: item }
          hour: { type: time, part: hour_of_week }
          position: { type: number, from: position, training_only: true, serving: 0 }
          item_ctr: { type: aggregate, key: [item], count: click, windows: [1h, 1d, total], prior: 0.2, strength: 5 }
          cross: { type: aggregate, key: [item, tab], count: order, over: click, windows: [7d], as: [logit_rate, log_count], prior: 0.1, bucket: 1h }
          seen: { type: aggregate, key: [user], count: impression, windows: [total], as: [log_count] }
          last: { type: since, of: click }
          look: { type: mbat, from: item, dimension: 32 }
        groups:
          user: { features: [user_id, city, clicked, last, seen, hour], side: user }
          item: { features: [item_id, title, look], side: item }
          request: { features: [tab, price, price_bucket, shown, liked, position, item_ctr, cross] }
        model: { d: 32, h: 4 }
        training: { batch: 256, dense_rate: 1e-2 }
        """;

    /// <summary>Reads a spec that needs no files.</summary>
    public static RankingSpec Parse(string text, params (string Path, string Value)[] overrides) =>
        SpecReader.Parse(Encoding.UTF8.GetBytes(text), overrides: overrides);
}
