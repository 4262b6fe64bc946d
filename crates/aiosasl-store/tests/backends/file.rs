//! The passwd-file: the common behaviour.

use std::sync::Arc;

use aiosasl_store::{NameRule, PasswdFile};
use libtest_mimic::Trial;

use crate::{
    contract,
    stage::{Entrant, Stage},
};

pub(crate) fn trials() -> Vec<Trial> {
    let open = || Box::pin(std::future::ready(open())) as _;
    Entrant { name: "file", open, absent: None }.trials(contract::ALL)
}

fn open() -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts");
    let file = PasswdFile::open_or_make(path, NameRule::Raw).unwrap();
    Stage {
        accounts: Arc::new(file),
        counters: None,
        keep: Box::new(folder),
        end: Box::pin(async {}),
    }
}
