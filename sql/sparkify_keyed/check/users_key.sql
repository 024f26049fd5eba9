-- depends: users
-- severity: error
-- title: user_id is unique

-- Here it must be: the table declares the key, and Redshift's planner believes it.
SELECT
    user_id,
    COUNT(*) AS row_count
FROM users
GROUP BY user_id
HAVING COUNT(*) > 1
ORDER BY user_id;
