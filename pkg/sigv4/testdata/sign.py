"""Signs requests for the targets on standard input in all of botocore's ways."""

import datetime
import json
import sys
import types

try:
    import botocore.auth as auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
except ImportError:
    sys.exit(77)

NOW = datetime.datetime(2015, 8, 30, 12, 36, 0)
if hasattr(auth, "get_current_datetime"):
    auth.get_current_datetime = lambda *args, **kwargs: NOW
else:  # of older versions

    class Stopped(datetime.datetime):
        utcnow = staticmethod(lambda: NOW)

    auth.datetime = types.SimpleNamespace(datetime=Stopped)

plain = Credentials("AKIDEXAMPLE", sys.argv[1])
session = Credentials("ASIATOKEN", sys.argv[1], "session")

WAYS = [
    ("header", "signer", lambda: auth.SigV4Auth(plain, "signer", "eu-north-1"), b'{"a": "\xc3\xa9"}'),
    ("token", "signer", lambda: auth.SigV4Auth(session, "signer", "eu-north-1"), b""),
    ("query", "signer", lambda: auth.SigV4QueryAuth(session, "signer", "eu-north-1", expires=600), b""),
    ("s3", "s3", lambda: auth.S3SigV4Auth(plain, "s3", "eu-north-1"), b"body"),
    ("s3 query", "s3", lambda: auth.S3SigV4QueryAuth(session, "s3", "eu-north-1", expires=600), b""),
]

requests = []
for target in json.load(sys.stdin):
    for name, service, way, body in WAYS:
        r = AWSRequest("POST", "http://example.com" + target, data=body)
        r.headers["User-Agent"] = "who knows"
        r.headers["X-Amz-Meta-Blanks"] = "  a   b "
        r.headers["Content-Type"] = "application/json"
        way().add_auth(r)
        requests.append({
            "Name": name, "Service": service, "Method": r.method, "URL": r.url, "Body": body.decode(),
            "Headers": {k: v for k, v in r.headers.items()},
        })
json.dump(requests, sys.stdout)
