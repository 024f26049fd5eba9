-- depends: staging_events staging_songs
-- title: Plays whose song and artist the catalogue knows by these names

-- Redshift ignores trailing blanks when it compares; RTRIM says so to every engine. The length of
-- the song is not compared: it differs between the log and the catalogue for the same recording.
DELETE FROM songplays;

INSERT INTO songplays (
    start_time, user_id, level, song_id, artist_id, session_id, location, user_agent
)
SELECT DISTINCT
    e.ts,
    CAST(e.userid AS VARCHAR(32)),
    e.level,
    s.song_id,
    s.artist_id,
    CAST(e.sessionid AS VARCHAR(32)),
    e.location,
    e.useragent
FROM staging_events AS e
INNER JOIN staging_songs AS s
    ON RTRIM(e.song) = RTRIM(s.title)
    AND RTRIM(e.artist) = RTRIM(s.artist_name)
WHERE e.page = 'NextSong';
