-- title: Objects in quarantine

SELECT
    q.relation,
    q.object,
    q.line,
    q.column_name,
    q.value,
    q.code,
    q.reason,
    q.state,
    q.run,
    q.held_at,
    q.manifest
FROM dwh.quarantine AS q
INNER JOIN dwh.target AS t ON q.relation = t.relation AND q.generation = t.generation
ORDER BY q.relation, q.state DESC, q.object;
