//! The memory, which is the model for the others.

use std::sync::Arc;

use aiosasl::secret::Secret;
use aiosasl_store::{Memory, NameRule};
use libtest_mimic::Trial;

use crate::{
    contract,
    stage::{Entrant, Stage},
};

pub(crate) fn trials() -> Vec<Trial> {
    let open = || {
        let memory = Memory::new(Secret::new([7; 32]), NameRule::CaseMapped);
        Box::pin(async {
            Stage {
                accounts: Arc::new(memory),
                counters: None,
                keep: Box::new(()),
                end: Box::pin(async {}),
            }
        }) as _
    };
    Entrant { name: "memory", open, absent: None }.trials(contract::ALL)
}
