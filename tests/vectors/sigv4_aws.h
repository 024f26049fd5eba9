/*
 * sigv4_aws.h - signed requests to Redshift, IAM, STS, EC2 and Secrets Manager, by botocore.
 *
 * Recorded from botocore 1.43.67 at a fixed time with the suite's example key. The canonical
 * request and the string to sign are there for the first of each kind; the signature covers both
 * for all.
 */
#ifndef TESTS_VECTORS_SIGV4_AWS_H
#define TESTS_VECTORS_SIGV4_AWS_H

#include "tests/vectors/sigv4.h"

static const struct sigv4_vector sigv4_aws[] = {
    {
        .name = "redshift CreateCluster",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: redshift.us-west-2.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body =
            "Action=CreateCluster&Version=2012-12-01&ClusterIdentifier=dwh-cluster&ClusterType="
            "multi-node&NodeType=ra3.large&NumberOfNodes=2&DBName=dwh&MasterUsername=dwhuser&"
            "MasterUserPassword=Passw0rd~x&Port=5439&PubliclyAccessible=true&IamRoles.IamRoleArn.1="
            "arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2FdwhRole&VpcSecurityGroupIds."
            "VpcSecurityGroupId.1=sg-1&VpcSecurityGroupIds.VpcSecurityGroupId.2=sg-2&"
            "ClusterSubnetGroupName=default&Tags.Tag.1.Key=app&Tags.Tag.1.Value=loader+x",
        .region = "us-west-2",
        .service = "redshift",
        .time = "20260801T120000Z",
        .canonical = "POST\n"
                     "/\n"
                     "\n"
                     "content-type:application/x-www-form-urlencoded; charset=utf-8\n"
                     "host:redshift.us-west-2.amazonaws.com\n"
                     "x-amz-date:20260801T120000Z\n"
                     "\n"
                     "content-type;host;x-amz-date\n"
                     "2a2bd157a5356d03d76ad362f635201200213a8cdcf1239e5f502dd5c9f13029",
        .to_sign = "AWS4-HMAC-SHA256\n"
                   "20260801T120000Z\n"
                   "20260801/us-west-2/redshift/aws4_request\n"
                   "9aa4287355b267b188acdc2b8db89f6f1f3b689ce0005bcafbab75c634a777fc",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/redshift/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=6287dffc14f08c0c79a4568cb4f7e78689e2d72372253520b83d5aab9088d0a9",
    },
    {
        .name = "redshift DescribeClusters",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: redshift.us-west-2.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "Action=DescribeClusters&Version=2012-12-01&ClusterIdentifier=dwh-cluster",
        .region = "us-west-2",
        .service = "redshift",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/redshift/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5fc5f675a30499bb9855eb20b5f3abaa5af77b52539b8a0f9b2b40ea4b5ee183",
    },
    {
        .name = "redshift DeleteCluster",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: redshift.us-west-2.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "Action=DeleteCluster&Version=2012-12-01&ClusterIdentifier=dwh-cluster&"
                "SkipFinalClusterSnapshot=true",
        .region = "us-west-2",
        .service = "redshift",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/redshift/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=6f553dcfe21b1b77517478daaf67f3f8c51e9bce960f5fddac96eceabb410ff8",
    },
    {
        .name = "redshift GetClusterCredentials",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: redshift.us-west-2.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "Action=GetClusterCredentials&Version=2012-12-01&DbUser=loader&DbName=dwh&"
                "ClusterIdentifier=dwh-cluster&DurationSeconds=3600&AutoCreate=true&DbGroups."
                "DbGroup.1=etl",
        .region = "us-west-2",
        .service = "redshift",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/redshift/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=d8763147e83d093cf205fc600f2b081ac84ca41c31cca35327b6d85f0f8e3f69",
    },
    {
        .name = "redshift GetClusterCredentialsWithIAM",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: redshift.us-west-2.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "Action=GetClusterCredentialsWithIAM&Version=2012-12-01&DbName=dwh&"
                "ClusterIdentifier=dwh-cluster&DurationSeconds=3600",
        .region = "us-west-2",
        .service = "redshift",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/redshift/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=18f5c5c28c3e2f46fc9d490d966074d0764d745abda8b23fb5f9e8b155999ed0",
    },
    {
        .name = "redshift PauseCluster",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: redshift.us-west-2.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "Action=PauseCluster&Version=2012-12-01&ClusterIdentifier=dwh-cluster",
        .region = "us-west-2",
        .service = "redshift",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/redshift/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=b168119fad7a78c5345113d779bc77f20619b14f3a1864c46ab9e62ff0df7653",
    },
    {
        .name = "redshift ModifyClusterIamRoles",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: redshift.us-west-2.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "Action=ModifyClusterIamRoles&Version=2012-12-01&ClusterIdentifier=dwh-cluster&"
                "AddIamRoles.IamRoleArn.1=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2FdwhRole",
        .region = "us-west-2",
        .service = "redshift",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/redshift/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=29d013a0b419fffd1036ea0aa0a4392215520a506189083e3deb16f15bc2b82e",
    },
    {
        .name = "redshift CreateClusterSubnetGroup",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: redshift.us-west-2.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "Action=CreateClusterSubnetGroup&Version=2012-12-01&ClusterSubnetGroupName=g&"
                "Description=d&SubnetIds.SubnetIdentifier.1=subnet-1&SubnetIds.SubnetIdentifier.2="
                "subnet-2",
        .region = "us-west-2",
        .service = "redshift",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/redshift/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=680f72c68b659c93f00b3720740ebe100ba4b6878ebbe87731b0e813f6b19288",
    },
    {
        .name = "iam CreateRole",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: iam.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body =
            "Action=CreateRole&Version=2010-05-08&RoleName=dwhRole&Path=%2F&Description=Redshift+"
            "read&AssumeRolePolicyDocument=%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%"
            "3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22redshift."
            "amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D",
        .region = "us-east-1",
        .service = "iam",
        .time = "20260801T120000Z",
        .canonical = "POST\n"
                     "/\n"
                     "\n"
                     "content-type:application/x-www-form-urlencoded; charset=utf-8\n"
                     "host:iam.amazonaws.com\n"
                     "x-amz-date:20260801T120000Z\n"
                     "\n"
                     "content-type;host;x-amz-date\n"
                     "338d381de09e6cedbe9fb421ec32737856b82940457c8dd9f9770406a23b8ff8",
        .to_sign = "AWS4-HMAC-SHA256\n"
                   "20260801T120000Z\n"
                   "20260801/us-east-1/iam/aws4_request\n"
                   "db5c53610592d2fbfa1a0b846d7459ce1a6b91478e2f64e3a16dd25776ad326a",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=64ea5ada6ce2778e1d2d73618e6d51bb3e78215eae4cd9ab7dbc258523838a68",
    },
    {
        .name = "iam GetRole",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: iam.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "Action=GetRole&Version=2010-05-08&RoleName=dwhRole",
        .region = "us-east-1",
        .service = "iam",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=1af7f100db7420f76f3b4ad1124bbbc8270cd5e4d702587312e2e2f803ad64fa",
    },
    {
        .name = "iam PutRolePolicy",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: iam.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "Action=PutRolePolicy&Version=2010-05-08&RoleName=dwhRole&PolicyName=s3read&"
                "PolicyDocument=%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D",
        .region = "us-east-1",
        .service = "iam",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5de19d8b07b102367f5202285e74612e3343a1aaad76ce85d52830759d482401",
    },
    {
        .name = "iam AttachRolePolicy",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: iam.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "Action=AttachRolePolicy&Version=2010-05-08&RoleName=dwhRole&PolicyArn=arn%3Aaws%"
                "3Aiam%3A%3Aaws%3Apolicy%2FAmazonS3ReadOnlyAccess",
        .region = "us-east-1",
        .service = "iam",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=ec573717e27953faddaf7ffa9fb713b89bfe37dd1a488494345c70f84c398f42",
    },
    {
        .name = "iam in gov",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: iam.us-gov.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "Action=GetRole&Version=2010-05-08&RoleName=x",
        .region = "us-gov-west-1",
        .service = "iam",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-gov-west-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=29e242363d1623369877ded4bf7662e2b04d66d5233734a3896cc34bb4bb2583",
    },
    {
        .name = "iam in cn",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: iam.cn-north-1.amazonaws.com.cn\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "Action=GetRole&Version=2010-05-08&RoleName=x",
        .region = "cn-north-1",
        .service = "iam",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/cn-north-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=eab8ece2fa5b72b8965b49e3ca7ca1a1ed649c54809f33d4eeae28d2a72b6062",
    },
    {
        .name = "sts GetCallerIdentity",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: sts.us-west-2.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z\n"
                   "X-Amz-Security-Token: TOKEN/EXAMPLE==",
        .body = "Action=GetCallerIdentity&Version=2011-06-15",
        .region = "us-west-2",
        .service = "sts",
        .time = "20260801T120000Z",
        .canonical = "POST\n"
                     "/\n"
                     "\n"
                     "content-type:application/x-www-form-urlencoded; charset=utf-8\n"
                     "host:sts.us-west-2.amazonaws.com\n"
                     "x-amz-date:20260801T120000Z\n"
                     "x-amz-security-token:TOKEN/EXAMPLE==\n"
                     "\n"
                     "content-type;host;x-amz-date;x-amz-security-token\n"
                     "ab821ae955788b0e33ebd34c208442ccfc2d406e2edc5e7a39bd6458fbb4f843",
        .to_sign = "AWS4-HMAC-SHA256\n"
                   "20260801T120000Z\n"
                   "20260801/us-west-2/sts/aws4_request\n"
                   "a874d6c594190fa448f8f4480f3bcbdd8d8dddbe714993dc3c357dd3e64ab1f8",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/sts/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, "
            "Signature=558814f60d2d0724af31348f98e1899fe45c680d3774b3ed4db3419221fa6ff8",
    },
    {
        .name = "sts AssumeRole",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: sts.us-west-2.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%"
                "3Arole%2Fx&RoleSessionName=loader-1&DurationSeconds=3600&ExternalId=ext1",
        .region = "us-west-2",
        .service = "sts",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/sts/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=2e716f2cbc1cec580e2674ef43834ae08311ef758ae5d96ee5c4a62b53c646c9",
    },
    {
        .name = "ec2 DescribeVpcs",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: ec2.us-west-2.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body =
            "Action=DescribeVpcs&Version=2016-11-15&Filter.1.Name=is-default&Filter.1.Value.1=true",
        .region = "us-west-2",
        .service = "ec2",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/ec2/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=c072f05b7ab9ed3b1a2102ca8b8342c100bd970ba189b37a578ffdad5e4224ba",
    },
    {
        .name = "ec2 DescribeSecurityGroups",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: ec2.us-west-2.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "Action=DescribeSecurityGroups&Version=2016-11-15&Filter.1.Name=vpc-id&Filter.1."
                "Value.1=vpc-1&Filter.2.Name=group-name&Filter.2.Value.1=default",
        .region = "us-west-2",
        .service = "ec2",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/ec2/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=85819b692c41948678d65ca051910d190823d83b9b89e79f10269aaa6def2107",
    },
    {
        .name = "ec2 CreateSecurityGroup",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: ec2.us-west-2.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "Action=CreateSecurityGroup&Version=2016-11-15&GroupName=loader&GroupDescription="
                "loader+sg&VpcId=vpc-1&TagSpecification.1.ResourceType=security-group&"
                "TagSpecification.1.Tag.1.Key=app&TagSpecification.1.Tag.1.Value=loader",
        .region = "us-west-2",
        .service = "ec2",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/ec2/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=8099b53affc1851daf055c6f4b59338b8c8e6763cd31a2cc1afe6c72493a26ad",
    },
    {
        .name = "ec2 AuthorizeSecurityGroupIngress",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: ec2.us-west-2.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "Action=AuthorizeSecurityGroupIngress&Version=2016-11-15&GroupId=sg-1&"
                "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=5439&IpPermissions.1."
                "ToPort=5439&IpPermissions.1.IpRanges.1.CidrIp=203.0.113.7%2F32&IpPermissions.1."
                "IpRanges.1.Description=loader",
        .region = "us-west-2",
        .service = "ec2",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/ec2/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=6c51a2dcc8b351a9ebb43937f22dea2cbf1bb4a6c39b75fb410093863a0338f4",
    },
    {
        .name = "ec2 AuthorizeSecurityGroupIngress flat",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: ec2.us-west-2.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "Action=AuthorizeSecurityGroupIngress&Version=2016-11-15&GroupId=sg-1&IpProtocol="
                "tcp&FromPort=5439&ToPort=5439&CidrIp=203.0.113.7%2F32",
        .region = "us-west-2",
        .service = "ec2",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/ec2/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=74217612f308d3d1d7ea3e917787b5572dee6cce98f28bf1dcda3fbc8a41da65",
    },
    {
        .name = "ec2 RevokeSecurityGroupIngress",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: ec2.us-west-2.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "Action=RevokeSecurityGroupIngress&Version=2016-11-15&GroupId=sg-1&"
                "SecurityGroupRuleId.1=sgr-1",
        .region = "us-west-2",
        .service = "ec2",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/ec2/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=acb4a7e406cbf86711ded4fa1c7b900fe6ff47c08eb951afc7fc094a49766879",
    },
    {
        .name = "ec2 DeleteSecurityGroup",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: ec2.us-west-2.amazonaws.com\n"
                   "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "Action=DeleteSecurityGroup&Version=2016-11-15&GroupId=sg-1",
        .region = "us-west-2",
        .service = "ec2",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-west-2/ec2/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=725eda73093980a19a3d3f79ee4a3fb278d61ed2e09a321610305ae939cde0d0",
    },
    {
        .name = "serverless CreateNamespace",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: redshift-serverless.us-west-2.amazonaws.com\n"
                   "X-Amz-Target: RedshiftServerless.CreateNamespace\n"
                   "Content-Type: application/x-amz-json-1.1\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "{\"namespaceName\": \"loader-ns\", \"adminUsername\": \"adm\", "
                "\"adminUserPassword\": \"Passw0rd~x\", \"dbName\": \"dwh\", \"iamRoles\": "
                "[\"arn:aws:iam::123456789012:role/dwhRole\"], \"defaultIamRoleArn\": "
                "\"arn:aws:iam::123456789012:role/dwhRole\"}",
        .region = "us-west-2",
        .service = "redshift-serverless",
        .time = "20260801T120000Z",
        .canonical = "POST\n"
                     "/\n"
                     "\n"
                     "content-type:application/x-amz-json-1.1\n"
                     "host:redshift-serverless.us-west-2.amazonaws.com\n"
                     "x-amz-date:20260801T120000Z\n"
                     "x-amz-target:RedshiftServerless.CreateNamespace\n"
                     "\n"
                     "content-type;host;x-amz-date;x-amz-target\n"
                     "6c9d6f9530ed7b374466bd0d7d9c2aaecadf443c369ac2a45fe202548bfca03e",
        .to_sign = "AWS4-HMAC-SHA256\n"
                   "20260801T120000Z\n"
                   "20260801/us-west-2/redshift-serverless/aws4_request\n"
                   "9e1b1c8a2bd0f08ee60f74b71742accbf704a63e66dec318bcac5d9fd3566bfe",
        .authorization =
            "AWS4-HMAC-SHA256 "
            "Credential=AKIDEXAMPLE/20260801/us-west-2/redshift-serverless/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
            "Signature=cb7cd5288580d96e60acf5cb5c140e3033b4d408c8179c876f0c26fa2cfde45d",
    },
    {
        .name = "serverless CreateWorkgroup",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: redshift-serverless.us-west-2.amazonaws.com\n"
                   "X-Amz-Target: RedshiftServerless.CreateWorkgroup\n"
                   "Content-Type: application/x-amz-json-1.1\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "{\"workgroupName\": \"loader-wg\", \"namespaceName\": \"loader-ns\", "
                "\"baseCapacity\": 8, \"publiclyAccessible\": true, \"port\": 5439, "
                "\"securityGroupIds\": [\"sg-1\"], \"subnetIds\": [\"s-1\", \"s-2\", \"s-3\"]}",
        .region = "us-west-2",
        .service = "redshift-serverless",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 "
            "Credential=AKIDEXAMPLE/20260801/us-west-2/redshift-serverless/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
            "Signature=1be8d7ab25c58934082509e56271095143f109b00e6af6f51f18eb45362fa1d2",
    },
    {
        .name = "serverless GetWorkgroup",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: redshift-serverless.us-west-2.amazonaws.com\n"
                   "X-Amz-Target: RedshiftServerless.GetWorkgroup\n"
                   "Content-Type: application/x-amz-json-1.1\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "{\"workgroupName\": \"loader-wg\"}",
        .region = "us-west-2",
        .service = "redshift-serverless",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 "
            "Credential=AKIDEXAMPLE/20260801/us-west-2/redshift-serverless/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
            "Signature=f3ee0079eac7c04ecdee14c01333f3939b191980f3375b4334c5fecc462f78c9",
    },
    {
        .name = "serverless GetCredentials",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: redshift-serverless.us-west-2.amazonaws.com\n"
                   "X-Amz-Target: RedshiftServerless.GetCredentials\n"
                   "Content-Type: application/x-amz-json-1.1\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body =
            "{\"workgroupName\": \"loader-wg\", \"dbName\": \"dwh\", \"durationSeconds\": 3600}",
        .region = "us-west-2",
        .service = "redshift-serverless",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 "
            "Credential=AKIDEXAMPLE/20260801/us-west-2/redshift-serverless/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
            "Signature=e019f7c89d1d2b585fd7783bf4d274a649ae682ad4ed4958cd636eb3767f8ad8",
    },
    {
        .name = "serverless DeleteWorkgroup",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: redshift-serverless.us-west-2.amazonaws.com\n"
                   "X-Amz-Target: RedshiftServerless.DeleteWorkgroup\n"
                   "Content-Type: application/x-amz-json-1.1\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "{\"workgroupName\": \"loader-wg\"}",
        .region = "us-west-2",
        .service = "redshift-serverless",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 "
            "Credential=AKIDEXAMPLE/20260801/us-west-2/redshift-serverless/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
            "Signature=b49c9f96f7d02fc8c4a45c2274eb55e77eaf03f6771ef40e98db253673386f0c",
    },
    {
        .name = "serverless DeleteNamespace",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: redshift-serverless.us-west-2.amazonaws.com\n"
                   "X-Amz-Target: RedshiftServerless.DeleteNamespace\n"
                   "Content-Type: application/x-amz-json-1.1\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "{\"namespaceName\": \"loader-ns\"}",
        .region = "us-west-2",
        .service = "redshift-serverless",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 "
            "Credential=AKIDEXAMPLE/20260801/us-west-2/redshift-serverless/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
            "Signature=2c1a7040e63644f7d29c711cdbe8bb586baaaa8430823c0884bc1b210aaf4e2e",
    },
    {
        .name = "secretsmanager GetSecretValue",
        .rule = SIGV4_PATH_AS_IS,
        .method = "POST",
        .path = "/",
        .headers = "Host: secretsmanager.us-west-2.amazonaws.com\n"
                   "X-Amz-Target: secretsmanager.GetSecretValue\n"
                   "Content-Type: application/x-amz-json-1.1\n"
                   "X-Amz-Date: 20260801T120000Z",
        .body = "{\"SecretId\": "
                "\"arn:aws:secretsmanager:us-west-2:123456789012:secret:redshift!dwh-cluster-"
                "dwhuser-AbCdEf\"}",
        .region = "us-west-2",
        .service = "secretsmanager",
        .time = "20260801T120000Z",
        .authorization =
            "AWS4-HMAC-SHA256 "
            "Credential=AKIDEXAMPLE/20260801/us-west-2/secretsmanager/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
            "Signature=028d8487ef42015679e041d862ea26045bfc8d5113167bcc548a481377625f50",
    },
};

#endif
