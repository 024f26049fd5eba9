-- title: Concerts of the artists, each once

CREATE TABLE IF NOT EXISTS :"relation" (
    concert_id  VARCHAR(16) NOT NULL,
    artist_name VARCHAR(512),
    city        VARCHAR(128),
    day         DATE,
    tickets     INTEGER,
    price       DECIMAL(8, 2)
)
DISTSTYLE ALL
SORTKEY (day);
