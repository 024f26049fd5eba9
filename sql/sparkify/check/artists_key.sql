-- depends: artists
-- severity: warn
-- title: artist_id is unique
-- description: By the rules of this model it is not: a row is a way in which an artist is described, and songs differ in that.

-- A row is a distinct (id, name, location, coordinates), and the songs of one artist may describe it
-- differently. A join on artist_id alone counts the plays of such an artist once for each
-- description. Where that is not wanted: MODEL = sparkify sparkify_keyed has one row for each.
SELECT
    artist_id,
    COUNT(*) AS row_count
FROM artists
GROUP BY artist_id
HAVING COUNT(*) > 1
ORDER BY artist_id;
