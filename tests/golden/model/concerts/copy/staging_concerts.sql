-- source: CONCERT_DATA
-- shape: concerts
-- title: Concerts, as the agency sends them

COPY :"lane"
FROM :'manifest'
IAM_ROLE :'role'
MANIFEST
REGION :'region'
FORMAT AS JSON 'auto'
COMPUPDATE OFF
STATUPDATE OFF;
