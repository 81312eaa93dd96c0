use std::fs;

use super::shop;

#[tokio::test]
async fn every_function_is_described_for_editors_and_for_programs() {
    let setup = shop();
    fs::remove_file(setup.config_path()).unwrap();
    let printed = setup.cli(&["definitions"]).await.expect_ok();
    assert!(
        printed.starts_with("module static;")
            && printed.contains("fn trigger(workflow: String, fields: Map);")
    );
    let list = setup.cli(&["definitions", "--output", "json"]).await.json();
    let trigger = list.as_array().unwrap().iter().find(|function| function["name"] == "trigger").unwrap();
    assert_eq!(trigger["signatures"][0], "trigger(workflow: String)");
    let folder = setup.path("definitions");
    setup.cli(&["definitions", "--dir", &folder.display().to_string()]).await.expect_ok();
    assert_eq!(setup.read("definitions/doorman.d.rhai").trim_end(), printed.trim_end());
    assert!(setup.read("definitions/rhai.d.rhai").contains("fn to_upper("));
}
