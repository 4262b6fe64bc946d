//! How a back end comes into a test: opened anew for each, and put away after it.

use std::{any::Any, future::Future, pin::Pin, sync::Arc};

use aiosasl_store::{Accounts, Counters};
use libtest_mimic::{Completion, Trial};

/// A future in a box.
pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// An empty store, and what has to live as long.
pub(crate) struct Stage {
    pub(crate) accounts: Arc<dyn Accounts>,
    /// The same, where it counts.
    pub(crate) counters: Option<Arc<dyn Counters>>,
    /// Dropped at the end: a folder.
    pub(crate) keep: Box<dyn Any>,
    /// Done at the end.
    pub(crate) end: Boxed<'static, ()>,
}

/// Something that holds for every back end.
pub(crate) type Behaviour = for<'a> fn(&'a Stage) -> Boxed<'a, ()>;

/// A back end.
#[derive(Clone, Copy)]
pub(crate) struct Entrant {
    pub(crate) name: &'static str,
    pub(crate) open: fn() -> Boxed<'static, Stage>,
    /// Why it can't be tried here.
    pub(crate) absent: Option<&'static str>,
}

impl Entrant {
    /// Its share of the tests in a list.
    pub(crate) fn trials(self, list: &[(&str, Behaviour)]) -> Vec<Trial> {
        let trial = |&(name, behaviour): &(&str, Behaviour)| {
            self.trial(name, move || {
                Box::pin(async move {
                    let stage = (self.open)().await;
                    behaviour(&stage).await;
                    let Stage { accounts, counters, keep, end } = stage;
                    drop((accounts, counters));
                    end.await;
                    drop(keep);
                })
            })
        };
        list.iter().map(trial).collect()
    }

    /// A test that only it has.
    pub(crate) fn trial(
        self,
        name: &str,
        test: impl FnOnce() -> Boxed<'static, ()> + Send + 'static,
    ) -> Trial {
        let run = move || {
            if let Some(reason) = self.absent {
                return Ok(Completion::ignored_with(reason));
            }
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()?;
            runtime.block_on(test());
            Ok(Completion::Completed)
        };
        Trial::ignorable_test(format!("{}::{name}", self.name), run)
    }
}
