"""One half of a bare exchange by Cyrus SASL's library, for what its sample programs have no options for: channel bindings,
EXTERNAL, NTLMv2, one-time passwords, acting as somebody else.

Its argument is a JSON object. Lines in: `M BASE64` a message, `N` none, `DATA BASE64` octets inside the layer. Lines out: `M BASE64`, `N`,
`IN NAME SSF`, `OUT REASON`; after `DATA`, `GOT TEXT` and then its own `M BASE64`.
"""

import base64
import ctypes
import hashlib
import json
import sys
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_int, c_uint, c_ulong, c_void_p

OK, CONTINUE = 0, 1
SUCCESS_DATA = 4
USERNAME, SSF, CHANNEL_BINDING, SSF_EXTERNAL, SEC_PROPS, AUTH_EXTERNAL = 0, 1, 21, 100, 101, 102
CB_END, CB_GETOPT, CB_LOG, CB_USER, CB_AUTHNAME, CB_PASS, CB_ECHOPROMPT, CB_PROXY = (
    0, 1, 2, 0x4001, 0x4002, 0x4004, 0x4005, 0x8001)


class Callback(Structure):
    _fields_ = [("id", c_ulong), ("proc", c_void_p), ("context", c_void_p)]


class Properties(Structure):
    _fields_ = [("min_ssf", c_uint), ("max_ssf", c_uint), ("max_buffer", c_uint), ("flags", c_uint),
                ("names", c_void_p), ("values", c_void_p)]


class Binding(Structure):
    _fields_ = [("name", c_char_p), ("critical", c_int), ("len", c_ulong), ("data", c_char_p)]


wanted = json.loads(sys.argv[1])
sasl = ctypes.CDLL("libsasl2.so.2")
sasl.sasl_errdetail.restype = c_char_p
kept = []


def keep(value):
    """What the library has pointers to must stay."""
    kept.append(value)
    return value


def callback(number, kind, function):
    return Callback(number, ctypes.cast(keep(kind(function)), c_void_p), None)


def getopt(_context, _plugin, option, result, length):
    value = wanted["options"].get(option.decode())
    if value is None:
        return -1
    result[0] = keep(c_char_p(value.encode()))
    if length:
        length[0] = len(value)
    return OK


def simple(_context, number, result, length):
    value = wanted["user"] if number == CB_AUTHNAME else wanted["authzid"] or ""
    result[0] = keep(c_char_p(value.encode()))
    if length:
        length[0] = len(value.encode())
    return OK


def secret(_connection, _context, _number, result):
    octets = wanted["password"].encode()
    held = ctypes.create_string_buffer(ctypes.sizeof(c_ulong) + len(octets) + 1)
    ctypes.memmove(held, byref(c_ulong(len(octets))), ctypes.sizeof(c_ulong))
    ctypes.memmove(ctypes.addressof(held) + ctypes.sizeof(c_ulong), octets, len(octets))
    result[0] = ctypes.addressof(keep(held))
    return OK


def fold(octets):
    digest = hashlib.md5(octets).digest()
    return bytes(one ^ other for one, other in zip(digest[:8], digest[8:]))


def prompt(_context, _number, challenge, _prompt, _default, result, length):
    """The one-time password (RFC 2289) to `otp-md5 499 seed`."""
    _algorithm, sequence, seed = challenge.decode().split()[:3]
    octets = (seed.lower() + wanted["password"]).encode()
    for _ in range(int(sequence) + 1):
        octets = fold(octets)
    answer = ("hex:" + octets.hex()).encode()
    result[0] = keep(c_char_p(answer))
    if length:
        length[0] = len(answer)
    return OK


def proxy(_connection, _context, user, user_len, *_rest):
    allowed = [wanted["user"], wanted["acts_as"], "anonymous"]
    name = ctypes.string_at(user, user_len).decode().split("@")[0]
    return OK if name in allowed else -14


def log(_context, _level, text):
    print(text.decode(errors="replace"), file=sys.stderr)
    return OK


STRINGS = POINTER(c_char_p)
NUMBERS = POINTER(c_uint)
table = [
    callback(CB_GETOPT, CFUNCTYPE(c_int, c_void_p, c_char_p, c_char_p, STRINGS, NUMBERS), getopt),
    callback(CB_LOG, CFUNCTYPE(c_int, c_void_p, c_int, c_char_p), log),
]
if wanted["half"] == "client":
    table += [
        callback(CB_USER, CFUNCTYPE(c_int, c_void_p, c_int, STRINGS, NUMBERS), simple),
        callback(CB_AUTHNAME, CFUNCTYPE(c_int, c_void_p, c_int, STRINGS, NUMBERS), simple),
        callback(CB_PASS, CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, POINTER(c_void_p)), secret),
        callback(CB_ECHOPROMPT, CFUNCTYPE(c_int, c_void_p, c_int, c_char_p, c_char_p, c_char_p, STRINGS,
                                          NUMBERS), prompt),
    ]
