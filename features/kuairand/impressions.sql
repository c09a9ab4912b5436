-- One row of the log is one impression. Its request id is the file's stem, a colon and the row's number in the file, from 0.
WITH log AS (
  SELECT *, row_number() OVER () AS n, regexp_extract(filename, '([^/]+)\.csv\.gz$', 1) AS stem
  FROM read_csv(getvariable('data') || '/log_standard_*.csv.gz', filename = true)
),
video AS (
  SELECT video_id, author_id, split_part(tag, ',', 1) AS tag
  FROM read_csv(getvariable('data') || '/video_features_basic_pure.csv.gz', types = {'tag': 'VARCHAR'})
)
SELECT
  time_ms AS time,
  stem || ':' || lpad(CAST(n - min(n) OVER (PARTITION BY stem) AS VARCHAR), 8, '0') AS request_id,
  user_id AS user,
  video_id AS item,
  NULL AS position,
  tab,
  author_id AS author,
  nullif(tag, '') AS tag
FROM log LEFT JOIN video USING (video_id)
