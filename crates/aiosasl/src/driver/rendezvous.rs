//! Where a mechanism lays down what it wants to say, and where the interface's answer is put.
//!
//! The mechanism's future and the interface's future are polled by the same task and never own one another: so a
//! mechanism needs no type parameter for the interface, and is object safe.

use alloc::sync::Arc;
use core::{
    future::{Future, poll_fn},
    mem,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Reply, SaslError, SaslInterface};
use crate::message::ClientMessage;

/// The cell, seen from the mechanism; the same cell, cloned, is seen by [`attend`].
#[derive(Clone, Default)]
pub(super) struct Rendezvous(Arc<Mutex<Slot>>);

#[derive(Default)]
enum Slot {
    /// Nothing is wanted.
    #[default]
    Empty,
    /// The mechanism wants to say this.
    Request(ClientMessage, Waker),
    /// The interface is saying it.
    Asked(Waker),
    /// The interface is done.
    Reply(Result<Reply, SaslError>),
}

impl Rendezvous {
    /// Says this, and waits for the server's answer.
    pub(super) fn say(&self, message: ClientMessage) -> Say<'_> {
        Say { rendezvous: self, message: Some(message) }
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_request(&self) -> Option<ClientMessage> {
        let mut slot = self.slot();
        match mem::take(&mut *slot) {
            Slot::Request(message, waker) => {
                *slot = Slot::Asked(waker);
                Some(message)
            }
            other => {
                *slot = other;
                None
            }
        }
    }

    /// Puts the answer in, unless nobody waits for it any more.
    fn put_reply(&self, reply: Result<Reply, SaslError>, context: &Waker) {
        let mut slot = self.slot();
        if let Slot::Asked(waker) = mem::take(&mut *slot) {
            *slot = Slot::Reply(reply);
            drop(slot);
            // The mechanism is polled next in any case; a waker of its own means that it has tasks within.
            if !waker.will_wake(context) {
                waker.wake();
            }
        }
    }
}

/// The future of one message and its answer. Dropped half-way, it takes back what was not said yet.
pub(super) struct Say<'a> {
    rendezvous: &'a Rendezvous,
    message: Option<ClientMessage>,
}

impl Future for Say<'_> {
    type Output = Result<Reply, SaslError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let message = self.message.take();
        let mut slot = self.rendezvous.slot();
        let waker = context.waker().clone();
        *slot = match (mem::take(&mut *slot), message) {
            (Slot::Reply(reply), None) => return Poll::Ready(reply),
            (_, Some(message)) | (Slot::Request(message, _), None) => Slot::Request(message, waker),
            (Slot::Asked(_), None) => Slot::Asked(waker),
            (Slot::Empty, None) => Slot::Empty,
        };
        Poll::Pending
    }
}

impl Drop for Say<'_> {
    fn drop(&mut self) {
        *self.rendezvous.slot() = Slot::Empty;
    }
}

enum Event<T> {
    End(T),
    Request(ClientMessage),
    Reply(Result<Reply, SaslError>, Waker),
}

/// Runs what a mechanism wants to do, and says on the interface what it lays down.
///
/// The mechanism is polled also while the interface is busy, so that it may give up by its own clock.
pub(super) async fn attend<I: SaslInterface, F: Future>(
    interface: &mut I,
    rendezvous: &Rendezvous,
    mechanism: F,
) -> F::Output {
    let mut mechanism = pin!(mechanism);
    loop {
        let event = poll_fn(|context| match mechanism.as_mut().poll(context) {
            Poll::Ready(end) => Poll::Ready(Event::End(end)),
            Poll::Pending => match rendezvous.take_request() {
                Some(message) => Poll::Ready(Event::Request(message)),
                None => Poll::Pending,
            },
        });
        let message = match event.await {
            Event::End(end) => return end,
            Event::Request(message) => message,
            Event::Reply(..) => continue,
        };
        let mut saying = pin!(say(interface, message));
        let event = poll_fn(|context| match saying.as_mut().poll(context) {
            Poll::Ready(reply) => Poll::Ready(Event::Reply(reply, context.waker().clone())),
            Poll::Pending => mechanism.as_mut().poll(context).map(Event::End),
        });
        match event.await {
            Event::End(end) => return end,
            Event::Reply(reply, waker) => rendezvous.put_reply(reply, &waker),
            Event::Request(_) => {}
        }
    }
}

async fn say<I: SaslInterface>(
    interface: &mut I,
    message: ClientMessage,
) -> Result<Reply, SaslError> {
    match message {
        ClientMessage::Authenticate { mechanism, initial_response } => {
            interface.initiate(mechanism, initial_response).await
        }
        ClientMessage::Response(response) => interface.respond(response).await,
        ClientMessage::Abort => interface.abort().await,
    }
}
