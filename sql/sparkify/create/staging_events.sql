-- title: Events of the app, as they stand in the log

-- The name is a variable, because several tables of this shape (lanes) may stand behind one
-- relation. Hence no IDENTITY, which would repeat across lanes. Columns are in the order of the
-- paths in the jsonpaths file, which is what COPY maps by.
--
-- DISTSTYLE EVEN, no sort key: rows are written once and read a few times as a whole; a hash
-- join redistributes what it needs. A key on song would pile all events without a song up on
-- one slice.
CREATE TABLE IF NOT EXISTS :"relation" (
    artist        VARCHAR(512),
    auth          VARCHAR(32),
    firstname     VARCHAR(128),
    gender        VARCHAR(16),
    iteminsession INTEGER,
    lastname      VARCHAR(128),
    length        DOUBLE PRECISION,
    level         VARCHAR(16),
    location      VARCHAR(512),
    method        VARCHAR(16),
    page          VARCHAR(64),
    registration  VARCHAR(32),
    sessionid     INTEGER,
    song          VARCHAR(512),
    status        INTEGER,
    ts            TIMESTAMP,
    useragent     VARCHAR(1024),
    userid        INTEGER
)
DISTSTYLE EVEN;
