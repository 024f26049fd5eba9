#!/usr/bin/python3
"""A warehouse as people build it by hand on Redshift, with psycopg2.

    original.py FILE SSLMODE [CA]

FILE has [CLUSTER], [IAM_ROLE] and [S3]. Drops, creates, copies, fills, looks at the load views, and
prints a line for each thing that it found, for original.t to judge.
"""
import configparser
import sys

import psycopg2

STAGING = {
    "staging_events": """
        id INT IDENTITY(0, 1), artist VARCHAR, auth VARCHAR, firstName VARCHAR, gender VARCHAR,
        itemInSession INT, lastName VARCHAR, length FLOAT, level VARCHAR, location VARCHAR,
        method VARCHAR, page VARCHAR, registration VARCHAR, sessionId INT, song VARCHAR,
        status INT, ts TIMESTAMP, userAgent VARCHAR, userId INT""",
    "staging_songs": """
        id INT IDENTITY(0, 1), num_songs INT, artist_id VARCHAR, artist_latitude FLOAT,
        artist_longitude FLOAT, artist_location VARCHAR, artist_name VARCHAR, song_id VARCHAR,
        title VARCHAR, duration FLOAT, year INT""",
}
STAR = {
    "songplays": """
        songplay_id INT IDENTITY(0, 1) PRIMARY KEY, start_time TIMESTAMP NOT NULL SORTKEY DISTKEY,
        user_id VARCHAR NOT NULL, level VARCHAR, song_id VARCHAR NOT NULL,
        artist_id VARCHAR NOT NULL, session_id VARCHAR NOT NULL, location VARCHAR,
        user_agent VARCHAR""",
    "users": """
        user_id VARCHAR SORTKEY PRIMARY KEY, first_name VARCHAR, last_name VARCHAR,
        gender VARCHAR, level VARCHAR""",
    "songs": """
        song_id VARCHAR SORTKEY PRIMARY KEY, title VARCHAR NOT NULL, artist_id VARCHAR NOT NULL,
        year INT, duration FLOAT""",
    "artists": """
        artist_id VARCHAR SORTKEY PRIMARY KEY, name VARCHAR NOT NULL, location VARCHAR,
        latitude FLOAT, longitude FLOAT""",
    "time": """
        start_time TIMESTAMP SORTKEY DISTKEY PRIMARY KEY, hour INT, day INT, week INT, month INT,
        year INT, weekday VARCHAR""",
}
FILL = [
    """INSERT INTO songplays (start_time, user_id, level, song_id, artist_id, session_id, location,
           user_agent)
       SELECT DISTINCT e.ts, e.userId, e.level, s.song_id, s.artist_id, e.sessionId, e.location,
           e.userAgent
       FROM staging_events e JOIN staging_songs s
           ON e.song = s.title AND e.artist = s.artist_name AND e.page = 'NextSong'""",
    """INSERT INTO users SELECT DISTINCT userId, firstName, lastName, gender, level
       FROM staging_events WHERE userId IS NOT NULL""",
    """INSERT INTO songs SELECT DISTINCT song_id, title, artist_id, year, duration
       FROM staging_songs WHERE song_id IS NOT NULL""",
    """INSERT INTO artists SELECT DISTINCT artist_id, artist_name, artist_location,
           artist_latitude, artist_longitude
       FROM staging_songs WHERE artist_id IS NOT NULL""",
    """INSERT INTO time SELECT DISTINCT ts, EXTRACT(hour FROM ts), EXTRACT(day FROM ts),
           EXTRACT(week FROM ts), EXTRACT(month FROM ts), EXTRACT(year FROM ts),
           EXTRACT(weekday FROM ts)
       FROM staging_events WHERE ts IS NOT NULL""",
]


def copies(config):
    """The old way to name the role, and the newer one."""
    role = config["IAM_ROLE"]["ARN"]
    s3 = config["S3"]
    yield "staging_events", f"""
        COPY staging_events FROM '{s3["LOG_DATA"]}'
        CREDENTIALS 'aws_iam_role={role}' REGION '{s3["REGION"]}'
        TIMEFORMAT AS 'epochmillisecs' COMPUPDATE OFF STATUPDATE OFF
        FORMAT AS JSON '{s3["LOG_JSONPATH"]}'"""
    yield "staging_songs", f"""
        COPY staging_songs FROM '{s3["SONG_DATA"]}' IAM_ROLE '{role}' REGION '{s3["REGION"]}'
        COMPUPDATE OFF STATUPDATE OFF FORMAT AS JSON 'auto'"""


def one(cursor, sql, *args):
    cursor.execute(sql, args)
    return cursor.fetchone()


def build(connection, config):
    tables = {**STAGING, **STAR}
    cursor = connection.cursor()
    for name in tables:
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
    for name, columns in tables.items():
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns})")
    connection.commit()
    for name, copy in copies(config):
        cursor.execute(copy)
        connection.commit()
        query, = one(cursor, "SELECT pg_last_copy_id()")
        print("copied", name, one(cursor, "SELECT pg_last_copy_count()")[0], "of",
              *one(cursor, "SELECT COUNT(*), SUM(lines_scanned) FROM stl_load_commits WHERE query = %s",
                   query), "and", *one(cursor, "SELECT TRIM(status), loaded_rows, error_count"
                                       " FROM sys_load_history WHERE query_id = %s", query))
    for insert in FILL:
        cursor.execute(insert)
        connection.commit()
    print("counts", *(one(cursor, f"SELECT COUNT(*) FROM {name}")[0] for name in tables))


def fail(connection, config):
    """A load that is aborted, and what people ask then."""
    cursor = connection.cursor()
    role, s3 = config["IAM_ROLE"]["ARN"], config["S3"]
    try:
        cursor.execute(f"COPY staging_songs FROM '{s3['BAD_DATA']}' IAM_ROLE '{role}' JSON 'auto'")
        print("aborted: no")
    except psycopg2.Error as why:
        print("aborted:", str(why).split("\n", 1)[0])
    connection.rollback()
    print("error", *one(cursor, "SELECT TRIM(filename), line_number, TRIM(colname), TRIM(type),"
                        " TRIM(raw_field_value), err_code, TRIM(err_reason) FROM stl_load_errors"
                        " ORDER BY starttime DESC LIMIT 1"))
    print("after", *one(cursor, "SELECT COUNT(*) FROM staging_songs"))


def main():
    config = configparser.ConfigParser()
    config.read(sys.argv[1])
    ca = {"sslrootcert": sys.argv[3]} if len(sys.argv) > 3 else {}
    connection = psycopg2.connect(
        "host={} dbname={} user={} password={} port={}".format(*config["CLUSTER"].values()),
        sslmode=sys.argv[2], **ca)
    print("tls", connection.info.ssl_in_use)
    build(connection, config)
    fail(connection, config)
    connection.close()


main()
