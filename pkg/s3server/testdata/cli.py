"""What people do with the AWS CLI, against the server at the endpoint that is named.

The commands run one after the other in this process: the AWS CLI takes longer to start
than all of them to run."""
import hashlib
import json
import os
import shutil
import sys
import tempfile
import urllib.request

import awscli
from awscli.clidriver import create_clidriver

endpoint = sys.argv[1]
os.chdir(sys.argv[2])
os.environ["AWS_CONFIG_FILE"] = os.path.abspath("config")
with open("config", "w") as f:
    f.write("[default]\ns3 =\n    multipart_threshold = 5MB\n    multipart_chunksize = 5MB\n")
driver = create_clidriver()


def aws(*args, code=0, stdin=b""):
    """Runs a command and returns what it prints."""
    kept = [os.dup(n) for n in (0, 1, 2)]
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errs:
        given.write(stdin)
        given.seek(0)
        for n, f in enumerate((given, out, errs)):
            os.dup2(f.fileno(), n)
        try:
            got = driver.main([*args, "--endpoint-url", endpoint])
        except SystemExit as e:
            got = e.code
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for n, f in enumerate(kept):
                os.dup2(f, n)
                os.close(f)
        out.seek(0)
        errs.seek(0)
        text, wrong = out.read().decode(), errs.read().decode()
    if got != code:
        sys.exit(f"{args}: exit code {got}, want {code}\n{text}{wrong}")
    return text + wrong if code else text


def api(*args, **options):
    text = aws("s3api", *args, "--output", "json", **options)
    return json.loads(text) if text else {}


def same(what, got, want):
    if got != want:
        sys.exit(f"{what}: {got!r}, want {want!r}")


def write(name, content):
    os.makedirs(os.path.dirname(os.path.abspath(name)), exist_ok=True)
    with open(name, "wb") as f:
        f.write(content)
    os.utime(name, (1e9, 1e9))  # sync goes by seconds


def read(name):
    with open(name, "rb") as f:
        return f.read()


def listed(where):
    return [line.split(None, 3)[-1] for line in aws("s3", "ls", where, "--recursive").splitlines()]


big = os.urandom(1 << 20) * 11 + b"end"


def copies():
    aws("s3", "mb", "s3://cli")
    aws("s3", "mb", "s3://cli-two", "--region", "eu-west-1")
    same("buckets", [line.split()[-1] for line in aws("s3", "ls").splitlines()], ["cli", "cli-two"])
    same("region", api("get-bucket-location", "--bucket", "cli-two"), {"LocationConstraint": "eu-west-1"})
    write("small.txt", b"hello")
    write("big", big)
    aws("s3", "cp", "small.txt", "s3://cli/a/ä +%25&?=.txt", "--metadata", "color=red", "--cache-control", "no-cache")
    aws("s3", "cp", "big", "s3://cli/big")
    aws("s3", "cp", "-", "s3://cli/piped", stdin=b"from a pipe")
    head = api("head-object", "--bucket", "cli", "--key", "a/ä +%25&?=.txt")
    same("head", (head["Metadata"], head["CacheControl"], head["ContentType"], head["ContentLength"]), ({"color": "red"}, "no-cache", "text/plain", 5))
    same("parts", api("head-object", "--bucket", "cli", "--key", "big", "--part-number", "3")["PartsCount"], 3)
    same("to a pipe", aws("s3", "cp", "s3://cli/piped", "-"), "from a pipe")
    aws("s3", "cp", "s3://cli/big", "back")
    same("big", hashlib.sha256(read("back")).digest(), hashlib.sha256(big).digest())
    api("put-object-tagging", "--bucket", "cli", "--key", "big", "--tagging", "TagSet=[{Key=size,Value=big}]")
    aws("s3", "cp", "s3://cli/big", "s3://cli-two/copy of big")
    tags = api("get-object-tagging", "--bucket", "cli-two", "--key", "copy of big")["TagSet"]
    same("tags of the copy", tags, [{"Key": "size", "Value": "big"}] if version >= 2 else [])
    aws("s3", "mv", "s3://cli/piped", "s3://cli-two/moved")
    same("listed", listed("s3://cli") + listed("s3://cli-two"), ["a/ä +%25&?=.txt", "big", "copy of big", "moved"])
    aws("s3", "cp", "s3://cli/none", "x", code=1)
    url = aws("s3", "presign", "s3://cli/big", "--region", "eu-central-1").strip()  # in older regions version 1 signs as in 2006
    with urllib.request.urlopen(url) as answer:
        same("presigned", answer.read() == big, True)


