//! The contract of `doorman_core::store::contract`.

use doorman_core::store::contract::Subject;

fn with_store(check: fn(Subject)) {
    let folder = tempfile::tempdir().unwrap();
    let opened = super::open(folder.path());
    check(Subject::new(Box::new(opened.journal), opened.log));
}

doorman_core::store_contract!(with_store);
