-- engine: postgres
-- title: The ledger's key, enforced

-- Redshift has no indexes and enforces no key; there a lock on the lane does this work.
CREATE UNIQUE INDEX IF NOT EXISTS ledger_key
ON dwh.ledger (relation, generation, shard);
