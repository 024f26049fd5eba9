-- What a Redshift cluster has beside its tables, for redshiftd: made where it is missing, each time
-- that it starts.
SET allow_system_table_mods TO on;
CREATE SCHEMA IF NOT EXISTS redshiftd;
GRANT USAGE ON SCHEMA redshiftd TO PUBLIC;
CREATE SEQUENCE IF NOT EXISTS redshiftd.query_id START 100;

-- The session's facts stand as arguments in what the server is sent.
CREATE OR REPLACE FUNCTION redshiftd.version() RETURNS varchar(200) LANGUAGE sql STABLE AS
    'SELECT CAST(''PostgreSQL 8.0.2 on x86_64-pc-linux-gnu, compiled by GCC, Redshift 1.0.0'' AS varchar(200))';
CREATE OR REPLACE FUNCTION pg_catalog.pg_last_copy_count(bigint) RETURNS bigint LANGUAGE sql STABLE AS
    'SELECT $1';
CREATE OR REPLACE FUNCTION pg_catalog.pg_last_copy_id(bigint) RETURNS integer LANGUAGE sql STABLE AS
    'SELECT CAST($1 AS integer)';
CREATE OR REPLACE FUNCTION pg_catalog.pg_last_query_id(bigint) RETURNS bigint LANGUAGE sql STABLE AS
    'SELECT $1';

-- ---- what COPYs leave: written by a session of redshiftd's own, so that it outlives a rollback ----

CREATE TABLE IF NOT EXISTS redshiftd.fact (name varchar(60) PRIMARY KEY, value varchar(200));
CREATE TABLE IF NOT EXISTS redshiftd.load (
    query_id bigint PRIMARY KEY,
    transaction_id bigint,
    session_id integer,
    user_name varchar(128),
    schema_name varchar(128),
    table_name varchar(128),
    table_id bigint,
    data_source varchar(1024),
    file_format varchar(16),
    status varchar(10),
    start_time timestamp,
    end_time timestamp,
    loaded_rows bigint,
    loaded_bytes bigint,
    file_count bigint,
    file_bytes bigint,
    error_count bigint,
    error_message varchar(1024));
ALTER TABLE redshiftd.load ADD COLUMN IF NOT EXISTS query_text varchar(4000);
-- Some of its files in each row: arrays of one length. They are kept in the row and as they are: to
-- compress them, or to put them elsewhere, would cost more than it saves.
CREATE TABLE IF NOT EXISTS redshiftd.load_files (
    query_id bigint,
    file_name varchar(1200) [],
    bytes bigint [],
    lines bigint []) WITH (toast_tuple_target = 8160);
ALTER TABLE redshiftd.load_files ALTER COLUMN file_name SET STORAGE EXTERNAL,
ALTER COLUMN bytes SET STORAGE EXTERNAL, ALTER COLUMN lines SET STORAGE EXTERNAL;
CREATE INDEX IF NOT EXISTS load_files_query ON redshiftd.load_files (query_id);
CREATE TABLE IF NOT EXISTS redshiftd.load_error (
    query_id bigint,
    file_name varchar(1200),
    line_number bigint,
    column_name varchar(128),
    column_type varchar(40),
    position integer,
    value varchar(2048),
    code integer,
    reason varchar(512));
CREATE INDEX IF NOT EXISTS load_error_query ON redshiftd.load_error (query_id);

-- A COPY whose files and errors are to be seen by now.
CREATE OR REPLACE VIEW redshiftd.load_seen AS
SELECT l.*
FROM redshiftd.load AS l
INNER JOIN redshiftd.fact AS f ON f.name = 'views late'
WHERE l.end_time + CAST(f.value AS interval) <= statement_timestamp() AT TIME ZONE 'UTC';

CREATE OR REPLACE VIEW redshiftd.file_seen AS
SELECT
    l.query_id,
    l.status,
    l.file_format,
    l.start_time,
    l.end_time,
    unnest(f.file_name) AS file_name,
    unnest(f.bytes) AS bytes,
    unnest(f.lines) AS lines
FROM redshiftd.load_seen AS l
INNER JOIN redshiftd.load_files AS f ON f.query_id = l.query_id;

