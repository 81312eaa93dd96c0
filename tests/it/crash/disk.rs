//! A file system of its own for the store, on a file. It needs root, loop devices and mkfs.ext4; and Debian's perl for
//! the one `ioctl` of a power cut.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use doorman_tests::Setup;
use rustix::fs::{FallocateFlags, fallocate, statvfs};
use rustix::io::Errno;

/// A file system in a file, mounted where the store is. It is unmounted when this is dropped.
pub struct Disk {
    image: PathBuf,
    mount: PathBuf,
}

impl Disk {
    /// Makes it.
    pub fn new(setup: &Setup, bytes: u64) -> Self {
        let disk = Self { image: setup.path("disk.img"), mount: setup.store_path() };
        fs::create_dir(&disk.mount).expect("the folder can be written");
        let image = File::create(&disk.image).expect("the folder can be written");
        image.set_len(bytes).expect("a sparse file takes no room");
        // Without a reserve for root: what is free is free for everybody.
        run("mkfs.ext4", &["-q", "-F", "-m", "0", text(&disk.image)]);
        disk.mount();
        disk
    }

    fn mount(&self) {
        run("mount", &["-o", "loop", text(&self.image), text(&self.mount)]);
    }

    /// Readies a cut of its power.
    pub fn switch(&self) -> Switch {
        let mut perl = Command::new("perl");
        perl.args(["-e", CUT, text(&self.mount)]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut perl = perl.spawn().expect("perl is there");
        let mut ready = [0];
        perl.stdout.take().expect("it is piped").read_exact(&mut ready).expect("perl opens the folder");
        Switch(perl)
    }

    /// Cuts its power.
    pub fn cut(&self) {
        self.switch().cut();
    }

    /// The power is back: what reached the disk is there.
    pub fn come_back(&self) {
        run("umount", &[text(&self.mount)]);
        self.mount();
    }

    /// The bytes that are free.
    pub fn free_bytes(&self) -> u64 {
        let stat = statvfs(&self.mount).expect("it is mounted");
        stat.f_bavail * stat.f_frsize
    }

    /// Somebody else takes room, so that about so many bytes are left; less, if the daemon takes some meanwhile.
    pub fn fill_up_to(&self, left_bytes: u64) {
        let filler = File::options().create(true).append(true).open(self.filler()).expect("it can be made");
        let mut length = filler.metadata().expect("it is open").len();
        let mut piece = self.free_bytes().saturating_sub(left_bytes);
        while piece > 0 {
            match fallocate(&filler, FallocateFlags::empty(), length, piece) {
                Ok(()) => length += piece,
                // Others were quicker, or some room cannot be had in one piece.
                Err(Errno::NOSPC) => {}
                Err(error) => panic!("the filler cannot grow: {error}"),
            }
            let gone = self.free_bytes().saturating_sub(left_bytes);
            piece = if gone < piece { gone } else { piece / 2 };
        }
    }

    /// That room is free again.
    pub fn make_room(&self) {
        fs::remove_file(self.filler()).expect("the disk was filled");
    }

    fn filler(&self) -> PathBuf {
        self.mount.join("filler")
    }
}

/// EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH, once its standard input ends.
const CUT: &str = r#"
    open(my $disk, "<", $ARGV[0]) or die $!;
    syswrite(STDOUT, ".");
    sysread(STDIN, my $word, 1);
    my $how = pack("L", 2);
    defined ioctl($disk, 0x8004587d, $how) or die $!;
"#;

/// Cuts the power of a [`Disk`].
pub struct Switch(Child);

impl Switch {
    /// From now on nothing reaches the disk, and what its cache holds is gone: ext4's own shutdown without a flush of
    /// its journal.
    pub fn cut(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().expect("it is our child").success(), "the power was not cut");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a daemon that a failed test leaves running may still have files open.
        let _ = Command::new("umount").args(["-l", text(&self.mount)]).status();
    }
}

/// What it needs.
pub const NEEDED: &str = "a disk of its own needs root, mkfs.ext4, perl and loop devices";

/// Whether all of that is there.
pub fn can_mount() -> bool {
    let there = |program: &str| {
        let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
        found.is_ok_and(|out| out.status.success())
    };
    let root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    root && ["mkfs.ext4", "mount", "perl"].into_iter().all(there) && Path::new("/dev/loop-control").exists()
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().expect("the program is there");
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a temporary folder has a plain name")
}
