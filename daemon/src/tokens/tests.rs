//! What tokens keep to.

use std::os::unix::fs::PermissionsExt;
use std::sync::Barrier;

use super::*;

const ENDPOINTS: [(&str, &str); 2] = [("shop", "development"), ("shop", "production")];

fn written(store: &Path) -> String {
    std::fs::read_to_string(store.join("tokens.json")).unwrap()
}

#[test]
fn missing_tokens_are_made_and_stay_the_same() {
    let store = tempfile::tempdir().unwrap();
    let first = Tokens::load_or_create(store.path(), &ENDPOINTS).unwrap();
    let rows: Vec<_> =
        first.rows().iter().map(|row| (row.source.as_str(), row.environment.as_str())).collect();
    assert_eq!(rows, ENDPOINTS);
    assert_eq!(Tokens::load_or_create(store.path(), &ENDPOINTS).unwrap(), first);
}

#[test]
fn tokens_have_32_letters_that_a_url_takes_and_differ() {
    let tokens: Vec<String> = (0..64).map(|_| random_token().unwrap()).collect();
    for token in &tokens {
        assert_eq!(token.len(), 32);
        assert!(
            token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'),
            "{token}"
        );
    }
    assert_eq!(tokens.iter().collect::<HashSet<_>>().len(), 64);
}

#[test]
fn every_bit_of_the_random_bytes_counts() {
    assert_eq!(in_url_letters(&[0; 24]), "A".repeat(32));
    assert_eq!(in_url_letters(&[0xff; 24]), "_".repeat(32));
    for bit in 0..8 * RANDOM_BYTES {
        let mut bytes = [0; RANDOM_BYTES];
        bytes[bit / 8] |= 1 << (bit % 8);
        assert_ne!(in_url_letters(&bytes), "A".repeat(32), "bit {bit}");
    }
}

#[test]
fn the_folder_and_the_file_are_private() {
    let parent = tempfile::tempdir().unwrap();
    let store = parent.path().join("var/store");
    Tokens::load_or_create(&store, &ENDPOINTS).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&store), 0o700);
    assert_eq!(mode(&store.join("tokens.json")), 0o600);
}

#[test]
fn a_file_that_others_could_read_is_closed_to_them() {
    let store = tempfile::tempdir().unwrap();
    Tokens::load_or_create(store.path(), &ENDPOINTS).unwrap();
    let path = store.path().join("tokens.json");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    Tokens::load_or_create(store.path(), &ENDPOINTS).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn rows_of_endpoints_that_are_not_configured_any_more_are_kept() {
    let store = tempfile::tempdir().unwrap();
    let first = Tokens::load_or_create(store.path(), &ENDPOINTS).unwrap();
    let second = Tokens::load_or_create(store.path(), &[("billing", "production")]).unwrap();
    assert_eq!(second.rows()[..2], *first.rows());
    assert_eq!(second.rows()[2].source, "billing");
}

#[test]
fn an_endpoint_whose_token_was_given_an_end_gets_no_other() {
    let store = tempfile::tempdir().unwrap();
    let row = r#"{"source": "shop", "environment": "production", "token": "t", "not_after": 5}"#;
    std::fs::write(store.path().join("tokens.json"), format!(r#"{{"tokens": [{row}]}}"#)).unwrap();
    let tokens = Tokens::load_or_create(store.path(), &[("shop", "production")]).unwrap();
    assert_eq!(tokens.rows().len(), 1);
    assert_eq!(tokens.rows()[0].not_after, Some(5));
}

#[test]
fn processes_that_race_agree_on_one_token() {
    let store = tempfile::tempdir().unwrap();
    let start = Barrier::new(16);
    let race = || {
        start.wait();
        Tokens::load_or_create(store.path(), &ENDPOINTS).unwrap()
    };
    let all: Vec<Tokens> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..16).map(|_| scope.spawn(race)).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    assert!(all.iter().all(|tokens| *tokens == all[0]));
    assert_eq!(all[0].rows().len(), 2);
}

#[test]
fn a_leftover_of_a_killed_process_is_replaced() {
    let store = tempfile::tempdir().unwrap();
    std::fs::write(store.path().join("tokens.json.new"), "{\"tok").unwrap();
    Tokens::load_or_create(store.path(), &ENDPOINTS).unwrap();
    assert!(!store.path().join("tokens.json.new").exists());
}

#[test]
fn a_broken_file_is_refused_without_repeating_it_and_left_as_it_is() {
    let store = tempfile::tempdir().unwrap();
    let same = r#"{"source": "a", "environment": "b", "token": "canary", "not_after": null}"#;
    for broken in
        ["", "[\"canary\"]", "{\"tokens\": \"canary\"}", &format!("{{\"tokens\": [{same}, {same}]}}")]
    {
        std::fs::write(store.path().join("tokens.json"), broken).unwrap();
        let error = Tokens::load_or_create(store.path(), &ENDPOINTS).unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(told.contains("tokens.json") && !told.contains("canary"), "{told}");
        assert_eq!(written(store.path()), broken);
    }
}

#[test]
fn debug_does_not_show_a_token() {
    let store = tempfile::tempdir().unwrap();
    let tokens = Tokens::load_or_create(store.path(), &ENDPOINTS).unwrap();
    let told = format!("{tokens:?}");
    assert!(told.contains("shop") && !told.contains(&tokens.rows()[0].token), "{told}");
}

#[test]
fn a_url_is_knocks_path_behind_the_public_url() {
    for public_url in ["https://doorman.example.com", "https://doorman.example.com/"] {
        assert_eq!(url(public_url, "t0ken"), "https://doorman.example.com/integrations/receive/t0ken");
    }
}