def synchronised():
    for name in ["one", "dir/two", "dir/deeper/three", "empty"]:
        write("tree/" + name, name.encode() if name != "empty" else b"")
    aws("s3", "sync", "tree", "s3://cli/tree")
    same("nothing to do", aws("s3", "sync", "tree", "s3://cli/tree"), "")
    os.remove("tree/one")
    write("tree/dir/two", b"changed in length")
    did = aws("s3", "sync", "tree", "s3://cli/tree", "--delete", "--no-progress").splitlines()
    same("changes", sorted(line.split(":")[0] for line in did), ["delete", "upload"])
    aws("s3", "sync", "s3://cli/tree", "returned")
    same("back", (read("returned/dir/two"), read("returned/dir/deeper/three"), read("returned/empty")), (b"changed in length", b"dir/deeper/three", b""))
    aws("s3", "sync", "s3://cli/tree", "s3://cli-two/tree")
    same("across", listed("s3://cli-two/tree/"), ["tree/dir/deeper/three", "tree/dir/two", "tree/empty"])
    aws("s3", "rm", "s3://cli-two/tree", "--recursive")
    same("removed", listed("s3://cli-two"), ["copy of big", "moved"])


def versions():
    where = ("--bucket", "cli", "--key", "k")
    api("put-bucket-versioning", "--bucket", "cli", "--versioning-configuration", "Status=Enabled")
    first = api("put-object", *where, "--body", "small.txt", "--checksum-algorithm", "SHA256")
    same("checksum", first["ChecksumSHA256"], "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=")
    second = api("put-object", *where, "--body", "big")
    same("range", api("get-object", *where, "--range", "bytes=0-1", "--version-id", first["VersionId"], "part")["ContentRange"], "bytes 0-1/5")
    same("part", read("part"), b"he")
    api("wait", "object-exists", *where)
    marker = api("delete-object", *where)
    same("marker", marker["DeleteMarker"], True)
    if "(404)" not in aws("s3api", "head-object", *where, code=254 if version >= 2 else 255):
        sys.exit("a deleted object has a head")
    told = api("list-object-versions", "--bucket", "cli", "--prefix", "k")
    same("versions", [v["VersionId"] for v in told["Versions"]], [second["VersionId"], first["VersionId"]])
    same("markers", [v["VersionId"] for v in told["DeleteMarkers"]], [marker["VersionId"]])
    gone = {"Objects": [{"Key": "k", "VersionId": v["VersionId"]} for v in told["Versions"] + told["DeleteMarkers"]]}
    same("deleted", len(api("delete-objects", "--bucket", "cli", "--delete", json.dumps(gone))["Deleted"]), 3)


def parts():
    where = ("--bucket", "cli-two", "--key", "parts")
    upload = api("create-multipart-upload", *where, "--checksum-algorithm", "SHA256")["UploadId"]
    write("five", big[: 5 << 20])
    done = []
    for n, body in [(1, "five"), (2, "small.txt")]:
        part = api("upload-part", *where, "--upload-id", upload, "--part-number", str(n), "--body", body, "--checksum-algorithm", "SHA256")
        done.append({"PartNumber": n, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]})
    same("parts", [p["Size"] for p in api("list-parts", *where, "--upload-id", upload)["Parts"]], [5 << 20, 5])
    same("uploads", [u["Key"] for u in api("list-multipart-uploads", "--bucket", "cli-two")["Uploads"]], ["parts"])
    api("complete-multipart-upload", *where, "--upload-id", upload, "--multipart-upload", json.dumps({"Parts": done}))
    told = api("get-object-attributes", *where, "--object-attributes", "ObjectSize", "ObjectParts")
    same("attributes", (told["ObjectSize"], told["ObjectParts"]["TotalPartsCount"]), ((5 << 20) + 5, 2))


def gone():
    aws("s3", "rb", "s3://cli-two", code=1)
    aws("s3", "rb", "s3://cli-two", "--force")
    for page in ["Versions", "DeleteMarkers"]:
        for v in api("list-object-versions", "--bucket", "cli").get(page, []):
            api("delete-object", "--bucket", "cli", "--key", v["Key"], "--version-id", v["VersionId"])
    api("delete-bucket", "--bucket", "cli")
    same("buckets", aws("s3", "ls"), "")


version = int(awscli.__version__.split(".")[0])
for step in [copies, synchronised, versions, parts, gone]:
    step()
shutil.rmtree("tree")
print("done")
