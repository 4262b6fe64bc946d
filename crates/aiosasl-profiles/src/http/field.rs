//! Challenges and credentials: a scheme, and a token or parameters (RFC 9110 sections 5.6 and 11).

use aiosasl::secret::Secret;
use zeroize::Zeroizing;

use crate::{WireError, frame::Frame};

/// The most challenges of one message, and the most parameters of one challenge.
const MAX_ITEMS: usize = 32;

/// A challenge, or the credentials that answer one: both have the same grammar.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthField {
    /// The scheme's name, as it was written.
    pub scheme: String,
    /// What stands in the place of parameters: base64, or a bearer's token.
    pub token: Option<Secret>,
    /// The parameters: their names in lower case, each once, and their values without quotes.
    pub parameters: Vec<(String, Secret)>,
}

impl AuthField {
    /// A field of this scheme, with nothing behind it.
    pub fn new(scheme: impl Into<String>) -> Self {
        Self { scheme: scheme.into(), ..Self::default() }
    }

    /// The same, with a token.
    pub fn with_token(self, token: impl Into<Secret>) -> Self {
        Self { token: Some(token.into()), ..self }
    }

    /// The same, with one more parameter.
    pub fn with(mut self, name: &str, value: impl Into<Secret>) -> Self {
        self.parameters.push((name.to_owned(), value.into()));
        self
    }

    /// Reads the value of `WWW-Authenticate`: one or more challenges (RFC 9110 section 11.6.1).
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is no such list.
    pub fn parse_list(value: &str) -> Result<Vec<Self>, WireError> {
        let mut scanner = Scanner(value);
        let mut fields = Vec::new();
        loop {
            scanner.skip_commas();
            if scanner.0.is_empty() {
                return Ok(fields);
            }
            if fields.len() == MAX_ITEMS {
                return Err(unreadable("no more challenges than anybody needs"));
            }
            fields.push(scanner.field()?);
        }
    }

    /// Reads the value of `Authorization`: one set of credentials (RFC 9110 section 11.6.2).
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none, or more than one.
    pub fn parse(value: &str) -> Result<Self, WireError> {
        let mut scanner = Scanner(value);
        let field = scanner.field()?;
        if scanner.0.is_empty() { Ok(field) } else { Err(unreadable("one set of credentials")) }
    }

    /// The value of a parameter as text; `None` where there is none, or it is no text.
    pub fn parameter(&self, name: &str) -> Option<Zeroizing<String>> {
        let (_, value) = self.parameters.iter().find(|(own, _)| own == name)?;
        let value = std::str::from_utf8(value.expose()).ok()?;
        Some(Zeroizing::new(value.to_owned()))
    }

    /// Writes the field's value.
    pub(super) fn write(&self, out: &mut Frame) {
        let (token, parameters) = (&self.token, &self.parameters);
        let room: usize =
            parameters.iter().map(|(name, value)| name.len() + 2 * value.len() + 5).sum();
        reserve(out, self.scheme.len() + room + token.as_ref().map_or(0, |it| it.len() + 1));
        out.extend_from_slice(self.scheme.as_bytes());
        if let Some(token) = token {
            out.push(b' ');
            out.extend_from_slice(token.expose());
        }
        if !parameters.is_empty() {
            out.push(b' ');
            write_parameters(out, parameters);
        }
    }
}

/// Reads the value of `Authentication-Info`: parameters alone (RFC 9110 section 11.6.3).
///
/// # Errors
///
/// A [`WireError`] where it is no such list.
pub fn auth_info(value: &str) -> Result<AuthField, WireError> {
    let mut scanner = Scanner(value);
    let mut field = AuthField::default();
    scanner.skip_commas();
    scanner.parameters(&mut field)?;
    if scanner.0.is_empty() { Ok(field) } else { Err(unreadable("parameters")) }
}

