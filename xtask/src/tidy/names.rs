//! Who may name what: the library no protocol and no store, a profile no mechanism.

use super::Violation;
use super::source::{Kind, Token};
use super::tree::Tree;

/// Words for protocols and stores, none of which the library knows.
const PROTOCOLS_AND_STORES: [&str; 34] = [
    "activemq",
    "amqp",
    "cassandra",
    "cyrus",
    "dovecot",
    "http",
    "https",
    "imap",
    "irc",
    "jabber",
    "kafka",
    "ldap",
    "managesieve",
    "memcached",
    "mongo",
    "mongodb",
    "mqtt",
    "mysql",
    "nntp",
    "pop3",
    "postfix",
    "postgres",
    "postgresql",
    "prosody",
    "rabbitmq",
    "redis",
    "sieve",
    "smtp",
    "sqlite",
    "submission",
    "xmpp",
    "xmpps",
    "zookeeper",
    "sasldb",
];

/// Files that name a stored form after the program it comes from.
const STORED_FORMS: [&str; 2] = [
    "crates/aiosasl/src/mechanisms/scram/verifier.rs",
    "crates/aiosasl/src/mechanisms/scram/verifier/",
];

/// Words that are a mechanism's own: RFC 6595, 6616 and 7628 send a client to a URL, and want it to be of these schemes.
const OWN_WORDS: [(&str, &str); 4] = [
    ("crates/aiosasl/src/mechanisms/oauth/told.rs", "https"),
    ("crates/aiosasl/src/mechanisms/visit/grammar.rs", "http"),
    ("crates/aiosasl/src/mechanisms/visit/grammar.rs", "https"),
    ("crates/aiosasl/src/reason.rs", "https"),
];

/// Commands of a protocol that have a mechanism's name, or what its servers leave unsaid, and the file that spells them.
const COMMANDS: [(&str, &str); 7] = [
    // HTTP has a registry of its own, in which two schemes have a mechanism's name.
    ("crates/aiosasl-profiles/src/http/scheme.rs", "\"SCRAM-SHA-1\""),
    ("crates/aiosasl-profiles/src/http/scheme.rs", "\"SCRAM-SHA-256\""),
    ("crates/aiosasl-profiles/src/imap/server.rs", "b\"LOGIN\""),
    // What a server has that lists nothing.
    ("crates/aiosasl-profiles/src/mongodb/client.rs", "\"SCRAM-SHA-1\""),
    ("crates/aiosasl-profiles/src/mongodb/client.rs", "\"SCRAM-SHA-256\""),
    // Whom a certificate names comes in before anything is offered.
    ("crates/aiosasl-profiles/src/postgres/mod.rs", "\"EXTERNAL\""),
    // The one mechanism whose tokens are not base64.
    ("crates/aiosasl-profiles/src/svn/mod.rs", "\"CRAM-MD5\""),
];

/// Words that mean a mechanism where a profile says them.
const MECHANISMS: [&str; 12] = [
    "ANONYMOUS",
    "CRAM-MD5",
    "DIGEST-MD5",
    "EXTERNAL",
    "GS2-KRB5",
    "GSSAPI",
    "LOGIN",
    "NTLM",
    "OAUTHBEARER",
    "OTP",
    "PLAIN",
    "XOAUTH2",
];

/// Invariant 1: the library names no protocol and no store.
pub(crate) fn library_names_no_protocol(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in tree.sources("crates/aiosasl/src/") {
        if STORED_FORMS.iter().any(|it| source.path.starts_with(it)) {
            continue;
        }
        for token in &source.code {
            for word in words(token) {
                let is_own = OWN_WORDS.contains(&(source.path.as_str(), &*word));
                if PROTOCOLS_AND_STORES.contains(&&*word) && !is_own {
                    let what =
                        format!("the library knows no protocol and no store, and this is {word:?}");
                    found.push(source.violation(token.line, "names-no-protocol", what));
                }
            }
        }
    }
    found
}

