# One login with paho-mqtt: tls port ca mechanism user; the password, or the token, is in the environment. It has no
# mechanisms of its own: what has one message is made here.
import os
import ssl
import sys

from paho.mqtt.client import Client, MQTTv5, MQTT_ERR_SUCCESS
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

tls, port, ca, mechanism, user = sys.argv[1:6]
password = os.environ["PASSWORD"]
reason = None


def heard(client, data, flags, code, properties):
    global reason
    reason = code


client = Client(protocol=MQTTv5)
client.on_connect = heard
if tls == "implicit":
    client.tls_set(ca, tls_version=ssl.PROTOCOL_TLS_CLIENT)
properties = Properties(PacketTypes.CONNECT)
if mechanism == "command":
    client.username_pw_set(user, password)
else:
    properties.AuthenticationMethod = mechanism
    properties.AuthenticationData = {
        "PLAIN": f"\0{user}\0{password}",
        "OAUTHBEARER": f"n,,\1auth=Bearer {password}\1\1",
    }[mechanism].encode()
client.connect("localhost", int(port), properties=properties)
while reason is None and client.loop(1) == MQTT_ERR_SUCCESS:
    pass
print(reason)
client.disconnect()
sys.exit(1 if reason is None or reason.value >= 0x80 else 0)
