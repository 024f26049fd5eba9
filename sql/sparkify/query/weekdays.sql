-- title: Plays by day of the week, from Sunday on, UTC

SELECT
    CASE t.weekday
        WHEN '0' THEN 'Sunday'
        WHEN '1' THEN 'Monday'
        WHEN '2' THEN 'Tuesday'
        WHEN '3' THEN 'Wednesday'
        WHEN '4' THEN 'Thursday'
        WHEN '5' THEN 'Friday'
        ELSE 'Saturday'
    END AS weekday,
    COUNT(*) AS plays,
    COUNT(DISTINCT p.user_id) AS listeners
FROM songplays AS p
INNER JOIN time AS t ON p.start_time = t.start_time
GROUP BY t.weekday
ORDER BY t.weekday
LIMIT 10;
