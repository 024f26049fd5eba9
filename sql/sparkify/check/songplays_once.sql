-- depends: songplays
-- severity: error
-- title: No play is in songplays twice
-- description: The insert takes each once; more mean that it ran twice side by side, or that rows were put in from elsewhere.

SELECT
    start_time,
    user_id,
    session_id,
    song_id,
    artist_id,
    COUNT(*) AS row_count
FROM songplays
GROUP BY start_time, user_id, level, session_id, song_id, artist_id, location, user_agent
HAVING COUNT(*) > 1
ORDER BY start_time, user_id, session_id, song_id, artist_id;
