//! Connections that post, each one event after the other, until it has its 204.

use std::net::SocketAddr;
use std::time::Duration;

use doorman_tests::{Connection, Doorman, wait};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// One of so many events is posted again although it has its 204.
const REPEATED: u64 = 50;
/// How long to wait for a restarted daemon before the next try to connect.
const PAUSE: Duration = Duration::from_millis(20);

/// How much is posted.
#[derive(Clone, Copy)]
pub struct Volume {
    /// Connections that post at a time.
    pub connections: usize,
    /// What each event carries besides: so many letters, which do not compress well.
    pub padding_bytes: usize,
}

/// An event that was answered 204.
#[derive(Clone, Debug)]
pub struct Posted {
    /// Its `messageId`.
    pub message_id: String,
    /// The id in the 204.
    pub id: String,
}

/// What all connections have seen.
#[derive(Debug, Default)]
pub struct Answered {
    /// Every event, each with its first 204.
    pub events: Vec<Posted>,
    /// Posts whose connection broke before the answer: they were posted again.
    pub asked_again: u64,
    /// Those of them whose event turned out to be there already.
    pub was_there: u64,
    /// Posts that were answered 503, and came again.
    pub refused: u64,
    /// Events that were posted again on purpose.
    pub repeated: u64,
    /// Repeats that were answered with another id, or not as a duplicate.
    pub taken_twice: Vec<String>,
}

/// Where to post, and whether to go on.
#[derive(Clone, Copy)]
struct Target {
    address: SocketAddr,
    /// What is answered now counts for nothing.
    dark: bool,
    /// No further event is begun.
    stop: bool,
    /// Events that have no 204 yet never get one.
    give_up: bool,
}

/// The running connections.
pub struct Load {
    target: watch::Sender<Target>,
    workers: Vec<JoinHandle<Answered>>,
}

impl Load {
    /// Starts to post.
    pub fn start(doorman: &Doorman, volume: Volume) -> Self {
        let target = Target { address: doorman.server(), dark: false, stop: false, give_up: false };
        let (target, watched) = watch::channel(target);
        let workers = (0..volume.connections).map(|number| {
            let worker = Worker {
                number,
                padding_bytes: volume.padding_bytes,
                path: doorman.path().to_owned(),
                target: watched.clone(),
                connection: None,
                seen: Answered::default(),
            };
            tokio::spawn(worker.run())
        });
        Self { workers: workers.collect(), target }
    }

    /// From now on no answer counts, until there is a restarted daemon.
    pub fn goes_dark(&self) {
        self.target.send_modify(|target| target.dark = true);
    }

    /// Says where the restarted daemon listens.
    pub fn goes_to(&self, doorman: &Doorman) {
        self.target.send_modify(|target| (target.address, target.dark) = (doorman.server(), false));
    }

    /// Lets every connection finish its event, and gathers what they saw. One that cannot gives up.
    pub async fn stop(self) -> Answered {
        self.target.send_modify(|target| target.stop = true);
        let _ = wait::until(async || self.workers.iter().all(JoinHandle::is_finished).then_some(())).await;
        self.give_up().await
    }

    /// Ends every connection, whether its event has its 204 or not, and gathers what they saw.
    pub async fn give_up(self) -> Answered {
        self.target.send_modify(|target| (target.stop, target.give_up) = (true, true));
        let mut all = Answered::default();
        for worker in self.workers {
            let seen = worker.await.expect("a worker does not panic");
            all.events.extend(seen.events);
            all.taken_twice.extend(seen.taken_twice);
            all.asked_again += seen.asked_again;
            all.was_there += seen.was_there;
            all.refused += seen.refused;
            all.repeated += seen.repeated;
        }
        all
    }
}

struct Worker {
    number: usize,
    padding_bytes: usize,
    path: String,
    target: watch::Receiver<Target>,
    connection: Option<Connection>,
    seen: Answered,
}

impl Worker {
    async fn run(mut self) -> Answered {
        let mut count: u64 = 0;
        while !self.target.borrow().stop {
            count += 1;
            let message_id = format!("m-{}-{count}", self.number);
            let body = self.body(&message_id);
            let Some((id, _)) = self.post_until_answered(&body).await else { break };
            if count.is_multiple_of(REPEATED) {
                self.repeat(&message_id, &body, &id).await;
            }
            self.seen.events.push(Posted { message_id, id });
        }
        self.seen
    }

    fn body(&self, message_id: &str) -> String {
        let mut body = json!({
            "type": "track",
            "event": "order.created",
            "messageId": message_id,
            "userId": format!("u{}", self.number),
            "properties": {"orderId": message_id, "total": 59.90},
        });
        if self.padding_bytes > 0 {
            let letters = std::iter::repeat_with(fastrand::alphanumeric).take(self.padding_bytes);
            body["padding"] = letters.collect::<String>().into();
        }
        body.to_string()
    }

    async fn repeat(&mut self, message_id: &str, body: &str, id: &str) {
        self.seen.repeated += 1;
        let Some((again, duplicate)) = self.post_until_answered(body).await else { return };
        if again != id || !duplicate {
            self.seen.taken_twice.push(format!("{message_id} is {id}, and then {again}"));
        }
    }

    /// Posts the same event until it has its 204: the id in it, and whether it says that the event was there before.
    /// `None` when it is given up.
    async fn post_until_answered(&mut self, body: &str) -> Option<(String, bool)> {
        let mut lost = false;
        while !self.target.borrow().give_up {
            let Some(mut connection) = self.take_connection().await else {
                continue;
            };
            let answer = connection.post(&self.path, body.to_owned()).await.ok();
            let Some(answer) = answer.filter(|_| !self.target.borrow().dark) else {
                self.seen.asked_again += 1;
                lost = true;
                if self.target.borrow().dark {
                    sleep(PAUSE).await;
                }
                continue;
            };
            self.connection = Some(connection);
            if answer.status == 503 {
                self.seen.refused += 1;
                sleep(PAUSE).await;
                continue;
            }
            self.seen.was_there += u64::from(lost && answer.is_duplicate());
            return Some((answer.event_id(), answer.is_duplicate()));
        }
        None
    }

    /// The open connection, or a new one; `None` when there is nobody to connect to just now.
    async fn take_connection(&mut self) -> Option<Connection> {
        if let Some(connection) = self.connection.take() {
            return Some(connection);
        }
        let address = self.target.borrow_and_update().address;
        let opened = Connection::open(address).await.ok();
        if opened.is_none() {
            // The address changes with the restart; whether it did or not, the next try shows.
            let _ = timeout(PAUSE, self.target.changed()).await;
        }
        opened
    }
}
