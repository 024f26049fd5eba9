/*
 * sigv4_s3.h - signed S3 requests as botocore sends them, one of every kind that matters.
 *
 * Recorded from botocore 1.43.67 at a fixed time with the suite's example key. The canonical
 * request and the string to sign are there for the odd ones; the signature covers both for all.
 */
#ifndef TESTS_VECTORS_SIGV4_S3_H
#define TESTS_VECTORS_SIGV4_S3_H

#include "tests/vectors/sigv4.h"

static const struct sigv4_vector sigv4_s3[] = {
    {
        .name = "s3 ListObjectsV2",
        .rule = SIGV4_PATH_AS_IS,
        .method = "GET",
        .path = "/",
        .query = "list-type=2&prefix=log_data%2F2018%2F11%2F&delimiter=%2F&max-keys=1000&start-"
                 "after=log_data%2F2018%2F11%2F2018-11-01-events.json&encoding-type=url",
        .headers = "Host: udacity-dend.s3.us-west-2.amazonaws.com\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: "
                   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .canonical = "GET\n"
                     "/\n"
                     "delimiter=%2F&encoding-type=url&list-type=2&max-keys=1000&prefix=log_data%"
                     "2F2018%2F11%2F&start-after=log_data%2F2018%2F11%2F2018-11-01-events.json\n"
                     "host:udacity-dend.s3.us-west-2.amazonaws.com\n"
                     "x-amz-content-sha256:"
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
                     "x-amz-date:20260801T120000Z\n"
                     "\n"
                     "host;x-amz-content-sha256;x-amz-date\n"
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .to_sign = "AWS4-HMAC-SHA256\n"
                   "20260801T120000Z\n"
                   "20260801/us-west-2/s3/aws4_request\n"
                   "bfec22163257fcc538c0e0a371fc78a9ce0d6768add900ed3b7ad69fe579093f",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            "Signature=ab2434ae614cbd30871452af4d9bcc6f74bf6840d7c5c5404c5663c4689d0e2a",
    },
    {
        .name = "s3 ListObjectsV2 page2 token with odd chars",
        .rule = SIGV4_PATH_AS_IS,
        .method = "GET",
        .path = "/",
        .query = "list-type=2&prefix=a%20b%2F%C3%BC%2B~%281%29%2A%21%27%3D%26%25&continuation-"
                 "token=1ueGcxLPRx1Tr%2FXYExHnhbYLgveDs2J%2Fwm36Hy4vbOwM%3D&encoding-type=url",
        .headers = "Host: my-bkt.s3.us-west-2.amazonaws.com\n"
                   "x-amz-request-payer: requester\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Security-Token: TOK/EN+==\n"
                   "X-Amz-Content-SHA256: "
                   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .canonical =
            "GET\n"
            "/\n"
            "continuation-token=1ueGcxLPRx1Tr%2FXYExHnhbYLgveDs2J%2Fwm36Hy4vbOwM%3D&encoding-type="
            "url&list-type=2&prefix=a%20b%2F%C3%BC%2B~%281%29%2A%21%27%3D%26%25\n"
            "host:my-bkt.s3.us-west-2.amazonaws.com\n"
            "x-amz-content-sha256:"
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
            "x-amz-date:20260801T120000Z\n"
            "x-amz-request-payer:requester\n"
            "x-amz-security-token:TOK/EN+==\n"
            "\n"
            "host;x-amz-content-sha256;x-amz-date;x-amz-request-payer;x-amz-security-token\n"
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .to_sign = "AWS4-HMAC-SHA256\n"
                   "20260801T120000Z\n"
                   "20260801/us-west-2/s3/aws4_request\n"
                   "4a69d164849dd5f1832ef2857411b041f059599aeeb1271038a919fcd892e526",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-request-payer;x-amz-security-"
            "token, Signature=548367533442301a6d280e303096c6c17f9d8aa978a421de0e989b54ee4e8f4b",
    },
    {
        .name = "s3 GetObject special key",
        .rule = SIGV4_PATH_AS_IS,
        .method = "GET",
        .path = "/a%20b/%C3%BC%2B~%281%29%2A%21%27%3D%26%25//x..y/./z",
        .headers = "Host: my-bkt.s3.us-west-2.amazonaws.com\n"
                   "Range: bytes=0-99\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: "
                   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .canonical = "GET\n"
                     "/a%20b/%C3%BC%2B~%281%29%2A%21%27%3D%26%25//x..y/./z\n"
                     "\n"
                     "host:my-bkt.s3.us-west-2.amazonaws.com\n"
                     "range:bytes=0-99\n"
                     "x-amz-content-sha256:"
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
                     "x-amz-date:20260801T120000Z\n"
                     "\n"
                     "host;range;x-amz-content-sha256;x-amz-date\n"
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .to_sign = "AWS4-HMAC-SHA256\n"
                   "20260801T120000Z\n"
                   "20260801/us-west-2/s3/aws4_request\n"
                   "f904355614776fae68529dd918fa0228ea357870389064a57c13b7ad920c0f8d",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
            "Signature=ed5b67185e45c3038b72a7da742fec15b63ae84b85725926355d06e188a3502c",
    },
    {
        .name = "s3 GetObject plain",
        .rule = SIGV4_PATH_AS_IS,
        .method = "GET",
        .path = "/dir/file.json",
        .headers = "Host: my-bkt.s3.us-west-2.amazonaws.com\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: "
                   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            "Signature=b249d9e42dbab2cf472eaa7a91647866a2e59a39ea3bd3f4ed7076a4e7ee0c32",
    },
    {
        .name = "s3 HeadObject",
        .rule = SIGV4_PATH_AS_IS,
        .method = "HEAD",
        .path = "/dir/file.json",
        .headers = "Host: my-bkt.s3.us-west-2.amazonaws.com\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: "
                   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            "Signature=b063fc76af3419a47630f519573b5cae5f739c2ccbc270bb27f10f55a624b297",
    },
    {
        .name = "s3 HeadBucket",
        .rule = SIGV4_PATH_AS_IS,
        .method = "HEAD",
        .path = "/",
        .headers = "Host: my-bkt.s3.us-west-2.amazonaws.com\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: "
                   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            "Signature=2d7153b2a9b22401dee74bfc41ba481521192dfcf3f8cd7eeb0ded80d88ffe12",
    },
    {
        .name = "s3 PutObject",
        .rule = SIGV4_PATH_AS_IS,
        .method = "PUT",
        .path = "/m/1.manifest",
        .headers = "Host: my-bkt.s3.us-west-2.amazonaws.com\n"
                   "Content-Type: application/json\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: "
                   "d801aa1fb7ddcc330a5e3173372ea6af4a3d08ec58074478e85aa5603e926658",
        .body = "{\"entries\":[]}",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .canonical = "PUT\n"
                     "/m/1.manifest\n"
                     "\n"
                     "content-type:application/json\n"
                     "host:my-bkt.s3.us-west-2.amazonaws.com\n"
                     "x-amz-content-sha256:"
                     "d801aa1fb7ddcc330a5e3173372ea6af4a3d08ec58074478e85aa5603e926658\n"
                     "x-amz-date:20260801T120000Z\n"
                     "\n"
                     "content-type;host;x-amz-content-sha256;x-amz-date\n"
                     "d801aa1fb7ddcc330a5e3173372ea6af4a3d08ec58074478e85aa5603e926658",
        .to_sign = "AWS4-HMAC-SHA256\n"
                   "20260801T120000Z\n"
                   "20260801/us-west-2/s3/aws4_request\n"
                   "9a8ae55bf95c715efe601ab0ed9a7363956025d9234b3f07721166c02a0ea6c3",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, "
            "Signature=9c62424efd8c009cdc1fb49ddf9fc20b07f6c7ba0182dd68f0b690bab23f6583",
    },
    {
        .name = "s3 PutObject default checksum mode",
        .rule = SIGV4_PATH_AS_IS,
        .method = "PUT",
        .path = "/m/1.manifest",
        .headers = "Host: my-bkt.s3.us-west-2.amazonaws.com\n"
                   "Content-Encoding: aws-chunked\n"
                   "X-Amz-Trailer: x-amz-checksum-crc32\n"
                   "X-Amz-Decoded-Content-Length: 14\n"
                   "x-amz-sdk-checksum-algorithm: CRC32\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        .payload = "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-"
            "content-length;x-amz-sdk-checksum-algorithm;x-amz-trailer, "
            "Signature=4f819d5eab6d7aeb0809cca8377396dac20027b5d47cb045756c8f67c3b94356",
    },
    {
        .name = "s3 PutObject unsigned payload",
        .rule = SIGV4_PATH_AS_IS,
        .method = "PUT",
        .path = "/m/1.manifest",
        .headers = "Host: my-bkt.s3.us-west-2.amazonaws.com\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: UNSIGNED-PAYLOAD",
        .payload = "UNSIGNED-PAYLOAD",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .canonical = "PUT\n"
                     "/m/1.manifest\n"
                     "\n"
                     "host:my-bkt.s3.us-west-2.amazonaws.com\n"
                     "x-amz-content-sha256:UNSIGNED-PAYLOAD\n"
                     "x-amz-date:20260801T120000Z\n"
                     "\n"
                     "host;x-amz-content-sha256;x-amz-date\n"
                     "UNSIGNED-PAYLOAD",
        .to_sign = "AWS4-HMAC-SHA256\n"
                   "20260801T120000Z\n"
                   "20260801/us-west-2/s3/aws4_request\n"
                   "ef9d068149f03d5f826e60954a0096cd5be1170147bfe8a3b27c61ff42443051",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            "Signature=2e42d01bfe4bff9d96ea042b434774acb73f534bccf3c48cd318878f3e00a55f",
    },
    {
        .name = "s3 DeleteObject",
        .rule = SIGV4_PATH_AS_IS,
        .method = "DELETE",
        .path = "/m/1.manifest",
        .headers = "Host: my-bkt.s3.us-west-2.amazonaws.com\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: "
                   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            "Signature=45b9db0dfed75e280ac6925fa860af0efac9b75243921f8dda468276bb84aae2",
    },
    {
        .name = "s3 dotted bucket",
        .rule = SIGV4_PATH_AS_IS,
        .method = "GET",
        .path = "/my.dotted.bkt",
        .query = "list-type=2&encoding-type=url",
        .headers = "Host: s3.us-west-2.amazonaws.com\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: "
                   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            "Signature=d1d86c3dc2824bcba068eca659d9f5704e1d618a9a0043e39de927f0cb63ae43",
    },
    {
        .name = "s3 path style",
        .rule = SIGV4_PATH_AS_IS,
        .method = "GET",
        .path = "/my-bkt/k/x",
        .headers = "Host: s3.us-west-2.amazonaws.com\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: "
                   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .canonical = "GET\n"
                     "/my-bkt/k/x\n"
                     "\n"
                     "host:s3.us-west-2.amazonaws.com\n"
                     "x-amz-content-sha256:"
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
                     "x-amz-date:20260801T120000Z\n"
                     "\n"
                     "host;x-amz-content-sha256;x-amz-date\n"
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .to_sign = "AWS4-HMAC-SHA256\n"
                   "20260801T120000Z\n"
                   "20260801/us-west-2/s3/aws4_request\n"
                   "fdb018d17f0548c033980f1d34b31c13777e7f5de311236d13c7def67f06593d",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            "Signature=e8bb5ff1cf42f7784ca481d83e539568095b1a1cc4225af32f8600cc7ccab98a",
    },
    {
        .name = "s3 dualstack",
        .rule = SIGV4_PATH_AS_IS,
        .method = "GET",
        .path = "/k",
        .headers = "Host: my-bkt.s3.dualstack.us-west-2.amazonaws.com\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: "
                   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            "Signature=ed9fbe85b51d67c44d36dfcec2e9ee1d2b3b98ec1ef5e01cf44c1f6a7d17119c",
    },
    {
        .name = "s3 custom endpoint",
        .rule = SIGV4_PATH_AS_IS,
        .method = "GET",
        .path = "/my-bkt/k",
        .headers = "Host: 127.0.0.1:9000\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: "
                   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .canonical = "GET\n"
                     "/my-bkt/k\n"
                     "\n"
                     "host:127.0.0.1:9000\n"
                     "x-amz-content-sha256:"
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
                     "x-amz-date:20260801T120000Z\n"
                     "\n"
                     "host;x-amz-content-sha256;x-amz-date\n"
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .to_sign = "AWS4-HMAC-SHA256\n"
                   "20260801T120000Z\n"
                   "20260801/us-west-2/s3/aws4_request\n"
                   "efb8566833b3a4f85f9eb4eb4e8980907c27ef25ddfc471b185e75159992c115",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            "Signature=d09ff2c784175b99608506055ee2f39ad32790dc67414ae47fa6dbb656196c3a",
    },
    {
        .name = "s3 us-east-1",
        .rule = SIGV4_PATH_AS_IS,
        .method = "GET",
        .path = "/k",
        .headers = "Host: my-bkt.s3.amazonaws.com\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: "
                   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .region = "us-east-1",
        .service = "s3",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-east-1/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            "Signature=5e4fb9d019d515a0618ab8017b3550e55d57610680676ae1f9a89f2359f6771c",
    },
    {
        .name = "s3 GetBucketLocation",
        .rule = SIGV4_PATH_AS_IS,
        .method = "GET",
        .path = "/my-bkt",
        .query = "location",
        .headers = "Host: s3.us-west-2.amazonaws.com\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: "
                   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            "Signature=807ac149c0f34bec07be578e6714d1c58d37c07b1744857540cd13859ab92607",
    },
    {
        .name = "s3 CreateMultipartUpload",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/k",
        .query = "uploads",
        .headers = "Host: my-bkt.s3.us-west-2.amazonaws.com\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: "
                   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .canonical = "POST\n"
                     "/k\n"
                     "uploads=\n"
                     "host:my-bkt.s3.us-west-2.amazonaws.com\n"
                     "x-amz-content-sha256:"
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
                     "x-amz-date:20260801T120000Z\n"
                     "\n"
                     "host;x-amz-content-sha256;x-amz-date\n"
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .to_sign = "AWS4-HMAC-SHA256\n"
                   "20260801T120000Z\n"
                   "20260801/us-west-2/s3/aws4_request\n"
                   "9e2ddc032c3e1959c371d3f8db76f33e5eff9a58be1de3f3f0cd69555f3a36a9",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            "Signature=2929801c4188a73f30f95ee4709bc91e09492b3c5354d236baf001d890f52786",
    },
    {
        .name = "s3 UploadPart",
        .rule = SIGV4_PATH_AS_IS,
        .method = "PUT",
        .path = "/k",
        .query = "uploadId=VXBsb2Fk%2FIElE&partNumber=1",
        .headers = "Host: my-bkt.s3.us-west-2.amazonaws.com\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: "
                   "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
        .body = "x",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            "Signature=8a31ad5a242a24da3007b20b51eb4785c5ea27dbb10513c10e267b2e717456e4",
    },
    {
        .name = "s3 CompleteMultipartUpload",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/k",
        .query = "uploadId=U1",
        .headers = "Host: my-bkt.s3.us-west-2.amazonaws.com\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: "
                   "e9d34aeddef49bb8dd616216f382f82cb41e7a29df5fd43155524bd8830aa022",
        .body = "<CompleteMultipartUpload "
                "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Part><ETag>\"e1\"</"
                "ETag><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            "Signature=547e36941ff912ed4db8d13aafe7abd5e2293ce2c9f776deb0ff47cb77e1a027",
    },
    {
        .name = "s3 AbortMultipartUpload",
        .rule = SIGV4_PATH_AS_IS,
        .method = "DELETE",
        .path = "/k",
        .query = "uploadId=U1",
        .headers = "Host: my-bkt.s3.us-west-2.amazonaws.com\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: "
                   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            "Signature=f9a8d9d9ab13005c3f5c7d123d9a677bcc1c714b7e8b3371b5f1a0048a81a321",
    },
    {
        .name = "s3 CreateBucket",
        .rule = SIGV4_PATH_AS_IS,
        .method = "PUT",
        .path = "/",
        .headers = "Host: my-bkt.s3.us-west-2.amazonaws.com\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: "
                   "a4a3d263179bfcbaf88755b14ea9db3048e4179c03bbc94ccf0f13c8c2d3df6a",
        .body = "<CreateBucketConfiguration "
                "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>us-west-2</"
                "LocationConstraint></CreateBucketConfiguration>",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            "Signature=8d80ff3a718b8ea39e5cb9f7a92686062810081ba97819a4b6eea192b7954300",
    },
    {
        .name = "s3 presign-like? DeleteObjects",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .query = "delete",
        .headers = "Host: my-bkt.s3.us-west-2.amazonaws.com\n"
                   "x-amz-checksum-crc32: 9I4Tdw==\n"
                   "x-amz-sdk-checksum-algorithm: CRC32\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Content-SHA256: "
                   "bfd6edc1a5d23453dd30a4db81b9ccacf1e4dce8c7fc75f8620f331c5a539fe7",
        .body = "<Delete "
                "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Object><Key>a</Key></"
                "Object><Object><Key>b</Key></Object><Quiet>true</Quiet></Delete>",
        .region = "us-west-2",
        .service = "s3",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/s3/aws4_request, "
            "SignedHeaders=host;x-amz-checksum-crc32;x-amz-content-sha256;x-amz-date;x-amz-sdk-"
            "checksum-algorithm, "
            "Signature=85b41009f4c1255d7e7a8489b09a6adf2132b8f71090b11cad82a986f653f43f",
    },
};

#endif
