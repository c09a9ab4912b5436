-- A user's attributes and history from before the log, known from one instant before its first row on. -124 means unknown.
WITH history AS (
  SELECT user_id, history_len, watch_seq, long_watch_seq, like_seq
  FROM read_json(getvariable('data') || '/user_history_until_*.jsonl.gz', columns = {
    'user_id': 'BIGINT', 'history_len': 'BIGINT', 'watch_seq': 'BIGINT[]', 'like_seq': 'BIGINT[]', 'long_watch_seq': 'BIGINT[]'})
),
video AS (
  SELECT video_id, unnest(string_split(tag, ',')) AS tag
  FROM read_csv(getvariable('data') || '/video_features_basic_pure.csv.gz', types = {'tag': 'VARCHAR'})
),
tag_counts AS (
  SELECT user_id, tag, count(*) AS n
  FROM (SELECT user_id, unnest(long_watch_seq) AS video_id FROM history) JOIN video USING (video_id)
  GROUP BY ALL
),
tags AS (
  SELECT user_id, list(tag ORDER BY n DESC, tag) AS tags
  FROM tag_counts
  GROUP BY ALL
),
pasts AS ( -- the log keeps more of what was watched for long than of all that was watched
  SELECT user_id, video_id, count(*) FILTER (NOT long) AS watches, count(*) FILTER (long) AS long_watches
  FROM (
    SELECT user_id, unnest(watch_seq) AS video_id, false AS long FROM history
    UNION ALL
    SELECT user_id, unnest(long_watch_seq), true FROM history)
  GROUP BY ALL
),
seen_counts AS ( -- sorted, so that a document is the same bytes whenever it is made
  SELECT user_id, CAST('{' || array_to_string(list_sort(list(format('"{}":{}', video_id, watches))), ',') || '}' AS JSON) AS seen
  FROM pasts WHERE watches > 0 GROUP BY ALL
),
seen_long_counts AS (
  SELECT user_id, CAST('{' || array_to_string(list_sort(list(format('"{}":{}', video_id, long_watches))), ',') || '}' AS JSON) AS seen_long
  FROM pasts WHERE long_watches > 0 GROUP BY ALL
),
rates AS (
  SELECT user_id, history_len,
    len(list_filter(watch_seq, lambda v: list_contains(long_watch_seq, v))) AS longs,
    len(watch_seq) AS watches,
    list_reverse(long_watch_seq)[:20] AS long_watched, list_reverse(watch_seq)[:20] AS watched, len(like_seq) AS likes
  FROM history
)
SELECT
  TIMESTAMPTZ '2022-04-24 00:00:00+08' AS time,
  user_id AS id,
  json_merge_patch('{}', to_json({ -- drops what is null
    'active_degree': user_active_degree,
    'low_active': nullif(is_lowactive_period, -124),
    'live_streamer': nullif(is_live_streamer, -124),
    'video_author': nullif(is_video_author, -124),
    'follows': nullif(follow_user_num, -124), 'follows_range': follow_user_num_range,
    'fans': nullif(fans_user_num, -124), 'fans_range': fans_user_num_range,
    'friends': nullif(friend_user_num, -124), 'friends_range': friend_user_num_range,
    'registered_days': nullif(register_days, -124), 'registered_range': register_days_range,
    'onehot': {
      'f0': onehot_feat0, 'f1': onehot_feat1, 'f2': onehot_feat2, 'f3': onehot_feat3, 'f4': CAST(onehot_feat4 AS INT), 'f5': CAST(onehot_feat5 AS INT),
      'f6': onehot_feat6, 'f7': onehot_feat7, 'f8': onehot_feat8, 'f9': onehot_feat9, 'f10': onehot_feat10, 'f11': onehot_feat11,
      'f12': CAST(onehot_feat12 AS INT), 'f13': CAST(onehot_feat13 AS INT), 'f14': CAST(onehot_feat14 AS INT), 'f15': CAST(onehot_feat15 AS INT),
      'f16': CAST(onehot_feat16 AS INT), 'f17': CAST(onehot_feat17 AS INT)},
    'history': {
      'watches': history_len,
      'long_rate': round((longs + 0.4 * 5) / (watches + 5), 4),
      'likes': likes,
      'long_watched': long_watched,
      'watched': watched,
      'tags': tags[:10],
      'seen': seen, 'seen_long': seen_long}
  })) AS doc
FROM read_csv(getvariable('data') || '/user_features_pure.csv.gz')
LEFT JOIN rates USING (user_id)
LEFT JOIN tags USING (user_id)
LEFT JOIN seen_counts USING (user_id)
LEFT JOIN seen_long_counts USING (user_id)
