//! CPU time and memory of a process, from `/proc`.

use super::failure::Failure;

/// Linux counts CPU time for user space in hundredths of a second on every architecture that Rust's std runs on.
const TICK_US: u64 = 10_000;

/// The CPU time that a process and all its threads, ended ones too, have used so far, in microseconds.
pub fn cpu_us(pid: u32) -> Result<u64, Failure> {
    let path = format!("/proc/{pid}/stat");
    let stat = std::fs::read_to_string(&path).map_err(Failure::io(format!("reading {path}")))?;
    cpu_us_of(&stat).ok_or_else(|| Failure::unexpected(path, stat))
}

/// The most memory that a process has held at once, in bytes.
pub fn peak_rss_bytes(pid: u32) -> Result<u64, Failure> {
    let path = format!("/proc/{pid}/status");
    let status = std::fs::read_to_string(&path).map_err(Failure::io(format!("reading {path}")))?;
    peak_rss_of(&status).ok_or_else(|| Failure::unexpected(path, "has no VmHWM: the process has ended"))
}

/// The program's name, in parentheses, may hold anything; what counts comes behind the last one.
fn cpu_us_of(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_ascii_whitespace().skip(11).map(str::parse::<u64>);
    let user = times.next()?.ok()?;
    let system = times.next()?.ok()?;
    Some((user + system) * TICK_US)
}

fn peak_rss_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_added_whatever_the_program_is_called() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 1 0 0 0 150 50 7 9 20 0 3 0 100 1 1";
        assert_eq!(cpu_us_of(stat), Some(2_000_000));
        assert_eq!(cpu_us_of("42 (a) S 1"), None);
    }

    #[test]
    fn the_peak_is_in_bytes() {
        assert_eq!(peak_rss_of("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n"), Some(2_097_152));
        assert_eq!(peak_rss_of("Name:\tx\n"), None);
    }

    #[test]
    fn this_process_has_both() {
        let pid = std::process::id();
        assert!(cpu_us(pid).is_ok());
        assert!(peak_rss_bytes(pid).unwrap() > 100_000);
    }
}
