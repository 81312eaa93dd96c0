//! What a running daemon takes of the machine.

use std::fs;
use std::time::Duration;

use super::Doorman;

/// Memory and CPU, as the kernel counts them.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Memory that is resident now, in bytes.
    pub rss_bytes: u64,
    /// The most that ever was.
    pub peak_bytes: u64,
    /// CPU time of all threads since the start.
    pub cpu: Duration,
}

/// `/proc` counts CPU time in hundredths of a second on every architecture that Debian has.
const TICK: Duration = Duration::from_millis(10);

impl Doorman {
    /// What it takes.
    pub fn usage(&self) -> Usage {
        let read = |name| fs::read_to_string(format!("/proc/{}/{name}", self.pid())).expect("it runs");
        let status = read("status");
        let kib = |key: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(key)).expect("the kernel says it");
            line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().expect("a number of KiB")
        };
        let stat = read("stat");
        // The name, in brackets, may hold anything; behind it `utime` and `stime` are the 12th and 13th.
        let (_, behind) = stat.rsplit_once(')').expect("a name in brackets");
        let ticks = behind.split_whitespace().skip(11).take(2);
        let ticks: u32 = ticks.map(|ticks| ticks.parse::<u32>().expect("a number of ticks")).sum();
        Usage { rss_bytes: kib("VmRSS") * 1024, peak_bytes: kib("VmHWM") * 1024, cpu: TICK * ticks }
    }
}
