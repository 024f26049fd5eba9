-- depends: songs
-- severity: error
-- title: song_id is unique
-- description: Two rows mean that the catalogue describes a song in two ways: plays of it would count twice in every join.

SELECT
    song_id,
    COUNT(*) AS row_count
FROM songs
GROUP BY song_id
HAVING COUNT(*) > 1
ORDER BY song_id;
