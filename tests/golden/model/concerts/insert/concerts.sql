-- depends: staging_concerts
-- title: Concerts; what the agency sent twice counts once

DELETE FROM concerts;

INSERT INTO concerts (concert_id, artist_name, city, day, tickets, price)
SELECT DISTINCT
    concert_id,
    artist_name,
    city,
    day,
    tickets,
    price
FROM staging_concerts;
