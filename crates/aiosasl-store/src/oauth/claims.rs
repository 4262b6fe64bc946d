//! What a token's claims have to say (RFC 7519 section 4.1, RFC 9068 section 4).

use aiosasl::identity::AuthenticationId;
use serde_json::{Map, Value};

use crate::timestamp::Timestamp;

/// The longest name, in octets.
const MAX_NAME: usize = 1024;

/// The claims of a token: what is signed, or what an issuer answers.
pub(super) type Claims = Map<String, Value>;

/// What a token has to say to be good here.
#[derive(Debug, Clone)]
pub struct Expected {
    issuer: Option<Box<str>>,
    audience: Option<Box<str>>,
    scopes: Vec<Box<str>>,
    name: Option<Box<str>>,
    leeway: i64,
}

/// Why claims are no good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// They are of another issuer.
    Foreign,
    /// They are no good, for this reason.
    Wrong(&'static str),
}

impl Expected {
    /// How much clocks may differ, in seconds.
    pub const LEEWAY: u32 = 60;

    /// Tokens of this issuer (`iss`, to the letter) that are meant for this audience (one of `aud`).
    pub fn of(issuer: impl Into<Box<str>>, audience: impl Into<Box<str>>) -> Self {
        Self { issuer: Some(issuer.into()), audience: Some(audience.into()), ..Self::active() }
    }

    /// Whatever the issuer that is asked says is active; enough for [`Introspection`](super::Introspection) where
    /// the issuer knows of this server alone.
    pub fn active() -> Self {
        Self {
            issuer: None,
            audience: None,
            scopes: Vec::new(),
            name: None,
            leeway: i64::from(Self::LEEWAY),
        }
    }

    /// The same, with this scope as well.
    pub fn with_scope(mut self, scope: impl Into<Box<str>>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// The same, with the account's name in this claim, such as `preferred_username` or `email`. Without it: `sub` of a JWT,
    /// `username` of an issuer that is asked. Choose one that users can't change.
    pub fn named_by(mut self, claim: impl Into<Box<str>>) -> Self {
        self.name = Some(claim.into());
        self
    }

    /// The same, where clocks may differ by that many seconds.
    pub fn with_leeway(mut self, seconds: u32) -> Self {
        self.leeway = i64::from(seconds);
        self
    }

    /// Whether both issuer and audience are known.
    pub(super) fn is_whole(&self) -> bool {
        self.issuer.is_some() && self.audience.is_some()
    }

    /// Whose token it is, by its claims.
    pub(super) fn judge(
        &self,
        claims: &Claims,
        name: &str,
        now: Timestamp,
    ) -> Result<AuthenticationId, Fault> {
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
        if self.issuer.as_deref().is_some_and(|issuer| text("iss") != Some(issuer)) {
            return Err(Fault::Foreign);
        }
        if self.audience.as_deref().is_some_and(|it| !lists(claims.get("aud"), it)) {
            return Err(Fault::Wrong("audience"));
        }
        self.judge_times(claims, now)?;
        let scopes = scopes(claims);
        if !self.scopes.iter().all(|wanted| scopes.contains(&&**wanted)) {
            return Err(Fault::Wrong("scope"));
        }
        let name = text(self.name.as_deref().unwrap_or(name)).filter(|it| it.len() <= MAX_NAME);
        name.and_then(|it| AuthenticationId::new(it).ok()).ok_or(Fault::Wrong("name"))
    }

    fn judge_times(&self, claims: &Claims, now: Timestamp) -> Result<(), Fault> {
        if let Some(end) = moment(claims, "exp")? {
            if end.plus(self.leeway) <= now {
                return Err(Fault::Wrong("expired"));
            }
        }
        match moment(claims, "nbf")? {
            Some(start) if now.plus(self.leeway) < start => Err(Fault::Wrong("not yet valid")),
            _ => Ok(()),
        }
    }
}

/// `NumericDate` (RFC 7519 section 2): seconds, maybe with a fraction.
pub(super) fn moment(claims: &Claims, claim: &'static str) -> Result<Option<Timestamp>, Fault> {
    match claims.get(claim) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => {
            #[expect(clippy::cast_possible_truncation, reason = "it saturates, as is wanted")]
            let whole = || number.as_f64().map(|seconds| seconds.floor() as i64);
            let seconds = number.as_i64().or_else(whole).ok_or(Fault::Wrong(claim))?;
            Ok(Some(Timestamp::from_unix(seconds)))
        }
        Some(_) => Err(Fault::Wrong(claim)),
    }
}

