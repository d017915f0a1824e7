"""Calls a server as programs that use boto3 do.

Standard input is JSON: the address of the server, a key, a region, and calls as
[operation, parameters]. Standard output is JSON: the answers, and what else
happened, by name.
"""

import base64
import datetime
import json
import sys

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import ClientError, WaiterError
except ImportError:
    sys.exit(77)


def given(value):
    """Bytes come as {"base64": "..."}."""
    return base64.b64decode(value["base64"]) if value.keys() == {"base64"} else value


def shown(value):
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    raise TypeError(value)


def call(client, operation, parameters):
    methods = {api: method for method, api in client.meta.method_to_api_mapping.items()}
    answer = getattr(client, methods[operation])(**parameters)
    answer.pop("ResponseMetadata")
    return answer


def refused(f, *args, **kwargs):
    try:
        f(*args, **kwargs)
    except ClientError as e:
        error, meta = e.response["Error"], e.response["ResponseMetadata"]
        return [type(e).__name__, error["Code"], error["Message"], e.response.get("code"), meta["HTTPStatusCode"], len(meta["RequestId"])]
    return None


task = json.load(sys.stdin, object_hook=given)


def client(config=Config(inject_host_prefix=False), endpoint=task["endpoint"], key=task["key"], **more):
    return boto3.client(
        "signer", endpoint_url=endpoint, region_name=task["region"], config=config.merge(Config(retries={"total_max_attempts": 1})),
        aws_access_key_id=key, aws_secret_access_key=task["secret"], **more)


c = client()
if not {operation for operation, _ in task["calls"]} <= set(c.meta.method_to_api_mapping.values()):
    sys.exit(77)
result = {"calls": [call(c, *each) for each in task["calls"]]}

proxied = client(Config(proxies={"http": task["endpoint"]}), endpoint="http://signer.test")
result["proxied"] = [call(proxied, *each) for each in task["calls"] if each[0] == "GetRevocationStatus"]

for pages, name in [("list_signing_jobs", "jobs"), ("list_signing_profiles", "profiles"), ("list_signing_platforms", "platforms")]:
    found = c.get_paginator(pages).paginate(PaginationConfig={"PageSize": 2}).build_full_result()
    result[pages] = len(found[name])

waiter = c.get_waiter("successful_signing_job")
waiter.config.delay = 0
result["waited"] = waiter.wait(jobId="slow") is None
try:
    waiter.wait(jobId="none")
except WaiterError as e:
    result["gave up"] = str(e)

result["no job"] = refused(c.describe_signing_job, jobId="none")
result["bad name"] = refused(c.get_signing_profile, profileName="a-b")
result["stranger"] = refused(client(key="AKIDOTHER").list_signing_jobs)
result["token"] = refused(client(aws_session_token="made up").list_signing_jobs)
json.dump(result, sys.stdout, default=shown)
