//! Conversations, drawn: the examples of RFC 5802 section 5 and RFC 4616 section 4, with invented times.

use std::time::Duration;

use aiosasl::name::MechanismName;
use anstream::adapter::strip_str;
use expect_test::expect;

use super::{Record, Trace, What, svg, text};

/// What an observer and an interface would have written down, one moment each 1.5 ms.
fn recorded(happens: impl FnOnce(&mut Record)) -> Trace {
    let trace = Trace::new();
    {
        let mut record = trace.record();
        happens(&mut record);
        for (moment, at) in record.moments.iter_mut().zip(0_u32..) {
            moment.at = Duration::from_micros(1500) * at;
        }
    }
    trace
}

fn scram(record: &mut Record) {
    record.note(What::Connected { protocol: "imap", address: "192.0.2.1:143".into() });
    record.note(What::Greeting("ready, <b>&\"you\"".into()));
    record.note(What::Offered(vec!["SCRAM-SHA-1".into(), "PLAIN".into()]));
    record.note(What::StartTls);
    record.note(What::Tls {
        version: "1.3",
        cipher: "TLS_AES_128_GCM_SHA256".into(),
        verified: true,
    });
    record.note(What::Bindings {
        there: vec!["tls-exporter".into()],
        missing: vec![("tls-unique".into(), "undefined in TLS 1.3 (RFC 9266)".into())],
    });
    record.starts(MechanismName::new("SCRAM-SHA-1"), Some(b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"));
    record.challenges(b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096");
    record.responds(
        b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    );
    record.last_words = Some("OK Logged in".into());
    record.is_content(Some(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="));
    record.note(What::Ended { good: true, text: "authenticated by SCRAM-SHA-1".into() });
}

fn plain(record: &mut Record) {
    record.note(What::Offered(Vec::new()));
    record.starts(MechanismName::new("PLAIN"), None);
    record.challenges(b"");
    record.responds(b"Ursel\0Kurt\0xipj3plmq");
    record.fails("535 5.7.8 no", true);
    record.fails("the connection failed: reset", false);
    record.note(What::Ended { good: false, text: "refused: no".into() });
}

/// Without colours; a line at the margin keeps what is left of the lifelines in the snapshots.
fn snapshot(trace: &Trace, columns: usize) -> String {
    format!("{columns} columns\n{}", strip_str(&drawn(trace, columns)))
}

fn drawn(trace: &Trace, columns: usize) -> String {
    text::draw("imap mail.example.org:143", &trace.record().moments, columns)
}

#[test]
fn scram_is_drawn_with_every_field() {
    expect![[r#"
        84 columns
                 client                                            imap mail.example.org:143
             0.0 ms │   connected to 192.0.2.1:143, imap                                   │
                    │                                                                      │
             1.5 ms │◄───────────────────────────────────────────────────────── greeting ──┤
                    │   “ready, <b>&"you"”                                                 │
             3.0 ms │   offered: SCRAM-SHA-1 PLAIN                                         │
                    │                                                                      │
             4.5 ms ├── STARTTLS ─────────────────────────────────────────────────────────►│
                    │                                                                      │
             6.0 ms │══ TLS 1.3 · TLS_AES_128_GCM_SHA256 ══════════════════════════════════│
                    │   certificate verified                                               │
                    │   channel bindings  tls-exporter                                     │
                    │   not there         tls-unique  undefined in TLS 1.3 (RFC 9266)      │
                    │                                                                      │
             9.0 ms ├── SCRAM-SHA-1 · client-first-message ───────────────────────────────►│
                    │   gs2 flag                n                                          │
                    │                           the client has no channel binding, or      │
                    │                           wants none                                 │
                    │   authorization identity  (none: as the credentials say)             │
                    │   user name               user                                       │
                    │   client nonce            fyko+d2lbbFgONRv9qkxdawL  24 characters    │
                    │                                                                      │
            10.5 ms │◄───────────────────────────────── challenge · server-first-message ──┤
                    │   client nonce  fyko+d2lbbFgONRv9qkxdawL                             │
                    │   server nonce  3rfcNHYJY1ZVvWVs7j  18 characters                    │
                    │   salt          QSXCR+Q6sek8bf92                                     │
                    │                 12 octets: 4125c247e43ab1e93c6dff76                  │
                    │   iterations    4096  within 4096 and 1000000                        │
                    │                                                                      │
            12.0 ms ├── response · client-final-message ──────────────────────────────────►│
                    │   gs2 header    n,,  repeated in c=                                  │
                    │   binding data  (none)                                               │
                    │   client nonce  fyko+d2lbbFgONRv9qkxdawL                             │
                    │   server nonce  3rfcNHYJY1ZVvWVs7j  18 characters                    │
                    │   proof         v0X8v3Bz...  20 octets                               │
                    │                                                                      │
            13.5 ms │◄─────────────────────────────────── success · server-final-message ──┤
                    │   “OK Logged in”                                                     │
                    │   server signature  rmF9pqV8...  20 octets                           │
                    │                                                                      │
            15.0 ms ✔ authenticated by SCRAM-SHA-1
    "#]]
    .assert_eq(&snapshot(&recorded(scram), 84));
}

#[test]
fn a_refusal_is_drawn_and_the_password_is_not() {
    expect![[r"
        72 columns
                 client                                imap mail.example.org:143
             0.0 ms │   no mechanisms are offered                              │
                    │                                                          │
             1.5 ms ├── PLAIN ────────────────────────────────────────────────►│
                    │                                                          │
             3.0 ms │◄────────────────────────────────────── empty challenge ──┤
                    │                                                          │
             4.5 ms ├── response · message ───────────────────────────────────►│
                    │   authorization identity   Ursel                         │
                    │   authentication identity  Kurt                          │
                    │   password                 (hidden)                      │
                    │                                                          │
             6.0 ms │◄────────────────────────────────────────────── failure ──┤
                    │   “535 5.7.8 no”                                         │
                    │                                                          │
             7.5 ms │   the connection failed: reset                           │
                    │                                                          │
             9.0 ms ✘ refused: no
    "]]
    .assert_eq(&snapshot(&recorded(plain), 72));
}

#[test]
fn the_lifelines_are_straight_whatever_the_width() {
    use unicode_width::UnicodeWidthStr as _;
    for columns in 54..=110 {
        for trace in [recorded(scram), recorded(plain)] {
            let drawn = strip_str(&drawn(&trace, columns)).to_string();
            for line in drawn.lines().skip(1).filter(|line| !line.contains(['✔', '✘'])) {
                assert_eq!(line.width(), columns, "{line}");
            }
        }
    }
}

#[test]
fn no_drawing_has_a_secret() {
    for trace in [recorded(plain), recorded(scram)] {
        let picture = svg::draw("imap", &trace.record().moments);
        for drawing in [drawn(&trace, 96), picture] {
            assert!(!drawing.contains("xipj3plmq"), "{drawing}");
            assert!(!drawing.contains("v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="), "{drawing}");
        }
    }
}

#[test]
fn a_picture_stands_alone_and_takes_a_servers_words_as_words() {
    let picture = svg::draw("imap mail.example.org", &recorded(scram).record().moments);
    assert!(picture.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    assert!(picture.contains("ready, &lt;b&gt;&amp;&quot;you&quot;"));
    assert_eq!(picture.matches("<path").count(), 6, "an arrow for each message");
    assert_eq!(picture.matches("http").count(), 1, "the name of the format, and no link");
    assert_eq!(picture.matches("<text").count(), picture.matches("</text>").count());
}
