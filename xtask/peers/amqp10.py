# A server of AMQP 1.0: Proton, with Cyrus SASL. Arguments: the folder of SASL's configuration; chain, key and authority of
# TLS; the ports in clear, inside TLS, and inside TLS with a client's certificate.
import sys

from proton import SSLDomain
from proton.handlers import MessagingHandler
from proton.reactor import Container

sasl, chain, key, authority, clear, tls, certified = sys.argv[1:8]


def domain(wants_certificate):
    made = SSLDomain(SSLDomain.MODE_SERVER)
    made.set_credentials(chain, key, None)
    if wants_certificate:
        made.set_trusted_ca_db(authority)
        made.set_peer_authentication(SSLDomain.VERIFY_PEER, authority)
    return made


class Server(MessagingHandler):
    def on_start(self, event):
        listen = event.container.listen
        listen(f"amqp://127.0.0.1:{clear}")
        listen(f"amqps://127.0.0.1:{tls}", domain(False))
        listen(f"amqps://127.0.0.1:{certified}", domain(True))

    def on_connection_bound(self, event):
        event.transport.require_auth(True)
        layer = event.transport.sasl()
        layer.config_path(sasl)
        layer.config_name("server")
        layer.allow_insecure_mechs = True


Container(Server()).run()
