//! Files that are moved, emptied and deleted under the plugin.

use std::process::Command;

use super::*;

#[tokio::test]
async fn a_file_that_was_renamed_is_followed_by_a_new_one() {
    let place = place(json!({"body": "payload"}));
    let rotated = place.path.with_extension("1");
    sent(&place.plugin, &["1"]).await;
    fs::rename(&place.path, &rotated).unwrap();
    sent(&place.plugin, &["2"]).await;
    assert_eq!((text(&rotated), text(&place.path)), ("1\n".to_owned(), "2\n".to_owned()));
}

#[tokio::test]
async fn a_file_that_was_renamed_and_created_again_is_opened_as_it_is() {
    let place = place(json!({"body": "payload"}));
    sent(&place.plugin, &["1"]).await;
    fs::rename(&place.path, place.path.with_extension("1")).unwrap();
    fs::write(&place.path, "").unwrap();
    fs::set_permissions(&place.path, fs::Permissions::from_mode(0o600)).unwrap();
    sent(&place.plugin, &["2"]).await;
    assert_eq!(text(&place.path), "2\n");
    assert_eq!(fs::metadata(&place.path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_file_that_was_emptied_goes_on_at_its_beginning() {
    let place = place(json!({"body": "payload"}));
    sent(&place.plugin, &["1", "2"]).await;
    File::options().write(true).open(&place.path).unwrap().set_len(0).unwrap();
    sent(&place.plugin, &["3"]).await;
    assert_eq!(text(&place.path), "3\n", "no hole is left");
}

#[tokio::test]
async fn a_file_that_was_deleted_is_created_again() {
    let place = place(json!({"body": "payload"}));
    sent(&place.plugin, &["1"]).await;
    fs::remove_file(&place.path).unwrap();
    sent(&place.plugin, &["2"]).await;
    assert_eq!(text(&place.path), "2\n");
}

/// All lines of the file and of what became of it, in their order.
fn all(folder: &Path) -> Vec<String> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with("actions.jsonl"));
    files.sort_by_key(|path| {
        let number = path.extension().unwrap().to_str().unwrap().parse::<i32>();
        std::cmp::Reverse(number.unwrap_or(0))
    });
    files.iter().flat_map(|path| text(path).lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[tokio::test]
async fn logrotate_loses_no_line() {
    if Command::new("logrotate").arg("--version").output().is_err() {
        return println!("skipped: logrotate is not installed");
    }
    for how in ["create", "create 0600", "nocreate", "copytruncate"] {
        let place = place(json!({"body": "payload"}));
        let folder = place.path.parent().unwrap();
        let config = folder.join("logrotate.conf");
        fs::write(&config, format!("{} {{\n rotate 9\n size 1\n {how}\n}}\n", place.path.display())).unwrap();
        fs::set_permissions(&config, fs::Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
        let mut expected = Vec::new();
        for round in 0..5 {
            let payloads: Vec<String> = (0..20).map(|n| (round * 20 + n).to_string()).collect();
            for payload in &payloads {
                sent(&place.plugin, &[payload]).await;
            }
            expected.extend(payloads);
            let state = folder.join("state");
            let rotated = Command::new("logrotate")
                .args(["--force", "--state"])
                .args([&state, &config])
                .output()
                .unwrap();
            assert!(rotated.status.success(), "{}", String::from_utf8_lossy(&rotated.stderr));
        }
        assert!(fs::metadata(place.path.with_extension("jsonl.5")).is_ok(), "it was rotated five times");
        assert_eq!(all(folder), expected, "{how}");
    }
}
