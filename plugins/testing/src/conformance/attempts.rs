//! Attempts that are dropped, that hang, that fail, that are answered with secrets, and those that come together.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::time::{Duration, Instant};

use doorman_plugin::{Delivery, Outcome, Plugin, Report};
use tokio::runtime;
use tokio::time::{sleep, timeout};

use super::{Behaviour, Destination, Kind, Subject, built, leaks, well};

/// The most polls behind which an attempt is dropped.
const MAX_POLLS: u32 = 64;

/// The times after which an attempt is dropped.
const DROPPED_AFTER_MS: [u64; 8] = [0, 1, 2, 4, 8, 16, 32, 64];

/// The deadline of a destination that hangs.
const DEADLINE: Duration = Duration::from_millis(300);

/// So often does something else run on the thread of an attempt that hangs.
const TICK: Duration = Duration::from_millis(5);

/// How often that is at least, of sixty times.
const LEAST_TICKS: u32 = 3;

/// What takes longer than this hangs.
const LONGEST: Duration = Duration::from_secs(60);

/// How many answers with secrets are looked at.
const REPEATED: u16 = 12;

pub async fn can_be_dropped(subject: &impl Subject) {
    let Some(destination) = subject.destination(Behaviour::Slow).await else { return };
    let plugin = built(subject, &destination);
    let mut sent = Vec::new();
    for polls in 0..MAX_POLLS {
        let one = numbered(subject, polls);
        let ended = polled(polls, plugin.deliver(&one)).await;
        arrives(&*plugin, &one, &destination, &format!("behind one that was dropped after {polls} polls"))
            .await;
        sent.push(one);
        if ended {
            break;
        }
    }
    for after_ms in DROPPED_AFTER_MS {
        let one = numbered(subject, sent.len() as u32);
        // Whether it ends before that does not matter.
        let _ended = timeout(Duration::from_millis(after_ms), plugin.deliver(&one)).await;
        arrives(&*plugin, &one, &destination, &format!("behind one that was dropped after {after_ms} ms"))
            .await;
        sent.push(one);
    }
    ends(&*plugin, &destination).await;
    let unknown = |seen: &String| !sent.iter().any(|one| is_of(one, seen));
    let others: Vec<_> = seen(&destination).into_iter().flatten().filter(unknown).collect();
    assert!(others.is_empty(), "the destination has what nobody sent: {others:?}");
}

/// Polls it so often at most; whether it ended.
async fn polled(polls: u32, attempt: impl Future<Output = Report>) -> bool {
    let mut attempt = pin!(attempt);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        match attempt.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Asserts that a later attempt at a delivery works, and that the destination knows it by its key or its id.
async fn arrives(plugin: &dyn Plugin, one: &Delivery, destination: &Destination, when: &str) {
    let again = Delivery { attempt: one.attempt + 1, ..one.clone() };
    let report = within_longest(plugin.deliver(&again), when).await;
    assert_eq!(report.outcome, Outcome::Delivered, "{when}: {report:?}");
    if let Some(seen) = seen(destination) {
        assert!(
            seen.iter().any(|seen| is_of(one, seen)),
            "{when}: {} is not in {seen:?}",
            one.idempotency_key
        );
    }
}

async fn ends(plugin: &dyn Plugin, destination: &Destination) {
    timeout(LONGEST, plugin.close()).await.expect("`close` ends");
    let left = (destination.left_behind)();
    assert!(left.is_empty(), "left behind: {left:?}");
}

fn seen(destination: &Destination) -> Option<Vec<String>> {
    destination.seen.as_ref().map(|seen| seen())
}

fn is_of(one: &Delivery, seen: &str) -> bool {
    seen == &*one.idempotency_key || seen == one.id.to_string()
}

/// The subject's delivery with a number, a key and an id of its own.
fn numbered(subject: &impl Subject, n: u32) -> Delivery {
    let mut one = subject.delivery();
    one.id.number = n as u16 + 1;
    one.idempotency_key = format!("key-{}", n + 1).into();
    one
}

async fn within_longest<T>(attempt: impl Future<Output = T>, when: &str) -> T {
    timeout(LONGEST, attempt).await.unwrap_or_else(|_| panic!("{when}: no end within {LONGEST:?}"))
}

/// What became of an attempt that hangs, on a thread of its own.
struct Hung {
    report: Option<Report>,
    took: Duration,
    /// How often something else ran meanwhile.
    ticks: u32,
    next: Report,
}

pub async fn keep_their_deadline(subject: &impl Subject) {
    let Some(destination) = subject.destination(Behaviour::HangsOnce).await else { return };
    let (plugin, one) = (built(subject, &destination), numbered(subject, 0));
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime =
            runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
        let hung = runtime.block_on(hang(&*plugin, &one));
        // This waits for all threads that the attempt still blocks.
        drop(runtime);
        // Nobody listens once the test has failed.
        let _ = ended.send(hung);
    });
    let mut waited = Duration::ZERO;
    let hung = loop {
        match end.try_recv() {
            Ok(hung) => break hung,
            Err(mpsc::TryRecvError::Disconnected) => {
                panic!("an attempt that hangs panics when it is dropped")
            }
            Err(mpsc::TryRecvError::Empty) => sleep(TICK).await,
        }
        waited += TICK;
        assert!(waited < LONGEST, "an attempt that hangs blocks a thread beyond its deadline");
    };
    if let Some(report) = hung.report {
        assert_ne!(report.outcome, Outcome::Delivered, "the destination never answered");
    }
    let had_others_run = hung.ticks >= LEAST_TICKS || hung.took < TICK * LEAST_TICKS * 4;
    assert!(
        had_others_run,
        "an attempt that hangs blocks its thread: {} ticks in {:?}",
        hung.ticks, hung.took
    );
    assert_eq!(hung.next.outcome, Outcome::Delivered, "behind one that hung: {:?}", hung.next);
    let left = (destination.left_behind)();
    assert!(left.is_empty(), "left behind: {left:?}");
}