/// Whether a claim that is a text or a list of texts has this one.
fn lists(claim: Option<&Value>, wanted: &str) -> bool {
    match claim {
        Some(Value::String(one)) => one == wanted,
        Some(Value::Array(many)) => many.iter().any(|it| it.as_str() == Some(wanted)),
        _ => false,
    }
}

/// `scope` (RFC 8693 section 4.2), a text with spaces; or `scp`, the same or a list, as some issuers have it.
fn scopes(claims: &Claims) -> Vec<&str> {
    match claims.get("scope").or_else(|| claims.get("scp")) {
        Some(Value::String(text)) => text.split(' ').collect(),
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn judge(expected: &Expected, claims: Value) -> Result<String, Fault> {
        let Value::Object(claims) = claims else { panic!("an object") };
        let judged = expected.judge(&claims, "sub", Timestamp::from_unix(NOW));
        judged.map(|it| it.as_str().to_owned())
    }

    fn expected() -> Expected {
        Expected::of("https://issuer", "imap").with_scope("mail")
    }

    fn good() -> Value {
        json!({ "iss": "https://issuer", "aud": "imap", "scope": "openid mail", "sub": "user", "exp": NOW + 10 })
    }

    fn with(claim: &str, value: Value) -> Value {
        let mut claims = good();
        claims[claim] = value;
        claims
    }

    #[test]
    fn what_is_expected_is_accepted() {
        assert_eq!(judge(&expected(), good()), Ok("user".into()));
        assert_eq!(judge(&expected(), with("aud", json!(["smtp", "imap"]))), Ok("user".into()));
        assert_eq!(judge(&expected(), with("nbf", json!(NOW - 1))), Ok("user".into()));
        let mut scp = good();
        scp.as_object_mut().unwrap().remove("scope");
        scp["scp"] = json!(["mail"]);
        assert_eq!(judge(&expected(), scp), Ok("user".into()));
        let named = expected().named_by("email");
        assert_eq!(judge(&named, with("email", json!("u@x"))), Ok("u@x".into()));
    }

    #[test]
    fn what_is_not_is_refused_for_its_reason() {
        let wrong = [
            ("aud", json!("imaps"), "audience"),
            ("aud", json!(["smtp"]), "audience"),
            ("aud", json!({ "imap": true }), "audience"),
            ("aud", Value::Null, "audience"),
            ("scope", json!("mailx xmail"), "scope"),
            ("scope", json!(1), "scope"),
            ("sub", json!(""), "name"),
            ("sub", json!(7), "name"),
            ("sub", json!("a\0b"), "name"),
            ("sub", json!("x".repeat(MAX_NAME + 1)), "name"),
            ("exp", json!("tomorrow"), "exp"),
            ("nbf", json!(NOW + 61), "not yet valid"),
        ];
        for (claim, value, reason) in wrong {
            let claims = with(claim, value.clone());
            assert_eq!(judge(&expected(), claims), Err(Fault::Wrong(reason)), "{claim}: {value}");
        }
        for issuer in [json!("https://issuer/"), json!(["https://issuer"]), Value::Null] {
            assert_eq!(judge(&expected(), with("iss", issuer)), Err(Fault::Foreign));
        }
    }

    #[test]
    fn clocks_may_differ_by_the_leeway_and_no_more() {
        for (end, good) in [(NOW - 59, true), (NOW - 60, false), (NOW - 3600, false)] {
            assert_eq!(judge(&expected(), with("exp", json!(end))).is_ok(), good, "{end}");
        }
        let strict = expected().with_leeway(0);
        assert_eq!(judge(&strict, with("exp", json!(NOW))), Err(Fault::Wrong("expired")));
        assert!(judge(&strict, with("exp", json!(NOW + 1))).is_ok());
        assert!(judge(&strict, with("nbf", json!(NOW))).is_ok());
        assert!(judge(&expected(), with("nbf", json!(NOW + 60))).is_ok());
        assert!(judge(&expected(), with("exp", json!(1e300))).is_ok());
        assert!(judge(&expected(), with("exp", json!(-1e300))).is_err());
    }
}
