-- title: Plays of songs that the catalogue knows; the fact table

-- Distributed and sorted by start_time, as is time: the one dimension that grows as fast as the
-- facts is joined without moving a row, by merging, and a range of dates reads only its blocks.
-- Milliseconds spread evenly over the slices. The other dimensions are on every node anyway.
--
-- songplay_id is unique but neither dense nor ordered, on every engine.
CREATE TABLE IF NOT EXISTS songplays (
    songplay_id BIGINT       IDENTITY(0, 1) NOT NULL,
    start_time  TIMESTAMP    NOT NULL,
    user_id     VARCHAR(32)  NOT NULL,
    level       VARCHAR(16),
    song_id     VARCHAR(32)  NOT NULL,
    artist_id   VARCHAR(32)  NOT NULL,
    session_id  VARCHAR(32)  NOT NULL,
    location    VARCHAR(512),
    user_agent  VARCHAR(1024),
    PRIMARY KEY (songplay_id)
)
DISTSTYLE KEY
DISTKEY (start_time)
SORTKEY (start_time);
