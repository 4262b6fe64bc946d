# One login with librdkafka through Python: tls port ca mechanism user; the password or the token is in the environment.
import os
import sys
import threading
import time

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

tls, port, ca, mechanism, user = sys.argv[1:6]
password = os.environ["PASSWORD"]
configuration = {
    "bootstrap.servers": f"localhost:{port}",
    "security.protocol": "SASL_SSL" if tls == "implicit" else "SASL_PLAINTEXT",
    "ssl.ca.location": ca,
    "sasl.mechanisms": mechanism,
    "socket.timeout.ms": 5000,
    # One try is enough.
    "reconnect.backoff.ms": 20000,
    "reconnect.backoff.max.ms": 20000,
    "log_level": 0,
}
if mechanism == "OAUTHBEARER":
    configuration["oauth_cb"] = lambda _: (password, time.time() + 600, user, {})
else:
    configuration["sasl.username"] = user
    configuration["sasl.password"] = password


def refused(error):
    # It would try again and again, whatever its backoff is, and the last try would be cut off in the middle.
    if error.code() == KafkaError._AUTHENTICATION:
        print(error)
        sys.stdout.flush()
        os._exit(1)


def ask():
    try:
        brokers = client.list_topics(timeout=6).brokers
        print(sorted(str(broker) for broker in brokers.values()))
        status = 0
    except KafkaException as error:
        print(error)
        status = 1
    sys.stdout.flush()
    os._exit(status)


configuration["error_cb"] = refused
client = AdminClient(configuration)
threading.Thread(target=ask, daemon=True).start()
deadline = time.time() + 8
while time.time() < deadline:
    client.poll(0.02)
sys.exit(1)
