-- title: The artists with the most songs in the catalogue, and what of it is played

-- One name of each artist is chosen before the join; see top_songs.sql.
SELECT
    a.name AS artist,
    s.songs,
    s.first_year,
    s.last_year,
    COUNT(p.songplay_id) AS plays
FROM (
    SELECT
        artist_id,
        COUNT(*) AS songs,
        MIN(NULLIF(year, 0)) AS first_year,
        MAX(NULLIF(year, 0)) AS last_year
    FROM songs
    GROUP BY artist_id
) AS s
INNER JOIN (
    SELECT
        artist_id,
        MIN(name) AS name
    FROM artists
    GROUP BY artist_id
) AS a ON s.artist_id = a.artist_id
LEFT JOIN songplays AS p ON s.artist_id = p.artist_id
GROUP BY s.artist_id, a.name, s.songs, s.first_year, s.last_year
ORDER BY s.songs DESC, plays DESC, a.name, s.artist_id
LIMIT 10;
