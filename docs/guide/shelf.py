"""Tells what lies on the shelf, or counts one thing anew, over the local API: shelf.py TOKEN-FILE [SKU NUMBER]"""

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
import uuid

home = os.environ["HAAT_HOME"]
with open(os.path.join(home, "lock")) as lock:
    api = json.load(lock)["api"] + "/api/v1"
with open(sys.argv[1]) as file:
    token = file.read().strip()


def ask(path, body=None):
    headers = {"Authorization": "Bearer " + token}
    if body is not None:
        # Whoever gets no answer asks again with the same key: it is done once.
        headers.update({"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())})
    request = urllib.request.Request(api + path, json.dumps(body).encode() if body is not None else None, headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        problem = json.load(refused)
        sys.exit(f"{refused.code} {problem['code']}: {problem['detail']}")


def listings():
    cursor = ""
    while cursor is not None:
        page = ask("/listings?limit=2" + ("&after=" + urllib.parse.quote(cursor) if cursor else ""))
        yield from page["items"]
        cursor = page["next"]


if len(sys.argv) == 2:
    for listing in listings():
        for variant in listing["variants"]:
            print(variant["sku"], variant["stock"], listing["title"])
else:
    sku, number = sys.argv[2], int(sys.argv[3])
    [listing] = [listing for listing in listings() if sku in [variant["sku"] for variant in listing["variants"]]]
    counted = ask("/listings/stock", {"listing": listing["listing"], "sku": sku, "stock": number})
    print("counted:", [variant["stock"] for variant in counted["variants"] if variant["sku"] == sku][0])
