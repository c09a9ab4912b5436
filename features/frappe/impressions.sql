-- Row n over train, valid and, where it is there, test, in that order, happens n seconds after 1970-01-01T00:00:00Z.
WITH line AS (
  SELECT *, row_number() OVER () AS n, regexp_extract(filename, '([^/]+)\.csv\.gz$', 1) AS part
  FROM read_csv(getvariable('data') || '/[tv]*.csv.gz', filename = true)
),
numbered AS (
  SELECT *, row_number() OVER (ORDER BY list_position(['train', 'valid', 'test'], part), n) - 1 AS second
  FROM line
  WHERE part IN ('train', 'valid', 'test')
)
SELECT second * 1000 AS time, 'frappe:' || lpad(CAST(second AS VARCHAR), 6, '0') AS request_id, "user", item, NULL AS position,
  daytime, weekday, isweekend, homework, cost, weather, country, city
FROM numbered
