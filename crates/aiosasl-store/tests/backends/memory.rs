//! The memory, which is the model for the others.

use std::sync::Arc;

use aiosasl::secret::Secret;
use aiosasl_store::{Memory, MemoryCounters, NameRule};
use libtest_mimic::Trial;

use crate::{
    contract, counts,
    stage::{Entrant, Stage},
};

pub(crate) fn trials() -> Vec<Trial> {
    let open = || {
        let memory = Memory::new(Secret::new([7; 32]), NameRule::Raw);
        Box::pin(async {
            Stage {
                accounts: Arc::new(memory),
                counters: Some(Arc::new(MemoryCounters::default())),
                keep: Box::new(()),
                end: Box::pin(async {}),
            }
        }) as _
    };
    let entrant = Entrant { name: "memory", open, absent: None };
    let mut trials = entrant.trials(contract::ALL);
    trials.extend(entrant.trials(counts::ALL));
    trials
}
