-- title: The most played songs

-- An artist may have several rows (check/artists_key.sql), so one name is chosen before the join:
-- otherwise plays would count several times.
SELECT
    s.title,
    a.name AS artist,
    COUNT(*) AS plays,
    COUNT(DISTINCT p.user_id) AS listeners
FROM songplays AS p
INNER JOIN songs AS s ON p.song_id = s.song_id
INNER JOIN (
    SELECT
        artist_id,
        MIN(name) AS name
    FROM artists
    GROUP BY artist_id
) AS a ON p.artist_id = a.artist_id
GROUP BY s.song_id, s.title, a.name
ORDER BY plays DESC, s.title, a.name, s.song_id
LIMIT 10;
