-- title: Songs and their artists, as they stand in the catalogue

-- The name is a variable, because several tables of this shape (lanes) may stand behind one
-- relation. Widths are bytes of UTF-8, three times the longest value known (177).
--
-- DISTSTYLE EVEN, no sort key: written once, read as a whole.
CREATE TABLE IF NOT EXISTS :"relation" (
    num_songs        INTEGER,
    artist_id        VARCHAR(32),
    artist_latitude  DOUBLE PRECISION,
    artist_longitude DOUBLE PRECISION,
    artist_location  VARCHAR(512),
    artist_name      VARCHAR(512),
    song_id          VARCHAR(32),
    title            VARCHAR(512),
    duration         DOUBLE PRECISION,
    year             INTEGER
)
DISTSTYLE EVEN;
