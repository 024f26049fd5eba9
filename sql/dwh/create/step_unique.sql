-- engine: postgres
-- title: The key of dwh.step, enforced

CREATE UNIQUE INDEX IF NOT EXISTS step_key
ON dwh.step (step);
