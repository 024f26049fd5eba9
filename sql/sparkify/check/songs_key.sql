-- depends: songs
-- severity: error
-- title: song_id is unique

SELECT
    song_id,
    COUNT(*) AS row_count
FROM songs
GROUP BY song_id
HAVING COUNT(*) > 1
ORDER BY song_id;