/// Invariant 1: a profile carries any mechanism, and so names none.
pub(crate) fn profiles_name_no_mechanism(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in tree.sources("crates/aiosasl-profiles/src/") {
        for token in &source.code {
            let is_command = COMMANDS.contains(&(source.path.as_str(), token.text.as_str()));
            let names = match token.kind {
                _ if is_command => false,
                Kind::Literal => names_in_literal(&token.text),
                Kind::Word => token.text.starts_with("Scram") || token.text == "Plain",
                Kind::Punctuation => false,
            };
            if names {
                let what = format!("a profile names no mechanism, and this is {}", token.text);
                found.push(source.violation(token.line, "names-no-mechanism", what));
            }
        }
        for line in source.find(&["aiosasl", ":", ":", "mechanisms"]) {
            let what = "a profile names no mechanism".to_owned();
            found.push(source.violation(line, "names-no-mechanism", what));
        }
    }
    found
}

fn names_in_literal(text: &str) -> bool {
    let is_text = text.starts_with(['"', 'b', 'r', 'c']);
    let inner = text.trim_matches(|it: char| !it.is_ascii_alphanumeric() && it != '-');
    is_text
        && (text.contains("SCRAM-")
            || MECHANISMS.contains(&inner.trim_start_matches(['b', 'r', 'c', '"'])))
}

/// The words of a name or of a text, in lower case: `SmtpServer` is `smtp` and `server`.
fn words(token: &Token) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for letter in token.text.chars() {
        let hump = letter.is_uppercase() && before.is_lowercase();
        if hump || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter.is_alphanumeric(), words.last_mut()) {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    if token.kind == Kind::Punctuation { Vec::new() } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::testing::{bad, good};

    #[test]
    fn a_protocol_in_the_library_is_reported_where_it_stands() {
        let file = "crates/aiosasl/src/client.rs";
        let rule = library_names_no_protocol;
        let found = bad(rule, &[(file, "fn a() {}\nfn send_smtp() {}")], file, "names-no-protocol");
        assert_eq!(found.line, 2);
        bad(rule, &[(file, "struct ImapClient;")], file, "names-no-protocol");
        bad(rule, &[(file, "const A: &str = \"say it in XMPP\";")], file, "names-no-protocol");
    }

    #[test]
    fn comments_tests_other_crates_and_stored_forms_may_name_it() {
        let text = "const A: &str = \"dovecot\";";
        good(
            library_names_no_protocol,
            &[
                ("crates/aiosasl/src/a.rs", "//! As IMAP does.\n/// smtp\nfn simap() {}"),
                (
                    "crates/aiosasl/src/b.rs",
                    "#[cfg(test)]\nmod tests { const A: &str = \"imap\"; }",
                ),
                ("crates/aiosasl/src/mechanisms/scram/verifier.rs", text),
                ("crates/aiosasl-profiles/src/imap.rs", "struct Imap;"),
            ],
        );
    }

    #[test]
    fn a_mechanism_in_a_profile_is_reported() {
        let file = "crates/aiosasl-profiles/src/imap.rs";
        let rule = profiles_name_no_mechanism;
        for text in [
            "use aiosasl::mechanisms;",
            "const A: &str = \"PLAIN\";",
            "const A: &[u8] = b\"SCRAM-SHA-1\";",
            "fn a(it: ScramPlus) {}",
        ] {
            bad(rule, &[(file, text)], file, "names-no-mechanism");
        }
    }

    #[test]
    fn a_command_with_a_mechanisms_name_may_be_spelled_in_its_file_alone() {
        let text = "const A: &[u8] = b\"LOGIN\";";
        let rule = profiles_name_no_mechanism;
        good(rule, &[("crates/aiosasl-profiles/src/imap/server.rs", text)]);
        let elsewhere = "crates/aiosasl-profiles/src/imap/client.rs";
        bad(rule, &[(elsewhere, text)], elsewhere, "names-no-mechanism");
    }

    #[test]
    fn a_profile_may_speak_of_plaintext_and_test_with_plain() {
        good(
            profiles_name_no_mechanism,
            &[(
                "crates/aiosasl-profiles/src/imap.rs",
                "/// PLAIN\nconst A: &str = \"LOGINDISABLED\";\nfn plaintext() {}\n#[cfg(test)]\nmod tests { const B: &str = \"PLAIN\"; }",
            )],
        );
    }
}
