"""Does a team's whole work against a server with boto3, as its scripts would.

Standard input is JSON: the server's address, a key, what to sign, a certificate.
Standard output is JSON: what came of it, by name.
"""

import datetime
import io
import json
import sys
import urllib.request
import uuid
import zipfile

try:
    import boto3
    from boto3.s3.transfer import TransferConfig
    from botocore.config import Config
    from botocore.exceptions import ClientError, WaiterError
except ImportError:
    sys.exit(77)

task = json.load(sys.stdin)


def client(service, key=task["key"], secret=task["secret"], token=None, **config):
    return boto3.client(
        service, endpoint_url=task["url"], region_name=task["region"], verify=task.get("ca"),
        aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token,
        config=Config(inject_host_prefix=False, retries={"total_max_attempts": 1}, **config))


def refused(f, *args, **kwargs):
    try:
        f(*args, **kwargs)
    except ClientError as e:
        return [e.response["Error"]["Code"], e.response["ResponseMetadata"]["HTTPStatusCode"]]
    return None


signer, acm, iam = client("signer"), client("acm"), client("iam")
modern = hasattr(signer, "sign_payload")  # Debian's boto3 is older than that
result = {}

# Certificates, over JSON 1.1.
arn = acm.import_certificate(Certificate=task["certificate"].encode(), PrivateKey=task["privateKey"].encode())["CertificateArn"]
detail = acm.describe_certificate(CertificateArn=arn)["Certificate"]
result["certificate"] = [detail["DomainName"], detail["Type"], detail["Status"], detail["ImportedAt"].tzinfo is not None]
acm.import_certificate(Certificate=task["certificate"].encode(), PrivateKey=task["privateKey"].encode())
found = acm.get_paginator("list_certificates").paginate(PaginationConfig={"PageSize": 1}).build_full_result()
result["certificates"] = len(found["CertificateSummaryList"])
result["no certificate"] = refused(acm.describe_certificate, CertificateArn=arn[:-4] + "0000")

# Profiles, their tags and permissions.
for name in ["web", "other", "third"]:
    signer.put_signing_profile(profileName=name, platformId="AWSLambda-SHA384-ECDSA", tags={"team": name})
version = signer.get_signing_profile(profileName="web")["profileVersion"]
signer.put_signing_profile(profileName="device", platformId="AWSIoTDeviceManagement-SHA256-ECDSA", signingMaterial={"certificateArn": arn})
signer.put_signing_profile(profileName="images", platformId="Notation-OCI-SHA384-ECDSA")
resource = signer.get_signing_profile(profileName="web")["arn"]
signer.tag_resource(resourceArn=resource, tags={"stage": "test"})
signer.untag_resource(resourceArn=resource, tagKeys=["team"])
result["tags"] = signer.list_tags_for_resource(resourceArn=resource)["tags"]
revision = signer.add_profile_permission(profileName="web", action="signer:StartSigningJob", principal="444455556666", statementId="one")["revisionId"]
result["permissions"] = len(signer.list_profile_permissions(profileName="web")["permissions"])
signer.remove_profile_permission(profileName="web", statementId="one", revisionId=revision)
result["no permissions"] = refused(signer.list_profile_permissions, profileName="web")
pages = signer.get_paginator("list_signing_profiles").paginate(PaginationConfig={"PageSize": 2})
result["profiles"] = [len(page["profiles"]) for page in pages]
result["platforms"] = len(signer.get_paginator("list_signing_platforms").paginate(PaginationConfig={"PageSize": 2}).build_full_result()["platforms"])
result["platform"] = signer.get_signing_platform(platformId="AWSLambda-SHA384-ECDSA")["maxSizeInMB"]

# Jobs, in the background.
source = {"s3": {"bucketName": "source", "key": "app.zip", "version": task["version"]}}
destination = {"s3": {"bucketName": "destination", "prefix": "signed-"}}
token = str(uuid.uuid4())
jobs = [signer.start_signing_job(source=source, destination=destination, profileName=name, clientRequestToken=token + name)["jobId"]
        for name in ["web", "web", "other", "device"]]
result["one token, one job"] = jobs[0] == jobs[1]
waiter = signer.get_waiter("successful_signing_job")
waiter.config.delay = 0.05
for job in jobs:
    waiter.wait(jobId=job)
job = signer.describe_signing_job(jobId=jobs[0])
result["job"] = [job["status"], job["requestedBy"], job["jobInvoker"], job["signedObject"]["s3"]["key"] == "signed-" + jobs[0] + ".zip"]
bad = signer.start_signing_job(source={"s3": dict(source["s3"], version=task["bad"])}, destination=destination, profileName="web")["jobId"]
try:
    waiter.wait(jobId=bad)
except WaiterError as e:
    result["waited in vain"] = e.last_response["status"]
revocable = jobs[0]
if modern:
    payload = signer.sign_payload(profileName="images", payload=b'{"targetArtifact":{}}', payloadFormat="application/vnd.cncf.notary.payload.v1+json")
    result["envelope"] = sorted(json.loads(payload["signature"]))
    revocable = payload["jobId"]
