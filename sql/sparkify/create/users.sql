-- title: Users of the app; one row for each state that a user was seen in

-- No PRIMARY KEY: a user who changed from free to paid has two rows, and Redshift's planner
-- would believe the key without checking it.
--
-- DISTSTYLE ALL: small and changed only as a whole; a copy on every node makes each join local.
-- Sorted by the key that it is joined on.
CREATE TABLE IF NOT EXISTS users (
    user_id    VARCHAR(32)  NOT NULL,
    first_name VARCHAR(128),
    last_name  VARCHAR(128),
    gender     VARCHAR(16),
    level      VARCHAR(16)
)
DISTSTYLE ALL
SORTKEY (user_id);
