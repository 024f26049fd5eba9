-- title: The places with the most plays

SELECT
    location,
    COUNT(*) AS plays,
    COUNT(DISTINCT user_id) AS listeners
FROM songplays
GROUP BY location
ORDER BY plays DESC, location
LIMIT 10;
