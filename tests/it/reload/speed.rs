//! From save to in force. `DOORMAN_SAVES` says how many saves are measured.

use std::fs;
use std::time::{Duration, Instant};

use doorman_tests::{Connection, wait};

use super::edited::{Edited, version};
use crate::crash::kit;

/// How many saves are measured, unless somebody asks for more.
const SAVES: u32 = 10;

#[tokio::test]
async fn a_save_is_soon_in_force() {
    let edited = Edited::start().await;
    let mut admin = Connection::open(edited.doorman.admin()).await.unwrap();
    let mut times = Vec::new();
    for number in 0..kit::number("DOORMAN_SAVES", SAVES) {
        let before = edited.standing().await["generation"].clone();
        // Editors write in place, or a new file that they rename.
        let started = if number.is_multiple_of(2) {
            edited.write("demo.rhai", &version(number + 2));
            Instant::now()
        } else {
            let new = edited.root.join(".demo.rhai.tmp");
            fs::write(&new, version(number + 2)).unwrap();
            fs::rename(&new, edited.script()).unwrap();
            Instant::now()
        };
        let in_force = async {
            while admin.get("/api/scripts").await.unwrap().json()["generation"] == before {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        wait::at_most(in_force).await;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    let (median, max) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{} saves: in force after {median:.0?} (median), {max:.0?} (max)", times.len());
    assert_eq!(edited.reloads("ok").await, times.len() as u64);
}
