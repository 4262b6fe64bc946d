//! An issuer of tokens on 127.0.0.1: keys made on the spot, a JWK set, introspection, and nothing else.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use ring::{
    rand::SystemRandom,
    rsa,
    signature::{
        self, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RsaEncoding, RsaKeyPair,
    },
};
use serde_json::{Value, json};

/// A key that signs nothing but these tests' tokens (RFC 8017 appendix A.1.2): making one of RSA would take longer than all of them.
const RSA: &str = "\
    MIIEogIBAAKCAQEA0pF0en1JPOAWOysByjVpXIoMTgALEgFFMth6ZvR9Z8VHOX3kE2shsJXLE1ZMZpH8+9CpWA2hlidM9L2wclW4\
    VVI9cOmtK3c53dF8vZmkwqbBp6E/G7rXVWDGWnJF3+WXhzZMc3wb1MlyS4t1kbIE7Z+h26+vjVK6CSmksIVT+GcaEDXivM+Bix+z\
    rwienR8vPhWus7FdXcv/PXLjZrjwPgEaUMWwFqpAKuaNB83gN1TPfew3mNWYySNQLpGM4cyEWCV+SGYOXf4rUmZ4IktE/Os7b1gG\
    AKfh9nn130GxnnFgkFNq27bYm3o8aBBGJJax3LcgEdCui5YjGItDOjV+vQIDAQABAoIBAB1Z/THd0579YDFF4MKpCKjHmB4p+gu7\
    yu44KB0V04KViJobpvaLURo7px++QHluZs9LL2/WEUIhnvk2lSk63a5hqlgvmoib3qBsRRvAwQCzx1FwiUrPk+3oxtLGFGC4sOiT\
    dGYHVMcn1XDGXdBopNs4DJMs6Cb7nccNMPxneWRUlMQo/pTWK9UYVr6lQGwdDSJcWrJ14wjQ3gLfiQ5jUV6jwIWmVHLA0td/f3G9\
    O1fXbtXsu6VNh4KebyE9/vy6g2OidzR3hLLmWKq9syoV0NNZRxNjJvIw6slNKGcqq2TLoX2c9Qvbeq/H/m5owyTf1moEi/r5zHTn\
    yw8fHhlHbhkCgYEA7fSQvpPwZrSlAWx4qW59PKW6QNaEXhoJ4SCOVCUlonnRNK/GRce7YezvZOxYkRl/nZM+Xk9qoMsvgDaJ65D0\
    r9OYx4iL1b5X1bs8au2X14jzA/gCYeyPF3Eshs5KRw+HtQ9yvC9kVAr+L97/rs3wwJRVQLD7bCagcqttEHEqaO8CgYEA4ok40hgc\
    fnPLwx75IFr/ny15DEPMbNV2VroKR9Y8keHcMATUUCRNaR2GH2KshYHadokAtzWxrRdvrmzMYgnA1EoY/hHryXjy2XSJQgao2L+q\
    lLVQrkwcA65/eP77pDBMARHWdqQ8qcy715kPgF6na24TDZeiN50hLpRAe6vpmxMCgYB3nHrxwU2TYvSajZrtmCONy8Se+PXak34p\
    0wKYW3/adx9pO34P74FKjR4c/gzbCxUx8STlpUf1AY2kBkY3ykqk41kl24Zm7+IZBqAtI7cy2Z1GfnE8JfwbjYETVjjSFYVixxwm\
    ajAlas0w5QhjJxQAyc880HnheF0opvEQ1cG6swKBgGp85Mfl66cJmdQcADHUdOsHfipkyHi0k09LXr/MFmbhDBdKfd86YWUzKrQg\
    N0b+9onX9w0oYWAjby1IGX9QZGOmfT8Zf4QSpd3QqSDvbnmNB4ul+8ojHtwgL+3ZtsLErUWnc/ALXjTXd8luOto2JG8crDoseGW6\
    KDn0GKfJ9SMfAoGAJZJwgwlnQdQVE/W/O376aK8kYyHQNmT5pUfM2A1K/wNzmZveE9DtgKNQgJ8Lg6JONt37lVcmGAqP56KK+fzF\
    o+ffqutPUi3g9d8ZGkrQSKEgQk1KbelMEUo7szghBpthBx9Iv3dI4QaG7gbONSlMIlgzv7b9wxK8G4K9kBCFQzY=";

