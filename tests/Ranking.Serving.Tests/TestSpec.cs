namespace Ranking.Serving.Tests;

/// <summary>A small ranking problem with every side: user, item, author, request and candidate fields, an ids field.</summary>
static class TestSpec
{
    public const string Yaml = """
        version: 1
        name: small
        lateness: 5s
        delay: 30s
        sources:
          impressions: impressions.sql
          feedback: feedback.sql
          entities: { user: users.sql, item: items.sql }
        context:
          tab: { type: id }
          shown: { type: ids }
          price: { type: number, per: candidate }
          author: { type: id, per: candidate }
        feedback: [click, long_view]
        entities: { user: {}, item: {} }
        labels:
          click: { feedback: click, window: 10m }
          long_view: { feedback: long_view, window: 10m }
        list: [user, day]
        tables:
          default: { dimension: 8 }
        features:
          user_id: { type: id, from: user }
          city: { type: id, from: user.city }
          item_id: { type: id, from: item }
          music: { type: id, from: item.music }
          words: { type: multi_hot, from: item.words, length: 4 }
          tab: { type: id, from: tab }
          shown: { type: multi_hot, from: shown, length: 4, table: item_id }
          price: { type: number, from: price, transform: log1p }
          hour: { type: time, part: hour }
          clicked: { type: sequence, of: click, field: item, length: 5, table: item_id }
          last: { type: since, of: click }
          user_click: { type: aggregate, key: [user], count: click, windows: [1h, total], prior: 0.4 }
          item_click: { type: aggregate, key: [item], count: click, windows: [1h, total], prior: 0.4 }
          author_click: { type: aggregate, key: [author], count: click, windows: [1d, total], prior: 0.4 }
          user_taste: { type: number, from: user.tastes, by: author, missing: -1 }
          user_seen: { type: number, from: user.seen, by: item }
          item_tab: { type: number, from: item.by_tab, by: tab }
          user_author: { type: aggregate, key: [user, author], count: click, windows: [total], prior: 0.4 }
        groups:
          user: { features: [user_id, city, clicked, last, user_click, hour], side: user }
          item: { features: [item_id, music, words], side: item }
          now: { features: [item_click, author_click, user_author, user_taste, user_seen, item_tab, price, tab, shown] }
        model: { d: 16, h: 4, l: 1 }
        """;
}
