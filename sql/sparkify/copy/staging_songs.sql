-- source: SONG_DATA
-- title: Songs, mapped by the names of the keys

COPY :"lane" (
    num_songs, artist_id, artist_latitude, artist_longitude, artist_location, artist_name,
    song_id, title, duration, year
)
FROM :'manifest'
IAM_ROLE :'role'
MANIFEST
REGION :'region'
FORMAT AS JSON 'auto'
COMPUPDATE OFF
STATUPDATE OFF;
