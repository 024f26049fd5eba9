-- depends: staging_songs
-- title: Artists, each as described on the latest song

-- Songs have no time but a year, 0 where it is not known. An artist's row is the description (name,
-- location and coordinates together, never mixed) on the song with the greatest year. Several
-- descriptions of that year: the one that most of the artist's songs give, then the one with the
-- shortest name, which is the one without "feat. ...", then the first by its text. So the same
-- songs always give the same row.
DELETE FROM artists;

INSERT INTO artists (artist_id, name, location, latitude, longitude)
SELECT
    artist_id,
    artist_name,
    artist_location,
    artist_latitude,
    artist_longitude
FROM (
    SELECT
        artist_id,
        artist_name,
        artist_location,
        artist_latitude,
        artist_longitude,
        ROW_NUMBER() OVER (
            PARTITION BY artist_id
            ORDER BY
                latest DESC NULLS LAST,
                songs DESC,
                CHAR_LENGTH(artist_name) NULLS LAST,
                artist_name NULLS LAST,
                artist_location NULLS LAST,
                artist_latitude NULLS LAST,
                artist_longitude NULLS LAST
        ) AS place
    FROM (
        SELECT
            artist_id,
            artist_name,
            artist_location,
            artist_latitude,
            artist_longitude,
            MAX(year) AS latest,
            COUNT(*) AS songs
        FROM staging_songs
        WHERE artist_id IS NOT NULL
        GROUP BY artist_id, artist_name, artist_location, artist_latitude, artist_longitude
    ) AS described
) AS ranked
WHERE place = 1;
