-- depends: time
-- severity: error
-- title: start_time is unique
-- description: Two rows for a moment would count everything that happened then twice in every join.

SELECT
    start_time,
    COUNT(*) AS row_count
FROM time
GROUP BY start_time
HAVING COUNT(*) > 1
ORDER BY start_time;
