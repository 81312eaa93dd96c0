//! Files that cannot be read as a configuration at all.

use super::*;

#[test]
fn a_file_that_is_not_toml_is_told_each_line_that_is_not() {
    insta::assert_snapshot!(report("[server]\nlisten = 127.0.0.1:0\n[store\npath = \"x\"\npath = \"y\"\n"), @r"
    doorman.toml:2:15: not TOML: neither a number nor text: text stands in quotes
      |
    2 | listen = 127.0.0.1:0
      |               ^^^^^^

    doorman.toml:3:7: not TOML: unclosed table, expected `]`
      |
    3 | [store
      |       ^
    ");
}

#[test]
fn a_missing_file_is_told_with_what_to_do() {
    let problems = Config::load(Path::new("/nonexistent/doorman.toml"), vars(&[])).err().unwrap();
    insta::assert_snapshot!(problems, @r"
    /nonexistent/doorman.toml: there is no such file: name your configuration with --config, or begin with a copy of doorman.toml from the config folder of the release
    ");
}

#[test]
fn a_file_that_is_not_utf_8_is_told_the_line() {
    let file = Written::new("");
    std::fs::write(file.path(), b"[server]\nlisten = \"\xff\"").unwrap();
    let problems = Config::load(&file.path(), vars(&[])).err().unwrap();
    assert!(
        problems.to_string().ends_with("doorman.toml: line 2 is not UTF-8: save the file as UTF-8"),
        "{problems}"
    );
}

#[test]
fn a_file_cut_off_anywhere_is_loaded_or_refused_in_peace() {
    let file = Written::new("");
    let mut loads = 0;
    for end in (0..=EVERY_KEY.len()).rev().step_by(7).filter(|end| EVERY_KEY.is_char_boundary(*end)) {
        std::fs::write(file.path(), &EVERY_KEY[..end]).unwrap();
        loads += usize::from(Config::load(&file.path(), vars(&[])).is_ok());
    }
    assert!(loads > 0 && loads < EVERY_KEY.len() / 14, "{loads}");
}
