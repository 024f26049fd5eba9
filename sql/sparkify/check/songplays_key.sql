-- depends: songplays
-- severity: error
-- title: songplay_id is unique
-- description: The engine makes these numbers; two alike mean that rows were put in from elsewhere.

SELECT
    songplay_id,
    COUNT(*) AS row_count
FROM songplays
GROUP BY songplay_id
HAVING COUNT(*) > 1
ORDER BY songplay_id;
