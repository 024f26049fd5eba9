"""A whole life of a cluster, a workgroup and a bucket against the double, by boto3: an independent
judge of its signatures and its documents. Prints "ok NAME" or "no NAME: why" a line."""
import json
import os
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ONCE = Config(retries={"max_attempts": 1}, parameter_validation=True)
BAD = []


def client(name, region="us-west-2"):
    return boto3.client(name, region_name=region, config=ONCE,
                        endpoint_url=os.environ["AWS_ENDPOINT_URL"])


def check(name, got, wanted=True):
    if got == wanted:
        print("ok", name)
    else:
        print(f"no {name}: got {got!r}, wanted {wanted!r}")
        BAD.append(name)


def code(call, **args):
    try:
        call(**args)
    except ClientError as e:
        assert e.response["ResponseMetadata"]["RequestId"]
        return e.response["Error"]["Code"]
    return "ok"


def until(what, seconds=30):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.05)


def role():
    iam = client("iam", "us-east-1")
    trust = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"},
        "Action": "sts:AssumeRole"}]}
    made = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust),
                           Tags=[{"Key": "a", "Value": "b&<c>"}])["Role"]
    check("the trust comes back", iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"],
          trust)
    check("tags", iam.list_role_tags(RoleName="r")["Tags"], [{"Key": "a", "Value": "b&<c>"}])
    for name in ("AmazonS3ReadOnlyAccess", "AmazonS3FullAccess", "AmazonRedshiftFullAccess"):
        iam.attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/" + name)
    pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName="r")
    arns = [p["PolicyArn"] for page in pages for p in page["AttachedPolicies"]]
    check("its policies, in pages", len(arns), 3)
    check("a conflict", code(iam.delete_role, RoleName="r"), "DeleteConflict")

    def remove():
        for arn in arns:
            iam.detach_role_policy(RoleName="r", PolicyArn=arn)
        iam.delete_role(RoleName="r")
        check("no role", code(iam.get_role, RoleName="r"), "NoSuchEntity")

    return made["Arn"], remove


def group():
    ec2 = client("ec2")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    subnets = [s for page in ec2.get_paginator("describe_subnets").paginate()
               for s in page["Subnets"]]
    check("subnets, in pages", len(subnets), 4)
    id_ = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc, TagSpecifications=[
        {"ResourceType": "security-group", "Tags": [{"Key": "k", "Value": "v"}]}])["GroupId"]
    rule = [{"IpProtocol": "tcp", "FromPort": 5439, "ToPort": 5439,
             "IpRanges": [{"CidrIp": "203.0.113.7/32", "Description": "me"}]}]
    rules = ec2.authorize_security_group_ingress(GroupId=id_, IpPermissions=rule)
    check("a rule", rules["SecurityGroupRules"][0]["CidrIpv4"], "203.0.113.7/32")
    check("twice", code(ec2.authorize_security_group_ingress, GroupId=id_, IpPermissions=rule),
          "InvalidPermission.Duplicate")
    got = ec2.describe_security_groups(Filters=[{"Name": "tag:k", "Values": ["v"]}])
    check("found by its tag", got["SecurityGroups"][0]["IpPermissions"][0]["IpRanges"],
          rule[0]["IpRanges"])

    def remove():
        until(lambda: code(ec2.delete_security_group, GroupId=id_) == "ok")
        check("no group", code(ec2.describe_security_groups, GroupIds=[id_]),
              "InvalidGroup.NotFound")

    return id_, remove


