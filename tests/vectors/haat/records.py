"""Expiring records, invite codes and proofs, and the keys of a circle."""

from base64 import b32decode, urlsafe_b64encode

from . import ciphers, texts
from .cbor import Refused
from .shape import ID, SIG, decode, integer, many, octets, one_of, record, text
from .sign import hash_of, need

SIGNED = record(bytes=octets, sig=SIG)
RECORD = record(device=ID, claim=one_of(prekey=ID, addresses=many(text)), issued=integer, expires=integer)
CODE = record(
    version=integer,
    space=ID,
    seed=ID,
    device=ID,
    addresses=many(text),
    others=many(record(device=ID, addresses=many(text))),
    seeds=many(text),
    expires=integer,
    name=text,
)
SECRETS = record(epoch=ID, topic=ID)
ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


def read_record(signed):
    """What a signed record says."""
    found = decode(signed["bytes"], RECORD, 4096)
    addresses = found["claim"].get("addresses", [])
    if len(addresses) > 8 or any(len(address.encode()) > 200 for address in addresses):
        raise Refused("addresses")
    need("record", found["device"], signed["bytes"], signed["sig"])
    return found


def read_code(line):
    """What an invite code holds."""
    plain = "".join(c for c in line if c not in texts.WHITE)
    plain = "".join(c.upper() if c.isascii() else c for c in plain)
    if any(c not in ALPHABET for c in plain):
        raise Refused("alphabet")
    try:
        data = b32decode(plain + "=" * (-len(plain) % 8))
    except ValueError:
        raise Refused("checksum") from None
    spare = len(plain) * 5 - len(data) * 8
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".index(plain[-1]) if plain else 0
    if spare > 4 or last & (1 << spare) - 1 or len(data) < 5 or hash_of("invite check", data[:-5])[:5] != data[-5:]:
        raise Refused("checksum")
    try:
        code = decode(data[:-5], CODE, 2048)
    except Refused:
        raise Refused("version") from None
    few = len(code["addresses"]) <= 3 and len(code["others"]) <= 2 and len(code["seeds"]) <= 2
    if code["version"] != 0 or not few or any(len(other["addresses"]) > 2 for other in code["others"]):
        raise Refused("version")
    return code


def open_epoch(space, epoch, device, secret):
    """The keys that a device finds in the box for it."""
    sealed = next((box for to, box in epoch["boxes"] if to == device), None)
    info = b"haat 0 epoch box" + space + epoch["key"]
    plain = sealed and ciphers.open_hpke(secret, info, sealed)
    if not plain:
        raise Refused("unopened")
    secrets = decode(plain, SECRETS)
    if hash_of("epoch", secrets["epoch"], secrets["topic"]) != epoch["key"]:
        raise Refused("unopened")
    control = hash_of("epoch control key", secrets["epoch"])
    links = {}
    for parent, sealed in epoch["parents"]:
        opened = ciphers.open_x(control, epoch["key"], sealed)
        if opened is not None and len(opened) == 32:
            links[parent.hex()] = opened
    return {
        "control": control,
        "content": hash_of("epoch content key", secrets["epoch"]),
        "topic": secrets["topic"],
        "topic_name": topic_name(secrets["topic"]),
        "links": links,
    }


def topic_name(secret):
    """The name of a circle's gossip topic."""
    return urlsafe_b64encode(hash_of("topic", secret)[:16]).decode().rstrip("=")
