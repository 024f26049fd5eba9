-- title: The inserts and checks that are done, and on what state of their inputs

CREATE TABLE IF NOT EXISTS dwh.step (
    step        VARCHAR(256)  NOT NULL,
    digest      VARCHAR(64)   NOT NULL,
    inputs      VARCHAR(4096) NOT NULL,
    version     BIGINT        NOT NULL,
    row_count   BIGINT        NOT NULL,
    run         VARCHAR(64)   NOT NULL,
    finished_at TIMESTAMP     NOT NULL,
    PRIMARY KEY (step)
);
