-- title: From free to paid, and back
-- description: A change is an event of a user with another level than the user's event before it.

SELECT
    level_before,
    level AS level_after,
    COUNT(*) AS changes,
    COUNT(DISTINCT userid) AS users,
    CAST(AVG(songs_before * 1.0) AS DECIMAL(10, 1)) AS songs_before
FROM (
    SELECT
        userid,
        level,
        LAG(level) OVER (
            PARTITION BY userid
            ORDER BY ts, sessionid, iteminsession
        ) AS level_before,
        SUM(CASE WHEN page = 'NextSong' THEN 1 ELSE 0 END) OVER (
            PARTITION BY userid
            ORDER BY ts, sessionid, iteminsession
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS songs_before
    FROM staging_events
    WHERE userid IS NOT NULL
) AS event
WHERE level <> level_before
GROUP BY level_before, level
ORDER BY level_before, level
LIMIT 10;
