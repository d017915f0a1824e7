"""What programs do with boto3, against the server at the endpoint that is named."""
import hashlib
import io
import os
import sys
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, key, secret = sys.argv[1:]
modern = tuple(map(int, boto3.__version__.split(".")[:2])) >= (1, 36)  # sends checksums unasked
session = boto3.session.Session(aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1")
s3 = session.client("s3", endpoint_url=endpoint, config=Config(signature_version="s3v4", retries={"max_attempts": 0}))


def same(what, got, want):
    if got != want:
        sys.exit(f"{what}: {got!r}, want {want!r}")


def refused(what, code, call):
    try:
        call()
    except ClientError as e:
        same(what, e.response["Error"]["Code"], code)
    else:
        sys.exit(f"{what}: not refused")


def objects():
    s3.create_bucket(Bucket="boto")
    s3.put_bucket_versioning(Bucket="boto", VersioningConfiguration={"Status": "Enabled"})
    s3.get_waiter("bucket_exists").wait(Bucket="boto", WaiterConfig={"Delay": 1, "MaxAttempts": 2})
    same("region", s3.get_bucket_location(Bucket="boto")["LocationConstraint"], None)
    for name in ["dir/ä +%25&?=.txt", "plain"]:
        put = s3.put_object(Bucket="boto", Key=name, Body=b"hello", Metadata={"color": "red"}, CacheControl="no-cache", ContentType="text/plain")
        if modern:
            same("checksum", put["ChecksumCRC32"], "NhCmhg==")
        got = s3.get_object(Bucket="boto", Key=name, VersionId=put["VersionId"])
        same("body", got["Body"].read(), b"hello")
        same("metadata", (got["Metadata"], got["CacheControl"], got["ContentType"]), ({"color": "red"}, "no-cache", "text/plain"))
    for algorithm in ["CRC32C", "CRC64NVME", "SHA1", "SHA256"]:
        try:
            s3.put_object(Bucket="boto", Key="plain", Body=b"hello", ChecksumAlgorithm=algorithm)
        except Exception as e:  # botocore needs awscrt for some
            if "crt" not in str(e).lower() and "Unsupported checksum algorithm" not in str(e):
                raise
            continue
        s3.get_object(Bucket="boto", Key="plain", ChecksumMode="ENABLED")["Body"].read()
    same("range", s3.get_object(Bucket="boto", Key="plain", Range="bytes=1-3")["Body"].read(), b"ell")
    if modern:
        refused("a condition", "PreconditionFailed", lambda: s3.put_object(Bucket="boto", Key="plain", Body=b"", IfNoneMatch="*"))
    refused("nothing", "NoSuchKey", lambda: s3.get_object(Bucket="boto", Key="none"))
    refused("not modified", "304", lambda: s3.get_object(Bucket="boto", Key="plain", IfNoneMatch=put["ETag"]))
    refused("no bucket", "NoSuchBucket", lambda: s3.list_objects_v2(Bucket="none"))


class Stream(io.RawIOBase):
    """A body that cannot be read twice, nor tells its length."""

    def __init__(self, data):
        self.source = io.BytesIO(data)

    def readable(self):
        return True

    def readinto(self, b):
        data = self.source.read(len(b))
        b[: len(data)] = data
        return len(data)


def transfers():
    data = os.urandom(1 << 20) * 5 + b"tail"
    config = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20, max_concurrency=3)
    for name, body in {"file": io.BytesIO(data), "stream": io.BufferedReader(Stream(data))}.items():
        s3.upload_fileobj(body, "boto", name, Config=config, ExtraArgs={"Metadata": {"via": name}})
        back = io.BytesIO()
        s3.download_fileobj("boto", name, back, Config=config)
        same("transferred " + name, hashlib.sha256(back.getvalue()).digest(), hashlib.sha256(data).digest())
        head = s3.head_object(Bucket="boto", Key=name, PartNumber=2)
        same("parts of " + name, (head["PartsCount"], head["ContentLength"], head["Metadata"]), (2, 4, {"via": name}))
    s3.copy({"Bucket": "boto", "Key": "file"}, "boto", "copied", Config=config)
    same("copied", s3.get_object(Bucket="boto", Key="copied")["Body"].read() == data, True)
    s3.copy_object(Bucket="boto", Key="small", CopySource={"Bucket": "boto", "Key": "dir/ä +%25&?=.txt"})
    same("small copy", s3.get_object(Bucket="boto", Key="small")["Body"].read(), b"hello")


def parts():
    upload = s3.create_multipart_upload(Bucket="boto", Key="parts", ChecksumAlgorithm="SHA256")
    where = {"Bucket": "boto", "Key": "parts", "UploadId": upload["UploadId"]}
    done = []
    for n, body in [(1, b"a" * (5 << 20)), (2, b"b")]:
        part = s3.upload_part(Body=body, PartNumber=n, ChecksumAlgorithm="SHA256", **where)
        done.append({"PartNumber": n, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]})
    same("listed parts", [p["Size"] for p in s3.list_parts(**where)["Parts"]], [5 << 20, 1])
    same("uploads", [u["Key"] for u in s3.list_multipart_uploads(Bucket="boto")["Uploads"]], ["parts"])
    whole = s3.complete_multipart_upload(MultipartUpload={"Parts": done}, **where)
    same("whole", whole["ETag"], '"%s-2"' % hashlib.md5(hashlib.md5(b"a" * (5 << 20)).digest() + hashlib.md5(b"b").digest()).hexdigest())
    told = s3.get_object_attributes(Bucket="boto", Key="parts", ObjectAttributes=["ObjectParts", "Checksum", "ObjectSize"])
    same("attributes", (told["ObjectSize"], told["ObjectParts"]["TotalPartsCount"]), ((5 << 20) + 1, 2))
    if modern:
        same("type", told["Checksum"]["ChecksumType"], "COMPOSITE")
    upload = s3.create_multipart_upload(Bucket="boto", Key="given up")
    s3.abort_multipart_upload(Bucket="boto", Key="given up", UploadId=upload["UploadId"])
    same("uploads", s3.list_multipart_uploads(Bucket="boto").get("Uploads"), None)


