-- source: LOG_DATA
-- title: Events, mapped by the paths of the jsonpaths file

COPY :"lane" (
    artist, auth, firstname, gender, iteminsession, lastname, length, level, location,
    method, page, registration, sessionid, song, status, ts, useragent, userid
)
FROM :'manifest'
IAM_ROLE :'role'
MANIFEST
REGION :'region'
FORMAT AS JSON :'LOG_JSONPATH'
TIMEFORMAT 'epochmillisecs'
COMPUPDATE OFF
STATUPDATE OFF;
