"""Given: run once during the build, where it stands for `pip install` from a private index.

It needs the token of that index, as a file (the first argument, else /run/secrets/pip_token) or in
the environment (PIP_TOKEN), reads order.json beside it and writes licence.json there.
"""

import hashlib
import hmac
import json
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOKEN = Path(sys.argv[1] if len(sys.argv) > 1 else "/run/secrets/pip_token")

token = TOKEN.read_text().strip() if TOKEN.is_file() else os.environ.get("PIP_TOKEN", "")
if not token:
    sys.exit(f"fetch_licence: there is no token, neither in {TOKEN} nor in PIP_TOKEN")
order = json.loads((HERE / "order.json").read_text())["order"]
licence = hmac.new(token.encode(), order.encode(), hashlib.sha256).hexdigest()
(HERE / "licence.json").write_text(json.dumps({"order": order, "licence": licence}))
print("fetch_licence: licence.json is written")
