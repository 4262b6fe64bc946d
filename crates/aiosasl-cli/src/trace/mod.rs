//! What happens in a conversation, written down as it happens and without secrets; [`text`] and [`svg`] draw it.

mod layout;
pub(crate) mod svg;
#[cfg(test)]
mod tests;
pub(crate) mod text;
mod traced;

pub(crate) use self::traced::Traced;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use aiosasl::{mechanism::Side, name::MechanismName, secret::Secret};
use aiosasl_profiles::net::{Event, Observer, TlsInfo};

use crate::decode::{self, Decoded};

/// A conversation, shared by all who add to it.
#[derive(Debug, Clone)]
pub(crate) struct Trace(Arc<Mutex<Record>>);

/// What was written down.
#[derive(Debug)]
pub(crate) struct Record {
    started: Instant,
    /// All that happened, in order.
    pub(crate) moments: Vec<Moment>,
    /// The mechanisms that were offered last.
    pub(crate) offered: Vec<MechanismName>,
    /// TLS, once there is any.
    pub(crate) tls: Option<TlsInfo>,
    /// The mechanism that was tried last.
    pub(crate) tried: Option<MechanismName>,
    /// How often the server answered a SASL message.
    pub(crate) round_trips: u32,
    exchange: Exchange,
    /// What the server said with its success.
    last_words: Option<String>,
}

/// What is known of the exchange that is under way.
#[derive(Debug, Default)]
struct Exchange {
    client_first: Option<Secret>,
    client_steps: usize,
    server_steps: usize,
}

/// Something that happened, and when.
#[derive(Debug)]
pub(crate) struct Moment {
    /// Since the start.
    pub(crate) at: Duration,
    /// What it was.
    pub(crate) what: What,
}

/// Something that happened.
#[derive(Debug)]
pub(crate) enum What {
    /// There is a connection.
    Connected { protocol: &'static str, address: String },
    /// The server's first words.
    Greeting(String),
    /// What the server offers now.
    Offered(Vec<String>),
    /// The client asks for TLS, and the server agrees.
    StartTls,
    /// TLS it is.
    Tls { version: &'static str, cipher: String, verified: bool },
    /// What exchanges can be tied to; and what they can't, with the reason.
    Bindings { there: Vec<String>, missing: Vec<(String, String)> },
    /// A SASL message, or an outcome.
    Said { side: Side, label: String, words: Option<String>, decoded: Option<Decoded> },
    /// The conversation can't go on.
    Broken(String),
    /// How it ended, with what is to be known about it.
    Ended { good: bool, text: String },
}

impl Trace {
    /// Nothing has happened yet; the clock runs.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Record {
            started: Instant::now(),
            moments: Vec::new(),
            offered: Vec::new(),
            tls: None,
            tried: None,
            round_trips: 0,
            exchange: Exchange::default(),
            last_words: None,
        })))
    }

    /// Who writes down what the connection tells.
    pub(crate) fn observer(&self) -> Observer {
        let trace = self.clone();
        Arc::new(move |event| trace.record().event(event))
    }

    /// What is written down.
    pub(crate) fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
    /// The time since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Something happens now.
    pub(crate) fn note(&mut self, what: What) {
        let at = self.elapsed();
        self.moments.push(Moment { at, what });
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Connected { protocol, address, .. } => {
                let address = address.map_or("a Unix socket".to_owned(), |it| it.to_string());
                self.note(What::Connected { protocol: protocol.name(), address });
            }
            Event::Greeting(words) => self.note(What::Greeting(words.to_owned())),
            Event::Offered { mechanisms, .. } => {
                self.offered = mechanisms.to_vec();
                let names = mechanisms.iter().map(ToString::to_string).collect();
                self.note(What::Offered(names));
            }
            Event::StartTls => self.note(What::StartTls),
            Event::Tls(info) => {
                self.tls = Some(info.clone());
                self.note(What::Tls {
                    version: info.version,
                    cipher: info.cipher.clone(),
                    verified: info.verified,
                });
            }
            Event::Success(words) => self.last_words = Some(words.to_owned()),
            _ => {}
        }
    }

    /// The client starts an exchange.
    fn starts(&mut self, mechanism: MechanismName, initial_response: Option<&[u8]>) {
        self.tried = Some(mechanism);
        self.exchange = Exchange::default();
        let decoded = initial_response.map(|octets| self.client_says(octets));
        self.say(Side::Client, &mechanism.to_string(), None, decoded);
    }

    /// The client answers a challenge.
    fn responds(&mut self, octets: &[u8]) {
        let decoded = Some(self.client_says(octets));
        self.say(Side::Client, "response", None, decoded);
    }

    /// The client gives up.
    fn gives_up(&mut self) {
        self.say(Side::Client, "gives up", None, None);
    }

    /// The server wants a response.
    fn challenges(&mut self, octets: &[u8]) {
        self.round_trips += 1;
        let decoded = Some(self.server_says(octets));
        self.say(Side::Server, "challenge", None, decoded);
    }

    /// The server is content.
    fn is_content(&mut self, additional_data: Option<&[u8]>) {
        self.round_trips += 1;
        let decoded = additional_data.map(|octets| self.server_says(octets));
        let words = self.last_words.take().filter(|words| !words.is_empty() && words != "success");
        self.say(Side::Server, "success", words, decoded);
    }

    /// The server says no, or the connection to it fails.
    fn fails(&mut self, text: &str, is_answer: bool) {
        if is_answer {
            self.round_trips += 1;
            self.say(Side::Server, "failure", Some(text.to_owned()), None);
        } else {
            self.note(What::Broken(text.to_owned()));
        }
    }

    fn say(&mut self, side: Side, label: &str, words: Option<String>, decoded: Option<Decoded>) {
        self.note(What::Said { side, label: label.to_owned(), words, decoded });
    }

    fn client_says(&mut self, octets: &[u8]) -> Decoded {
        let step = self.exchange.client_steps;
        self.exchange.client_steps += 1;
        if step > 0 && octets.is_empty() {
            return Decoded::empty_response();
        }
        let decoded = self.decoded(Side::Client, step, octets);
        self.exchange.client_first.get_or_insert_with(|| Secret::new(octets));
        decoded
    }

    fn server_says(&mut self, octets: &[u8]) -> Decoded {
        let step = self.exchange.server_steps;
        if !octets.is_empty() {
            self.exchange.server_steps += 1;
        }
        self.decoded(Side::Server, step, octets)
    }

    fn decoded(&self, side: Side, step: usize, octets: &[u8]) -> Decoded {
        match &self.exchange.client_first {
            Some(first) => decode::message_after(first.expose(), self.tried, side, step, octets),
            None => decode::message(self.tried, side, step, octets),
        }
    }
}
