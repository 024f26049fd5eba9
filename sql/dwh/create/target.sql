-- title: The relations that dwh made and may drop, and the run that owns each

-- generation counts the lives of a relation, one for each --fresh; lanes is how many tables stand
-- behind it; digest is of the files that describe it.
CREATE TABLE IF NOT EXISTS dwh.target (
    relation   VARCHAR(256)  NOT NULL,
    kind       VARCHAR(16)   NOT NULL,
    generation INTEGER       NOT NULL,
    lanes      INTEGER       NOT NULL,
    model      VARCHAR(1024) NOT NULL,
    run        VARCHAR(64)   NOT NULL,
    digest     VARCHAR(129)  NOT NULL,
    created_at TIMESTAMP     NOT NULL,
    updated_at TIMESTAMP     NOT NULL,
    PRIMARY KEY (relation)
);
