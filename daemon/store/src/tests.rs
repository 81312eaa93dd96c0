//! The contract, on the real store; and what only a store on disk can show.

mod contract;
mod model;
mod opening;
mod recovery;
mod torn;
mod trimming;
mod verifying;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use doorman_core::clock::UnixMillis;
use doorman_core::mapping::{GenerationId, Place};
use doorman_core::store::contract::DEDUP_WINDOW;
use doorman_core::store::{
    Action, Attempt, Close, Commit, Committed, Dedup, Journal, Lease, NewEvent, Next, Plan, Verdict,
};
use doorman_plugin::ActionKind;
use serde_json::value::RawValue;

use crate::{OpenError, Opened, Settings, Store, Writer};

const NOW: UnixMillis = 1_700_000_000_000;

fn open(path: &Path) -> Opened {
    try_open(path).unwrap()
}

fn try_open(path: &Path) -> Result<Opened, OpenError> {
    Store::open(path, Settings::new(DEDUP_WINDOW))
}

/// What a kill leaves on disk: the files as they are while the store is open.
fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn event(identity: u8) -> NewEvent {
    NewEvent {
        source: "shop".into(),
        environment: "production".into(),
        event: "order.created".into(),
        message_id: Some("m".into()),
        user_id: None,
        timestamp: None,
        dedup: Dedup::Identity { identity: [identity; 16], body_hash: [0; 16] },
        body: Bytes::from_static(b"{}"),
    }
}

fn action(lease: Lease) -> Action {
    Action {
        kind: ActionKind::Send,
        destination: "hook".into(),
        content: Arc::from(RawValue::from_string("1".to_owned()).unwrap()),
        idempotency_key: "key".into(),
        place: Place { script: "shop.rhai".into(), line: 1 },
        lease,
        line: None,
        terms: None,
    }
}

fn accept(journal: &mut Writer, events: Vec<NewEvent>) -> Committed {
    journal.commit(&mut Commit { events, ..Commit::default() }, NOW, true).unwrap()
}

fn plan(journal: &mut Writer, seq: u64, verdict: Verdict) {
    let plans = vec![Plan::new(seq, GenerationId(1), verdict)];
    journal.commit(&mut Commit { plans, ..Commit::default() }, NOW, true).unwrap();
}

fn close(journal: &mut Writer, seq: u64, next: Next) {
    let attempt = Attempt {
        number: 1,
        started_at: NOW,
        latency_ms: 1,
        status: None,
        answer: None,
        receipt: None,
        next,
    };
    let closes = vec![Close { seq, number: 1, attempt }];
    journal.commit(&mut Commit { closes, ..Commit::default() }, NOW, false).unwrap();
}
