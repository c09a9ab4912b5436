-- One row of the log is one impression. The client's text is made up: it compresses as such text does, neither nothing nor to nothing.
SELECT
  time_ms AS time,
  CAST(row_number() OVER () AS VARCHAR) AS request_id,
  user_id AS user,
  video_id AS item,
  NULL AS position,
  tab,
  'app=10.' || user_id % 7 || '.' || user_id % 40 || ';os=' || if(user_id % 3 = 0, 'ios', 'android') || ';net=' || if(hash(user_id, time_ms // 1800000) % 4 = 0, '4g', 'wifi')
    || ';session=' || to_hex(hash(user_id, time_ms // 1800000)) || ';locale=zh-CN;tz=+08:00' AS client
FROM read_csv(getvariable('data') || '/log_standard_0425_0506.csv.gz')
