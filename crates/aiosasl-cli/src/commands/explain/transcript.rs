//! Finds the SASL messages in what people paste: bare lines, or protocol lines with words around them.

use aiosasl::{encoding, mechanism::Side, mechanisms::ALL, name::MechanismName};

/// What one line of a transcript says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// An exchange starts here.
    Start { mechanism: MechanismName, initial_response: Option<Result<Vec<u8>, String>> },
    /// A message, or why its base64 is none.
    Message { side: Option<Side>, octets: Result<Vec<u8>, String> },
    /// The server's verdict, and the message that came with it.
    Outcome { success: bool, additional_data: Option<Result<Vec<u8>, String>> },
    /// The client gave up.
    Abort,
    /// Nothing of SASL.
    Other,
}

/// Mechanisms that are known by name alone.
const FOREIGN: [&str; 12] = [
    "LOGIN",
    "CRAM-MD5",
    "DIGEST-MD5",
    "XOAUTH2",
    "OAUTHBEARER",
    "GSSAPI",
    "GS2-KRB5",
    "GS2-KRB5-PLUS",
    "NTLM",
    "SKEY",
    "OTP",
    "GSS-SPNEGO",
];

/// Reads a line without its end. `under_way`: an exchange has started, so `AUTHENTICATE` may carry data (IRC).
pub(super) fn line(line: &[u8], under_way: bool) -> Said {
    let Ok(text) = std::str::from_utf8(line) else {
        return Said::Message { side: None, octets: Ok(line.to_vec()) };
    };
    let (side, text) = prefix(text.trim_matches([' ', '\t', '\r', '\n']));
    if let Some(said) = element(text) {
        return said;
    }
    words(side, text, under_way)
}

/// `C:` and `S:`, and what else tools print there.
fn prefix(text: &str) -> (Option<Side>, &str) {
    const PREFIXES: [(&str, Side); 10] = [
        ("C:", Side::Client),
        ("S:", Side::Server),
        ("c:", Side::Client),
        ("s:", Side::Server),
        ("client:", Side::Client),
        ("server:", Side::Server),
        (">>>", Side::Client),
        ("<<<", Side::Server),
        ("> ", Side::Client),
        ("< ", Side::Server),
    ];
    for (prefix, side) in PREFIXES {
        if let Some(rest) = text.strip_prefix(prefix) {
            return (Some(side), rest.trim_start());
        }
    }
    (None, text)
}

/// XMPP: the element says whose it is.
fn element(text: &str) -> Option<Said> {
    let tag = text.strip_prefix('<')?;
    let name = tag.split([' ', '>', '/']).next()?;
    let content = || Some(data(innermost(text)?.trim()));
    Some(match name {
        "auth" | "authenticate" => {
            let after = text.split_once("mechanism=")?.1;
            let quote = after.chars().next()?;
            let mechanism = after.get(1..)?.split(quote).next()?;
            let mechanism = MechanismName::parse_relaxed(mechanism).ok()?;
            Said::Start { mechanism, initial_response: content() }
        }
        "challenge" => Said::Message {
            side: Some(Side::Server),
            octets: content().unwrap_or_else(|| Ok(Vec::new())),
        },
        "response" => Said::Message {
            side: Some(Side::Client),
            octets: content().unwrap_or_else(|| Ok(Vec::new())),
        },
        "success" => Said::Outcome { success: true, additional_data: content() },
        "failure" => Said::Outcome { success: false, additional_data: None },
        "abort" => Said::Abort,
        _ => Said::Other,
    })
}

/// The text of an element, of SASL2's children too; `None` where there is none.
fn innermost(text: &str) -> Option<&str> {
    let holder = ["<initial-response", "<additional-data"]
        .iter()
        .find_map(|child| text.split_once(child).map(|(_, after)| after))
        .unwrap_or(text);
    let (_, content) = holder.split_once('>')?;
    let (content, _) = content.split_once('<')?;
    (!content.trim().is_empty()).then_some(content)
}

/// IMAP, SMTP, POP3, ManageSieve, NNTP, IRC, and lines with nothing around the message.
fn words(side: Option<Side>, text: &str, under_way: bool) -> Said {
    let mut words: Vec<&str> = text.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
    // IRC: tags, and who says it.
    let around = words.iter().take_while(|word| word.starts_with(['@', ':'])).count();
    words.drain(..around);
    let verb = words.iter().take(2).position(|word| {
        ["AUTH", "AUTHENTICATE", "AUTHINFO"].iter().any(|verb| word.eq_ignore_ascii_case(verb))
    });
    let offer = words.first().is_some_and(|word| *word == "250" || *word == "*");
    if let (Some(at), false) = (verb, offer) {
        let skipped = words.get(at + 1).is_some_and(|word| word.eq_ignore_ascii_case("SASL"));
        return request(
            side,
            words.get(at + 1 + usize::from(skipped)..).unwrap_or_default(),
            under_way,
        );
    }
    let server = |octets| Said::Message { side: Some(Side::Server), octets };
    match *words {
        [] if under_way && side.is_some() => Said::Message { side, octets: Ok(Vec::new()) },
        ["*"] => Said::Abort,
        [] | ["*", ..] => Said::Other,
        ["+" | "334" | "383"] => server(Ok(Vec::new())),
        ["+" | "334" | "383", word] => server(data(word)),
        ["235" | "281" | "903" | "+OK", ..] => {
            Said::Outcome { success: true, additional_data: None }
        }
        ["283", word] => Said::Outcome { success: true, additional_data: Some(data(word)) },
        ["535" | "534" | "481" | "904" | "-ERR" | "NO", ..] | [_, "NO" | "BAD", ..] => {
            Said::Outcome { success: false, additional_data: None }
        }
        ["OK", "(SASL", word, ..] => {
            let word = word.trim_end_matches(')');
            Said::Outcome { success: true, additional_data: Some(data(word)) }
        }
        ["OK", ..] | [_, "OK", ..] => Said::Outcome { success: true, additional_data: None },
        [word] => Said::Message { side, octets: bare(word) },
        _ if text.contains(",r=") || text.starts_with("r=") || text.contains('\0') => {
            Said::Message { side, octets: Ok(text.into()) }
        }
        _ => Said::Other,
    }
}

