-- depends: users
-- severity: warn
-- title: user_id is unique

-- Not so by the rules of this model: a row is a distinct (id, names, gender, level), so a user who
-- changed between free and paid has two. A join on user_id alone counts the plays of such a
-- user twice.
SELECT
    user_id,
    COUNT(*) AS row_count
FROM users
GROUP BY user_id
HAVING COUNT(*) > 1
ORDER BY user_id;
