-- depends: staging_events staging_songs users songs artists time
-- severity: error
-- title: Every key that was staged is in its dimension
-- description: A staged key that is missing means that the dimension is older than what was staged: dwh transform.

SELECT
    'user' AS missing,
    CAST(e.userid AS VARCHAR(32)) AS missing_key,
    COUNT(*) AS staged_rows
FROM staging_events AS e
LEFT JOIN users AS d ON CAST(e.userid AS VARCHAR(32)) = d.user_id
WHERE e.userid IS NOT NULL AND d.user_id IS NULL
GROUP BY e.userid
UNION ALL
SELECT
    'moment' AS missing,
    CAST(e.ts AS VARCHAR(32)) AS missing_key,
    COUNT(*) AS staged_rows
FROM staging_events AS e
LEFT JOIN time AS d ON e.ts = d.start_time
WHERE e.ts IS NOT NULL AND d.start_time IS NULL
GROUP BY e.ts
UNION ALL
SELECT
    'song' AS missing,
    s.song_id AS missing_key,
    COUNT(*) AS staged_rows
FROM staging_songs AS s
LEFT JOIN songs AS d ON s.song_id = d.song_id
WHERE s.song_id IS NOT NULL AND d.song_id IS NULL
GROUP BY s.song_id
UNION ALL
SELECT
    'artist' AS missing,
    s.artist_id AS missing_key,
    COUNT(*) AS staged_rows
FROM staging_songs AS s
LEFT JOIN artists AS d ON s.artist_id = d.artist_id
WHERE s.artist_id IS NOT NULL AND d.artist_id IS NULL
GROUP BY s.artist_id
ORDER BY missing, missing_key;