def presigned():
    url = s3.generate_presigned_url("put_object", Params={"Bucket": "boto", "Key": "signed/ü"}, ExpiresIn=60)
    urllib.request.urlopen(urllib.request.Request(url, b"by url", {"Content-Type": ""}, method="PUT")).close()
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "boto", "Key": "signed/ü", "ResponseContentType": "a/b"}, ExpiresIn=60)
    with urllib.request.urlopen(url) as answer:
        same("presigned", (answer.read(), answer.headers["Content-Type"]), (b"by url", "a/b"))


def absent():
    owner = s3.get_bucket_acl(Bucket="boto")
    same("access", [(g["Grantee"]["ID"], g["Grantee"]["Type"], g["Permission"]) for g in owner["Grants"]], [(owner["Owner"]["ID"], "CanonicalUser", "FULL_CONTROL")])
    refused("a policy", "NoSuchBucketPolicy", lambda: s3.get_bucket_policy(Bucket="boto"))
    refused("to put one", "NotImplemented", lambda: s3.put_bucket_policy(Bucket="boto", Policy="{}"))


def form():
    to = s3.generate_presigned_post("boto", "posted/${filename}", Fields={"Content-Type": "a/b"}, Conditions=[{"Content-Type": "a/b"}, ["content-length-range", 1, 10]], ExpiresIn=60)
    parts = "".join('--xyz\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % field for field in to["fields"].items())
    parts += '--xyz\r\nContent-Disposition: form-data; name="file"; filename="f.txt"\r\n\r\nby form\r\n--xyz--\r\n'
    with urllib.request.urlopen(urllib.request.Request(to["url"], parts.encode(), {"Content-Type": "multipart/form-data; boundary=xyz"})) as answer:
        same("posted", answer.status, 204)
    got = s3.get_object(Bucket="boto", Key="posted/f.txt")
    same("form", (got["Body"].read(), got["ContentType"]), (b"by form", "a/b"))


def listings():
    keys = ["l/a", "l/b/1", "l/b/2", "l/c\u0007 +", "l/d"]
    for k in keys:
        s3.put_object(Bucket="boto", Key=k, Body=b"1")
        s3.put_object(Bucket="boto", Key=k, Body=b"2")
    for call in ["list_objects_v2", "list_objects"]:
        pages = s3.get_paginator(call).paginate(Bucket="boto", Prefix="l/", PaginationConfig={"PageSize": 2})
        same(call, [o["Key"] for p in pages for o in p.get("Contents", [])], keys)
        pages = list(s3.get_paginator(call).paginate(Bucket="boto", Prefix="l/", Delimiter="/", PaginationConfig={"PageSize": 1}))
        same(call + " prefixes", [c["Prefix"] for p in pages for c in p.get("CommonPrefixes", [])], ["l/b/"])
        same(call + " keys", [o["Key"] for p in pages for o in p.get("Contents", [])], ["l/a", "l/c\u0007 +", "l/d"])
    pages = s3.get_paginator("list_object_versions").paginate(Bucket="boto", Prefix="l/", PaginationConfig={"PageSize": 3})
    same("versions", [(v["Key"], v["IsLatest"]) for p in pages for v in p.get("Versions", [])], [(k, latest) for k in keys for latest in (True, False)])


def deletes():
    marker = s3.delete_object(Bucket="boto", Key="plain")
    same("marker", marker["DeleteMarker"], True)
    refused("hidden", "NoSuchKey", lambda: s3.get_object(Bucket="boto", Key="plain"))
    refused("marker by its id", "MethodNotAllowed", lambda: s3.get_object(Bucket="boto", Key="plain", VersionId=marker["VersionId"]))
    refused("not empty", "BucketNotEmpty", lambda: s3.delete_bucket(Bucket="boto"))
    odd = "l/c\u0007 +"  # which XML cannot tell
    for v in s3.list_object_versions(Bucket="boto", Prefix=odd)["Versions"]:
        s3.delete_object(Bucket="boto", Key=odd, VersionId=v["VersionId"])
    for page in s3.get_paginator("list_object_versions").paginate(Bucket="boto"):
        gone = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in page.get("Versions", []) + page.get("DeleteMarkers", [])]
        answer = s3.delete_objects(Bucket="boto", Delete={"Objects": gone})
        same("deleted", (len(answer["Deleted"]), answer.get("Errors")), (len(gone), None))
    s3.delete_bucket(Bucket="boto")
    same("buckets", s3.list_buckets()["Buckets"], [])


for step in [objects, transfers, parts, presigned, form, absent, listings, deletes]:
    step()
print("done")
