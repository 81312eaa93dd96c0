//! Starts the child when there is something to deliver, and again when it has ended, with longer and longer waits.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use doorman_plugin::{Outcome, Report, duration};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use crate::child::{Child, Ended};
use crate::config::Settings;
use crate::conversation::{Conversation, End};
use crate::ledger::{Job, Ledger};
use crate::stderr::Voice;

/// What the plugin tells its supervisor.
pub enum Call {
    /// An attempt is to be made.
    Deliver(Job),
    /// Nobody waits for the attempt with this ticket any more.
    Abandoned(u64),
    /// The child is to end; then this is answered.
    Close(oneshot::Sender<()>),
}

/// Who is to know that all has ended.
pub type Closing = Option<oneshot::Sender<()>>;

/// The one that a destination's child belongs to.
pub struct Supervisor {
    settings: Arc<Settings>,
    calls: UnboundedReceiver<Call>,
    ledger: Ledger,
    voice: Arc<Voice>,
    /// Why no child is started yet.
    rest: Option<Rest>,
    /// How many children in a row ended without having answered for anything.
    fruitless: u32,
}

/// The wait before the next child is started.
struct Rest {
    failure: Failure,
    until: Instant,
}

/// Why there is no child.
struct Failure {
    reason: String,
    /// Somebody has to mend something.
    is_broken: bool,
}

impl Failure {
    fn report(&self, wait: Duration) -> Report {
        let reason = self.reason.clone();
        if self.is_broken {
            return Report::broken(reason);
        }
        Outcome::Retry { reason, after: Some(wait) }.into()
    }
}

/// What became of a child.
enum Life {
    Closed(Closing),
    Failed { failure: Failure, was_of_use: bool },
}

impl Supervisor {
    /// Of a destination whose deliveries come by these calls. No child is started yet.
    pub fn new(settings: Arc<Settings>, voice: Voice, calls: UnboundedReceiver<Call>) -> Self {
        let ledger = Ledger::new(settings.in_flight, settings.hang_timeout);
        Self { settings, calls, ledger, voice: voice.into(), rest: None, fruitless: 0 }
    }

    /// Works until it is closed, or its plugin is gone.
    pub async fn supervise(mut self) {
        let closing = loop {
            if let Some(closing) = self.until_needed().await {
                break closing;
            }
            match self.one_child().await {
                Life::Closed(closing) => break closing,
                Life::Failed { failure, was_of_use } => self.back_off(failure, was_of_use),
            }
        };
        if let Some(done) = closing {
            // Whoever asked may have gone.
            let _ = done.send(());
        }
    }

