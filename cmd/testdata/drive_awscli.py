"""Runs commands of the AWS CLI one after the other, in one process: most of the time
that a command takes, its program takes to begin.

Each line of standard input is JSON: the words of a command, and its environment. Each
line of standard output is JSON: the status, and all that it said.
"""

import json
import os
import sys
import tempfile

from awscli.clidriver import create_clidriver

answers = os.fdopen(os.dup(1), "w", buffering=1)
own = dict(os.environ)
for line in sys.stdin:
    task = json.loads(line)
    os.environ.clear()
    os.environ.update(own, **task["env"])
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
        try:
            status = create_clidriver().main(task["words"])
        except SystemExit as e:
            status = e.code
        sys.stdout.flush()
        sys.stderr.flush()
        said.seek(0)
        print(json.dumps({"status": status or 0, "said": said.read().decode()}), file=answers)
