-- A video's attributes, and what users did with it before the log, known from one instant before its first row on.
WITH history AS (
  SELECT user_id, watch_seq, long_watch_seq, like_seq
  FROM read_json(getvariable('data') || '/user_history_until_*.jsonl.gz', columns = {
    'user_id': 'BIGINT', 'watch_seq': 'BIGINT[]', 'like_seq': 'BIGINT[]', 'long_watch_seq': 'BIGINT[]'})
),
watched AS (
  SELECT video_id, count(*) AS watches, count(*) FILTER (long) AS longs
  FROM (SELECT unnest(watch_seq) AS video_id, unnest(list_transform(watch_seq, lambda v: list_contains(long_watch_seq, v))) AS long FROM history)
  GROUP BY ALL
),
long_watched AS (SELECT video_id, count(*) AS long_watches FROM (SELECT unnest(long_watch_seq) AS video_id FROM history) GROUP BY ALL),
liked AS (SELECT video_id, count(*) AS likes FROM (SELECT unnest(like_seq) AS video_id FROM history) GROUP BY ALL)
SELECT
  TIMESTAMPTZ '2022-04-24 00:00:00+08' AS time,
  video_id AS id,
  json_merge_patch('{}', to_json({ -- drops what is null
    'author': author_id,
    'type': video_type,
    'uploaded': CAST(upload_dt AS VARCHAR),
    'upload_type': upload_type,
    'seconds': round(video_duration / 1000, 1),
    'width': CAST(server_width AS INT),
    'height': CAST(server_height AS INT),
    'music': music_id,
    'music_type': CAST(music_type AS INT),
    'tags': string_split(tag, ','),
    'history': {
      'watches': coalesce(watches, 0),
      'long_watches': coalesce(long_watches, 0),
      'likes': coalesce(likes, 0),
      'long_rate': round((coalesce(longs, 0) + 0.4 * 10) / (coalesce(watches, 0) + 10), 4)}
  })) AS doc
FROM read_csv(getvariable('data') || '/video_features_basic_pure.csv.gz', types = {'tag': 'VARCHAR'})
LEFT JOIN watched USING (video_id)
LEFT JOIN long_watched USING (video_id)
LEFT JOIN liked USING (video_id)
