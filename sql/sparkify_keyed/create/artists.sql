-- title: Artists of the catalogue; one row each, described as on their latest song

-- The PRIMARY KEY is a promise to the planner that check/artists_key.sql keeps.
--
-- DISTSTYLE ALL: small beside the facts and changed only as a whole; a copy on every node makes
-- each join local. Sorted by the key that it is joined on.
CREATE TABLE IF NOT EXISTS artists (
    artist_id VARCHAR(32)      NOT NULL,
    name      VARCHAR(512)     NOT NULL,
    location  VARCHAR(512),
    latitude  DOUBLE PRECISION,
    longitude DOUBLE PRECISION,
    PRIMARY KEY (artist_id)
)
DISTSTYLE ALL
SORTKEY (artist_id);
