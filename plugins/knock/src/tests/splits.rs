//! Lists that are longer than one call takes.

use std::time::Instant;

use super::*;
use crate::call::limited_list;

/// A subscription of so many users.
fn subscribe(count: usize) -> Delivery {
    let team = json!({"collection": "teams", "id": "t1"});
    delivery(ActionKind::Subscribe, &with(team, "recipients", count, |n| json!(format!("u{n}"))))
}

/// The content of an action with a list of so many items.
fn with(mut content: Value, list: &str, count: usize, item: fn(usize) -> Value) -> String {
    content[list] = (1..=count).map(item).collect();
    content.to_string()
}

/// Every action with a long list.
pub fn long() -> [(ActionKind, String); 4] {
    let user = |n| json!({"id": format!("u{n}"), "name": "Ann"});
    let member = |n| json!({"user": {"id": format!("u{n}")}});
    let (team, beta) = (json!({"collection": "teams", "id": "t1"}), json!({"audience": "beta"}));
    let create = json!({"audience": "beta", "create": true});
    [
        (ActionKind::Subscribe, with(team.clone(), "recipients", 250, user)),
        (ActionKind::Unsubscribe, with(team, "recipients", 201, user)),
        (ActionKind::AddToAudience, with(create, "members", 2_001, member)),
        (ActionKind::RemoveFromAudience, with(beta, "members", 1_001, member)),
    ]
}

