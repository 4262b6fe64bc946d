//! The error of a server that refuses a token (RFC 7628 section 3.2.2): a JSON object of three strings that matter.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt::Write as _;

use super::json::{self, Value};
use crate::{error::Reason, token::TokenRefusal};

/// The longest error, in octets.
const MAX_ERROR: usize = 8192;

const STATUS: &str = "status";
const SCOPE: &str = "scope";
const CONFIGURATION: &str = "openid-configuration";

pub(super) fn parse(octets: &[u8]) -> Result<TokenRefusal, Reason> {
    if octets.len() > MAX_ERROR {
        return Err(Reason::ErrorTooLong);
    }
    let text = core::str::from_utf8(octets).map_err(|_| Reason::InvalidUtf8)?;
    let members = match json::parse(text, &[STATUS, SCOPE, CONFIGURATION]) {
        Ok(Some(members)) => members,
        Ok(None) => return Err(Reason::ErrorNotObject),
        Err(json::NotJson) => return Err(Reason::ErrorNotJson),
    };
    let [status, scope, configuration] = members;
    let Value::Text(status) = status else { return Err(Reason::ErrorMissingStatus) };
    let openid_configuration = match configuration {
        Value::Absent => None,
        Value::Text(url) if url.starts_with("https://") => Some(url.into()),
        Value::Text(_) | Value::Other => return Err(Reason::ErrorDiscoveryNotHttps),
    };
    let scope = match scope {
        Value::Text(scope) => Some(scope.into()),
        Value::Absent | Value::Other => None,
    };
    Ok(TokenRefusal { status: status.into(), scope, openid_configuration })
}

pub(super) fn spell(told: &TokenRefusal) -> Vec<u8> {
    let members: [(&str, Option<&Box<str>>); 3] = [
        (STATUS, Some(&told.status)),
        (SCOPE, told.scope.as_ref()),
        (CONFIGURATION, told.openid_configuration.as_ref()),
    ];
    let mut text = String::from("{");
    for (name, value) in members {
        let Some(value) = value else { continue };
        if text.len() > 1 {
            text.push(',');
        }
        quote(&mut text, name);
        text.push(':');
        quote(&mut text, value);
    }
    text.push('}');
    text.into_bytes()
}

fn quote(text: &mut String, value: &str) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            control if u32::from(control) < 0x20 => {
                // Writing to a string can't fail.
                let _ = write!(text, "\\u{:04x}", u32::from(control));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use alloc::{format, vec};

    use super::*;

    #[test]
    fn what_is_told_comes_back_whatever_it_is_made_of() {
        let told = TokenRefusal::new("in\"va\\lid\u{1}\n\u{1f600}é")
            .with_scope("a b")
            .with_openid_configuration("https://example.com/.well-known/openid-configuration");
        assert_eq!(parse(&spell(&told)), Ok(told));
        assert_eq!(parse(&spell(&TokenRefusal::default())), Ok(TokenRefusal::default()));
        assert_eq!(spell(&TokenRefusal::default()), br#"{"status":"invalid_token"}"#);
    }

    #[test]
    fn long_and_deep_errors_are_refused() {
        assert_eq!(parse(&vec![b' '; MAX_ERROR + 1]), Err(Reason::ErrorTooLong));
        let deep = format!(r#"{{"status":"x","more":{}{}}}"#, "[".repeat(100), "]".repeat(100));
        assert_eq!(parse(deep.as_bytes()), Err(Reason::ErrorNotJson));
        let less =
            r#"{"status":"x","more":[[[{"a":[1,-2.5e+3,true,false,null,"\ud83d\ude00"]}]]]}"#;
        assert_eq!(parse(less.as_bytes()), Ok(TokenRefusal::new("x")));
    }

    #[test]
    fn almost_json_is_none() {
        for text in [
            "",
            "{",
            "{}x",
            r#"{"status":"x",}"#,
            r#"{"status":"x" "scope":"y"}"#,
            r#"{"status":"x","status":"y"}"#,
            r#"{"st\u0061tus":"x","status":"y"}"#,
            r#"{"status":"\ud83d"}"#,
            r#"{"status":"\x"}"#,
            r#"{"status":"\u12"}"#,
            "{\"status\":\"a\nb\"}",
            r#"{"status":"x","n":01}"#,
            r#"{"status":"x","n":1.}"#,
            r#"{"status":"x","n":-}"#,
            r#"{"status":"x","n":nul}"#,
            r"{'status':'x'}",
        ] {
            assert_eq!(parse(text.as_bytes()), Err(Reason::ErrorNotJson), "{text}");
        }
        for text in ["[]", "\"x\"", " 1 ", "null", "[{}]"] {
            assert_eq!(parse(text.as_bytes()), Err(Reason::ErrorNotObject), "{text}");
        }
        for text in ["{}", r#"{"status":null}"#, r#"{"status":["x"]}"#] {
            assert_eq!(parse(text.as_bytes()), Err(Reason::ErrorMissingStatus), "{text}");
        }
    }
}
