-- title: Concerts, and how often their artist was played before

SELECT
    c.day,
    c.artist_name AS artist,
    c.city,
    c.tickets * c.price AS takings,
    COUNT(p.songplay_id) AS plays_before
FROM concerts AS c
LEFT JOIN (
    SELECT DISTINCT
        artist_id,
        name
    FROM artists
) AS a ON c.artist_name = a.name
LEFT JOIN songplays AS p ON a.artist_id = p.artist_id AND p.start_time < c.day
GROUP BY c.concert_id, c.day, c.artist_name, c.city, c.tickets, c.price
ORDER BY c.day, c.concert_id
LIMIT 10;
