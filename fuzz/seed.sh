#!/bin/sh
# Makes each target's first corpus from the vectors' messages.
set -eu
cd "$(dirname "$0")"
python3 - <<'PY'
import base64, json, os

def walk(value):
    if isinstance(value, dict):
        if "b64" in value:
            yield base64.b64decode(value["b64"])
        for inner in value.values():
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)

targets = {"plain": "plain", "anonymous": "anonymous", "external": "external", "login": "login", "gssapi": "gssapi", "cram_md5": "cram_md5", "digest_md5_client": "digest_md5", "digest_md5_server": "digest_md5", "challenge_ecdsa": "challenge", "challenge_x25519": "challenge", "ntlm": "ntlm", "visit_openid20": "openid20", "visit_saml20": "saml20", "ht": "ht", "otp": "otp", "securid": "securid", "oauth_bearer": "oauth", "oauth_xoauth2": "oauth", "oauth_told": "oauth", "oauth_10a": "oauth", "scram_client": "scram", "scram_server": "scram"}
for target, name in targets.items():
    folder = f"corpus/{target}"
    os.makedirs(folder, exist_ok=True)
    messages = list(walk(json.load(open(f"../vectors/{name}.json"))))
    for number, message in enumerate(messages):
        open(f"{folder}/{number}", "wb").write(message)
    for number in range(0, len(messages) - 1, 2):
        open(f"{folder}/pair-{number}", "wb").write(messages[number] + b"\xff" + messages[number + 1])

# Whole exchanges of each side; 0xFF parts messages.
vendors = "../crates/aiosasl-vendor/vectors"
for name in os.listdir(vendors):
    folder = f"corpus/vendor_{name.removesuffix('.json')}"
    os.makedirs(folder, exist_ok=True)
    octets = lambda it: it["text"].encode() if "text" in it else base64.b64decode(it["b64"])
    for section, vectors in json.load(open(f"{vendors}/{name}")).items():
        for vector in vectors if isinstance(vectors, list) else []:
            for side in "CS":
                said = [octets(it) for it in vector.get("messages", []) if it.get("dir", side) == side]
                open(f"{folder}/{vector['id']}-{section}-{side}", "wb").write(b"\xff".join(said))

protocols = {"dovecot": "dovecot-auth", "irc": "irc", "sasl2": "xmpp-sasl2", "xmpp_client": "xmpp-sasl2", "xmpp_server": "xmpp"}
opening = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
transcripts = json.load(open("../vectors/profiles.json"))["valid"]
for target, protocol in protocols.items():
    folder = f"corpus/{target}"
    os.makedirs(folder, exist_ok=True)
    for transcript in (it for it in transcripts if it["protocol"] == protocol):
        lines = [line["text"] for line in transcript["lines"]]
        text = opening + "".join(lines) if protocol.startswith("xmpp") else "\r\n".join(lines)
        open(f"{folder}/{transcript['id']}", "w").write(text)

# A line each: these read no more at once.
for target, protocol in {"acap": "acap", "imap": "imap", "nntp": "nntp", "pop3": "pop3", "sieve": "managesieve", "smtp": "smtp"}.items():
    folder = f"corpus/{target}"
    os.makedirs(folder, exist_ok=True)
    lines = [line["text"] for it in transcripts if it["protocol"] == protocol for line in it["lines"]]
    for number, line in enumerate(lines):
        open(f"{folder}/{number}", "w").write(line)

# Frames as they stand in the vectors, and each protocol's all in a row.
frames = json.load(open("../vectors/frames.json"))["valid"]
protocols = {"amqp091": "amqp-0-9-1", "amqp10": "amqp-1.0", "cassandra": "cassandra", "kafka": "kafka", "ldap": "ldap", "memcached": "memcached", "mqtt": "mqtt5", "postgres": "postgresql", "saslauthd": "saslauthd"}
for target, protocol in protocols.items():
    folder = f"corpus/{target}"
    os.makedirs(folder, exist_ok=True)
    octets = [(it["id"], bytes.fromhex(it["hex"])) for it in frames if it["protocol"] == protocol]
    for name, frame in octets + [("all", b"".join(frame for _, frame in octets))]:
        open(f"{folder}/{name}", "wb").write(frame)
os.makedirs("corpus/mongodb", exist_ok=True)
for frame in (it for it in frames if it["protocol"] == "mongodb"):
    body = bytes.fromhex(frame["hex"])
    head = b"".join(number.to_bytes(4, "little") for number in (len(body) + 21, 1, 0, 2013, 0))
    open(f"corpus/mongodb/{frame['id']}", "wb").write(head + b"\0" + body)
PY
