//! What the child writes for people: into the daemon's log, and no more of it than a log can bear.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use doorman_plugin::mask::Secrets;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// How many bytes of a line are kept.
const LINE_BYTES: usize = 1_024;

/// How many lines may come at once: a long stack trace.
const BURST_LINES: f64 = 50.0;

/// How many lines a second in the long run.
const LINES_PER_S: f64 = 5.0;

/// Behind so many bytes the reader pauses, so that a child that floods waits at its pipe: at most 1 MiB/s is read.
const PAUSE_AFTER_BYTES: usize = 65_536;

/// How long.
const PAUSE: Duration = Duration::from_millis(64);

/// How long a child that is gone may leave the pipe to others before it is let go of.
const LINGER: Duration = Duration::from_millis(200);

/// Where the children of a destination are heard, one after the other: what is left out is counted over all of them.
pub struct Voice {
    destination: Arc<str>,
    secrets: Secrets,
    allowance: Mutex<Allowance>,
}

impl Voice {
    /// Of this destination, whose secrets are not to be seen.
    pub fn new(destination: Arc<str>, secrets: Secrets) -> Self {
        Self { destination, secrets, allowance: Mutex::new(Allowance::new(Instant::now())) }
    }

    /// Whose children they are.
    pub fn destination(&self) -> &str {
        &self.destination
    }

    /// What is not to be seen of whatever they say.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// A line as it may be seen.
    fn shown(&self, mut line: Vec<u8>, is_cut: bool) -> String {
        let is_cut = is_cut || line.len() > LINE_BYTES;
        self.secrets.mask(&mut line);
        line.truncate(LINE_BYTES);
        let mut text = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
        if is_cut {
            text.push('…');
        }
        self.secrets.masked_and_cut(&text)
    }

    fn log(&self, text: &str) {
        let mut allowance = lock(&self.allowance);
        if allowance.allows(Instant::now()) {
            self.log_left_out(&mut allowance);
            tracing::info!(destination = &*self.destination, "its child says {text:?}");
        }
    }

    fn log_left_out(&self, allowance: &mut Allowance) {
        let left_out = std::mem::take(&mut allowance.left_out);
        if left_out > 0 {
            tracing::warn!(
                destination = &*self.destination,
                "its child writes too much to standard error: {left_out} lines are left out"
            );
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is guarded here is whole at any time: a panic elsewhere leaves nothing half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The reader of one child's standard error.
pub struct Stderr {
    task: JoinHandle<()>,
    last: Arc<Mutex<Option<String>>>,
}

impl Stderr {
    /// Reads until the pipe ends.
    pub fn read(pipe: impl AsyncRead + Unpin + Send + 'static, voice: Arc<Voice>) -> Self {
        let last = Arc::new(Mutex::default());
        let reader = Reader { voice, last: Arc::clone(&last), line: Vec::new(), is_cut: false };
        Self { task: tokio::spawn(reader.follow(pipe)), last }
    }

    /// The last line that was not empty, once the pipe has ended, or nothing more is waited for.
    pub async fn end(mut self) -> Option<String> {
        if timeout(LINGER, &mut self.task).await.is_err() {
            self.task.abort();
        }
        lock(&self.last).take()
    }
}

impl Drop for Stderr {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Reader {
    voice: Arc<Voice>,
    last: Arc<Mutex<Option<String>>>,
    /// What there is of the line.
    line: Vec<u8>,
    is_cut: bool,
}

impl Reader {
    async fn follow(mut self, mut pipe: impl AsyncRead + Unpin) {
        let mut chunk = [0; 8_192];
        let mut since_pause = 0;
        while let Ok(length @ 1..) = pipe.read(&mut chunk).await {
            self.add(&chunk[..length]);
            since_pause += length;
            if since_pause >= PAUSE_AFTER_BYTES {
                since_pause = 0;
                sleep(PAUSE).await;
            }
        }
        self.end_line();
        self.voice.log_left_out(&mut lock(&self.voice.allowance));
    }

    fn add(&mut self, chunk: &[u8]) {
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            let (text, is_end) = piece.strip_suffix(b"\n").map_or((piece, false), |text| (text, true));
            // A secret that begins within the limit is read to its end, so that it is known as one.
            let room = (LINE_BYTES + self.voice.secrets.longest_bytes()).saturating_sub(self.line.len());
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            self.is_cut |= text.len() > room;
            if is_end {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let (line, is_cut) = (std::mem::take(&mut self.line), std::mem::take(&mut self.is_cut));
        if line.trim_ascii().is_empty() {
            return;
        }
        let text = self.voice.shown(line, is_cut);
        self.voice.log(&text);
        *lock(&self.last) = Some(text);
    }
}

/// How many lines may still be logged.
struct Allowance {
    lines: f64,
    counted_at: Instant,
    left_out: u64,
}

impl Allowance {
    fn new(now: Instant) -> Self {
        Self { lines: BURST_LINES, counted_at: now, left_out: 0 }
    }

    /// Whether a line may be logged now; else it is counted.
    fn allows(&mut self, now: Instant) -> bool {
        let passed = now.duration_since(self.counted_at).as_secs_f64();
        self.counted_at = now;
        self.lines = passed.mul_add(LINES_PER_S, self.lines).min(BURST_LINES);
        if self.lines < 1.0 {
            self.left_out += 1;
            return false;
        }
        self.lines -= 1.0;
        true
    }
}
