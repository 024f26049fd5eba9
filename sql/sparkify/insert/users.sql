-- depends: staging_events
-- title: Users, from the events of all pages

DELETE FROM users;

INSERT INTO users (user_id, first_name, last_name, gender, level)
SELECT DISTINCT
    CAST(userid AS VARCHAR(32)),
    firstname,
    lastname,
    gender,
    level
FROM staging_events
WHERE userid IS NOT NULL;
