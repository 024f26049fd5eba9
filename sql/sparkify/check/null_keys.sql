-- depends: staging_events staging_songs
-- severity: warn
-- title: No staged row lacks a key that a dimension is made by

-- Such rows are left out of the dimension in silence. Events without a user are none of these:
-- they are of visitors who have not logged in.
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
ORDER BY problem;
