# lib.sh - servers that stand in for AWS's control plane: the double of this folder, and moto.
# shellcheck shell=bash
#
# A test sources tests/run/lib.sh first, then this, and calls start_double or start_moto. Both end
# with the test. What they set is in the environment: every AWS client, ours and others, then talks
# to them and to nobody else. double.py's head says what /_double/... answers and how faults are put.

AWS_HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
AWS_PIDS=()
stop_aws() {
	[ "${#AWS_PIDS[@]}" = 0 ] || kill -9 "${AWS_PIDS[@]}" 2>/dev/null
	AWS_PIDS=()
}
trap 'stop_aws; clean_up' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# Where a proxy is set, it is not for this machine.
export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1
unset AWS_SECURITY_TOKEN AWS_DEFAULT_PROFILE AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE CURL_CA_BUNDLE \
	REQUESTS_CA_BUNDLE AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_CREDENTIALS_RELATIVE_URI
export AWS_EC2_METADATA_DISABLED=true AWS_PAGER='' PYTHONWARNINGS=ignore PYTHONDONTWRITEBYTECODE=1

use_aws() { # use_aws PORT ID SECRET: for every client that is started from here on
	export AWS_ENDPOINT_URL=http://127.0.0.1:$1 AWS_REGION=us-west-2 AWS_DEFAULT_REGION=us-west-2
	export AWS_ACCESS_KEY_ID=$2 AWS_SECRET_ACCESS_KEY=$3
}

# start_double OPTIONS...: its port is in $DOUBLE_PORT, its process in $DOUBLE. 300 simulated seconds
# pass in one, unless an option says otherwise.
start_double() {
	AWS_ID=AKIADOUBLEDOUBLE1234
	AWS_SECRET='d0uble/Secret+of/40+characters/for+tests'
	rm -f "$T/double.port"
	"$AWS_HERE/double.py" --port-file "$T/double.port" --key "$AWS_ID:$AWS_SECRET" --speed 300 "$@" \
		2>>"$T/double.log" &
	DOUBLE=$!
	AWS_PIDS+=("$DOUBLE")
	disown
	until_true 30 test -s "$T/double.port" || echo "# the double did not start: $(cat "$T/double.log")"
	DOUBLE_PORT=$(cat "$T/double.port")
	use_aws "$DOUBLE_PORT" "$AWS_ID" "$AWS_SECRET"
}
double_post() { # double_post WHAT [JSON]: fail, release, calm, clock, key, expire, secret, role
	curl -sS -X POST -d "${2:-}" "http://127.0.0.1:$DOUBLE_PORT/_double/$1"
}
# fail_next ACTION HOW [TIMES [AFTER]]: see double.py
fail_next() {
	double_post fail "{\"action\": \"$1\", \"how\": \"$2\", \"times\": ${3:-1}, \"after\": ${4:-0}}" \
		>/dev/null
}
# fail_code ACTION CODE [STATUS [TIMES [AFTER]]]: refused with a code of AWS's
fail_code() {
	double_post fail "{\"action\": \"$1\", \"how\": \"error\", \"code\": \"$2\",
		\"status\": ${3:-400}, \"times\": ${4:-1}, \"after\": ${5:-0}}" >/dev/null
}
left() { # what was made and is there, "KIND NAME" a line
	curl -sS "http://127.0.0.1:$DOUBLE_PORT/_double/left" | jq -r '.[] | "\(.kind) \(.name)"'
}
left_json() { curl -sS "http://127.0.0.1:$DOUBLE_PORT/_double/left"; }
# calls [FROM]: the calls in order, "SERVICE:ACTION OUTCOME" a line; those after the FROM-th
calls() {
	curl -sS "http://127.0.0.1:$DOUBLE_PORT/_double/log" |
		jq -r --argjson from "${1:-0}" '.[$from:][] | "\(.service):\(.action) \(.outcome)"'
}
calls_json() { curl -sS "http://127.0.0.1:$DOUBLE_PORT/_double/log"; }
changes() { # changes [FROM]: of those, what was to change something
	calls "${1:-0}" | grep -vE ':(Describe|Get|List|Head|AssumeRole|PutToken)'
}
count_calls() { calls_json | jq length; }
unread() { # arguments that were sent and that AWS would not have known: "ACTION ARGUMENT" a line
	calls_json | jq -r '.[] | .action as $a | .unread[] | "\($a) \(.)"' | sort -u
}
# awscli SERVICE ...: AWS's own, at the server that stands in; versions before 2.13 do not read
# AWS_ENDPOINT_URL, and none signs for IAM's region at an endpoint that is not AWS's.
awscli() {
	local region=$AWS_REGION
	[ "$1" != iam ] || region=us-east-1
	aws --endpoint-url "$AWS_ENDPOINT_URL" --region "$region" --output json "$@"
}
# Calls by curl, which signs for itself, for tests that ask where no awscli is. The answer's body goes
# out as it is; said() makes of it what was said.
#
# aws_query SERVICE ACTION [ARGUMENTS [CURL OPTION...]]: "Name=value&...", not encoded yet. It is done
# as botocore does it, for moto signs what it would have sent.
aws_query() {
	local region=$AWS_REGION version arg args=()
	while IFS= read -r arg; do
		[ -z "$arg" ] || args+=(--data-urlencode "$arg")
	done <<<"${3//&/$'\n'}"
	case $1 in
	sts) version=2011-06-15 ;;
	iam) version=2010-05-08 region=us-east-1 ;;
	ec2) version=2016-11-15 ;;
	redshift) version=2012-12-01 ;;
	esac
	aws_curl "$1" "$region" -d "Action=$2&Version=$version" "${args[@]}" \
		-H 'Content-Type: application/x-www-form-urlencoded; charset=utf-8' "${@:4}"
}
aws_json() { # aws_json SERVICE TARGET.ACTION JSON
	aws_curl "$1" "$AWS_REGION" -d "${3:-{\}}" -H "X-Amz-Target: $2" \
		-H 'Content-Type: application/x-amz-json-1.1'
}
aws_curl() { # aws_curl SERVICE REGION CURL OPTION...
	curl -sS -g --aws-sigv4 "aws:amz:$2:$1" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
		${AWS_SESSION_TOKEN:+-H "X-Amz-Security-Token: $AWS_SESSION_TOKEN"} "${@:3}" \
		"$AWS_ENDPOINT_URL/${AWS_PATH:-}"
}
said() { # of a body: the error's code; else the text of the element or member that is named; else ok
	local body
	body=$(cat)
	case $body in
	*'<Code>'*) sed -n 's:.*<Code>\([^<]*\)</Code>.*:\1:p' <<<"$body" ;;
	*'"__type"'*) jq -r '.__type | sub(".*#"; "")' <<<"$body" ;;
	'{'*) jq -r "${1:-\"ok\"}" <<<"$body" ;;
	*) [ -z "${1:-}" ] && echo ok || grep -oE "<($1)>[^<]+" <<<"$body" | sed 's/.*>//' | paste -sd ' ' ;;
	esac
}
held() { # whether a call is held now (how: hold, hold-after)
	calls_json | jq -e 'any(.[]; .outcome == "held")' >/dev/null
}

