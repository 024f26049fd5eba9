-- title: Active users a week, by its Monday, UTC
-- description: All events of users who are logged in, whether the catalogue knows what they played or not.

SELECT
    CAST(DATE_TRUNC('week', ts) AS DATE) AS week_from,
    COUNT(DISTINCT userid) AS users,
    COUNT(DISTINCT CASE WHEN page = 'NextSong' THEN userid END) AS listeners,
    COUNT(DISTINCT sessionid) AS sessions,
    SUM(CASE WHEN page = 'NextSong' THEN 1 ELSE 0 END) AS plays
FROM staging_events
WHERE userid IS NOT NULL
GROUP BY CAST(DATE_TRUNC('week', ts) AS DATE)
ORDER BY week_from DESC
LIMIT 10;
