-- depends: artists
-- severity: warn
-- title: artist_id is unique

-- Not so by the rules of this model: a row is a distinct (id, name, location, coordinates), and the
-- songs of one artist may describe it differently. A join on artist_id alone counts the plays of
-- such an artist once for each description.
SELECT
    artist_id,
    COUNT(*) AS row_count
FROM artists
GROUP BY artist_id
HAVING COUNT(*) > 1
ORDER BY artist_id;
