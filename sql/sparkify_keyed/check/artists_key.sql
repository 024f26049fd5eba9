-- depends: artists
-- severity: error
-- title: artist_id is unique

-- Here it must be: the table declares the key, and Redshift's planner believes it.
SELECT
    artist_id,
    COUNT(*) AS row_count
FROM artists
GROUP BY artist_id
HAVING COUNT(*) > 1
ORDER BY artist_id;