async fn hang(plugin: &dyn Plugin, one: &Delivery) -> Hung {
    let ticks = Arc::new(AtomicU32::new(0));
    let ticking = Arc::clone(&ticks);
    let ticker = tokio::spawn(async move {
        loop {
            sleep(TICK).await;
            ticking.fetch_add(1, Ordering::Relaxed);
        }
    });
    let started = Instant::now();
    let report = timeout(DEADLINE, plugin.deliver(one)).await.ok();
    let took = started.elapsed();
    ticker.abort();
    let next = plugin.deliver(one).await;
    plugin.close().await;
    Hung { report, took, ticks: ticks.load(Ordering::Relaxed), next }
}

pub async fn fail_as_expected(subject: &impl Subject) {
    for failure in subject.failures().await {
        let what = &failure.what;
        let plugin = built(subject, &failure.destination);
        let one = failure.delivery.unwrap_or_else(|| subject.delivery());
        let report = within_longest(plugin.deliver(&one), what).await;
        assert_eq!(Kind::from(&report.outcome), failure.expected, "{what}: {report:?}");
        assert!(reason(&report).is_none_or(|reason| !reason.trim().is_empty()), "{what}: without a reason");
        within_longest(ends(&*plugin, &failure.destination), what).await;
    }
}

fn reason(report: &Report) -> Option<&str> {
    match &report.outcome {
        Outcome::Delivered => None,
        Outcome::Retry { reason, .. }
        | Outcome::Rejected { reason }
        | Outcome::Forbidden { reason }
        | Outcome::Broken { reason } => Some(reason),
    }
}

pub async fn keep_secrets(subject: &impl Subject) {
    let Some(destination) = subject.destination(Behaviour::RepeatsSecrets).await else { return };
    let plugin = built(subject, &destination);
    for n in 0..u32::from(REPEATED) {
        let report = within_longest(plugin.deliver(&numbered(subject, n)), "an answer with a secret").await;
        assert!(!leaks(&format!("{report:?}")), "a report repeats a secret: {report:?}");
        if let Some(probe) = plugin.probe() {
            let report = within_longest(probe, "a probe's answer with a secret").await;
            assert!(!leaks(&format!("{report:?}")), "a probe repeats a secret: {report:?}");
        }
    }
}

pub async fn come_together(subject: &impl Subject) {
    let destination = well(subject).await;
    let plugin = built(subject, &destination);
    let most = plugin.batch_max();
    assert!(most >= 1, "`batch_max` is at least 1");
    if most == 1 {
        return;
    }
    let mut batch: Vec<_> = (0..most.min(64) as u32).map(|n| numbered(subject, n)).collect();
    let bad = subject.rejected();
    if let Some(bad) = &bad {
        batch[1] = bad.clone();
    }
    let reports = within_longest(plugin.deliver_batch(&batch), "a batch").await;
    assert_eq!(reports.len(), batch.len(), "a report for each delivery of a batch");
    for (n, report) in reports.iter().enumerate() {
        let expected = if n == 1 && bad.is_some() { Kind::Rejected } else { Kind::Delivered };
        assert_eq!(Kind::from(&report.outcome), expected, "number {n} of a batch: {report:?}");
    }
    let good = batch.iter().enumerate().filter(|(n, _)| *n != 1 || bad.is_none()).map(|(_, one)| one);
    let has = seen(&destination);
    let missing: Vec<_> =
        good.filter(|one| has.as_ref().is_some_and(|has| !has.iter().any(|seen| is_of(one, seen)))).collect();
    assert!(missing.is_empty(), "delivered in a batch, and not there: {missing:?}");
    assert!(plugin.deliver_batch(&[]).await.is_empty(), "nothing has no reports");
    ends(&*plugin, &destination).await;
}
