# One login with Python's own mail libraries: protocol tls port ca mechanism user; the password is in the environment.
import imaplib
import nntplib
import os
import poplib
import smtplib
import ssl
import sys

protocol, tls, port, ca, mechanism, user = sys.argv[1:7]
port = int(port)
password = os.environ["PASSWORD"]
context = ssl.create_default_context(cafile=ca)
host = "localhost"


def imap():
    if tls == "implicit":
        client = imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=10)
    else:
        client = imaplib.IMAP4(host, port, timeout=10)
    if tls == "starttls":
        client.starttls(context)
    if mechanism == "command":
        client.login(user, password)
    else:
        client.authenticate(mechanism, lambda _: b"\0%s\0%s" % (user.encode(), password.encode()))
    client.logout()


def smtp():
    if tls == "implicit":
        client = smtplib.SMTP_SSL(host, port, context=context, timeout=10)
    else:
        client = smtplib.SMTP(host, port, timeout=10)
    if tls == "starttls":
        client.starttls(context=context)
    client.ehlo()
    client.user, client.password = user, password
    client.auth(mechanism, getattr(client, "auth_" + mechanism.lower()))
    client.quit()


def lmtp():
    client = smtplib.LMTP(host, port)
    if tls == "starttls":
        client.starttls(context=context)
    client.ehlo()
    client.user, client.password = user, password
    client.auth(mechanism, getattr(client, "auth_" + mechanism.lower()))
    client.quit()


def nntp():
    if tls == "implicit":
        client = nntplib.NNTP_SSL(host, port, ssl_context=context, timeout=10)
    else:
        client = nntplib.NNTP(host, port, timeout=10)
    if tls == "starttls":
        client.starttls(context)
    client.login(user, password, usenetrc=False)
    client.quit()


def pop3():
    if tls == "implicit":
        client = poplib.POP3_SSL(host, port, context=context, timeout=10)
    else:
        client = poplib.POP3(host, port, timeout=10)
    if tls == "starttls":
        client.stls(context)
    client.user(user)
    client.pass_(password)
    client.quit()


try:
    {"imap": imap, "lmtp": lmtp, "nntp": nntp, "smtp": smtp, "pop3": pop3}[protocol]()
except (imaplib.IMAP4.error, nntplib.NNTPError, smtplib.SMTPException, poplib.error_proto) as error:
    print(error)
    sys.exit(1)
