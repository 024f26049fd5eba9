/* s3d_code.c - the table of S3's error codes. */
#include "workers/local/s3d_code.h"

static const struct s3d_code_info codes[S3D_CODES] = {
    [S3D_OK] = {200, "OK", "OK"},
    [S3D_LATER] = {500, "InternalError", "The operation did not end."},
    [S3D_ACCESS_DENIED] = {403, "AccessDenied", "Access Denied"},
    [S3D_AUTH_HEADER_MALFORMED] = {400, "AuthorizationHeaderMalformed",
        "The authorization header is malformed."},
    [S3D_AUTH_QUERY_ERROR] = {400, "AuthorizationQueryParametersError",
        "The query parameters of the presigned request are malformed."},
    [S3D_BAD_DIGEST] = {400, "BadDigest",
        "The checksum that you sent did not match what we received."},
    [S3D_BAD_REQUEST] = {400, "BadRequest", "The request is not well-formed HTTP."},
    [S3D_BUCKET_EXISTS] = {409, "BucketAlreadyOwnedByYou", "The bucket exists and is yours."},
    [S3D_BUCKET_NOT_EMPTY] = {409, "BucketNotEmpty",
        "The bucket that you want to delete is not empty."},
    [S3D_ENTITY_TOO_LARGE] = {400, "EntityTooLarge", "The upload is larger than 5 GiB."},
    [S3D_ENTITY_TOO_SMALL] = {400, "EntityTooSmall",
        "A part other than the last one is smaller than 5 MiB."},
    [S3D_EXPIRED_TOKEN] = {400, "ExpiredToken", "The provided token has expired."},
    [S3D_HEAD_TOO_LARGE] = {400, "RequestHeaderSectionTooLarge",
        "The head of the request is larger than 16 KiB."},
    [S3D_ILLEGAL_LOCATION] = {400, "IllegalLocationConstraintException",
        "The location constraint is not the region of this server."},
    [S3D_INCOMPLETE_BODY] = {400, "IncompleteBody",
        "The body does not have the number of bytes that the headers say."},
    [S3D_INTERNAL] = {500, "InternalError", "We encountered an internal error. Please try again."},
    [S3D_INVALID_ACCESS_KEY] = {403, "InvalidAccessKeyId", "The access key id is not known here."},
    [S3D_INVALID_ARGUMENT] = {400, "InvalidArgument", "Invalid Argument"},
    [S3D_INVALID_BUCKET_NAME] = {400, "InvalidBucketName", "The bucket name is not valid."},
    [S3D_INVALID_DIGEST] = {400, "InvalidDigest", "The Content-MD5 or checksum is not valid."},
    [S3D_INVALID_PART] = {400, "InvalidPart",
        "A part was not found, or its entity tag is another one."},
    [S3D_INVALID_PART_ORDER] = {400, "InvalidPartOrder", "The parts are not in ascending order."},
    [S3D_INVALID_RANGE] = {416, "InvalidRange", "The requested range is not satisfiable"},
    [S3D_INVALID_REQUEST] = {400, "InvalidRequest", "Invalid Request"},
    [S3D_INVALID_TOKEN] = {400, "InvalidToken", "The security token is missing or not valid."},
    [S3D_INVALID_URI] = {400, "InvalidURI", "Couldn't parse the specified URI."},
    [S3D_KEY_TOO_LONG] = {400, "KeyTooLongError", "Your key is longer than 1024 bytes."},
    [S3D_MALFORMED_XML] = {400, "MalformedXML", "The XML is not well-formed or not as expected."},
    [S3D_MESSAGE_TOO_LONG] = {400, "MaxMessageLengthExceeded", "Your request was too big."},
    [S3D_METADATA_TOO_LARGE] = {400, "MetadataTooLarge",
        "Content headers and user metadata exceed 2 KiB."},
    [S3D_METHOD_NOT_ALLOWED] = {405, "MethodNotAllowed",
        "The specified method is not allowed against this resource."},
    [S3D_MISSING_LENGTH] = {411, "MissingContentLength",
        "You must provide the Content-Length HTTP header."},
    [S3D_NO_SPACE] = {507, "InsufficientStorage", "The disk of the server has no space left."},
    [S3D_NO_SUCH_ACCESS_BLOCK] = {404, "NoSuchPublicAccessBlockConfiguration",
        "The public access block configuration was not found"},
    [S3D_NO_SUCH_BUCKET] = {404, "NoSuchBucket", "The specified bucket does not exist"},
    [S3D_NO_SUCH_KEY] = {404, "NoSuchKey", "The specified key does not exist."},
    [S3D_NO_SUCH_TAG_SET] = {404, "NoSuchTagSet", "The TagSet does not exist"},
    [S3D_NO_SUCH_UPLOAD] = {404, "NoSuchUpload",
        "The specified upload does not exist; it may have been completed or aborted."},
    [S3D_NOT_IMPLEMENTED] = {501, "NotImplemented",
        "The request implies functionality that is not implemented."},
    [S3D_NOT_MODIFIED] = {304, "NotModified", "Not Modified"},
    [S3D_PRECONDITION_FAILED] = {412, "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold"},
    [S3D_REQUEST_TIMEOUT] = {400, "RequestTimeout",
        "Your connection was not read from or written to within the timeout period."},
    [S3D_SHA256_MISMATCH] = {400, "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed."},
    [S3D_SIGNATURE_MISMATCH] = {403, "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method."},
    [S3D_SKEWED] = {403, "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large."},
    [S3D_SLOW_DOWN] = {503, "SlowDown", "Please reduce your request rate."},
};

const struct s3d_code_info *s3d_code_info(enum s3d_code code)
{
	return &codes[code];
}

const char *s3d_code_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
	    {200, "OK"},
	    {204, "No Content"},
	    {206, "Partial Content"},
	    {304, "Not Modified"},
	    {400, "Bad Request"},
	    {403, "Forbidden"},
	    {404, "Not Found"},
	    {405, "Method Not Allowed"},
	    {409, "Conflict"},
	    {411, "Length Required"},
	    {412, "Precondition Failed"},
	    {416, "Requested Range Not Satisfiable"},
	    {500, "Internal Server Error"},
	    {501, "Not Implemented"},
	    {503, "Service Unavailable"},
	    {507, "Insufficient Storage"},
	};

	for (unsigned i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}
