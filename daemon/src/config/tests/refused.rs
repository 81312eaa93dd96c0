//! Every kind of problem, and how it is told.

use super::*;

#[test]
fn an_unknown_key_is_refused_with_the_one_that_was_meant() {
    insta::assert_snapshot!(report_on("[server]\nlisetn = \"127.0.0.1:0\""), @r#"
    doorman.toml:11:1: unknown key `server.lisetn`: did you mean `listen`?
       |
    11 | lisetn = "127.0.0.1:0"
       | ^^^^^^
    "#);
}

#[test]
fn an_unknown_key_like_no_other_is_answered_with_all_there_are() {
    insta::assert_snapshot!(report_on("[map]\nworkers = 4\n[metrics]\nlisten = \"127.0.0.1:0\""), @"
    doorman.toml:11:1: unknown key `map.workers`: [map] has queue_events, queue_bytes, batch_events
       |
    11 | workers = 4
       | ^^^^^^^

    doorman.toml:12:2: unknown key `metrics`: the sections are server, admin, destinations, environments, sources, store, accept, map, scripts, supervise, log, flood
       |
    12 | [metrics]
       |  ^^^^^^^
    ");
}

#[test]
fn a_wrong_type_is_told_with_the_right_one() {
    let wrong = "[server]\nlisten = 8480\nmax_body_bytes = \"4MB\"\nmax_connections = 1.5\n\
                 [sources.app]\nenvironments = \"production\"\n[log]\nlevel = true\n";
    insta::assert_snapshot!(report_on(wrong), @r#"
    doorman.toml:11:10: `server.listen` must be a string, found an integer
       |
    11 | listen = 8480
       |          ^^^^

    doorman.toml:12:18: `server.max_body_bytes` must be a whole number of bytes, as in 4_194_304, found a string
       |
    12 | max_body_bytes = "4MB"
       |                  ^^^^^

    doorman.toml:13:19: `server.max_connections` must be a whole number, found a decimal number
       |
    13 | max_connections = 1.5
       |                   ^^^

    doorman.toml:15:16: `sources.app.environments` must be a list of strings, as in ["one", "two"], found a string
       |
    15 | environments = "production"
       |                ^^^^^^^^^^^^

    doorman.toml:17:9: `log.level` must be a string, found a boolean
       |
    17 | level = true
       |         ^^^^
    "#);
}

#[test]
fn a_bare_number_is_no_duration() {
    insta::assert_snapshot!(report_on("[store]\ndedup_window = 7\nretention = \"30\"\n"), @r#"
    doorman.toml:11:16: `store.dedup_window` must be a duration with its unit (ms, s, m, h, d), as in "7d", found an integer
       |
    11 | dedup_window = 7
       |                ^

    doorman.toml:12:13: `store.retention`: `30` is not a duration: write a whole number and a unit (ms, s, m, h, d), as in "30s"
       |
    12 | retention = "30"
       |             ^^^^
    "#);
}

#[test]
fn numbers_and_durations_have_their_ranges() {
    let wrong = "[accept]\nqueue_events = 0\nmax_batch_events = -1\nsync_idle = \"2h\"\n\
                 [store]\ndedup_window = \"10m\"\n[map]\nbatch_events = 99999999999999999999\n";
    insta::assert_snapshot!(report_on(wrong), @r#"
    doorman.toml:11:16: `accept.queue_events` must be from 1 to 1_000_000, found 0
       |
    11 | queue_events = 0
       |                ^

    doorman.toml:12:20: `accept.max_batch_events` must be from 1 to 16_384, found -1
       |
    12 | max_batch_events = -1
       |                    ^^

    doorman.toml:13:13: `accept.sync_idle` must be from 1ms to 1m, found 2h
       |
    13 | sync_idle = "2h"
       |             ^^^^

    doorman.toml:15:16: `store.dedup_window` must be from 1h to 3650d, found 10m
       |
    15 | dedup_window = "10m"
       |                ^^^^^

    doorman.toml:17:16: `map.batch_events` must be a whole number, found a number that is too large
       |
    17 | batch_events = 99999999999999999999
       |                ^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn a_word_that_is_none_of_the_choices_is_told_what_they_are() {
    let wrong = "[store]\ndedup_scope = \"user\"\n[scripts]\nreload = \"Auto\"\n[sources.app]\n\
                 format = \"segment\"\nenvironments = [\"production\"]";
    insta::assert_snapshot!(report_on(wrong), @r#"
    doorman.toml:11:15: `store.dedup_scope` must be "event" or "message", found "user"
       |
    11 | dedup_scope = "user"
       |               ^^^^^^

    doorman.toml:13:10: `scripts.reload` must be "auto" or "manual", found "Auto"
       |
    13 | reload = "Auto"
       |          ^^^^^^

    doorman.toml:15:10: `sources.app.format` must be "track", found "segment"
       |
    15 | format = "segment"
       |          ^^^^^^^^^
    "#);
}

#[test]
fn addresses_and_urls_have_their_form() {
    let wrong = "[server]\nlisten = \"8480\"\npublic_url = \"doorman.example.com\"";
    insta::assert_snapshot!(report_on(wrong), @r#"
    doorman.toml:11:10: `server.listen` must be "host:port", as in "127.0.0.1:8480", found "8480"
       |
    11 | listen = "8480"
       |          ^^^^^^

    doorman.toml:12:14: `server.public_url` must be an http or https URL without user, query and fragment, as in "https://doorman.example.com"
       |
    12 | public_url = "doorman.example.com"
       |              ^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn names_are_plain_and_some_are_reserved() {
    let source = |name: &str| format!("[sources.{name}]\nenvironments = [\"production\"]\n");
    let wrong = [source("lib"), source("\"Web Shop\""), source("-x"), source(&"x".repeat(65))].concat();
    insta::assert_snapshot!(report_on(&wrong), @r#"
    doorman.toml:10:10: the name `lib` is reserved for a folder of scripts: choose another
       |
    10 | [sources.lib]
       |          ^^^

    doorman.toml:12:10: the name `Web Shop` is not allowed: use a-z, 0-9, `-` and `_`, with a letter or digit first
       |
    12 | [sources."Web Shop"]
       |          ^^^^^^^^^^

    doorman.toml:14:10: the name `-x` is not allowed: use a-z, 0-9, `-` and `_`, with a letter or digit first
       |
    14 | [sources.-x]
       |          ^^

    doorman.toml:16:10: the name is too long: 64 characters at most
       |
    16 | [sources.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx]
       |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn what_a_key_names_must_be_configured() {
    let wrong = "[environments.staging]\nworkflows = \"outt\"\n[environments.test]\nworkflows = \"knock\"\n\
                 [sources.app]\nenvironments = [\"prodction\", \"eu\", \"staging\", \"staging\"]";
    insta::assert_snapshot!(report_on(wrong), @r#"
    doorman.toml:11:13: `environments.staging.workflows` names `outt`, which is not configured: did you mean `out`?
       |
    11 | workflows = "outt"
       |             ^^^^^^

    doorman.toml:13:13: `environments.test.workflows` names `knock`, which is not configured: add [destinations.knock], or name another
       |
    13 | workflows = "knock"
       |             ^^^^^^^

    doorman.toml:15:17: `sources.app.environments` names `prodction`, which is not configured: did you mean `production`?
       |
    15 | environments = ["prodction", "eu", "staging", "staging"]
       |                 ^^^^^^^^^^^

    doorman.toml:15:30: `sources.app.environments` names `eu`, which is not configured: add [environments.eu], or name another
       |
    15 | environments = ["prodction", "eu", "staging", "staging"]
       |                              ^^^^

    doorman.toml:15:47: `sources.app.environments` names `staging` twice
       |
    15 | environments = ["prodction", "eu", "staging", "staging"]
       |                                               ^^^^^^^^^
    "#);
}

#[test]
fn what_must_be_there_is_asked_for() {
    let wrong = "[environments.staging]\n[sources.app]\n[sources.web]\nenvironments = []\n\
                 [destinations.hook]\nurl = \"x\"";
    insta::assert_snapshot!(report_on(wrong), @r#"
    doorman.toml:10:15: `environments.staging.workflows` is missing: name the destination that workflow actions go to, as in workflows = "stdout"
       |
    10 | [environments.staging]
       |               ^^^^^^^

    doorman.toml:11:10: `sources.app.environments` is missing: list the environments that it sends to, as in environments = ["production"]
       |
    11 | [sources.app]
       |          ^^^

    doorman.toml:13:16: `sources.web.environments` is empty: list the environments that it sends to, as in environments = ["production"]
       |
    13 | environments = []
       |                ^^

    doorman.toml:14:15: `destinations.hook.plugin` is missing: name the plugin that delivers to it, as in plugin = "webhook"
       |
    14 | [destinations.hook]
       |               ^^^^
    "#);
}

#[test]
fn an_empty_file_is_told_all_that_it_lacks() {
    insta::assert_snapshot!(report(""), @r#"
    doorman.toml:1:1: `admin.token` is missing: name where the token is, as in token = "file:/etc/doorman/admin-token" (or "env:NAME", or "credential:name")

    doorman.toml:1:1: no environment is configured: add one, as in [environments.production] with workflows = "<destination>"

    doorman.toml:1:1: no source is configured: add one, as in [sources.storefront] with environments = ["production"]
    "#);
}

#[test]
fn a_route_leads_to_a_destination_or_is_false() {
    let wrong = "[environments.production.routes]\npager = \"uot\"\naudit = true\nlist = 5\nfine = false\n\
                 quoted = \"false\"\n\"Not A Name\" = \"out\"\n[destinations.recorded]\nplugin = \"stdout\"\n\
                 [environments.test]\nworkflows = \"pager\"";
    insta::assert_snapshot!(report_on(wrong), @r#"
    doorman.toml:11:9: `environments.production.routes.pager` names `uot`, which is not configured: did you mean `out`?
       |
    11 | pager = "uot"
       |         ^^^^^

    doorman.toml:12:9: `environments.production.routes.audit` names a destination, or is false (only record): true says nothing
       |
    12 | audit = true
       |         ^^^^

    doorman.toml:13:8: `environments.production.routes.list` must be the name of a destination, or false (only record), found an integer
       |
    13 | list = 5
       |        ^

    doorman.toml:15:10: `environments.production.routes.quoted`: to only record what goes there, write false without quotation marks
       |
    15 | quoted = "false"
       |          ^^^^^^^

    doorman.toml:16:1: the name `Not A Name` is not allowed: use a-z, 0-9, `-` and `_`, with a letter or digit first
       |
    16 | "Not A Name" = "out"
       | ^^^^^^^^^^^^

    doorman.toml:17:15: the name `recorded` is reserved for what routes that are false only record: choose another
       |
    17 | [destinations.recorded]
       |               ^^^^^^^^

    doorman.toml:20:13: `environments.test.workflows` names `pager`, which is not configured: add [destinations.pager], or name another
       |
    20 | workflows = "pager"
       |             ^^^^^^^
    "#);
}

#[test]
fn an_unknown_preset_is_told_which_there_are() {
    insta::assert_snapshot!(report_on("[destinations.out.retry]\npreset = \"forever\""), @r#"
    doorman.toml:11:10: `destinations.out.retry.preset` must be "default" or "brief" or "standard-webhooks", found "forever"
       |
    11 | preset = "forever"
       |          ^^^^^^^^^
    "#);
}

#[test]
fn limits_that_contradict_each_other_are_refused() {
    let wrong =
        "[server]\nmax_in_flight_bytes = 1_024\n[destinations.out.retry]\nbase = \"1m\"\ncap = \"1s\"";
    insta::assert_snapshot!(report_on(wrong), @r#"
    doorman.toml:11:23: `server.max_in_flight_bytes` must be at least `server.max_body_bytes`: the largest body could never be read
       |
    11 | max_in_flight_bytes = 1_024
       |                       ^^^^^

    doorman.toml:14:7: `destinations.out.retry.cap` must be at least `destinations.out.retry.base`
       |
    14 | cap = "1s"
       |       ^^^^
    "#);
}

#[test]
fn the_admin_listener_is_neither_open_to_all_nor_that_of_events() {
    let open = LEAST.replace("auth", "listen = \"0.0.0.0:8481\"\nauth");
    insta::assert_snapshot!(report(&open), @r#"
    doorman.toml:4:8: `admin.auth` may be "none" only on a loopback address or a unix socket: anybody who reaches it could read every event
      |
    4 | auth = "none"
      |        ^^^^^^
    "#);
    let same = LEAST.replace("auth", "listen = \"127.0.0.1:8480\"\nauth");
    insta::assert_snapshot!(report(&same), @r#"
    doorman.toml:3:10: `admin.listen` and `server.listen` are both 127.0.0.1:8480: give each its own port
      |
    3 | listen = "127.0.0.1:8480"
      |          ^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn carets_stand_under_what_is_meant_also_behind_tabs_and_other_letters() {
    insta::assert_snapshot!(report_on("[log]\n\t\tlevel = \"größe\" # ß"), @r#"
    doorman.toml:11:11: `log.level` must be "error" or "warn" or "info" or "debug" or "trace", found "größe"
       |
    11 |   level = "größe" # ß
       |           ^^^^^^^
    "#);
}
