-- title: One row for each shard whose rows are in its lane

-- Written in the transaction of the COPY: the row is there if and only if the rows are. shard is
-- the digest of the manifest. evidence: what the load views are still to be asked for, QUERY=FILES
-- for each COPY of the shard, or ''. Where the engine enforces keys, ledger_unique.sql lets it.
CREATE TABLE IF NOT EXISTS dwh.ledger (
    relation     VARCHAR(256)  NOT NULL,
    generation   INTEGER       NOT NULL,
    shard        VARCHAR(64)   NOT NULL,
    lane         VARCHAR(256)  NOT NULL,
    manifest     VARCHAR(2048) NOT NULL,
    first_key    VARCHAR(4096),
    last_key     VARCHAR(4096),
    objects      BIGINT        NOT NULL,
    bytes        BIGINT        NOT NULL,
    row_count    BIGINT        NOT NULL,
    rejected     BIGINT        NOT NULL,
    run          VARCHAR(64)   NOT NULL,
    attempt      INTEGER       NOT NULL,
    verdict      VARCHAR(16)   NOT NULL,
    committed_at TIMESTAMP     NOT NULL,
    evidence     VARCHAR(128)  DEFAULT '' NOT NULL,
    PRIMARY KEY (relation, generation, shard)
);
