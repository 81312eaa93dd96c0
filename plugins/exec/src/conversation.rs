//! The talk with one child, from its first line to its end.

use std::sync::Arc;
use std::time::Duration;

use doorman_plugin::DeliveryId;
use tokio::io::AsyncWriteExt;
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until, timeout};

use crate::child::Child;
use crate::config::Settings;
use crate::ledger::Ledger;
use crate::lines::{Lines, Next};
use crate::protocol::{self, Answer, Ready, Wrong};
use crate::stderr::Voice;
use crate::supervisor::{Call, Closing};

/// How long the pipe of a child that has ended is read on, should others hold it open.
const DRAIN: Duration = Duration::from_millis(200);

/// How a talk ended.
pub enum End {
    /// The child has ended.
    Exited,
    /// It closed this pipe.
    Closed(&'static str),
    /// It does not keep to the protocol.
    Wrong(Wrong),
    /// It said that it cannot be ready, and why.
    Refused(String),
    /// It did not say in time that it is ready.
    Unready,
    /// It is stuck with a delivery.
    Hung,
    /// It is no longer needed.
    Closing(Closing),
}

/// The talk with one child.
pub struct Conversation<'a> {
    settings: &'a Settings,
    ledger: &'a mut Ledger,
    voice: &'a Voice,
    stdin: ChildStdin,
    lines: Lines<ChildStdout>,
    /// What is being written.
    writing: Option<Writing>,
    state: State,
}

struct Writing {
    /// The delivery that it is; `None` for the first line.
    id: Option<DeliveryId>,
    line: Arc<[u8]>,
    written: usize,
}

enum State {
    /// It may take until then.
    Starting(Instant),
    Ready,
    /// It has answered for a delivery.
    OfUse,
}

impl<'a> Conversation<'a> {
    /// With a child that was just started.
    pub fn new(
        settings: &'a Settings,
        ledger: &'a mut Ledger,
        voice: &'a Voice,
        (stdin, stdout): (ChildStdin, ChildStdout),
    ) -> Self {
        let hello = protocol::hello(voice.destination(), settings.in_flight, settings.max_line_bytes);
        Self {
            settings,
            ledger,
            voice,
            stdin,
            lines: Lines::new(stdout, settings.max_line_bytes),
            writing: Some(Writing { id: None, line: hello.into(), written: 0 }),
            state: State::Starting(Instant::now() + settings.start_timeout),
        }
    }

    /// Whether the child has answered for a delivery.
    pub fn was_of_use(&self) -> bool {
        matches!(self.state, State::OfUse)
    }

    /// The pipes, once the talk is over.
    pub fn into_pipes(self) -> (ChildStdin, ChildStdout) {
        (self.stdin, self.lines.into_pipe())
    }

    /// Talks until there is a reason to end.
    pub async fn talk(&mut self, child: &mut Child, calls: &mut UnboundedReceiver<Call>) -> End {
        loop {
            let now = Instant::now();
            if self.ledger.is_hung(now) {
                return End::Hung;
            }
            self.hand_over(now);
            let alarm = self.alarm(now);
            let end = tokio::select! {
                biased;
                next = self.lines.next() => match next {
                    Ok(next) => self.hear(next),
                    Err(_) => Some(End::Closed("standard output")),
                },
                call = calls.recv() => self.called(call),
                written = write(&mut self.stdin, self.writing.as_ref()) => self.wrote(written),
                () = child.exited() => {
                    child.kill();
                    Some(self.drain().await)
                }
                () = until(alarm) => self.alarmed(),
            };
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// Gives the child its next delivery, one at a time.
    fn hand_over(&mut self, now: Instant) {
        if self.writing.is_some() || matches!(self.state, State::Starting(_)) {
            return;
        }
        if let Some((id, line)) = self.ledger.next(now) {
            self.writing = Some(Writing { id: Some(id), line, written: 0 });
        }
    }

    fn wrote(&mut self, written: std::io::Result<usize>) -> Option<End> {
        let Ok(written) = written else { return Some(End::Closed("standard input")) };
        let writing = self.writing.as_mut()?;
        writing.written += written;
        if writing.written == writing.line.len() {
            if let Some(id) = writing.id {
                self.ledger.written(id);
            }
            self.writing = None;
        }
        None
    }

    fn called(&mut self, call: Option<Call>) -> Option<End> {
        match call {
            Some(Call::Deliver(job)) => self.ledger.take(job),
            Some(Call::Abandoned(ticket)) => self.ledger.abandon(ticket, Instant::now()),
            Some(Call::Close(done)) => return Some(End::Closing(Some(done))),
            None => return Some(End::Closing(None)),
        }
        None
    }

    fn hear(&mut self, next: Next) -> Option<End> {
        let heard = match next {
            Next::Line(line) => self.heard(&line),
            Next::TooLong => Err(Wrong::TooLong { max_line_bytes: self.settings.max_line_bytes }),
            Next::End => return Some(End::Closed("standard output")),
        };
        heard.unwrap_or_else(|wrong| Some(End::Wrong(wrong)))
    }

    fn heard(&mut self, line: &[u8]) -> Result<Option<End>, Wrong> {
        let secrets = self.voice.secrets();
        if matches!(self.state, State::Starting(_)) {
            return Ok(match Ready::read(line, secrets)? {
                Ready::Yes => {
                    self.state = State::Ready;
                    None
                }
                Ready::No(reason) => Some(End::Refused(reason)),
            });
        }
        let Answer { id, report } = Answer::read(line, secrets)?;
        if !self.ledger.answer(id, report) {
            return Err(Wrong::UnknownId(id.to_string()));
        }
        self.state = State::OfUse;
        Ok(None)
    }

    /// Hears what a child that has ended had said before.
    async fn drain(&mut self) -> End {
        let drained = async {
            loop {
                match self.lines.next().await {
                    Err(_) | Ok(Next::End) => return End::Exited,
                    Ok(next) => {
                        if let Some(end) = self.hear(next) {
                            return end;
                        }
                    }
                }
            }
        };
        timeout(DRAIN, drained).await.unwrap_or(End::Exited)
    }

    /// When something is to be done that nothing else brings about.
    fn alarm(&self, now: Instant) -> Option<Instant> {
        match self.state {
            State::Starting(until) => Some(until),
            // Where it has passed, there is something that the child may still answer in time.
            _ => self.ledger.stuck_at().filter(|at| *at > now),
        }
    }

    fn alarmed(&self) -> Option<End> {
        matches!(self.state, State::Starting(_)).then_some(End::Unready)
    }
}

async fn until(alarm: Option<Instant>) {
    match alarm {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn write(stdin: &mut ChildStdin, writing: Option<&Writing>) -> std::io::Result<usize> {
    match writing {
        Some(Writing { line, written, .. }) => stdin.write(&line[*written..]).await,
        None => std::future::pending().await,
    }
}
