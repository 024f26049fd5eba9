-- title: How long sessions last, from the first event to the last
-- description: Sessions of users who are logged in, by minutes; songs are all that were played in them.

SELECT
    CASE
        WHEN seconds < 300 THEN 'under 5'
        WHEN seconds < 1800 THEN '5 to 30'
        WHEN seconds < 3600 THEN '30 to 60'
        WHEN seconds < 10800 THEN '60 to 180'
        ELSE '180 and more'
    END AS minutes,
    COUNT(*) AS sessions,
    COUNT(DISTINCT userid) AS users,
    CAST(SUM(songs) * 1.0 / COUNT(*) AS DECIMAL(10, 1)) AS songs_each
FROM (
    SELECT
        userid,
        sessionid,
        CAST(EXTRACT(epoch FROM MAX(ts)) AS BIGINT)
        - CAST(EXTRACT(epoch FROM MIN(ts)) AS BIGINT) AS seconds,
        SUM(CASE WHEN page = 'NextSong' THEN 1 ELSE 0 END) AS songs
    FROM staging_events
    WHERE userid IS NOT NULL
    GROUP BY userid, sessionid
) AS session
GROUP BY
    CASE
        WHEN seconds < 300 THEN 'under 5'
        WHEN seconds < 1800 THEN '5 to 30'
        WHEN seconds < 3600 THEN '30 to 60'
        WHEN seconds < 10800 THEN '60 to 180'
        ELSE '180 and more'
    END
ORDER BY MIN(seconds)
LIMIT 10;
