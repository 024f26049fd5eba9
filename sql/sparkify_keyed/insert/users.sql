-- depends: staging_events
-- title: Users, from the events of all pages; each as in the latest event

-- Names, gender and level are those of the user's event with the greatest ts; of several in the
-- same millisecond, of the one that is last in its session, of the session with the greatest
-- number. What follows in the ORDER BY decides only between events that differ in nothing else,
-- so that the same events always give the same row.
DELETE FROM users;

INSERT INTO users (user_id, first_name, last_name, gender, level)
SELECT
    CAST(userid AS VARCHAR(32)),
    firstname,
    lastname,
    gender,
    level
FROM (
    SELECT
        userid,
        firstname,
        lastname,
        gender,
        level,
        ROW_NUMBER() OVER (
            PARTITION BY userid
            ORDER BY
                ts DESC NULLS LAST,
                iteminsession DESC NULLS LAST,
                sessionid DESC NULLS LAST,
                level DESC NULLS LAST,
                lastname DESC NULLS LAST,
                firstname DESC NULLS LAST,
                gender DESC NULLS LAST
        ) AS place
    FROM staging_events
    WHERE userid IS NOT NULL
) AS seen
WHERE place = 1;
