#!/bin/bash
# Who may connect to a cluster: the caller's own address, found out; another one the next time; a
# block that is named; the world only where it is spelled out. And a fault after each step of that.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
sed -i '/^INGRESS/d' dwh.cfg
cluster_aws --take role=0 --take creating=20 --take in-sync=0 --take deleting=20 --take interface=20

# ---- somebody who says which address we have ----
cat >whoami.py <<'PY'
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, _, text = open("whoami").read().partition(" ")
        self.send_response(int(status))
        self.end_headers()
        self.wfile.write(text.encode())
s = http.server.HTTPServer(("127.0.0.1", 0), Answer)
print(s.server_port, flush=True)
s.serve_forever()
PY
echo '200 198.51.100.7' >whoami
setpriv --pdeathsig KILL python3 whoami.py >whoami.port 2>whoami.log &
AWS_PIDS+=($!)
disown
until_true 60 test -s whoami.port
DWH_CHECKIP_URL=http://127.0.0.1:$(cat whoami.port)/
export DWH_CHECKIP_URL

# ec2 CODE...: of Python, with a client of boto3 that is not ours, ec2, and the group's id, g
ec2() {
	python3 - "$@" <<-'PY'
		import boto3, os, sys
		ec2 = boto3.client("ec2", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
		found = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["dwh-dwh-cluster"]}])["SecurityGroups"]
		g = found[0]["GroupId"] if found else None
		exec(sys.argv[1])
	PY
}
open_to() { # "PORT CIDR" of each rule
	ec2 'for p in found[0]["IpPermissions"] if found else []:
	for r in p["IpRanges"]: print(p["FromPort"], r["CidrIp"])' 2>&1 | sort | paste -sd ,
}
others='ec2.authorize_security_group_ingress(GroupId=g, IpPermissions=[{"IpProtocol": "tcp",
	"FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "192.0.2.0/24", "Description": "ssh"}]},
	{"IpProtocol": "tcp", "FromPort": 5439, "ToPort": 5439, "IpRanges": [{"CidrIp": "192.0.2.9/32"}]}])'
gone() { # gone NAME
	dwh cluster down
	is "$ST $(left)$(buckets)" '0 ' "$1"
}

# ---- our own address ----
dwh cluster up
is "$ST" 0 'up'
like "$OUT" '^makes +security group dwh-dwh-cluster: port 5439 open to 198\.51\.100\.7/32$' 'the plan says who may connect'
is "$(open_to)" '5439 198.51.100.7/32' 'our own address alone'
is "$(unread)" '' 'AWS knew each argument'
dwh cluster status
like "$OUT" 'port 5439 is open to 198\.51\.100\.7/32' 'status says so'
ec2 "$others"
echo '200 198.51.100.8' >whoami
from=$(count_calls)
dwh cluster up
is "$ST $(open_to)" '0 22 192.0.2.0/24,5439 192.0.2.9/32,5439 198.51.100.8/32' \
	'at another address: the rule is another, and what others have opened stays open'
from=$(count_calls)
dwh cluster up
is "$ST $(calls "$from" | grep -c SecurityGroupIngress)" '0 0' 'up again changes no rule'
dwh cluster up --ingress 203.0.113.0/24
is "$(open_to)" '22 192.0.2.0/24,5439 192.0.2.9/32,5439 203.0.113.0/24' 'a block that is named'
dwh cluster up --ingress 0.0.0.0/0
is "$ST $(open_to)" '0 22 192.0.2.0/24,5439 0.0.0.0/0,5439 192.0.2.9/32' 'the world, as it is spelled out'
like "$OUT" 'open to THE WHOLE WORLD: 0\.0\.0\.0/0$' 'which the plan spells out, too'
for half in 0.0.0.0/1 128.0.0.0/1; do
	dwh cluster up --ingress $half
	like "$OUT" "open to A LARGE PART OF THE WORLD: $half\$" "so does it $half"
done
gone 'down'

# ---- refused ----
refused() { # refused TEXT NAME: before anything is made
	is "$((ST > 0)) $(left)$(buckets)" '1 ' "$2"
	like "$ERR" "$1" 'and it is said why'
}
# Another spelling of a block: EC2 shows it in its own, and our rule would not be known again.
for bad in 203.0.113.7 203.0.113.7/24 ::/0 0.0.0.0 anywhere 0.0.0.0/00 203.0.113.0/024 203.0.113.00/24 \
	0203.0.113.0/24; do
	dwh cluster up --ingress $bad
	refused "--ingress is \"$bad\", must be a block of addresses" "--ingress $bad"
done
echo '200 <html>log in first</html>' >whoami
dwh cluster up
refused 'does not answer with an IPv4 address .*--ingress or \[DWH\] INGRESS' 'an answer that is no address'
echo '503 198.51.100.7' >whoami
dwh cluster up
refused 'does not answer with an IPv4 address \(HTTP 503\)' 'an answer that is an error'
DWH_CHECKIP_URL=http://127.0.0.1:1/ dwh cluster up
refused 'cannot find out which address you have.*--ingress' 'no answer'
echo '200 198.51.100.7' >whoami

