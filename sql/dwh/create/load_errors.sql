-- title: The records that a load rejected, and why

-- code and reason are those that Redshift gives for the same record.
CREATE TABLE IF NOT EXISTS dwh.load_errors (
    run         VARCHAR(64)   NOT NULL,
    relation    VARCHAR(256)  NOT NULL,
    shard       VARCHAR(64)   NOT NULL,
    object      VARCHAR(2048),
    line        BIGINT,
    column_name VARCHAR(256),
    column_type VARCHAR(64),
    position    BIGINT,
    value       VARCHAR(1024),
    code        INTEGER,
    reason      VARCHAR(512),
    at          TIMESTAMP     NOT NULL
);
