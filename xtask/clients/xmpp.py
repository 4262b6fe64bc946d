# One login with slixmpp: tls port ca mechanism user; the password is in the environment.
import asyncio
import os
import sys

import slixmpp

tls, port, ca, mechanism, user = sys.argv[1:6]


class Client(slixmpp.ClientXMPP):
    def __init__(self):
        chosen = None if mechanism == "any" else mechanism
        super().__init__(user + "@localhost", os.environ["PASSWORD"], sasl_mech=chosen)
        self.ca_certs = ca
        self.status = 3
        self.add_event_handler("session_start", self.came_in)
        self.add_event_handler("failed_all_auth", self.refused)

    async def came_in(self, _):
        self.status = 0
        await self.disconnect()

    def refused(self, _):
        self.status = 1
        self.disconnected.set_result(True)


client = Client()
client.connect(("127.0.0.1", int(port)), use_ssl=tls == "implicit", force_starttls=tls == "starttls")
try:
    client.loop.run_until_complete(asyncio.wait_for(client.disconnected, 10))
finally:
    # Its tasks end as they like.
    sys.stdout.flush()
    os._exit(client.status)
