-- title: The most active users

-- A user may have several rows (check/users_key.sql), so the names are chosen before the join.
SELECT
    p.user_id,
    u.first_name,
    u.last_name,
    COUNT(*) AS plays,
    COUNT(DISTINCT p.session_id) AS sessions
FROM songplays AS p
INNER JOIN (
    SELECT
        user_id,
        MIN(first_name) AS first_name,
        MIN(last_name) AS last_name
    FROM users
    GROUP BY user_id
) AS u ON p.user_id = u.user_id
GROUP BY p.user_id, u.first_name, u.last_name
ORDER BY plays DESC, p.user_id
LIMIT 10;
