-- The stars a second later, and a like where they are four or more.
WITH rating AS (
  SELECT *, row_number() OVER () - 1 AS n
  FROM read_csv(getvariable('data') || '/ratings.csv*')
),
event AS (
  SELECT *, unnest([{'kind': 'rating', 'value': CAST(rating AS DOUBLE)}, {'kind': 'like', 'value': 1.0}]) AS event
  FROM rating
)
SELECT
  timestamp * 1000 + 1000 AS time,
  'ratings:' || lpad(CAST(n AS VARCHAR), 9, '0') AS request_id,
  userId AS user,
  movieId AS item,
  event.kind AS kind,
  event.value AS value
FROM event
WHERE event.kind = 'rating' OR rating >= 4
