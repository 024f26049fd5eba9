-- title: Every moment that has an event, taken apart; UTC

-- The PRIMARY KEY is a promise to the planner that check/time_key.sql keeps.
--
-- Distributed and sorted like songplays, so that the two join in place (see there).
CREATE TABLE IF NOT EXISTS time (
    start_time TIMESTAMP  NOT NULL,
    hour       INTEGER    NOT NULL,
    day        INTEGER    NOT NULL,
    week       INTEGER    NOT NULL,
    month      INTEGER    NOT NULL,
    year       INTEGER    NOT NULL,
    weekday    VARCHAR(9) NOT NULL,
    PRIMARY KEY (start_time)
)
DISTSTYLE KEY
DISTKEY (start_time)
SORTKEY (start_time);
