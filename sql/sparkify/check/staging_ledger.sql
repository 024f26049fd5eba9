-- depends: staging_events staging_songs
-- severity: error
-- title: Staging holds the rows that the ledger says were committed
-- description: Somebody else wrote to a staging table or took rows away: load all again with dwh run --fresh.

SELECT
    s.relation,
    s.row_count AS staged_rows,
    COALESCE(c.row_count, 0) AS rows_in_ledger
FROM (
    SELECT
        :'schema' || '.staging_events' AS relation,
        COUNT(*) AS row_count
    FROM staging_events
    UNION ALL
    SELECT
        :'schema' || '.staging_songs' AS relation,
        COUNT(*) AS row_count
    FROM staging_songs
) AS s
LEFT JOIN (
    SELECT
        l.relation,
        SUM(l.row_count) AS row_count
    FROM dwh.ledger AS l
    INNER JOIN dwh.target AS t
        ON l.relation = t.relation
        AND l.generation = t.generation
    GROUP BY l.relation
) AS c ON s.relation = c.relation
WHERE s.row_count <> COALESCE(c.row_count, 0)
ORDER BY s.relation;
