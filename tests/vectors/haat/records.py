"""Expiring records, invite codes and proofs, and the keys of a circle."""

from base64 import b32decode, urlsafe_b64encode

from . import ciphers, texts
from .cbor import Refused, write
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


def box_of(manifest, device, boxes):
    """The sealed secrets for a device among the boxes of the chunk where they must stand."""
    tag = hash_of("epoch box tag", manifest["control"], device)[:8]
    place = sum(1 for first, _ in manifest["chunks"] if first <= tag) - 1
    if place not in boxes or hash_of("epoch boxes", boxes[place]) != manifest["chunks"][place][1]:
        raise Refused("unopened")
    chunk = boxes[place]
    whole = (chunk[at : at + 120] for at in range(0, len(chunk) - 119, 120))
    return next((box[8:] for box in whole if box[:8] == tag), None)


def open_epoch(space, epoch, device, secret, more):
    """The keys that a device finds in the box for it; `more` is the second chunk, if there is one."""
    manifest = epoch["manifest"]
    named = [manifest[name] for name in ("control", "content", "topic")]
    sealed = box_of(manifest, device, {0: epoch["boxes"]} if more is None else {1: more})
    plain = sealed and ciphers.open_hpke(secret, b"".join([b"haat 0 epoch box", space, *named]), sealed)
    if not plain or len(plain) != 64:
        raise Refused("unopened")
    control, content = (hash_of(f"epoch {name} key", plain[:32]) for name in ("control", "content"))
    topic = plain[32:]
    if [hash_of("epoch key", key) for key in (control, content, topic)] != named:
        raise Refused("unopened")
    links = {}
    for parent, sealed in manifest["parents"]:
        opened = ciphers.open_x(control, manifest["control"], sealed)
        if opened is not None and len(opened) == 32:
            links[parent.hex()] = opened
    return {
        "key": hash_of("epoch", space, write(manifest)),
        "control": control,
        "content": content,
        "topic": topic,
        "topic_name": topic_name(topic),
        "links": links,
    }


def topic_name(secret):
    """The name of a circle's gossip topic."""
    return urlsafe_b64encode(hash_of("topic", secret)[:16]).decode().rstrip("=")