-- What a session that was killed has left is no load that runs.
CREATE OR REPLACE VIEW pg_catalog.sys_load_history AS
SELECT
    100 AS user_id,
    l.query_id,
    CAST('' AS char(80)) AS query_label,
    l.transaction_id,
    l.session_id,
    CAST(current_database() AS char(128)) AS database_name,
    CAST(CASE
        WHEN l.status = 'running' AND a.pid IS NULL THEN 'aborted'
        ELSE l.status
    END AS char(10)) AS status,
    CAST(l.table_name AS char(128)) AS table_name,
    l.start_time,
    l.end_time,
    CAST(EXTRACT(EPOCH FROM COALESCE(l.end_time, statement_timestamp() AT TIME ZONE 'UTC')
        - l.start_time) * 1000000 AS bigint) AS duration,
    l.data_source,
    CAST(l.file_format AS char(16)) AS file_format,
    l.loaded_rows,
    l.loaded_bytes,
    l.file_count AS source_file_count,
    l.file_bytes AS source_file_bytes,
    l.file_count AS file_count_scanned,
    l.loaded_bytes AS file_bytes_scanned,
    l.error_count,
    CAST(0 AS bigint) AS copy_job_id
FROM redshiftd.load AS l
LEFT JOIN pg_stat_activity AS a ON a.pid = l.session_id;

CREATE OR REPLACE VIEW pg_catalog.sys_load_detail AS
SELECT
    100 AS user_id,
    f.query_id,
    CAST(f.file_name AS char(256)) AS file_name,
    f.bytes AS bytes_scanned,
    f.lines AS lines_scanned,
    f.end_time AS record_time,
    1 AS splits_scanned,
    f.start_time,
    f.end_time
FROM redshiftd.file_seen AS f;

CREATE OR REPLACE VIEW pg_catalog.sys_load_error_detail AS
SELECT
    100 AS user_id,
    e.query_id,
    l.transaction_id,
    l.session_id,
    CAST(current_database() AS char(128)) AS database_name,
    l.table_id,
    l.start_time,
    CAST(e.file_name AS char(256)) AS file_name,
    e.line_number,
    CAST(e.column_name AS char(127)) AS column_name,
    CAST(split_part(e.column_type, '(', 1) AS char(10)) AS column_type,
    CAST(rtrim(split_part(e.column_type, '(', 2), ')') AS char(10)) AS column_length,
    e.position,
    e.code AS error_code,
    CAST(e.reason AS char(512)) AS error_message
FROM redshiftd.load_error AS e
JOIN redshiftd.load_seen AS l ON l.query_id = e.query_id;

CREATE OR REPLACE VIEW pg_catalog.stl_load_errors AS
SELECT
    100 AS userid,
    0 AS slice,
    CAST(l.table_id AS integer) AS tbl,
    l.start_time AS starttime,
    l.session_id AS session,
    CAST(e.query_id AS integer) AS query,
    CAST(e.file_name AS char(256)) AS filename,
    e.line_number,
    CAST(e.column_name AS char(127)) AS colname,
    CAST(split_part(e.column_type, '(', 1) AS char(10)) AS type,
    CAST(rtrim(split_part(e.column_type, '(', 2), ')') AS char(10)) AS col_length,
    e.position,
    CAST(e.value AS char(1024)) AS raw_line,
    CAST(e.value AS char(1024)) AS raw_field_value,
    e.code AS err_code,
    CAST(e.reason AS char(100)) AS err_reason,
    0 AS is_partial,
    CAST(0 AS bigint) AS start_offset
FROM redshiftd.load_error AS e
JOIN redshiftd.load_seen AS l ON l.query_id = e.query_id;

CREATE OR REPLACE VIEW pg_catalog.stl_load_commits AS
SELECT
    100 AS userid,
    CAST(f.query_id AS integer) AS query,
    0 AS slice,
    CAST('' AS char(256)) AS name,
    CAST(f.file_name AS char(256)) AS filename,
    CAST(f.bytes AS integer) AS byte_offset,
    CAST(f.lines AS integer) AS lines_scanned,
    CAST((
        SELECT COUNT(1) FROM redshiftd.load_error AS e
        WHERE e.query_id = f.query_id AND e.file_name = f.file_name
    ) AS integer) AS errors,
    f.end_time AS curtime,
    1 AS status,
    CAST(f.file_format AS char(16)) AS file_format,
    0 AS is_partial,
    CAST(0 AS bigint) AS start_offset,
    CAST(0 AS bigint) AS copy_job_id
FROM redshiftd.file_seen AS f
WHERE f.status = 'completed';

-- An earlier redshiftd had a row for each file.
DO $$ BEGIN
    IF to_regclass('redshiftd.load_file') IS NOT NULL THEN
        INSERT INTO redshiftd.load_files
        SELECT query_id, array_agg(file_name), array_agg(bytes), array_agg(lines)
        FROM redshiftd.load_file GROUP BY query_id;
        DROP TABLE redshiftd.load_file;
    END IF;
END $$;

-- ---- its sessions: a name that a client gives its own is not to be seen ----

CREATE OR REPLACE VIEW pg_catalog.stv_sessions AS
SELECT
    date_trunc('second', a.backend_start AT TIME ZONE 'UTC') AS starttime,
    a.pid AS process,
    CAST(f.value AS char(50)) AS user_name,
    CAST(a.datname AS char(50)) AS db_name,
    0 AS timeout_sec
