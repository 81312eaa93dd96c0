//! What a destination answers.

use doorman_tests::{Reply, Sink};

use super::{Attempted, attempted, state};

/// A destination that answers this, with more keys.
async fn answering(status: u16, keys: &str) -> Attempted {
    let sink = Sink::start().await;
    sink.reply_always(Reply::Status(status, "because"));
    attempted(&sink.destination_with(keys)).await
}

#[tokio::test]
async fn a_2xx_is_delivered() {
    for status in [200, 201, 202, 204, 299] {
        answering(status, "").await.assert("delivered", "");
    }
}

#[tokio::test]
async fn a_redirect_is_dead_and_not_followed() {
    for status in [301, 302, 307, 308] {
        answering(status, "").await.assert("dead", "redirects are not followed");
    }
}

#[tokio::test]
async fn what_a_destination_never_takes_is_dead_at_once_with_its_answer_kept() {
    for status in [400, 404, 405, 410, 413, 422] {
        let attempted = answering(status, "").await;
        let attempt = attempted.assert("dead", &status.to_string());
        assert_eq!((&attempt["status"], &attempt["answer"]), (&status.into(), &"because".into()));
    }
}

#[tokio::test]
async fn what_may_work_later_is_tried_again() {
    for status in [408, 409, 425, 429, 500, 502, 503, 504] {
        answering(status, "").await.assert("retry", &status.to_string());
    }
}

#[tokio::test]
async fn retry_after_is_not_gone_below() {
    let sink = Sink::start().await;
    sink.reply_always(Reply::ComeBack(3_600));
    let attempted = attempted(&sink.destination()).await;
    attempted.assert("retry", "503");
    let delivery = &attempted.event["deliveries"][0];
    let [tried, due] = [&delivery["attempts"][0]["startedAt"], &delivery["retryAt"]]
        .map(|at| chrono_seconds(at.as_str().unwrap_or_else(|| panic!("{delivery:#}"))));
    assert!(due - tried >= 3_600, "{delivery:#}");
}

/// Seconds within a month, of a time as the API writes it.
fn chrono_seconds(at: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| at[range].parse::<i64>().unwrap();
    ((number(8..10) * 24 + number(11..13)) * 60 + number(14..16)) * 60 + number(17..19)
}

#[tokio::test]
async fn a_401_holds_the_destination() {
    let attempted = answering(401, "").await;
    attempted.assert("held", "401");
    assert_eq!(state(&attempted.doorman, "sick").await, "held_auth");
    assert_eq!(state(&attempted.doorman, "well").await, "running");
}

#[tokio::test]
async fn one_403_is_tried_again() {
    let attempted = answering(403, "").await;
    attempted.assert("retry", "403");
    assert_eq!(state(&attempted.doorman, "sick").await, "running");
}

#[tokio::test]
async fn statuses_can_mean_something_else() {
    let statuses = r#"statuses = { 404 = "retry", 410 = "delivered", 418 = "hold", "5xx" = "rejected" }"#;
    for (status, outcome) in [(404, "retry"), (410, "delivered"), (418, "held"), (503, "dead"), (400, "dead")]
    {
        answering(status, statuses).await.assert(outcome, "");
    }
}
