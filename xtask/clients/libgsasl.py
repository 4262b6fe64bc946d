"""One half of a bare exchange by GNU SASL's library, for what its command does not do: servers of ANONYMOUS, EXTERNAL, SECURID,
SAML20 and OPENID20, accounts with names, layers in both directions.

Its argument is a JSON object; its lines are those of libsasl.py.
"""

import base64
import ctypes
import json
import sys
from ctypes import CFUNCTYPE, POINTER, byref, c_char_p, c_int, c_size_t, c_void_p

OK, NEEDS_MORE, AUTHENTICATION_ERROR, NO_CALLBACK, NEED_PASSCODE, NEED_PIN = 0, 1, 31, 51, 48, 49
AUTHID, AUTHZID, PASSWORD, TOKEN, SERVICE, HOSTNAME, PASSCODE, SUGGESTED_PIN, PIN, REALM = 1, 2, 3, 4, 5, 6, 8, 9, 10, 11
QOPS, QOP, ITERATIONS, CB_UNIQUE, SAML_IDP, SAML_URL, OPENID_URL, OPENID_DATA, CB_EXPORTER = (
    13, 14, 15, 18, 19, 20, 21, 22, 25)
SAML_BROWSER, OPENID_BROWSER = 250, 251
SIMPLE, EXTERNAL, ANONYMOUS, GSSAPI, SECURID, SAML20, OPENID20 = 500, 501, 502, 503, 504, 505, 506

wanted = json.loads(sys.argv[1])
is_client = wanted["half"] == "client"
gsasl = ctypes.CDLL("libgsasl.so.18")
gsasl.gsasl_property_fast.restype = c_char_p
gsasl.gsasl_strerror.restype = c_char_p
for name in ["gsasl_property_set", "gsasl_property_fast"]:
    getattr(gsasl, name).argtypes = [c_void_p, c_int] + ([c_char_p] if name.endswith("set") else [])
session, passcodes = c_void_p(), list(wanted["passcodes"])


def told(session, prop):
    return (gsasl.gsasl_property_fast(session, prop) or b"").decode()


def may(name):
    return name in ["", wanted["user"], wanted["acts_as"]]


def qualities():
    return {0: "qop-auth", 1: "qop-int"}.get(wanted["max_ssf"], "qop-conf")


def values(session):
    """What either half is asked for."""
    kind, data = wanted["binding"] or [None, None]
    known = not is_client and told(session, AUTHID) != wanted["user"]
    return {
        AUTHID: wanted["user"], AUTHZID: wanted["authzid"], TOKEN: wanted["user"], SERVICE: wanted["service"],
        PASSWORD: None if known else wanted["password"], HOSTNAME: wanted["host"], REALM: wanted["host"],
        QOP: qualities(), QOPS: qualities(), ITERATIONS: "4096", PASSCODE: passcodes[0] if passcodes else None,
        CB_UNIQUE: data if kind == "tls-unique" else None, CB_EXPORTER: data if kind == "tls-exporter" else None,
        SAML_IDP: wanted["provider"], SAML_URL: wanted["url"], OPENID_URL: wanted["url"], OPENID_DATA: wanted["attributes"],
        PIN: wanted["pin"],
    }


def judge_passcode(session):
    """The first is wanted, then the others, one after the other; in the end maybe a PIN."""
    if told(session, AUTHID) != wanted["user"] or told(session, PASSCODE) != passcodes[0]:
        return AUTHENTICATION_ERROR
    if len(passcodes) > 1:
        passcodes.pop(0)
        return NEED_PASSCODE
    if wanted["pin"] and told(session, PIN) != wanted["pin"]:
        gsasl.gsasl_property_set(session, SUGGESTED_PIN, wanted["pin"].encode())
        return NEED_PIN
    return OK if may(told(session, AUTHZID)) else AUTHENTICATION_ERROR


def judge(session, prop):
    """What a server decides."""
    if prop == SIMPLE:
        good = told(session, AUTHID) == wanted["user"] and told(session, PASSWORD) == wanted["password"]
    elif prop == SECURID:
        return judge_passcode(session)
    else:
        good = prop in [EXTERNAL, ANONYMOUS, GSSAPI, SAML20, OPENID20]
    return OK if good and may(told(session, AUTHZID)) else AUTHENTICATION_ERROR


@CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
def callback(_context, session, prop):
    if prop in [SAML_BROWSER, OPENID_BROWSER]:
        return OK
    if prop >= SIMPLE:
        return judge(session, prop)
    value = values(session).get(prop)
    if value is None:
        return OK if prop == AUTHZID else NO_CALLBACK
    gsasl.gsasl_property_set(session, prop, value.encode())
    return OK


def say(*words):
    print(*words, flush=True)


def out(result):
    say("OUT", result, gsasl.gsasl_strerror(result).decode())
    sys.exit(1)


def hear(word):
    """The rest of the next line, `None` where it says that there is none."""
    found, _, rest = (sys.stdin.readline() or "END").strip("\n").partition(" ")
    if found == "N":
        return None
    if found != word:
        sys.exit(1)
    return rest.encode()


def step(message):
    """One step: its result, and what is to be said."""
    data = c_char_p()
    result = gsasl.gsasl_step64(session, c_char_p(message), byref(data))
    if result not in (OK, NEEDS_MORE):
        out(result)
    return result, (data.value or b"").decode()


def be_client():
    result = NEEDS_MORE
    if wanted["server_first"]:
        say("N")
    else:
        result, text = step(None)
        say("M", text)
    while result == NEEDS_MORE:
        result, text = step(hear("M") or b"")
        # An empty answer to the server's last words is left out.
        if result == NEEDS_MORE or text:
            say("M", text)


def be_server():
    result, text = step(hear("M"))
    while result == NEEDS_MORE:
        say("M", text)
        result, text = step(hear("M") or b"")
    if text:
        say("M", text)
    if not may(told(session, AUTHZID)):
        out(AUTHENTICATION_ERROR)


def transform(function, octets):
    data, length = c_void_p(), c_size_t()
    result = function(session, c_char_p(octets), c_size_t(len(octets)), byref(data), byref(length))
    if result != OK:
        out(result)
    return ctypes.string_at(data, length.value)


def go_on():
    say("IN", told(session, AUTHZID) or told(session, AUTHID) or "-", 0)
    octets = transform(gsasl.gsasl_decode, base64.b64decode(hear("DATA")))
    say("GOT", octets.decode(errors="replace"))
    say("M", base64.b64encode(transform(gsasl.gsasl_encode, wanted["says"].encode())).decode())


context = c_void_p()
if gsasl.gsasl_init(byref(context)) != OK:
    sys.exit("no library")
gsasl.gsasl_callback_set(context, callback)
start = gsasl.gsasl_client_start if is_client else gsasl.gsasl_server_start
result = start(context, c_char_p(wanted["mechanism"].encode()), byref(session))
if result != OK:
    out(result)
be_client() if is_client else be_server()
go_on()