# ---- a fault after each step ----
fails() { # fails HOW ACTION [STATUS]
	local from
	from=$(count_calls)
	fail_next "$2" "$1"
	dwh cluster up
	double_post calm >/dev/null
	case $1 in
	lost) is "$ST $(calls "$from" | grep -c ":$2 lost")" '0 1' "the answer to $2 is lost, and not missed" ;;
	*) is "$ST $(calls "$from" | grep -c ":$2 ok")" "$3 0" "$2: $1: exit code $3" ;;
	esac
}
for action in CreateSecurityGroup AuthorizeSecurityGroupIngress; do
	# Before the first of them nothing is there, behind it the group is.
	fails deny $action "$([ $action = CreateSecurityGroup ] && echo 4 || echo 9)"
	dwh cluster up
	is "$ST $(open_to)" '0 5439 198.51.100.7/32' 'up again completes it'
	gone 'and down removes it'
	fails lost $action
	is "$(open_to)" '5439 198.51.100.7/32' 'it is open to us'
	[ $action = CreateSecurityGroup ] || break
	gone 'down'
done
echo '200 198.51.100.9' >whoami
fails deny RevokeSecurityGroupIngress 4
is "$(open_to)" '5439 198.51.100.7/32,5439 198.51.100.9/32' 'the new rule came first'
fails lost RevokeSecurityGroupIngress
is "$(open_to)" '5439 198.51.100.9/32' 'and then the old one goes'

# ---- a group that is not ours ----
gone 'down'
ec2 'ec2.create_security_group(GroupName="dwh-dwh-cluster", Description="mine")'
dwh cluster up
is "$ST $(left | grep -v 'security group')$(buckets)" '3 ' 'a group of that name that we did not make: nothing is made'
like "$ERR" 'security group dwh-dwh-cluster is there already, and dwh did not make it' 'and it says so'
dwh cluster down
like "$(left)" 'security group dwh-dwh-cluster' 'down leaves it'
dwh cluster up --adopt
is "$ST $(left | grep -v 'security group')$(buckets)" '3 ' '--adopt of one that lets nobody in: nothing is made'
like "$ERR" 'its port 5439 is open to nobody: .aws ec2 authorize-security-group-ingress .*--group-id sg-[0-9a-f]* --protocol tcp --port 5439 --cidr 198' \
	'and it says what opens it'
opened() { # opened NAME PERMISSION
	ec2 "ec2.authorize_security_group_ingress(GroupId=g, IpPermissions=[{\"IpProtocol\": \"tcp\",
	\"FromPort\": 5430, \"ToPort\": 5440, $2}])"
	dwh cluster up --adopt
	is "$ST" 0 "--adopt of one that is open to $1"
	dwh cluster status
	like "$OUT" "security group .*port 5439 is open to $1" 'status says to whom'
	dwh cluster down
	is "$ST $(left | cut -d ' ' -f 1,2)" '0 security group' 'down leaves it'
	ec2 'ec2.delete_security_group(GroupId=g); ec2.create_security_group(GroupName="dwh-dwh-cluster", Description="mine")'
}
opened '2001:db8::/32' '"Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}]'
opened 'pl-0123456789abcdef0' '"PrefixListIds": [{"PrefixListId": "pl-0123456789abcdef0"}]'
opened 'sg-[0-9a-f]+' '"UserIdGroupPairs": [{"GroupId": g}]'

double_post calm >/dev/null
ec2 'ec2.delete_security_group(GroupId=g)'
dwh cluster up
fail_code DeleteSecurityGroup DependencyViolation 400 -1
"$DWH" cluster down -c "$T/dwh.cfg" >"$T/out" 2>"$T/err" &
DOWN=$!
in_the_way() { calls | tail -n 3 | grep -q DependencyViolation; }
until_true 60 in_the_way
is $? 0 'something is in the way of removing ours'
ec2 'ec2.create_tags(Resources=[g], Tags=[{"Key": "dwh:made-by", "Value": "somebody"}])'
double_post calm >/dev/null
wait $DOWN
is "$? $(left | cut -d ' ' -f 1,2)" '0 security group' 'what is not ours by now stays'
like "$(cat "$T/err")" 'left as it is, dwh did not make it: security group dwh-dwh-cluster' 'and it says so'

# ---- no network ----
kill "$DOUBLE"
until_true 60 not_there "$DOUBLE"
cluster_aws --no-default-vpc
dwh cluster up
is "$ST" 4 'no default VPC'
like "$ERR" 'has no default VPC in us-west-2: make one with "aws ec2 create-default-vpc' 'and the remedy'
is "$(left)$(buckets)" '' 'nothing was made'
done_testing