/// What follows `AUTH` or `AUTHENTICATE`.
fn request(side: Option<Side>, words: &[&str], under_way: bool) -> Said {
    let word = |at: usize| words.get(at).map(|word| word.trim_matches('"'));
    let named = word(0).and_then(|word| MechanismName::parse_any_case(word).ok());
    let known = |name: &MechanismName| {
        ALL.iter().any(|it| it.name == *name) || FOREIGN.contains(&name.as_str())
    };
    match named {
        Some(mechanism) if !under_way || known(&mechanism) => {
            Said::Start { mechanism, initial_response: word(1).map(data) }
        }
        _ => match word(0) {
            Some("*") => Said::Abort,
            Some(word) => Said::Message { side, octets: data(word) },
            None => Said::Other,
        },
    }
}

/// Base64 as protocols spell it: `=` or `+` for a message of no octets.
fn data(word: &str) -> Result<Vec<u8>, String> {
    match word.trim_matches('"') {
        "" | "=" | "+" => Ok(Vec::new()),
        word => encoding::decode(word).map_err(|error| error.to_string()),
    }
}

/// A message with nothing around it: base64, or as it is where it can't be base64.
fn bare(word: &str) -> Result<Vec<u8>, String> {
    let raw = word.contains(',')
        || word.contains('\0')
        || ["v=", "e=", "r="].iter().any(|it| word.starts_with(it));
    if raw { Ok(word.into()) } else { data(word) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(mechanism: &'static str, initial_response: Option<&str>) -> Said {
        Said::Start {
            mechanism: MechanismName::new(mechanism),
            initial_response: initial_response.map(|it| Ok(it.into())),
        }
    }

    #[test]
    fn requests_of_every_protocol() {
        for (text, mechanism, first) in [
            ("A1 AUTHENTICATE SCRAM-SHA-256 biws", "SCRAM-SHA-256", Some("n,,")),
            ("C: a authenticate plain", "PLAIN", None),
            ("AUTH EXTERNAL =", "EXTERNAL", Some("")),
            ("AUTHENTICATE \"PLAIN\" \"biws\"", "PLAIN", Some("n,,")),
            ("AUTHINFO SASL PLAIN biws", "PLAIN", Some("n,,")),
            ("<auth xmlns='urn:x' mechanism='PLAIN'>biws</auth>", "PLAIN", Some("n,,")),
            ("<auth mechanism=\"PLAIN\"/>", "PLAIN", None),
            (
                "<authenticate mechanism='PLAIN'><initial-response>biws</initial-response>",
                "PLAIN",
                Some("n,,"),
            ),
        ] {
            assert_eq!(line(text.as_bytes(), false), start(mechanism, first), "{text}");
        }
    }

    #[test]
    fn messages_and_outcomes() {
        let message = |side, text: &str| Said::Message { side, octets: Ok(text.into()) };
        assert_eq!(line(b"+ biws", true), message(Some(Side::Server), "n,,"));
        assert_eq!(line(b"334 ", true), message(Some(Side::Server), ""));
        assert_eq!(line(b"AUTHENTICATE +", true), message(None, ""));
        assert_eq!(line(b"S: v=abc=", true), message(Some(Side::Server), "v=abc="));
        assert_eq!(line(b"n,,n=a b,r=x", false), message(None, "n,,n=a b,r=x"));
        let good = |additional_data| Said::Outcome { success: true, additional_data };
        assert_eq!(line(b"<success xmlns='x'>biws</success>", true), good(Some(Ok(b"n,,".into()))));
        assert_eq!(line(b"OK (SASL \"biws\")", true), good(Some(Ok(b"n,,".into()))));
        assert_eq!(line(b"A1 OK fine", true), good(None));
        assert_eq!(line(b"*", true), Said::Abort);
        assert_eq!(line(b":irc.example 903 user :Come in", true), good(None));
        assert_eq!(line(b"C: ", true), message(Some(Side::Client), ""));
        assert_eq!(line(b"250 AUTH PLAIN LOGIN", false), Said::Other);
        assert_eq!(line(b"* OK ready", false), Said::Other);
        assert_eq!(line(b"220 mail.example ESMTP", false), Said::Other);
    }
}
