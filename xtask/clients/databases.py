# One login with a database's Python client: protocol tls port ca mechanism user; the password is in the environment.
import asyncio
import os
import ssl
import sys

protocol, tls, port, ca, mechanism, user = sys.argv[1:7]
port = int(port)
password = os.environ["PASSWORD"]


def postgres():
    import asyncpg

    async def log_in():
        context = False if tls == "off" else ssl.create_default_context(cafile=ca)
        client = await asyncpg.connect(
            host="localhost", port=port, user=user, password=password, database=user, ssl=context, timeout=20
        )
        await client.execute("select 1")
        await client.close()

    try:
        asyncio.run(log_in())
    except asyncpg.PostgresError as error:
        print(error)
        sys.exit(1)


def mongodb():
    import pymongo

    options = {"serverSelectionTimeoutMS": 10000}
    if tls == "implicit":
        options.update(tls=True, tlsCAFile=ca)
    if mechanism != "any":
        options.update(authMechanism=mechanism)
    if mechanism == "PLAIN":
        options.update(authSource="$external")
    client = pymongo.MongoClient("localhost", port, username=user, password=password, **options)
    try:
        client.admin.command("ping")
    except pymongo.errors.OperationFailure as error:
        print(error)
        sys.exit(1)
    finally:
        client.close()


{"postgres": postgres, "mongodb": mongodb}[protocol]()
