//! The power kit: the store on a file system of its own, its power cut under load, again and again; then the audit.
//!
//! A kill leaves the kernel's cache; a power cut does not. The cut is ext4's own shutdown without a flush of its journal:
//! what was not fsynced is gone, as it would be. It needs root, mkfs.ext4, and Debian's perl for the one `ioctl`.
//!
//! `DOORMAN_CUTS` says how many cuts there are; 5 otherwise.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use doorman_tests::{Doorman, Setup, Sink};
use tokio::time::sleep;

use super::audit::{self, Arrived};
use super::drain;
use super::load::Load;

const CONNECTIONS: usize = 16;
const CUTS: u32 = 5;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_answered_is_lost_in_a_power_cut() {
    if !can_cut() {
        println!("skipped: {NEEDED}");
        return;
    }
    let cuts = std::env::var("DOORMAN_CUTS").map_or(CUTS, |text| text.parse().expect("a number of cuts"));
    power_kit(cuts).await;
}

async fn power_kit(cuts: u32) {
    let sink = Sink::start().await;
    let setup = Doorman::builder()
        .destination("sink", &format!("{}\nbody = \"envelope\"", sink.destination()))
        .script("demo", r#"on("order.created", |event| send("sink", event.data));"#)
        .build();
    let disk = Disk::new(&setup);
    let mut doorman = Doorman::start(setup).await;
    let load = Load::start(&doorman, CONNECTIONS);
    let mut arrived = Arrived::default();
    for _ in 0..cuts {
        sleep(Duration::from_millis(fastrand::u64(100..500))).await;
        disk.cut();
        doorman.kill();
        disk.come_back();
        doorman.restart().await;
        load.goes_to(&doorman);
        arrived.take_from(&sink);
    }
    let answered = load.stop().await;
    drain(&doorman, &sink).await;
    arrived.take_from(&sink);
    let figures = audit::audit(&doorman, &answered, &arrived).await;
    println!("{cuts} power cuts over {CONNECTIONS} connections: {figures}");
    doorman.kill();
}

/// A file system in a file, mounted where the store is. It is unmounted when this is dropped.
pub struct Disk {
    image: PathBuf,
    mount: PathBuf,
}

impl Disk {
    /// Makes it.
    pub fn new(setup: &Setup) -> Self {
        let disk = Self { image: setup.path("disk.img"), mount: setup.store_path() };
        std::fs::create_dir(&disk.mount).expect("the folder can be written");
        let image = std::fs::File::create(&disk.image).expect("the folder can be written");
        image.set_len(1 << 30).expect("a sparse file takes no room");
        run("mkfs.ext4", &["-q", "-F", text(&disk.image)]);
        disk.mount();
        disk
    }

    fn mount(&self) {
        run("mount", &["-o", "loop", text(&self.image), text(&self.mount)]);
    }

    /// From now on nothing reaches the disk, and what its cache holds is gone.
    pub fn cut(&self) {
        // EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH.
        let script = r#"open(my $d, "<", $ARGV[0]) or die $!; my $how = pack("L", 2); defined ioctl($d, 0x8004587d, $how) or die $!"#;
        run("perl", &["-e", script, text(&self.mount)]);
    }

    /// The power is back: what reached the disk is there.
    pub fn come_back(&self) {
        run("umount", &[text(&self.mount)]);
        self.mount();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a daemon that a failed test leaves running may still have files open.
        let _ = Command::new("umount").args(["-l", text(&self.mount)]).status();
    }
}

/// What a power cut needs.
pub const NEEDED: &str = "a power cut needs root, mkfs.ext4, perl and loop devices";

/// Whether all of that is there.
pub fn can_cut() -> bool {
    let there = |program: &str| {
        Command::new("sh")
            .args(["-c", &format!("command -v {program}")])
            .output()
            .is_ok_and(|out| out.status.success())
    };
    let root =
        std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    root && ["mkfs.ext4", "mount", "perl"].iter().all(|program| there(program))
        && Path::new("/dev/loop-control").exists()
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().expect("the program is there");
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a temporary folder has a plain name")
}
