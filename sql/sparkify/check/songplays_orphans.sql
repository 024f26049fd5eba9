-- depends: songplays users songs artists time
-- severity: error
-- title: Every play has its song, artist, user and moment
-- description: A play whose dimension lacks its key is lost in every join; the dimension is older than the plays.

SELECT
    p.songplay_id,
    'song' AS missing,
    p.song_id AS missing_key
FROM songplays AS p
LEFT JOIN songs AS d ON p.song_id = d.song_id
WHERE d.song_id IS NULL
UNION ALL
SELECT
    p.songplay_id,
    'artist' AS missing,
    p.artist_id AS missing_key
FROM songplays AS p
LEFT JOIN artists AS d ON p.artist_id = d.artist_id
WHERE d.artist_id IS NULL
UNION ALL
SELECT
    p.songplay_id,
    'user' AS missing,
    p.user_id AS missing_key
FROM songplays AS p
LEFT JOIN users AS d ON p.user_id = d.user_id
WHERE d.user_id IS NULL
UNION ALL
SELECT
    p.songplay_id,
    'moment' AS missing,
    CAST(p.start_time AS VARCHAR(32)) AS missing_key
FROM songplays AS p
LEFT JOIN time AS d ON p.start_time = d.start_time
WHERE d.start_time IS NULL
ORDER BY songplay_id, missing;