/// Writes them in quotes but where they are base64 or another token, which is how RFC 7804 shows them.
pub(super) fn write_parameters(out: &mut Frame, parameters: &[(String, Secret)]) {
    for (at, (name, value)) in parameters.iter().enumerate() {
        if at > 0 {
            out.extend_from_slice(b", ");
        }
        out.extend_from_slice(name.as_bytes());
        out.push(b'=');
        let is_bare = !matches!(name.as_str(), "realm" | "charset" | "error" | "error_description");
        if is_bare && !value.is_empty() && value.expose().iter().all(|it| is_token68(*it)) {
            out.extend_from_slice(value.expose());
        } else {
            out.push(b'"');
            for octet in value.expose() {
                if matches!(octet, b'"' | b'\\') {
                    out.push(b'\\');
                }
                // What would end the header has no place in it.
                out.push(if octet.is_ascii_control() { b' ' } else { *octet });
            }
            out.push(b'"');
        }
    }
}

/// Room at once: what grows leaves parts of a secret behind.
pub(super) fn reserve(out: &mut Frame, more: usize) {
    if out.capacity() - out.len() < more {
        let mut moved = Vec::with_capacity(2 * (out.len() + more));
        moved.extend_from_slice(out);
        *out = Zeroizing::new(moved);
    }
}

/// What is left to read.
struct Scanner<'a>(&'a str);

impl<'a> Scanner<'a> {
    fn field(&mut self) -> Result<AuthField, WireError> {
        let mut field = AuthField::new(self.token("a scheme")?);
        if !self.0.starts_with(' ') {
            return if self.0.is_empty() || self.0.starts_with([',', '\t']) {
                Ok(field)
            } else {
                Err(unreadable("a space after the scheme"))
            };
        }
        self.skip_space();
        if let Some(token) = self.token68() {
            field.token = Some(token.into());
        } else {
            self.parameters(&mut field)?;
        }
        Ok(field)
    }

    /// As many parameters as follow: what comes behind a comma may be the next challenge.
    fn parameters(&mut self, field: &mut AuthField) -> Result<(), WireError> {
        loop {
            let before = self.0;
            let Some((name, value)) = self.parameter()? else {
                self.0 = before;
                return Ok(());
            };
            let is_known = field.parameters.iter().any(|(known, _)| *known == name);
            if is_known || field.parameters.len() == MAX_ITEMS {
                return Err(unreadable("each parameter once"));
            }
            field.parameters.push((name, value));
            self.skip_space();
            if !self.0.starts_with(',') && !self.0.is_empty() {
                return Err(unreadable("a comma between parameters"));
            }
            self.skip_commas();
        }
    }

    fn parameter(&mut self) -> Result<Option<(String, Secret)>, WireError> {
        let Ok(name) = self.token("a parameter") else { return Ok(None) };
        self.skip_space();
        let Some(rest) = self.0.strip_prefix('=') else { return Ok(None) };
        self.0 = rest;
        self.skip_space();
        let value = if self.0.starts_with('"') {
            self.quoted()?
        } else {
            // Strictly a token; base64 stands bare in RFC 7804's own examples.
            let end = self.0.find([',', ' ', '\t', '"']).unwrap_or(self.0.len());
            Secret::from(self.take(end))
        };
        Ok(Some((name.to_ascii_lowercase(), value)))
    }

    fn quoted(&mut self) -> Result<Secret, WireError> {
        let mut value = Zeroizing::new(Vec::with_capacity(self.0.len()));
        let mut octets = self.0.char_indices().skip(1);
        while let Some((at, letter)) = octets.next() {
            let letter = match letter {
                '"' => {
                    self.take(at + 1);
                    return Ok(Secret::new(value.as_slice()));
                }
                '\\' => octets.next().map(|(_, letter)| letter),
                letter => Some(letter),
            };
            let Some(letter) = letter else { break };
            value.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        }
        Err(unreadable("a closing quote"))
    }

