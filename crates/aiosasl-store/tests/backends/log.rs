//! What is told to the log, all of it, so that a test can look for what shall not be there.

use std::{
    fmt::{Debug, Write as _},
    sync::{Mutex, PoisonError},
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

static HEARD: Mutex<String> = Mutex::new(String::new());

/// Listens to everything that this process logs from now on.
pub(crate) fn listen() {
    tracing::subscriber::set_global_default(Listener).unwrap();
}

/// Whether such a text was logged.
pub(crate) fn has(text: &str) -> bool {
    HEARD.lock().unwrap_or_else(PoisonError::into_inner).contains(text)
}

struct Listener;

struct Words<'a>(&'a mut String);

impl Visit for Words<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0, "{field}={value:?}").unwrap();
    }
}

fn hear(record: impl FnOnce(&mut Words<'_>)) {
    record(&mut Words(&mut HEARD.lock().unwrap_or_else(PoisonError::into_inner)));
}

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        hear(|words| span.record(words));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        hear(|words| values.record(words));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        hear(|words| event.record(words));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
