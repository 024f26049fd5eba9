-- title: Free against paid: plays, listeners, plays of one listener

SELECT
    level,
    COUNT(*) AS plays,
    COUNT(DISTINCT user_id) AS listeners,
    CAST(COUNT(*) * 1.0 / COUNT(DISTINCT user_id) AS DECIMAL(10, 2)) AS plays_each
FROM songplays
GROUP BY level
ORDER BY plays DESC, level
LIMIT 10;
