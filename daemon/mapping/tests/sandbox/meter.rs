//! What a computation took of the processor and of the memory.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use peakmem_alloc::PeakMemAllocTrait;

use crate::ALLOCATOR;

/// What a computation may take.
#[derive(Clone, Copy)]
pub struct Bounds {
    /// Of a processor that does [`YARDSTICK`] in its time; a slower one, or one that is shared, has as much more.
    pub cpu_ms: u64,
    pub memory_bytes: usize,
}

/// What it took.
pub struct Report {
    cpu: Duration,
    memory_bytes: usize,
    /// Whether that is within its bounds.
    pub within: bool,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:6.1} ms {:6.1} MiB",
            self.cpu.as_secs_f64() * 1e3,
            self.memory_bytes as f64 / 1_048_576.0
        )
    }
}

/// The highest point of the memory is the whole process's.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// How often it may be tried: the machine may be busy.
const TRIES: usize = 4;

/// What sorting [`NUMBERS`] numbers takes a processor of which the bounds are true.
const YARDSTICK: Duration = Duration::from_millis(20);
const NUMBERS: u64 = 1_000_000;

/// Like a thread of the daemon.
const STACK_BYTES: usize = 2 << 20;

/// Computes on a thread of its own, once more where it took more than it may.
pub fn measured<T: Send>(name: &str, bounds: Bounds, compute: impl Fn() -> T + Sync) -> (T, Report) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let mut tries = 0;
    loop {
        tries += 1;
        let (value, cpu, memory_bytes) = once(name, &compute);
        let allowed = Duration::from_millis(bounds.cpu_ms);
        let in_time = cpu <= allowed || cpu <= allowed.mul_f64(slowness());
        let within = in_time && memory_bytes <= bounds.memory_bytes;
        if within || tries == TRIES {
            return (value, Report { cpu, memory_bytes, within });
        }
    }
}

fn once<T: Send>(name: &str, compute: &(impl Fn() -> T + Sync)) -> (T, Duration, usize) {
    // A stack that overflows ends the process, and names the thread.
    let thread = std::thread::Builder::new().name(name.to_owned()).stack_size(STACK_BYTES);
    std::thread::scope(|scope| {
        let work = || {
            ALLOCATOR.reset_peak_memory();
            let computed = computed_by_this_thread();
            let value = compute();
            let cpu = computed_by_this_thread().saturating_sub(computed);
            (value, cpu, ALLOCATOR.get_peak_memory())
        };
        thread.spawn_scoped(scope, work).unwrap().join().unwrap()
    })
}

/// How many times as long as [`YARDSTICK`] the same takes now.
fn slowness() -> f64 {
    let before = computed_by_this_thread();
    let mut numbers: Vec<u64> = (1..=NUMBERS).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
    numbers.sort_unstable();
    std::hint::black_box(&numbers);
    (computed_by_this_thread() - before).div_duration_f64(YARDSTICK)
}

fn computed_by_this_thread() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split_ascii_whitespace().next().unwrap().parse().unwrap())
}
