//! When destinations were stopped.

use doorman_core::clock::UnixMillis;
use doorman_core::store::{Stop, Stops};
use serde::{Deserialize, Serialize};

/// A destination's stops.
#[derive(Debug, Serialize, Deserialize)]
pub struct StopsRecord {
    paused: bool,
    held: Option<String>,
    all: Vec<(UnixMillis, Option<UnixMillis>)>,
}

impl StopsRecord {
    /// For storing.
    pub fn of(stops: &Stops) -> Self {
        let all = stops.all.iter().map(|stop| (stop.from, stop.to)).collect();
        Self { paused: stops.paused, held: stops.held.clone(), all }
    }

    /// As the rest of the store has it.
    pub fn stops(self) -> Stops {
        let all = self.all.into_iter().map(|(from, to)| Stop { from, to }).collect();
        Stops { paused: self.paused, held: self.held, all }
    }
}