def cluster(role_arn, group_id):
    redshift = client("redshift")
    args = {"ClusterIdentifier": "c", "NodeType": "ra3.large", "NumberOfNodes": 2,
            "MasterUsername": "u", "MasterUserPassword": "Passw0rd~x", "IamRoles": [role_arn],
            "VpcSecurityGroupIds": [group_id], "Tags": [{"Key": "k", "Value": "v"}]}
    until(lambda: code(redshift.create_cluster, **args) == "ok")
    check("it exists", code(redshift.create_cluster, **args), "ClusterAlreadyExists")

    def its():
        return redshift.describe_clusters(ClusterIdentifier="c")["Clusters"][0]

    until(lambda: its()["ClusterStatus"] == "available")
    c = its()
    check("its endpoint", c["Endpoint"], {"Address": "127.0.0.1", "Port": 5439})
    check("its nodes", [n["NodeRole"] for n in c["ClusterNodes"]],
          ["LEADER", "COMPUTE-0", "COMPUTE-1"])
    until(lambda: its()["IamRoles"] == [{"IamRoleArn": role_arn, "ApplyStatus": "in-sync"}])
    ends = redshift.get_cluster_credentials(DbUser="x", ClusterIdentifier="c")["Expiration"]
    check("a password for some time", 800 < ends.timestamp() - time.time() < 1000)
    check("found by its tag", redshift.describe_tags(ResourceType="cluster", TagKeys=["k"])
          ["TaggedResources"][0]["ResourceName"], "arn:aws:redshift:us-west-2:123456789012:cluster:c")
    redshift.delete_cluster(ClusterIdentifier="c", SkipFinalClusterSnapshot=True)
    until(lambda: code(redshift.describe_clusters, ClusterIdentifier="c") == "ClusterNotFound")


def workgroup(role_arn):
    serverless = client("redshift-serverless")
    serverless.create_namespace(namespaceName="nsp", adminUsername="u", iamRoles=[role_arn],
                                adminUserPassword="Passw0rd~x", tags=[{"key": "k", "value": "v"}])
    args = {"workgroupName": "wgp", "namespaceName": "nsp", "baseCapacity": 8}
    until(lambda: code(serverless.create_workgroup, **args) == "ok")

    def its():
        return serverless.get_workgroup(workgroupName="wgp")["workgroup"]

    until(lambda: its()["status"] == "AVAILABLE")
    check("a workgroup's endpoint", its()["endpoint"]["port"], 5439)
    got = serverless.get_credentials(workgroupName="wgp")
    check("its password", 800 < got["expiration"].timestamp() - time.time() < 1000)
    check("is listed", [w["workgroupName"] for w in serverless.list_workgroups()["workgroups"]],
          ["wgp"])
    arn = serverless.get_namespace(namespaceName="nsp")["namespace"]["namespaceArn"]
    check("tagged", serverless.list_tags_for_resource(resourceArn=arn)["tags"],
          [{"key": "k", "value": "v"}])
    check("in use", code(serverless.delete_namespace, namespaceName="nsp"), "ConflictException")
    serverless.delete_workgroup(workgroupName="wgp")
    gone = "ResourceNotFoundException"
    until(lambda: code(serverless.get_workgroup, workgroupName="wgp") == gone)
    serverless.delete_namespace(namespaceName="nsp")
    until(lambda: code(serverless.get_namespace, namespaceName="nsp") == gone)


def bucket():
    s3 = client("s3")
    s3.create_bucket(Bucket="bkt", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    tags = {"TagSet": [{"Key": "k", "Value": "v"}]}
    s3.put_bucket_tagging(Bucket="bkt", Tagging=tags)
    check("a bucket's tags", s3.get_bucket_tagging(Bucket="bkt")["TagSet"], tags["TagSet"])
    keys = [f"d/ä +{n}" for n in range(5)]
    for k in keys:
        s3.put_object(Bucket="bkt", Key=k, Body=k.encode())
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="bkt", Prefix="d/")
    check("its objects, in pages", [o["Key"] for page in pages for o in page["Contents"]], keys)
    check("as folders", s3.list_objects_v2(Bucket="bkt", Delimiter="/")["CommonPrefixes"],
          [{"Prefix": "d/"}])
    check("one", s3.get_object(Bucket="bkt", Key=keys[1], Range="bytes=0-1")["Body"].read(), b"d/")
    check("not empty", code(s3.delete_bucket, Bucket="bkt"), "BucketNotEmpty")
    check("elsewhere", code(client("s3", "eu-west-1").list_objects_v2, Bucket="bkt"), "ok")
    s3.delete_objects(Bucket="bkt", Delete={"Objects": [{"Key": k} for k in keys]})
    s3.delete_bucket(Bucket="bkt")
    check("no bucket", code(s3.head_bucket, Bucket="bkt"), "404")


def main():
    check("who", client("sts").get_caller_identity()["Account"], "123456789012")
    role_arn, remove_role = role()
    group_id, remove_group = group()
    cluster(role_arn, group_id)
    workgroup(role_arn)
    remove_group()
    remove_role()
    bucket()
    sys.exit(len(BAD) > 0)


if __name__ == "__main__":
    main()
