-- depends: staging_events staging_songs
-- severity: warn
-- title: No staged row lacks a key that a table is made by
-- description: Rows without a key are left out of the dimensions in silence; a play without one stops the insert.

-- Events without a user are none of these, as long as nothing is played: they are of visitors who
-- have not logged in.
SELECT
    'event without ts' AS problem,
    COUNT(*) AS row_count
FROM staging_events
WHERE ts IS NULL
HAVING COUNT(*) > 0
UNION ALL
SELECT
    'song without song_id or artist_id' AS problem,
    COUNT(*) AS row_count
FROM staging_songs
WHERE song_id IS NULL OR artist_id IS NULL
HAVING COUNT(*) > 0
UNION ALL
SELECT
    'play without ts, user or session' AS problem,
    COUNT(*) AS row_count
FROM staging_events
WHERE page = 'NextSong' AND (ts IS NULL OR userid IS NULL OR sessionid IS NULL)
HAVING COUNT(*) > 0
ORDER BY problem;
