//! One configuration that uses every key, and the one that uses the fewest.

use super::*;

#[test]
fn every_key_is_taken() {
    let file = Written::new(EVERY_KEY);
    let config = Config::load(&file.path(), vars(&[])).ok().unwrap();
    insta::assert_snapshot!(file.without_folder(&config.show()), @r#"
    [server]
    listen = "0.0.0.0:18480"
    public_url = "https://doorman.example.com/in"
    max_body_bytes = 1_024
    max_in_flight_bytes = 65_536
    max_connections = 7
    header_timeout = "1s"
    body_timeout = "2s"
    drain_timeout = "0ms"

    [admin]
    listen = "[::1]:18481"
    auth = "token"
    token = "credential:admin"

    [store]
    path = "data/store"
    dedup_window = "1h"
    dedup_scope = "message"
    retention = "2d"
    dead_retention = "3d"
    trim_every = "4s"
    min_free_bytes = 0
    ballast_bytes = 1_048_576
    write_buffer_bytes = 2_097_152
    cache_bytes = 3_145_728

    [accept]
    max_batch_events = 5
    max_batch_bytes = 2_048
    queue_events = 6
    sync_idle = "7ms"

    [map]
    queue_events = 8
    queue_bytes = 88
    batch_events = 9

    [scripts]
    path = "scripts"
    reload = "manual"
    settle = "10ms"
    poll = "11s"
    deadline = "12ms"
    max_operations = 1_300
    max_memory_bytes = 20_971_520
    max_actions_per_event = 14

    [supervise]
    max_restarts = 22
    window = "23s"
    backoff = "24ms"

    [log]
    format = "text"
    level = "debug"

    [flood]
    add_to_audience_per_min = 38
    cancel_per_min = 29
    delete_object_per_min = 33
    delete_tenant_per_min = 37
    delete_user_per_min = 31
    identify_per_min = 30
    remove_from_audience_per_min = 39
    send_per_min = 40
    set_object_per_min = 32
    set_tenant_per_min = 36
    subscribe_per_min = 34
    trigger_per_min = 28
    unsubscribe_per_min = 35

    [environments.development]
    workflows = "hook"

    [environments.development.routes]
    audit = false
    pagerduty = "out"

    [environments.development.vars]
    "a b" = 'say "hi"'
    limit = 2.5
    nested = { deep = true }
    plans = ["gold", "silver"]
    since = "2024-01-02"

    [environments.production]
    workflows = "out"

    [environments.production.vars]

    [sources.web-shop]
    description = "The shop"
    format = "track"
    environments = ["production", "development"]
    max_events_per_s = 250

    [sources.web-shop.flood]
    send_per_min = 27
    trigger_per_min = 26

    [destinations.hook]
    plugin = "webhook"
    concurrency = 1
    rate_per_s = 15
    timeout = "16s"
    queue_deliveries = 17
    order = "key:properties.order"
    chain_wait = "18s"
    probe_interval = "19s"
    headers = { Authorization = "env:HOOK_AUTH", X-Team = "orders" }
    url = "https://example.com/hook"

    [destinations.hook.secrets]
    PIN = "file:/etc/doorman/pin"
    partner_key = "env:PARTNER_KEY"

    [destinations.hook.retry]
    preset = "brief"
    base = "18ms"
    cap = "19s"
    max_attempts = 20
    max_age = "21d"

    [destinations.hook.breaker]
    enabled = false
    window = "22s"
    min_attempts = 23
    failure_percent = 24
    pause = "25ms"
    max_pause = "26s"

    [destinations.out]
    plugin = "stdout"
    concurrency = 64
    rate_per_s = 0
    timeout = "15s"
    queue_deliveries = 1_024
    order = "none"
    chain_wait = "1m"
    probe_interval = "15s"

    [destinations.out.retry]
    preset = "default"
    base = "1s"
    cap = "1h"
    max_attempts = 12
    max_age = "3d"

    [destinations.out.breaker]
    enabled = true
    window = "30s"
    min_attempts = 20
    failure_percent = 80
    pause = "1s"
    max_pause = "30s"
    "#);
}

#[test]
fn what_is_shown_is_a_configuration_that_shows_the_same() {
    let shown = loaded(EVERY_KEY, &[]).show();
    assert_eq!(loaded(&shown, &[]).show(), shown);
}

#[test]
fn what_is_left_out_has_its_default() {
    let file = Written::new(LEAST);
    let config = Config::load(&file.path(), vars(&[])).ok().unwrap();
    insta::assert_snapshot!(file.without_folder(&config.show()), @r#"
    [server]
    listen = "127.0.0.1:8480"
    public_url = "http://127.0.0.1:8480"
    max_body_bytes = 4_194_304
    max_in_flight_bytes = 134_217_728
    max_connections = 10_000
    header_timeout = "10s"
    body_timeout = "15s"
    drain_timeout = "20s"

    [admin]
    listen = "127.0.0.1:8481"
    auth = "none"

    [store]
    path = "/var/lib/doorman"
    dedup_window = "7d"
    dedup_scope = "event"
    retention = "30d"
    dead_retention = "90d"
    trim_every = "1m"
    min_free_bytes = 536_870_912
    ballast_bytes = 134_217_728
    write_buffer_bytes = 134_217_728
    cache_bytes = 67_108_864

    [accept]
    max_batch_events = 512
    max_batch_bytes = 1_048_576
    queue_events = 4_096
    sync_idle = "1s"

    [map]
    queue_events = 8_192
    queue_bytes = 67_108_864
    batch_events = 256

    [scripts]
    path = "/etc/doorman/scripts"
    reload = "auto"
    settle = "150ms"
    poll = "5s"
    deadline = "30ms"
    max_operations = 1_000_000
    max_memory_bytes = 10_485_760
    max_actions_per_event = 1_000

    [supervise]
    max_restarts = 5
    window = "1m"
    backoff = "10ms"

    [log]
    format = "auto"
    level = "info"

    [flood]
    add_to_audience_per_min = 0
    cancel_per_min = 0
    delete_object_per_min = 1_000
    delete_tenant_per_min = 1_000
    delete_user_per_min = 1_000
    identify_per_min = 0
    remove_from_audience_per_min = 0
    send_per_min = 0
    set_object_per_min = 0
    set_tenant_per_min = 0
    subscribe_per_min = 0
    trigger_per_min = 30_000
    unsubscribe_per_min = 0

    [environments.production]
    workflows = "out"

    [environments.production.vars]

    [sources.shop]
    description = ""
    format = "track"
    environments = ["production"]
    max_events_per_s = 100_000

    [destinations.out]
    plugin = "stdout"
    concurrency = 64
    rate_per_s = 0
    timeout = "15s"
    queue_deliveries = 1_024
    order = "none"
    chain_wait = "1m"
    probe_interval = "15s"

    [destinations.out.retry]
    preset = "default"
    base = "1s"
    cap = "1h"
    max_attempts = 12
    max_age = "3d"

    [destinations.out.breaker]
    enabled = true
    window = "30s"
    min_attempts = 20
    failure_percent = 80
    pause = "1s"
    max_pause = "30s"
    "#);
}