/// What signs.
pub(crate) enum Signer {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    pub(crate) fn of(algorithm: &str) -> Self {
        let random = SystemRandom::new();
        let ecdsa = |kind: &'static EcdsaSigningAlgorithm| {
            let key = EcdsaKeyPair::generate_pkcs8(kind, &random).expect("it is well made");
            Self::Ecdsa(
                EcdsaKeyPair::from_pkcs8(kind, key.as_ref(), &random).expect("it is well made"),
            )
        };
        let rsa = |padding| {
            let key = Base64::decode_vec(RSA).expect("it is well made");
            Self::Rsa(RsaKeyPair::from_der(&key).expect("it is well made"), padding)
        };
        match algorithm {
            "RS256" => rsa(&signature::RSA_PKCS1_SHA256),
            "RS384" => rsa(&signature::RSA_PKCS1_SHA384),
            "RS512" => rsa(&signature::RSA_PKCS1_SHA512),
            "PS256" => rsa(&signature::RSA_PSS_SHA256),
            "PS384" => rsa(&signature::RSA_PSS_SHA384),
            "PS512" => rsa(&signature::RSA_PSS_SHA512),
            "ES256" => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING),
            "ES384" => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING),
            "EdDSA" => {
                let key = Ed25519KeyPair::generate_pkcs8(&random).expect("it is well made");
                Self::Ed25519(Ed25519KeyPair::from_pkcs8(key.as_ref()).expect("it is well made"))
            }
            other => panic!("{other}"),
        }
    }

    pub(crate) fn sign(&self, octets: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(key, padding) => {
                let mut signed = vec![0; key.public().modulus_len()];
                key.sign(*padding, &random, octets, &mut signed).expect("it is well made");
                signed
            }
            Self::Ecdsa(key) => {
                key.sign(&random, octets).expect("it is well made").as_ref().to_vec()
            }
            Self::Ed25519(key) => key.sign(octets).as_ref().to_vec(),
        }
    }

    /// The public key as a member of a JWK set.
    pub(crate) fn jwk(&self, key_id: &str) -> Value {
        match self {
            Self::Rsa(key, _) => {
                let rsa::PublicKeyComponents { n, e } =
                    rsa::PublicKeyComponents::<Vec<u8>>::from(key.public());
                json!({ "kty": "RSA", "use": "sig", "kid": key_id, "n": url(&n), "e": url(&e) })
            }
            Self::Ecdsa(key) => {
                let point = &key.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let curve = if x.len() == 32 { "P-256" } else { "P-384" };
                json!({ "kty": "EC", "crv": curve, "kid": key_id, "x": url(x), "y": url(y) })
            }
            Self::Ed25519(key) => {
                let x = url(key.public_key().as_ref());
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": key_id, "x": x })
            }
        }
    }

    /// A token with this header and these claims.
    pub(crate) fn token(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = url(&self.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

pub(crate) fn part(value: &Value) -> String {
    url(value.to_string().as_bytes())
}

pub(crate) fn url(octets: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(octets)
}

/// What it answers to, and what it was asked.
#[derive(Default)]
struct State {
    pages: HashMap<String, String>,
    requests: Vec<Request>,
}

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) authorization: String,
    pub(crate) body: String,
}

/// The issuer's server; its threads end with the process.
pub(crate) struct Issuer {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Issuer {
    pub(crate) fn open() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("it is well made");
        let port = listener.local_addr().expect("it is well made").port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(&stream, &shared));
            }
        });
        Self { port, state }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What stands under this path from now on.
    pub(crate) fn answers(&self, path: &str, answer: impl Into<String>) {
        self.state.lock().expect("no panic").pages.insert(path.into(), answer.into());
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.lock().expect("no panic").requests.clone()
    }
}

fn serve(mut stream: &TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let (mut authorization, mut length) = (String::new(), 0);
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            None => break,
            Some((name, value)) if name.eq_ignore_ascii_case("authorization") => {
                value.clone_into(&mut authorization);
            }
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().ok()?;
            }
            Some(_) => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).ok()?;
    let answer = {
        let mut state = state.lock().expect("no panic");
        let answer = state.pages.get(&path).cloned();
        state.requests.push(Request { path, authorization, body });
        answer
    };
    let (status, text) = match answer {
        Some(text) if text.starts_with("redirect:") => ("302 Found", text),
        Some(text) => ("200 OK", text),
        None => ("404 Not Found", String::new()),
    };
    let location = text.strip_prefix("redirect:").map(|to| format!("Location: {to}\r\n"));
    let head = format!(
        "HTTP/1.1 {status}\r\n{}Content-Length: {}\r\nConnection: close\r\n\r\n",
        location.unwrap_or_default(),
        text.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(text.as_bytes()).ok()
}