pages = signer.get_paginator("list_signing_jobs").paginate(PaginationConfig={"PageSize": 2})
result["jobs"] = sum(len(page["jobs"]) for page in pages) - modern
result["succeeded"] = len(signer.list_signing_jobs(status="Succeeded", platformId="AWSLambda-SHA384-ECDSA")["jobs"])

# Revocation.
now = datetime.datetime.now(datetime.timezone.utc)
signer.revoke_signature(jobId=revocable, reason="a bug")
result["reason"] = signer.describe_signing_job(jobId=revocable)["revocationRecord"]["reason"]
if modern:
    job_arn = resource.replace("/signing-profiles/web", "/signing-jobs/" + revocable)
    image = signer.get_signing_profile(profileName="images")
    status = signer.get_revocation_status(
        signatureTimestamp=now, platformId="Notation-OCI-SHA384-ECDSA", profileVersionArn=image["profileVersionArn"], jobArn=job_arn, certificateHashes=["aa"])
    result["revoked"] = status["revokedEntities"] == [job_arn]
signer.revoke_signing_profile(profileName="other", profileVersion=signer.get_signing_profile(profileName="other")["profileVersion"], reason="a bug", effectiveTime=now)
signer.cancel_signing_profile(profileName="third")
result["statuses"] = sorted(p["status"] for p in signer.list_signing_profiles(statuses=["Revoked", "Canceled"])["profiles"])

# Buckets: what is put is signed, and what is signed can be got.
s3 = client("s3")
s3.create_bucket(Bucket="uploads", CreateBucketConfiguration={"LocationConstraint": task["region"]})
s3.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
archive = s3.get_object(Bucket="source", Key="app.zip", VersionId=task["version"])["Body"].read()
put = s3.put_object(Bucket="uploads", Key="app.zip", Body=archive)
job = signer.start_signing_job(
    source={"s3": {"bucketName": "uploads", "key": "app.zip", "version": put["VersionId"]}}, destination={"s3": {"bucketName": "uploads"}}, profileName="web")["jobId"]
waiter.wait(jobId=job)
signed = io.BytesIO()
s3.download_fileobj("uploads", signer.describe_signing_job(jobId=job)["signedObject"]["s3"]["key"], signed)
result["signed"] = sorted(zipfile.ZipFile(signed).namelist())
large = bytes(range(256)) * (48 << 10)
s3.upload_fileobj(io.BytesIO(large), "uploads", "large", Config=TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20))
parts = s3.head_object(Bucket="uploads", Key="large")
got = io.BytesIO()
s3.download_fileobj("uploads", "large", got, Config=TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20))
result["multipart"] = [parts["ContentLength"], parts["ETag"].strip('"').rpartition("-")[2], got.getvalue() == large]
keys = [o["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket="uploads", PaginationConfig={"PageSize": 1}) for o in page["Contents"]]
result["objects"] = [len(keys), "app.zip" in keys]
link = client("s3", signature_version="s3v4").generate_presigned_url("get_object", Params={"Bucket": "uploads", "Key": "app.zip"}, ExpiresIn=60)
result["presigned"] = urllib.request.urlopen(link).read() == archive

# Keys, over the Query protocol.
made = iam.create_access_key(UserName="paul")["AccessKey"]
result["key"] = [made["UserName"], made["Status"], len(made["AccessKeyId"]), len(made["SecretAccessKey"])]
iam.create_access_key(UserName="paul")
result["too many keys"] = refused(iam.create_access_key, UserName="paul")
result["bad name"] = refused(iam.create_access_key, UserName="a b")
result["keys"] = len(iam.get_paginator("list_access_keys").paginate(UserName="paul", PaginationConfig={"PageSize": 1}).build_full_result()["AccessKeyMetadata"])
paul = client("signer", made["AccessKeyId"], made["SecretAccessKey"])
result["by paul"] = paul.describe_signing_job(jobId=paul.start_signing_job(source=source, destination=destination, profileName="web")["jobId"])["requestedBy"]
iam.update_access_key(UserName="paul", AccessKeyId=made["AccessKeyId"], Status="Inactive")
result["inactive"] = refused(paul.list_signing_jobs)
iam.update_access_key(UserName="paul", AccessKeyId=made["AccessKeyId"], Status="Active")
result["active again"] = refused(paul.list_signing_jobs)
iam.delete_access_key(UserName="paul", AccessKeyId=made["AccessKeyId"])
result["deleted"] = refused(paul.list_signing_jobs)
result["my own keys"] = [k["UserName"] for k in iam.list_access_keys()["AccessKeyMetadata"]]

# Who does not belong here.
for service, call in [("signer", "list_signing_jobs"), ("acm", "list_certificates"), ("iam", "list_access_keys")]:
    result["stranger at " + service] = refused(getattr(client(service, "AKIAIOSFODNN7EXAMPLE"), call))
    result["forger at " + service] = refused(getattr(client(service, secret="guessed"), call))
    result["token at " + service] = refused(getattr(client(service, token="made up"), call))
acm.delete_certificate(CertificateArn=arn)
result["gone"] = refused(acm.delete_certificate, CertificateArn=arn)
json.dump(result, sys.stdout)
