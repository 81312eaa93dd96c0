//! How tools replace files, folders, and links.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use doorman_tests::Doorman;

use super::edited::{Edited, builder, version};

/// Runs a tool that must succeed.
fn run(folder: &Path, tool: &str, arguments: &[&str]) {
    let done = Command::new(tool).args(arguments).current_dir(folder).output().expect("the tool is there");
    assert!(done.status.success(), "{tool} {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Whether a tool can be run; says that a test is skipped when not.
fn has(tool: &str) -> bool {
    let found =
        Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        println!("skipped: there is no {tool} on this machine");
    }
    found
}

/// A script that adds up what its nine modules say.
const SUM: &str = "on(\"order.created\", |event| send(\"stdout\", #{ version: \
    m1::v() + m2::v() + m3::v() + m4::v() + m5::v() + m6::v() + m7::v() + m8::v() + m9::v() }));";

fn write_modules(root: &Path, value: u32) {
    for number in 1..=9 {
        fs::write(root.join(format!("lib/m{number}.rhai")), format!("fn v() {{ {value} }}"))
            .expect("the folder is ours");
    }
}

#[tokio::test]
async fn git_checkout_of_ten_files() {
    if !has("git") {
        return;
    }
    let setup = builder().script("demo", SUM).build();
    let root = setup.path("scripts");
    fs::create_dir(root.join("lib")).unwrap();
    let git = |arguments: &[&str]| {
        let who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
        run(&root, "git", &[&who[..], arguments].concat());
    };
    git(&["init", "--quiet", "--initial-branch", "one"]);
    write_modules(&root, 1);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "one"]);
    git(&["checkout", "--quiet", "-b", "two"]);
    write_modules(&root, 2);
    fs::write(root.join("demo.rhai"), format!("// Two.\n{SUM}")).unwrap();
    git(&["commit", "--quiet", "--all", "--message", "two"]);
    git(&["checkout", "--quiet", "one"]);
    let edited = Edited::over(Doorman::start(setup).await);
    assert_eq!(edited.mapped().await["version"], 9);
    git(&["checkout", "--quiet", "two"]);
    edited.takes(18, 1).await;
    git(&["checkout", "--quiet", "one"]);
    edited.takes(9, 2).await;
}

#[tokio::test]
async fn rsync_of_ten_files() {
    if !has("rsync") {
        return;
    }
    let setup = builder().script("demo", SUM).build();
    fs::create_dir(setup.path("scripts/lib")).unwrap();
    write_modules(&setup.path("scripts"), 1);
    let from = setup.path("from");
    fs::create_dir_all(from.join("lib")).unwrap();
    write_modules(&from, 3);
    fs::write(from.join("demo.rhai"), format!("// Three.\n{SUM}")).unwrap();
    let edited = Edited::over(Doorman::start(setup).await);
    run(
        &from,
        "rsync",
        &["--recursive", "--checksum", "--delete", "./", &format!("{}/", edited.root.display())],
    );
    edited.takes(27, 1).await;
}

/// As the kubelet does: the files are links to `..data/`, which is a link to the folder of this version, and is replaced
/// by one to that of the next.
#[tokio::test]
async fn a_mounted_configmap() {
    let setup = builder().build();
    let root = setup.path("scripts");
    let put = |number: u32| {
        let folder = root.join(format!("..2026_{number}"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("demo.rhai"), version(number)).unwrap();
        symlink(format!("..2026_{number}"), root.join("..data_tmp")).unwrap();
        fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
    };
    put(1);
    fs::remove_file(root.join("demo.rhai")).unwrap();
    symlink("..data/demo.rhai", root.join("demo.rhai")).unwrap();
    let edited = Edited::over(Doorman::start(setup).await);
    for number in 2..5 {
        put(number);
        fs::remove_dir_all(edited.root.join(format!("..2026_{}", number - 1))).unwrap();
        edited.takes(number, u64::from(number) - 1).await;
    }
}

#[tokio::test]
async fn a_link_that_is_pointed_to_the_next_release() {
    let setup = builder().build();
    let root = setup.path("scripts");
    fs::rename(&root, setup.path("release-1")).unwrap();
    symlink("release-1", &root).unwrap();
    let edited = Edited::over(Doorman::start(setup).await);
    for number in 2..4 {
        let release = edited.doorman.setup().path(&format!("release-{number}"));
        fs::create_dir(&release).unwrap();
        fs::write(release.join("demo.rhai"), version(number)).unwrap();
        let next = edited.doorman.setup().path("next");
        symlink(&release, &next).unwrap();
        fs::rename(&next, &edited.root).unwrap();
        edited.takes(number, u64::from(number) - 1).await;
    }
    edited.write("demo.rhai", &version(4));
    edited.takes(4, 3).await;
}

#[tokio::test]
async fn the_root_moved_away_and_made_anew() {
    let edited = Edited::start().await;
    fs::rename(&edited.root, edited.doorman.setup().path("away")).unwrap();
    let refusal = edited.refusal().await;
    assert!(refusal["text"].as_str().unwrap().contains("cannot list the scripts"), "{refusal}");
    assert_eq!(edited.mapped().await["version"], 1);
    fs::create_dir(&edited.root).unwrap();
    edited.write("demo.rhai", &version(2));
    edited.recovery().await;
    assert_eq!(edited.mapped().await["version"], 2);
    let before = edited.reloads("ok").await;
    edited.write("demo.rhai", &version(3));
    let more = async || (edited.reloads("ok").await > before).then_some(());
    edited.doorman.wait_until("the next edit is taken", more).await;
    assert_eq!(edited.mapped().await["version"], 3);
}