    /// Waits until a child is needed and may be started. Something else than `None` is the end.
    async fn until_needed(&mut self) -> Option<Closing> {
        loop {
            let until = self.turn_away(Instant::now());
            if self.ledger.has_waiting() && until.is_none() {
                return None;
            }
            let rested = async {
                match until.filter(|_| self.ledger.has_waiting()) {
                    Some(until) => sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            let call = tokio::select! {
                call = self.calls.recv() => call,
                () = rested => continue,
            };
            match call {
                Some(Call::Deliver(job)) => self.ledger.take(job),
                Some(Call::Abandoned(ticket)) => self.ledger.abandon(ticket, Instant::now()),
                Some(Call::Close(done)) => return Some(Some(done)),
                None => return Some(None),
            }
        }
    }

    /// Until when no child may be started. Deliveries wait for that behind the first that failed, and not behind a second one.
    fn turn_away(&mut self, now: Instant) -> Option<Instant> {
        let Rest { failure, until } = self.rest.as_ref().filter(|rest| rest.until > now)?;
        let wait = *until - now;
        if failure.is_broken || self.fruitless > 1 {
            self.ledger.refuse(&failure.report(wait));
        }
        Some(*until)
    }

    /// Starts a child and is with it to its end.
    async fn one_child(&mut self) -> Life {
        let (mut child, stdin, stdout) = match Child::start(&self.settings, &self.voice) {
            Ok(started) => started,
            Err(error) => return Life::Failed { failure: not_started(&error), was_of_use: false },
        };
        tracing::debug!(destination = self.voice.destination(), "its child is started");
        let mut conversation =
            Conversation::new(&self.settings, &mut self.ledger, &self.voice, (stdin, stdout));
        let end = conversation.talk(&mut child, &mut self.calls).await;
        let was_of_use = conversation.was_of_use();
        let (stdin, stdout) = conversation.into_pipes();
        let end = match end {
            End::Closing(closing) => {
                child.stop(stdin, stdout, self.settings.stop_timeout).await;
                child.end().await;
                return Life::Closed(closing);
            }
            End::Closed(_) if child.ends_by_itself().await => End::Exited,
            other => other,
        };
        let ended = child.end().await;
        Life::Failed { failure: self.failure(&end, ended), was_of_use }
    }

    fn failure(&self, end: &End, Ended { status, last_words }: Ended) -> Failure {
        let Settings { start_timeout, hang_timeout, .. } = &*self.settings;
        let mut reason = match end {
            End::Exited => {
                let status = status.map_or_else(|| "with no status".to_owned(), |status| status.to_string());
                format!("the child ended ({status})")
            }
            End::Closed(pipe) => format!("the child closed its {pipe} and went on, so it was killed"),
            End::Wrong(wrong) => format!("the child does not keep to the protocol: {wrong}"),
            End::Refused(reason) => format!("the child says that it cannot be ready: {reason}"),
            End::Unready => {
                format!(
                    "the child was not ready within {} (`start_timeout`)",
                    duration::format(*start_timeout)
                )
            }
            End::Hung => format!(
                "the child hung: it had a delivery for {} past its deadline (`hang_timeout`)",
                duration::format(*hang_timeout)
            ),
            End::Closing(_) => "the child was asked to end".to_owned(),
        };
        if let Some(last_words) = last_words {
            reason = format!("{reason}; its last line on standard error is {last_words:?}");
        }
        Failure { reason, is_broken: matches!(end, End::Refused(_)) }
    }

    /// Reports what the child had, and sets the time of the next start.
    fn back_off(&mut self, failure: Failure, was_of_use: bool) {
        let Settings { backoff, max_backoff, .. } = *self.settings;
        self.fruitless = if was_of_use { 0 } else { self.fruitless.saturating_add(1) };
        // What is broken is looked at as often as the engine asks.
        let doublings = if failure.is_broken { 0 } else { self.fruitless.saturating_sub(1) };
        let wait = backoff.saturating_mul(2_u32.saturating_pow(doublings)).min(max_backoff);
        let in_time = duration::format(wait);
        let reason = &failure.reason;
        tracing::warn!(
            destination = self.voice.destination(),
            "{reason}; it is started again when needed, not before {in_time}"
        );
        let lost = format!("{reason}; it had this delivery, which may have arrived");
        self.ledger.lose(&Outcome::Retry { reason: lost, after: Some(wait) }.into());
        self.rest = Some(Rest { failure, until: Instant::now() + wait });
    }
}

/// A program that could not be started, with what to do about it.
fn not_started(error: &io::Error) -> Failure {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    /// Neither a binary nor a script with an interpreter.
    const ENOEXEC: i32 = 8;
    let (advice, is_broken) = match error.kind() {
        NotFound | NotADirectory => {
            ("look whether `command`, the interpreter that its first line names, and `cwd` are there", true)
        }
        PermissionDenied => ("let the daemon's user execute `command` and enter `cwd`", true),
        _ if error.raw_os_error() == Some(ENOEXEC) => (
            "begin the script with `#!` and its interpreter, or name the interpreter first in `command`",
            true,
        ),
        _ => ("it is tried again", false),
    };
    Failure { reason: format!("cannot start the child: {error}; {advice}"), is_broken }
}