#[tokio::test]
async fn a_long_list_is_sent_in_parts_each_with_a_key_of_its_own() {
    let (server, address) = Server::start([]).await;
    let mut lines = Vec::new();
    for (kind, content) in long() {
        let report = act(address, kind, &content).await;
        assert_eq!(report.outcome, Outcome::Delivered, "{report:?}");
        for request in server.take_requests() {
            contract::check(&request).unwrap();
            let body: Value = serde_json::from_str(&request.body).unwrap();
            let (list, items) = body.as_object().unwrap().iter().next().unwrap();
            let key = request.headers["idempotency-key"].to_str().unwrap();
            let count = items.as_array().unwrap().len();
            lines.push(format!("{} {} {count} {list}, {key}", request.method, request.target));
        }
        lines.push(report.answer.unwrap());
    }
    insta::assert_snapshot!(lines.join("\n"), @r"
    POST /v1/objects/teams/t1/subscriptions 100 recipients, key-1
    POST /v1/objects/teams/t1/subscriptions 100 recipients, key-1-part-2
    POST /v1/objects/teams/t1/subscriptions 50 recipients, key-1-part-3
    sent in 3 parts
    DELETE /v1/objects/teams/t1/subscriptions 100 recipients, key-1
    DELETE /v1/objects/teams/t1/subscriptions 100 recipients, key-1-part-2
    DELETE /v1/objects/teams/t1/subscriptions 1 recipients, key-1-part-3
    sent in 3 parts
    POST /v1/audiences/beta/members?create_audience=true 1000 members, key-1
    POST /v1/audiences/beta/members?create_audience=true 1000 members, key-1-part-2
    POST /v1/audiences/beta/members?create_audience=true 1 members, key-1-part-3
    sent in 3 parts
    DELETE /v1/audiences/beta/members 1000 members, key-1
    DELETE /v1/audiences/beta/members 1 members, key-1-part-2
    sent in 2 parts
    ");
}

#[tokio::test]
async fn every_recipient_is_in_one_part_and_what_else_there_is_in_all() {
    let (server, address) = Server::start([]).await;
    let content = subscribe(205).content.get().replacen('{', r#"{"properties":{"n":1.50},"#, 1);
    act(address, ActionKind::Subscribe, &content).await;
    let mut all = Vec::new();
    for request in server.take_requests() {
        assert!(request.body.starts_with(r#"{"properties":{"n":1.50},"recipients":["u"#), "{}", request.body);
        let body: Value = serde_json::from_str(&request.body).unwrap();
        all.extend(body["recipients"].as_array().unwrap().clone());
    }
    let expected: Vec<Value> = (1..=205).map(|n| json!(format!("u{n}"))).collect();
    assert_eq!(all, expected);
}

/// What scripts make of `subscribe` and the like: the examples of the language's reference, which are what it gives.
const REFERENCE: &str = include_str!("../../../../scripts/reference.md");

/// The actions of the reference whose lists are sent in parts.
fn shown() -> Vec<(ActionKind, Value)> {
    let contents = REFERENCE.lines().filter_map(|line| line.rsplit_once("// -> ")?.1.split_once(' '));
    let found = contents.filter_map(|(name, content)| {
        let kind = ActionKind::ALL.into_iter().find(|kind| kind.as_str() == name)?;
        limited_list(kind).map(|_| (kind, serde_json::from_str(content).unwrap()))
    });
    found.collect()
}

#[tokio::test]
async fn whatever_scripts_make_long_arrives_whole_in_calls_that_knock_takes() {
    let (server, address) = Server::start([]).await;
    let all = shown();
    assert!(long().iter().all(|(kind, _)| all.iter().any(|(shown, _)| shown == kind)), "{all:?}");
    for (kind, mut content) in all {
        let (list, max) = limited_list(kind).unwrap();
        let items = content[list].as_array().unwrap().clone();
        content[list] = items.iter().cycle().take(2 * max + 1).cloned().collect();
        assert_eq!(act(address, kind, &content.to_string()).await.outcome, Outcome::Delivered, "{kind}");
        let requests = server.take_requests();
        let counts = requests.iter().map(|request| {
            contract::check(request).unwrap();
            let body: Value = serde_json::from_str(&request.body).unwrap();
            assert_eq!(body.get("properties"), content.get("properties"), "{kind}");
            body[list].as_array().unwrap().len()
        });
        assert_eq!(counts.collect::<Vec<_>>(), [max, max, 1], "{kind}");
    }
}

#[tokio::test]
async fn a_list_that_one_call_takes_is_one_call_with_its_own_answer() {
    let (server, address) = Server::start([answer(200, &[], "[]")]).await;
    let report = plugin(address).deliver(&subscribe(100)).await;
    assert_eq!((keys(&server), report.answer.as_deref()), (vec!["key-1".to_owned()], Some("[]")));
}

#[tokio::test]
async fn a_part_that_fails_is_named_and_the_next_attempt_begins_with_it() {
    let answers = [answer(200, &[], "[]"), answer(503, &[("Retry-After", "7")], "")];
    let (server, address) = Server::start(answers).await;
    let plugin = plugin(address);
    let report = plugin.deliver(&subscribe(250)).await;
    let Outcome::Retry { reason, after } = &report.outcome else { panic!("{report:?}") };
    assert_eq!(reason, "part 2 of 3: Knock answered 503 Service Unavailable");
    assert_eq!((after.unwrap().as_secs(), report.status), (7, Some(503)));
    assert_eq!(keys(&server), ["key-1", "key-1-part-2"]);

    let other = Delivery { idempotency_key: "key-2".into(), ..subscribe(101) };
    plugin.deliver(&other).await;
    assert_eq!(keys(&server), ["key-2", "key-2-part-2"], "another delivery is none of its parts");

    let report = plugin.deliver(&subscribe(250)).await;
    assert_eq!(report.answer.as_deref(), Some("sent in 3 parts, 1 of them by an earlier attempt"));
    assert_eq!(keys(&server), ["key-1-part-2", "key-1-part-3"]);

    plugin.deliver(&subscribe(250)).await;
    assert_eq!(keys(&server).len(), 3, "once it is delivered, whoever wants it again wants all of it");
}

#[tokio::test]
async fn a_rejected_part_is_a_dead_letter_that_says_which() {
    let body = r#"{"code":"invalid_params","message":"Invalid"}"#;
    let (server, address) = Server::start([answer(200, &[], "[]"), answer(422, &[], body)]).await;
    let report = plugin(address).deliver(&subscribe(250)).await;
    assert_eq!(rejected(&report), "part 2 of 3: Knock answered 422 invalid_params: Invalid");
    assert_eq!(keys(&server).len(), 2);
}

#[tokio::test]
async fn the_deadline_is_for_all_parts_and_those_that_were_answered_count() {
    let (server, address) = Server::start([answer(200, &[], "[]"), Answer::Hang]).await;
    let plugin = plugin(address);
    let delivery = subscribe(250);
    let begun = dropped_behind(2, &*plugin, &delivery, &server).await;
    assert_eq!(begun, ["key-1", "key-1-part-2"]);
    assert_eq!(plugin.deliver(&delivery).await.outcome, Outcome::Delivered);
    assert_eq!(keys(&server), ["key-1-part-2", "key-1-part-3"]);
}

#[tokio::test]
async fn without_a_memory_each_attempt_begins_with_the_first_part() {
    let (server, address) = Server::start([answer(200, &[], "[]"), answer(503, &[], "")]).await;
    let plugin = built(json!({"base_url": format!("http://{address}"), "remembered_splits": 0}));
    plugin.deliver(&subscribe(150)).await;
    plugin.deliver(&subscribe(150)).await;
    assert_eq!(keys(&server), ["key-1", "key-1-part-2", "key-1", "key-1-part-2"]);
}

#[tokio::test]
async fn the_parts_keep_to_the_rate() {
    let (_server, address) = Server::start([]).await;
    let plugin = built(json!({"base_url": format!("http://{address}"), "upserts_per_s": 20}));
    let begun = Instant::now();
    plugin.deliver(&subscribe(300)).await;
    assert!(begun.elapsed() >= Duration::from_millis(100), "three calls at 20 a second");
}

#[tokio::test]
async fn nothing_is_sent_of_a_list_whose_last_part_has_no_key() {
    let (server, address) = Server::start([]).await;
    let long = Delivery { idempotency_key: "k".repeat(250).into(), ..subscribe(101) };
    assert!(rejected(&plugin(address).deliver(&long).await).contains("idempotency key"));
    assert!(server.take_requests().is_empty());
}
