-- title: Objects in quarantine

SELECT
    q.relation,
    q.object,
    q.line,
    q.column_name,
    LEFT(q.value, 100) AS value,
    q.code,
    q.reason,
    q.state,
    q.run,
    q.held_at,
    q.manifest
FROM dwh.quarantine AS q
INNER JOIN dwh.target AS t ON q.relation = t.relation AND q.generation = t.generation
WHERE LEFT(q.relation, LENGTH(CURRENT_SCHEMA()) + 1) = CURRENT_SCHEMA() || '.'
ORDER BY q.relation, q.state DESC, q.object;
