-- depends: staging_events
-- title: Moments, from the events of all pages

-- week is the ISO week; weekday is '0' for Sunday to '6'.
DELETE FROM time;

INSERT INTO time (start_time, hour, day, week, month, year, weekday)
SELECT DISTINCT
    ts,
    CAST(EXTRACT(hour FROM ts) AS INTEGER),
    CAST(EXTRACT(day FROM ts) AS INTEGER),
    CAST(EXTRACT(week FROM ts) AS INTEGER),
    CAST(EXTRACT(month FROM ts) AS INTEGER),
    CAST(EXTRACT(year FROM ts) AS INTEGER),
    CAST(CAST(EXTRACT(dow FROM ts) AS INTEGER) AS VARCHAR(9))
FROM staging_events
WHERE ts IS NOT NULL;
