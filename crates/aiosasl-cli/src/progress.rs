//! How far long work is: on stderr, only on a terminal, and only when it takes longer than a second.

use std::{
    io::{self, BufRead, IsTerminal as _, Read},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What takes less needs no bar.
const SHORT: Duration = Duration::from_secs(1);

/// How far some work is.
pub(crate) struct Progress {
    what: &'static str,
    /// The octets of the input, where they are known.
    total: Option<u64>,
    started: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Work that begins now; its end is known where its octets are.
    pub(crate) fn new(what: &'static str, total: Option<u64>) -> Self {
        Self { what, total, started: Instant::now(), bar: None }
    }

    /// So many accounts are done, and so many octets read.
    pub(crate) fn show(&mut self, accounts: u64, octets: u64) {
        if self.bar.is_none() && self.started.elapsed() > SHORT && io::stderr().is_terminal() {
            self.bar = Some(self.bar());
        }
        if let Some(bar) = &self.bar {
            bar.set_position(if self.total.is_some() { octets } else { accounts });
            #[expect(clippy::cast_precision_loss, reason = "for the eye")]
            let rate = accounts as f64 / self.started.elapsed().as_secs_f64();
            bar.set_message(format!("{accounts} accounts, {rate:.0}/s"));
        }
    }

    /// The work is done, or is not done any more: the bar goes.
    pub(crate) fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn bar(&self) -> ProgressBar {
        let target = ProgressDrawTarget::stderr();
        let (bar, template) = match self.total {
            Some(total) => (
                ProgressBar::with_draw_target(Some(total), target),
                "{prefix} {bar:30} {percent:>3}%  {msg}  {eta} left",
            ),
            None => (
                ProgressBar::with_draw_target(None, target),
                "{prefix} {spinner}  {msg}  {elapsed}",
            ),
        };
        let style = ProgressStyle::with_template(template);
        bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
            .with_prefix(self.what)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

/// A reader that counts octets where others can see.
pub(crate) struct Counted<R> {
    inner: R,
    octets: Arc<AtomicU64>,
}

impl<R: BufRead> Counted<R> {
    /// The reader, and what it has read.
    pub(crate) fn new(inner: R) -> (Self, Arc<AtomicU64>) {
        let octets = Arc::default();
        (Self { inner, octets: Arc::clone(&octets) }, octets)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.octets.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.octets.fetch_add(amount as u64, Ordering::Relaxed);
        self.inner.consume(amount);
    }
}
