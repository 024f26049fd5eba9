-- title: Songs of the catalogue

-- The PRIMARY KEY is a promise to the planner that check/songs_key.sql keeps.
--
-- DISTSTYLE ALL: small beside the facts and changed only as a whole; a copy on every node makes
-- each join local. Sorted by the key that it is joined on.
CREATE TABLE IF NOT EXISTS songs (
    song_id   VARCHAR(32)      NOT NULL,
    title     VARCHAR(512)     NOT NULL,
    artist_id VARCHAR(32)      NOT NULL,
    year      INTEGER,
    duration  DOUBLE PRECISION,
    PRIMARY KEY (song_id)
)
DISTSTYLE ALL
SORTKEY (song_id);
