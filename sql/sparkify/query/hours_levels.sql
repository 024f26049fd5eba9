-- title: Plays by hour of the day and level, UTC

SELECT
    t.hour,
    SUM(CASE WHEN p.level = 'free' THEN 1 ELSE 0 END) AS free_plays,
    SUM(CASE WHEN p.level = 'paid' THEN 1 ELSE 0 END) AS paid_plays,
    COUNT(*) AS plays
FROM songplays AS p
INNER JOIN time AS t ON p.start_time = t.start_time
GROUP BY t.hour
ORDER BY t.hour
LIMIT 24;
