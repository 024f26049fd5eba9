-- depends: artists
-- severity: error
-- title: artist_id is unique
-- description: The table declares the key, and Redshift believes it without looking: joins would go wrong in silence.

SELECT
    artist_id,
    COUNT(*) AS row_count
FROM artists
GROUP BY artist_id
HAVING COUNT(*) > 1
ORDER BY artist_id;
