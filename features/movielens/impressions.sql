-- A rating is an impression: the user looked at the film at that time. Its request id holds the row's number, from 0.
WITH movie AS (
  SELECT movieId, string_split(genres, '|')[1] AS genre
  FROM read_csv(getvariable('data') || '/movies.csv*')
),
rating AS (
  SELECT *, row_number() OVER () - 1 AS n
  FROM read_csv(getvariable('data') || '/ratings.csv*')
)
SELECT
  timestamp * 1000 AS time,
  'ratings:' || lpad(CAST(n AS VARCHAR), 9, '0') AS request_id,
  userId AS user,
  movieId AS item,
  NULL AS position,
  nullif(genre, '(no genres listed)') AS genre
FROM rating LEFT JOIN movie USING (movieId)
