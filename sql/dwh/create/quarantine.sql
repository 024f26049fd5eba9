-- title: The objects that are held back because their data cannot be loaded

-- One row for each object in the version that has this etag. line to reason are of its first bad
-- record; all are in dwh.load_errors. state: held, or dropped (given up, and no longer counted).
CREATE TABLE IF NOT EXISTS dwh.quarantine (
    relation    VARCHAR(256)  NOT NULL,
    generation  INTEGER       NOT NULL,
    object      VARCHAR(2048) NOT NULL,
    etag        VARCHAR(256)  NOT NULL,
    bytes       BIGINT        NOT NULL,
    state       VARCHAR(16)   NOT NULL,
    line        BIGINT,
    column_name VARCHAR(256),
    value       VARCHAR(1024),
    code        INTEGER,
    reason      VARCHAR(512),
    manifest    VARCHAR(2048) NOT NULL,
    run         VARCHAR(64)   NOT NULL,
    held_at     TIMESTAMP     NOT NULL
);
