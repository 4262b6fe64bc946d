//! What the decoder says of good, bad and secret messages.

use aiosasl::{mechanism::Side, name::MechanismName};

use super::{Decoded, FAULT, message, message_after};

fn told(decoded: &Decoded) -> Vec<String> {
    decoded.fields.iter().map(|field| format!("{}: {}", field.name, field.value)).collect()
}

#[test]
fn a_client_first_message_by_its_shape() {
    let decoded =
        message(None, Side::Client, 0, b"p=tls-exporter,a=b=2Cc,n=us=3Der,r=fyko+d2lbbFg,x=1");
    assert_eq!(decoded.title, "SCRAM client-first-message");
    assert_eq!(
        told(&decoded),
        [
            "gs2 flag: p=tls-exporter",
            "authorization identity: b,c",
            "user name: us=er",
            "client nonce: fyko+d2lbbFg",
            "extension x: 1",
        ]
    );
    assert!(!decoded.is_malformed());
}

#[test]
fn a_server_first_message_is_judged() {
    let name = MechanismName::new("SCRAM-SHA-256");
    let first = b"n,,n=user,r=abc";
    let ask = |octets: &[u8]| told(&message_after(first, Some(name), Side::Server, 0, octets));
    let good = ask(b"r=abcdef,s=c2FsdA==,i=4096,t=0304");
    assert_eq!(good[1], "server nonce: def");
    assert!(good.iter().any(|it| it == "TLS version: 0304"), "{good:?}");
    let low = ask(b"r=abcdef,s=c2FsdA==,i=1000");
    assert!(low.iter().any(|it| it.starts_with("warning: fewer than 4096")), "{low:?}");
    let foreign = ask(b"r=xyz,s=c2FsdA==,i=4096");
    assert!(foreign.iter().any(|it| it.starts_with("fault: the nonce does not start")));
}

#[test]
fn passwords_and_tokens_are_hidden() {
    for (mechanism, octets) in [
        (Some("PLAIN"), &b"\0user\0sesame"[..]),
        (Some("PLAIN"), b"user\0sesame"),
        (None, b"\0user\0sesame"),
        (None, b"sesame"),
        (Some("XOAUTH2"), b"user=u\x01auth=Bearer sesame\x01\x01"),
        (Some("LOGIN"), b"sesame"),
        (Some("OAUTHBEARER"), b"n,,\x01auth=Bearer sesame\x01\x01"),
        (Some("OAUTHBEARER"), b"n,,auth=Bearer sesame"),
        (Some("OAUTHBEARER"), b"n,,\x01auth=sesame\x01x=sesame\x01\x01"),
        (Some("XOAUTH2"), b"auth=Bearer sesame\x01\x01"),
    ] {
        let decoded = message(mechanism.map(MechanismName::new), Side::Client, 0, octets);
        assert!(!format!("{decoded:?}").contains("sesame"), "{decoded:?}");
    }
}

#[test]
fn nothing_panics_and_every_cut_is_a_fault() {
    let name = Some(MechanismName::new("SCRAM-SHA-1"));
    let whole: [(Side, usize, &[u8]); 3] = [
        (Side::Client, 0, b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"),
        (Side::Server, 0, b"r=fyko+d2lbbFgONRv9qkxdawL3rfc,s=QSXCR+Q6sek8bf92,i=4096"),
        (Side::Client, 1, b"c=biws,r=fyko,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="),
    ];
    for (side, step, octets) in whole {
        assert!(!message(name, side, step, octets).is_malformed());
        for cut in 0..octets.len() {
            let octets = [&octets[..cut], b"\xff"].concat();
            let decoded = message(name, side, step, &octets);
            assert!(decoded.fields.iter().any(|field| field.name == FAULT), "{cut}: {decoded:?}");
        }
    }
    for first in 0..=255_u8 {
        for second in [0, b',', b'=', b'n', 0xc3, 0xff] {
            for side in [Side::Client, Side::Server] {
                for step in 0..3 {
                    let _ = message(name, side, step, &[first, second]);
                    let _ = message(None, side, step, &[first, second]);
                }
            }
        }
    }
}

#[test]
fn nothing_steers_the_terminal() {
    let name = Some(MechanismName::new("ANONYMOUS"));
    let decoded = message(name, Side::Client, 0, b"\x1b[2Jred");
    assert_eq!(decoded.fields[0].value, "\\u{1b}[2Jred");
}

#[test]
fn oauth_messages_by_their_names() {
    let told = |name, side, octets: &[u8]| {
        told(&message(Some(MechanismName::new(name)), side, 0, octets)).join("; ")
    };
    let first = b"n,a=user@example.com,\x01host=h\x01port=143\x01auth=Bearer t\x01\x01";
    assert_eq!(
        told("OAUTHBEARER", Side::Client, first),
        "gs2 header: n,a=user@example.com,; authorization identity: user@example.com; \
         host: h; port: 143; auth: Bearer (hidden)"
    );
    assert_eq!(
        told("XOAUTH2", Side::Client, b"user=u\x01auth=Bearer t\x01"),
        "user: u; auth: Bearer (hidden); fault: expected 0x01 twice at the end"
    );
    assert_eq!(
        told("XOAUTH2", Side::Server, br#"{"status":"401","scope":"mail"}"#),
        "status: 401; scope: mail"
    );
    assert_eq!(told("LOGIN", Side::Server, b"Username:"), "prompt: Username:");
}