    /// A token in the place of parameters: it must be all that there is of its challenge.
    fn token68(&mut self) -> Option<&'a str> {
        let end = self.0.find(|it: char| !u8::try_from(it).is_ok_and(is_token68));
        let end = end.unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(end);
        let body = token.trim_end_matches('=');
        let ends = rest.trim_start_matches([' ', '\t']);
        let fits =
            !body.is_empty() && !body.contains('=') && (ends.is_empty() || ends.starts_with(','));
        if !fits {
            return None;
        }
        self.0 = ends;
        Some(token)
    }

    fn token(&mut self, what: &str) -> Result<&'a str, WireError> {
        let end = self.0.find(|it: char| !is_tchar(it)).unwrap_or(self.0.len());
        match self.take(end) {
            "" => Err(unreadable(what)),
            token => Ok(token),
        }
    }

    fn take(&mut self, end: usize) -> &'a str {
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    fn skip_space(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    fn skip_commas(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t', ',']);
    }
}

fn is_tchar(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter)
}

pub(super) fn is_token68(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~+/=".contains(&octet)
}

fn unreadable(what: &str) -> WireError {
    WireError::protocol(format!("expected {what} in a header about authentication"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(field: &AuthField) -> String {
        let mut out = Frame::default();
        field.write(&mut out);
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn a_list_is_told_from_the_parameters_in_it() {
        let value = "Negotiate YII=, ,Basic realm=\"x\\\"y, z\" , charset=UTF-8,Newauth realm=\"apps\", type=1, Digest";
        let fields = AuthField::parse_list(value).unwrap();
        let names: Vec<_> = fields.iter().map(|it| it.scheme.as_str()).collect();
        assert_eq!(names, ["Negotiate", "Basic", "Newauth", "Digest"]);
        assert_eq!(fields[0].token, Some("YII=".into()));
        assert_eq!(fields[1].parameter("realm").unwrap().as_str(), "x\"y, z");
        assert_eq!(fields[1].parameter("charset").unwrap().as_str(), "UTF-8");
        assert_eq!(fields[2].parameter("type").unwrap().as_str(), "1");
        assert!(fields[3].parameters.is_empty());
    }

    #[test]
    fn base64_may_stand_bare_or_in_quotes() {
        for value in ["X sid=AAA, data=biwsbj11c2Vy==", "X SID=\"AAA\",data=\"biwsbj11c2Vy==\""] {
            let field = AuthField::parse(value).unwrap();
            assert_eq!(field.parameter("sid").unwrap().as_str(), "AAA");
            assert_eq!(field.parameter("data").unwrap().as_str(), "biwsbj11c2Vy==");
            assert_eq!(written(&field), "X sid=AAA, data=biwsbj11c2Vy==");
        }
    }

    #[test]
    fn what_is_written_can_be_read_and_ends_no_header() {
        let field = AuthField::new("X").with("realm", "a\"b\\c").with("data", "");
        assert_eq!(written(&field), r#"X realm="a\"b\\c", data="""#);
        assert_eq!(AuthField::parse(&written(&field)).unwrap(), field);
        let hostile = AuthField::new("X").with("sid", "a\r\nSet-Cookie: b");
        assert_eq!(written(&hostile), "X sid=\"a  Set-Cookie: b\"");
        let bearer = AuthField::new("Bearer").with_token("a.b-c");
        assert_eq!(AuthField::parse("Bearer a.b-c").unwrap(), bearer);
        assert_eq!(written(&bearer), "Bearer a.b-c");
    }

    #[test]
    fn what_is_no_such_header_is_refused() {
        for value in ["", "=", "X a=1, a=2", "X a=\"1", "X a=\"1\\", "X a=1 b=2", "X:", "X y, Z"] {
            assert!(AuthField::parse(value).is_err(), "{value}");
        }
        let many = "X, ".repeat(MAX_ITEMS + 1);
        assert!(AuthField::parse_list(&many).is_err());
        assert!(auth_info("X").is_err());
        assert_eq!(auth_info("").unwrap().parameters, []);
    }
}