else:
    table += [callback(CB_PROXY, CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_uint, c_void_p, c_uint, c_void_p,
                                           c_uint, c_void_p), proxy)]
callbacks = keep((Callback * (len(table) + 1))(*table, Callback(CB_END, None, None)))
connection = c_void_p()


def say(*words):
    print(*words, flush=True)


def out(result):
    say("OUT", result, sasl.sasl_errdetail(connection).decode(errors="replace"))
    sys.exit(1)


def check(result):
    if result not in (OK, CONTINUE):
        out(result)
    return result


def say_message(data, length):
    say("M", base64.b64encode(ctypes.string_at(data, length.value)).decode())


def hear(word):
    """The octets of the next line, `None` where it says that there are none."""
    found, _, rest = (sys.stdin.readline() or "END").strip().partition(" ")
    if found == "N":
        return None
    if found != word:
        sys.exit(1)
    return base64.b64decode(rest)


def set_up():
    properties = Properties(wanted["min_ssf"], wanted["max_ssf"], 65536, 0, None, None)
    check(sasl.sasl_setprop(connection, SEC_PROPS, byref(keep(properties))))
    if wanted["external"]:
        check(sasl.sasl_setprop(connection, SSF_EXTERNAL, byref(c_uint(0))))
        check(sasl.sasl_setprop(connection, AUTH_EXTERNAL, c_char_p(wanted["external"].encode())))
    if wanted["binding"]:
        name, octets = wanted["binding"]
        octets = bytes.fromhex(octets)
        binding = Binding(name.encode(), 1, len(octets), octets)
        check(sasl.sasl_setprop(connection, CHANNEL_BINDING, byref(keep(binding))))


def be_client():
    check(sasl.sasl_client_init(callbacks))
    check(sasl.sasl_client_new(c_char_p(wanted["service"].encode()), c_char_p(wanted["host"].encode()), None, None,
                               callbacks, SUCCESS_DATA, byref(connection)))
    set_up()
    data, length, chosen = c_void_p(), c_uint(), c_char_p()
    result = check(sasl.sasl_client_start(connection, c_char_p(wanted["mechanism"].encode()), None, byref(data),
                                          byref(length), byref(chosen)))
    if data.value is None:
        say("N")
    else:
        say_message(data, length)
    while result == CONTINUE:
        octets = hear("M") or b""
        result = check(sasl.sasl_client_step(connection, c_char_p(octets), len(octets), None, byref(data),
                                             byref(length)))
        # An empty answer to the server's last words is left out.
        if result == CONTINUE or length.value:
            say_message(data, length)


def be_server():
    check(sasl.sasl_server_init(callbacks, b"sample"))
    host = c_char_p(wanted["host"].encode())
    check(sasl.sasl_server_new(c_char_p(wanted["service"].encode()), host, host, None, None, callbacks, SUCCESS_DATA,
                               byref(connection)))
    set_up()
    first = hear("M")
    data, length = c_void_p(), c_uint()
    result = check(sasl.sasl_server_start(connection, c_char_p(wanted["mechanism"].encode()), c_char_p(first),
                                          len(first or b""), byref(data), byref(length)))
    while result == CONTINUE:
        say_message(data, length)
        octets = hear("M") or b""
        result = check(sasl.sasl_server_step(connection, c_char_p(octets), len(octets), byref(data), byref(length)))
    if data.value is not None and length.value:
        say_message(data, length)


def go_on():
    name, strength = c_char_p(), c_void_p()
    check(sasl.sasl_getprop(connection, USERNAME, byref(name)))
    check(sasl.sasl_getprop(connection, SSF, byref(strength)))
    ssf = ctypes.cast(strength, POINTER(c_uint))[0]
    say("IN", (name.value or b"").decode(), ssf)
    octets = hear("DATA")
    data, length = c_void_p(), c_uint()
    check(sasl.sasl_decode(connection, c_char_p(octets), len(octets), byref(data), byref(length)))
    say("GOT", ctypes.string_at(data, length.value).decode(errors="replace"))
    text = wanted["says"].encode()
    check(sasl.sasl_encode(connection, c_char_p(text), len(text), byref(data), byref(length)))
    say_message(data, length)


be_client() if wanted["half"] == "client" else be_server()
go_on()
