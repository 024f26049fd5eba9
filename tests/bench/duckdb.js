// duckdb.js FOLDER - reads the data set in it into tables of DuckDB, in memory: local files, no S3, no
// PostgreSQL. Prints the rows as tests/bench/services.sh does.
'use strict';
const { DuckDBInstance } = require('@duckdb/node-api');
const fs = require('node:fs');

const EVENTS = {
  artist: 'VARCHAR', auth: 'VARCHAR', firstName: 'VARCHAR', gender: 'VARCHAR',
  itemInSession: 'INTEGER', lastName: 'VARCHAR', length: 'DOUBLE', level: 'VARCHAR',
  location: 'VARCHAR', method: 'VARCHAR', page: 'VARCHAR', registration: 'VARCHAR',
  sessionId: 'INTEGER', song: 'VARCHAR', status: 'INTEGER', ts: 'BIGINT', userAgent: 'VARCHAR',
  userId: 'VARCHAR',
};
const SONGS = {
  num_songs: 'INTEGER', artist_id: 'VARCHAR', artist_latitude: 'DOUBLE',
  artist_longitude: 'DOUBLE', artist_location: 'VARCHAR', artist_name: 'VARCHAR',
  song_id: 'VARCHAR', title: 'VARCHAR', duration: 'DOUBLE', year: 'INTEGER',
};
const TABLES = [
  { name: 'staging_events', folder: 'log_data', columns: EVENTS,
    select: "* REPLACE (epoch_ms(ts) AS ts, TRY_CAST(nullif(userId, '') AS INTEGER) AS userId)" },
  { name: 'staging_songs', folder: 'song_data', columns: SONGS, select: '*' },
];

async function main(data) {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const rows = [];
  for (const { name, folder, columns, select } of TABLES) {
    if (!fs.existsSync(`${data}/${folder}`)) continue;
    const typed = Object.entries(columns).map(([key, type]) => `${key}: '${type}'`).join(', ');
    await connection.run(`CREATE TABLE ${name} AS SELECT ${select} FROM read_json(
      '${data}/${folder}/**/*.json', format = 'newline_delimited', columns = {${typed}})`);
    const count = await connection.runAndReadAll(`SELECT count(*) FROM ${name}`);
    rows.push(`"${name}": ${count.getRows()[0][0]}`);
  }
  console.log(rows.join(', '));
}

main(process.argv[2]).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
