-- depends: users
-- severity: error
-- title: user_id is unique
-- description: The table declares the key, and Redshift believes it without looking: joins would go wrong in silence.

SELECT
    user_id,
    COUNT(*) AS row_count
FROM users
GROUP BY user_id
HAVING COUNT(*) > 1
ORDER BY user_id;