# start_moto: with signatures verified; skips the whole test where moto isn't there. Its port is in
# $MOTO_PORT; MOTO_PYTHON may name the Python that has it.
has_moto() {
	local p
	for p in ${MOTO_PYTHON:-} $(type -aP python3); do
		"$p" -c 'import moto.server' 2>/dev/null && MOTO_PYTHON=$p && return 0
	done
	return 1
}
start_moto() {
	has_moto || skip_all 'moto is not installed: python3 -m moto.server'
	# The three calls that make a user with a key are not verified, all others are.
	MOTO_IAM_LOAD_MANAGED_POLICIES=true INITIAL_NO_AUTH_ACTION_COUNT=3 \
		setpriv --pdeathsig KILL "$MOTO_PYTHON" -m moto.server -H 127.0.0.1 -p 0 \
		>"$T/moto.log" 2>&1 &
	MOTO=$!
	AWS_PIDS+=("$MOTO")
	disown
	until_true 60 grep -q 'Running on http' "$T/moto.log" ||
		echo "# moto did not start: $(tail -n 3 "$T/moto.log")"
	MOTO_PORT=$(sed -n 's|.*Running on http://127.0.0.1:||p' "$T/moto.log" | head -n 1)
	local key
	iam() {
		curl -sS -d "Version=2010-05-08&UserName=loader&$1" \
			-H 'Authorization: AWS4-HMAC-SHA256 Credential=AKIAANYBODYANYBODY00/20200101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0' \
			"http://127.0.0.1:$MOTO_PORT/"
	}
	iam Action=CreateUser >/dev/null
	iam 'Action=PutUserPolicy&PolicyName=all&PolicyDocument=%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D' >/dev/null
	key=$(iam Action=CreateAccessKey)
	unset -f iam
	use_aws "$MOTO_PORT" "$(sed -n 's:.*<AccessKeyId>\(.*\)</AccessKeyId>.*:\1:p' <<<"$key")" \
		"$(sed -n 's:.*<SecretAccessKey>\(.*\)</SecretAccessKey>.*:\1:p' <<<"$key")"
	[ -n "$AWS_ACCESS_KEY_ID" ] || echo "# moto gave no key: $key"
}
