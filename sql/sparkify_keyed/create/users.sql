-- title: Users of the app; one row each, in the state that they were seen in last

-- The PRIMARY KEY is a promise to the planner that check/users_key.sql keeps.
--
-- DISTSTYLE ALL: small and changed only as a whole; a copy on every node makes each join local.
-- Sorted by the key that it is joined on.
CREATE TABLE IF NOT EXISTS users (
    user_id    VARCHAR(32)  NOT NULL,
    first_name VARCHAR(128),
    last_name  VARCHAR(128),
    gender     VARCHAR(16),
    level      VARCHAR(16),
    PRIMARY KEY (user_id)
)
DISTSTYLE ALL
SORTKEY (user_id);
