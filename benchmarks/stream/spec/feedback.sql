-- What the row says of an impression, as events after it, at the times that the peer gives them.
WITH log AS (SELECT *, row_number() OVER () AS n FROM read_csv(getvariable('data') || '/log_standard_0425_0506.csv.gz')),
happened AS (
  SELECT *, unnest([
    {'kind': 'click', 'happened': is_click = 1, 'after_ms': 500 + ((n - 1) * 31) % 2500},
    {'kind': 'long_view', 'happened': long_view = 1, 'after_ms': greatest(play_time_ms, 1000)},
    {'kind': 'like', 'happened': is_like = 1, 'after_ms': 1000 + play_time_ms // 2},
    {'kind': 'follow', 'happened': is_follow = 1, 'after_ms': 1000 + play_time_ms // 2 + 700},
    {'kind': 'comment', 'happened': is_comment = 1, 'after_ms': 1000 + play_time_ms // 2 + 1400},
    {'kind': 'forward', 'happened': is_forward = 1, 'after_ms': 1000 + play_time_ms // 2 + 2100},
    {'kind': 'hate', 'happened': is_hate = 1, 'after_ms': 1000 + play_time_ms // 2 + 2800}
  ]) AS event
  FROM log
)
SELECT time_ms + event.after_ms AS time, CAST(n AS VARCHAR) AS request_id, user_id AS user, video_id AS item, event.kind AS kind, NULL AS value
FROM happened
WHERE event.happened
