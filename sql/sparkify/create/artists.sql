-- title: Artists of the catalogue; one row for each way that an artist is described

-- No PRIMARY KEY: songs of one artist may give the name or the place differently ("feat. ..."),
-- and each form has its row. Redshift's planner would believe the key without checking it.
--
-- DISTSTYLE ALL: small beside the facts and changed only as a whole; a copy on every node makes
-- each join local. Sorted by the key that it is joined on.
CREATE TABLE IF NOT EXISTS artists (
    artist_id VARCHAR(32)      NOT NULL,
    name      VARCHAR(512)     NOT NULL,
    location  VARCHAR(512),
    latitude  DOUBLE PRECISION,
    longitude DOUBLE PRECISION
)
DISTSTYLE ALL
SORTKEY (artist_id);
