-- A film's title, year and genres are known a day before the first rating; its tags are those that users gave until then,
-- so every new tag is a new document.
WITH movie AS (
  SELECT movieId, regexp_replace(title, '\s*\(\d{4}\)\s*$', '') AS title,
    TRY_CAST(regexp_extract(title, '\((\d{4})\)\s*$', 1) AS INTEGER) AS year,
    list_filter(string_split(genres, '|'), lambda g: g <> '(no genres listed)') AS genres
  FROM read_csv(getvariable('data') || '/movies.csv*')
),
tagged AS (
  SELECT movieId, timestamp * 1000 AS time, list(DISTINCT lower(trim(tag)) ORDER BY lower(trim(tag))) AS tags
  FROM read_csv(getvariable('data') || '/tags.csv*', types = {'tag': 'VARCHAR'})
  GROUP BY ALL
),
version AS (
  SELECT movieId, (SELECT min(timestamp) * 1000 - 86400000 FROM read_csv(getvariable('data') || '/ratings.csv*')) AS time, []::VARCHAR[] AS tags
  FROM movie
  UNION ALL
  SELECT movieId, time, list_distinct(flatten(list(tags) OVER (PARTITION BY movieId ORDER BY time))) AS tags
  FROM tagged
)
SELECT time, movieId AS id,
  json_merge_patch('{}', to_json({'title': title, 'year': year, 'genres': genres, 'tags': list_sort(tags)})) AS doc
FROM version JOIN movie USING (movieId)
