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