FROM pg_stat_activity AS a
JOIN redshiftd.fact AS f ON f.name = 'user'
WHERE a.datname = current_database() AND a.application_name <> 'redshiftd log';

CREATE OR REPLACE VIEW pg_catalog.sys_session_history AS
SELECT
    CAST('100' AS char(50)) AS user_id,
    s.process AS session_id,
    s.db_name AS database_name,
    CAST('active' AS char(10)) AS status,
    s.timeout_sec AS session_timeout,
    s.starttime AS start_time,
    CAST(NULL AS timestamp) AS end_time
FROM pg_catalog.stv_sessions AS s;

CREATE OR REPLACE VIEW redshiftd.pg_stat_activity AS
SELECT
    a.datid,
    a.datname,
    a.pid AS procpid,
    a.usesysid,
    a.usename,
    a.query AS current_query,
    a.query_start
FROM pg_catalog.pg_stat_activity AS a;

-- Of COPYs; a cluster has all queries here.
CREATE OR REPLACE VIEW pg_catalog.sys_query_history AS
SELECT
    h.user_id,
    h.query_id,
    CAST('default' AS char(320)) AS query_label,
    h.transaction_id,
    h.session_id,
    h.database_name,
    CAST('COPY' AS char(32)) AS query_type,
    CAST(CASE h.status
        WHEN 'completed' THEN 'success'
        WHEN 'aborted' THEN 'failed'
        ELSE 'running'
    END AS char(10)) AS status,
    h.start_time,
    h.end_time,
    h.duration AS elapsed_time,
    CAST(l.error_message AS char(512)) AS error_message,
    CAST(l.query_text AS char(4000)) AS query_text
FROM pg_catalog.sys_load_history AS h
JOIN redshiftd.load AS l ON l.query_id = h.query_id;

-- ---- what a cluster says of itself ----

CREATE OR REPLACE VIEW pg_catalog.stv_slices AS
SELECT s.node, s.slice, s.localslice, CAST('D' AS char(1)) AS type
FROM (VALUES (0, 0, 0), (0, 1, 1), (1, 2, 0), (1, 3, 1)) AS s (node, slice, localslice);

CREATE OR REPLACE VIEW pg_catalog.stv_db_isolation_level AS
SELECT
    CAST(current_database() AS char(128)) AS db_name,
    CAST(f.value AS char(128)) AS db_isolation_level
FROM redshiftd.fact AS f
WHERE f.name = 'isolation';

-- The automatic WLM of the default parameter group.
CREATE OR REPLACE VIEW pg_catalog.stv_wlm_service_class_config AS
SELECT
    100 AS service_class,
    -1 AS num_query_tasks,
    CAST('Default queue' AS char(64)) AS name;

-- Like a cluster's, without a row for an empty table.
CREATE OR REPLACE VIEW pg_catalog.svv_table_info AS
SELECT
    CAST(current_database() AS varchar(128)) AS database,
    CAST(s.schemaname AS varchar(128)) AS schema,
    s.relid AS table_id,
    CAST(s.relname AS varchar(128)) AS "table",
    CAST('N' AS varchar(32)) AS encoded,
    CAST('AUTO(EVEN)' AS varchar(256)) AS diststyle,
    CAST('AUTO(SORTKEY)' AS varchar(256)) AS sortkey1,
    (
        SELECT COALESCE(MAX(a.atttypmod - 4), 0) FROM pg_attribute AS a
        WHERE a.attrelid = s.relid AND a.atttypid = CAST('varchar' AS regtype)
    ) AS max_varchar,
    CAST(NULL AS char(32)) AS sortkey1_enc,
    0 AS sortkey_num,
    pg_relation_size(s.relid) / 1048576 + 1 AS size,
    CAST(0 AS numeric(10, 4)) AS pct_used,
    CAST(0 AS bigint) AS empty,
    CAST(NULL AS numeric(5, 2)) AS unsorted,
    CAST(CASE WHEN s.n_mod_since_analyze = 0 THEN 0 ELSE 100 END AS numeric(5, 2)) AS stats_off,
    CAST(s.n_live_tup AS numeric(38, 0)) AS tbl_rows,
    CAST(NULL AS numeric(19, 2)) AS skew_sortkey1,
    CAST(NULL AS numeric(19, 2)) AS skew_rows,
    CAST(s.n_live_tup AS numeric(38, 0)) AS estimated_visible_rows,
    CAST(NULL AS varchar(128)) AS risk_event,
    CAST(NULL AS numeric(12, 2)) AS vacuum_sort_benefit
FROM pg_stat_user_tables AS s
WHERE s.n_live_tup > 0 AND s.schemaname <> 'redshiftd';
