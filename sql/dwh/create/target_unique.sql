-- engine: postgres
-- title: The key of dwh.target, enforced

CREATE UNIQUE INDEX IF NOT EXISTS target_key
ON dwh.target (relation);
