-- title: Songs and plays by the decade that a song is from

SELECT
    CASE
        WHEN s.year > 0 THEN CAST(s.year / 10 * 10 AS VARCHAR(8)) || 's'
        ELSE 'not known'
    END AS decade,
    COUNT(DISTINCT s.song_id) AS songs,
    COUNT(DISTINCT p.song_id) AS songs_played,
    COUNT(p.songplay_id) AS plays
FROM songs AS s
LEFT JOIN songplays AS p ON s.song_id = p.song_id
GROUP BY
    CASE
        WHEN s.year > 0 THEN CAST(s.year / 10 * 10 AS VARCHAR(8)) || 's'
        ELSE 'not known'
    END
ORDER BY decade
LIMIT 20;
