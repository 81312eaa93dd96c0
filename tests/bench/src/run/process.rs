//! Child processes that never outlive the bench, with their output in files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::failure::Failure;

/// How often a process is looked at while something is awaited.
pub const LOOK: Duration = Duration::from_millis(20);

/// How much of a process's stderr is shown.
const TAIL_BYTES: usize = 4_000;

/// A running child process; dropped, it is killed.
pub struct Process {
    name: &'static str,
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Process {
    /// Starts a process whose output goes to `folder`.
    pub fn start(name: &'static str, mut command: Command, folder: &Path) -> Result<Self, Failure> {
        let stdout = folder.join(format!("{name}.stdout"));
        let stderr = folder.join(format!("{name}.stderr"));
        let create =
            |path: &PathBuf| File::create(path).map_err(Failure::io(format!("creating {}", path.display())));
        command.stdin(Stdio::null()).stdout(create(&stdout)?).stderr(create(&stderr)?);
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().map_err(Failure::io(format!("starting the {name} ({program})")))?;
        Ok(Self { name, child, stdout, stderr })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// An error once it has ended.
    pub fn check_alive(&mut self) -> Result<(), Failure> {
        let doing = || format!("looking at the {}", self.name);
        match self.child.try_wait().map_err(Failure::io(doing()))? {
            None => Ok(()),
            Some(status) => Err(Failure::Ended { process: self.name, status, stderr: self.stderr_tail() }),
        }
    }

    /// Waits until it has ended well, and gives what it wrote to stdout.
    pub async fn output(&mut self) -> Result<String, Failure> {
        loop {
            let status =
                self.child.try_wait().map_err(Failure::io(format!("waiting for the {}", self.name)))?;
            match status {
                None => tokio::time::sleep(LOOK).await,
                Some(status) if status.success() => return self.stdout(),
                Some(status) => {
                    return Err(Failure::Ended { process: self.name, status, stderr: self.stderr_tail() });
                }
            }
        }
    }

    /// What it has written to stdout so far.
    pub fn stdout(&self) -> Result<String, Failure> {
        std::fs::read_to_string(&self.stdout)
            .map_err(Failure::io(format!("reading {}", self.stdout.display())))
    }

    /// The end of what it has written to stderr.
    pub fn stderr_tail(&self) -> String {
        match std::fs::read(&self.stderr) {
            Ok(bytes) => {
                let tail = &bytes[bytes.len().saturating_sub(TAIL_BYTES)..];
                String::from_utf8_lossy(tail).trim_end().to_owned()
            }
            Err(error) => format!("({} cannot be read: {error})", self.stderr.display()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error means that it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, folder: &Path) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Process::start("shell", command, folder).unwrap()
    }

    #[test]
    fn what_it_printed_is_given_once_it_has_ended_well() {
        let folder = tempfile::tempdir().unwrap();
        let output = crate::one_worker().unwrap().block_on(shell("echo hello", folder.path()).output());
        assert_eq!(output.unwrap(), "hello\n");
    }

    #[test]
    fn a_bad_end_is_told_with_its_stderr() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = shell("echo no luck >&2; exit 3", folder.path());
        let error = crate::one_worker().unwrap().block_on(process.output()).unwrap_err().to_string();
        assert!(error.contains("the shell ended (exit status: 3)") && error.ends_with("no luck"), "{error}");
        assert!(process.check_alive().is_err());
    }

    #[test]
    fn a_dropped_process_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = shell("exec sleep 600", folder.path());
        let entry = format!("/proc/{}", process.pid());
        process.check_alive().unwrap();
        assert!(Path::new(&entry).exists());
        drop(process);
        assert!(!Path::new(&entry).exists());
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = Process::start("daemon", Command::new("/no/such/doorman"), folder.path()).err().unwrap();
        assert!(error.to_string().contains("starting the daemon (/no/such/doorman)"), "{error}");
    }
}
