-- title: The most played artists

-- One name of each artist is chosen before the join; see top_songs.sql.
SELECT
    a.name AS artist,
    COUNT(*) AS plays,
    COUNT(DISTINCT p.song_id) AS songs,
    COUNT(DISTINCT p.user_id) AS listeners
FROM songplays AS p
INNER JOIN (
    SELECT
        artist_id,
        MIN(name) AS name
    FROM artists
    GROUP BY artist_id
) AS a ON p.artist_id = a.artist_id
GROUP BY a.artist_id, a.name
ORDER BY plays DESC, a.name, a.artist_id
LIMIT 10;
