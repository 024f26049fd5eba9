-- depends: users
-- severity: warn
-- title: user_id is unique
-- description: By the rules of this model it is not: a row is a state of a user, and free may become paid.

-- A row is a distinct (id, names, gender, level), so a user who changed between free and paid has
-- two, and a join on user_id alone counts that user's plays twice. Where that is not wanted:
-- MODEL = sparkify sparkify_keyed has one row for each user.
SELECT
    user_id,
    COUNT(*) AS row_count
FROM users
GROUP BY user_id
HAVING COUNT(*) > 1
ORDER BY user_id;
