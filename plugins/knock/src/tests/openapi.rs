//! Knock's own description of its API, where there is a copy of it: in the file that DOORMAN_KNOCK_OPENAPI names, or at
//! `../shared/reference/knock-openapi.yml` from the root of the repository.

use std::path::{Path, PathBuf};

use doorman_plugin::Rate;
use doorman_plugin_testing::Recorded;
use hyper::Method;
use serde_json::Value;
use yaml_rust2::{Yaml, YamlLoader};

use super::requests::ACTIONS;
use super::*;

/// What says nothing about which values are right, and forms of texts, which are not looked at.
const NOT_CHECKED: [&str; 7] =
    ["description", "example", "title", "default", "x-struct", "x-validate", "format"];

/// What is understood.
const CHECKED: [&str; 11] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "enum",
    "items",
    "nullable",
    "oneOf",
    "properties",
    "required",
    "type",
];

/// A description of an API.
struct Spec(Yaml);

impl Spec {
    fn read() -> Option<Self> {
        let named = std::env::var_os("DOORMAN_KNOCK_OPENAPI").map(PathBuf::from);
        let beside =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/knock-openapi.yml");
        let path = named.or_else(|| Some(beside).filter(|path| path.exists()))?;
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Some(Self(YamlLoader::load_from_str(&text).unwrap().remove(0)))
    }

    /// What is wrong with a request, if anything is.
    fn check_request(&self, request: &Recorded) -> Result<(), String> {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let (_, operation) = self.operation(&request.method, path)?;
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let name = parameter.split('=').next();
            let is_this =
                |known: &Yaml| known["in"].as_str() == Some("query") && known["name"].as_str() == name;
            if !operation["parameters"].as_vec().is_some_and(|all| all.iter().any(is_this)) {
                return Err(format!("no parameter {parameter}"));
            }
        }
        let body = &operation["requestBody"];
        if body.is_badvalue() {
            return if request.body.is_empty() { Ok(()) } else { Err(format!("a body: {}", request.body)) };
        }
        let value = serde_json::from_str(&request.body).map_err(|error| error.to_string())?;
        self.check(&body["content"]["application/json"]["schema"], &value, "body")
    }

    /// What the method does at the path, in which no segment of a parameter is empty; and the path as it is described.
    fn operation(&self, method: &Method, path: &str) -> Result<(&str, &Yaml), String> {
        let method = method.as_str().to_lowercase();
        let fits = |template: &str| {
            let (known, given) = (template.split('/'), path.split('/'));
            let fits = |(known, given): (&str, &str)| {
                known == given || (known.starts_with('{') && !given.is_empty())
            };
            known.clone().count() == given.clone().count() && known.zip(given).all(fits)
        };
        let paths = self.0["paths"].as_hash().unwrap();
        let fitting = paths.iter().filter(|(template, _)| fits(template.as_str().unwrap()));
        fitting
            .map(|(template, methods)| (template.as_str().unwrap(), &methods[&*method]))
            .find(|(_, operation)| !operation.is_badvalue())
            .ok_or_else(|| format!("no {method} {path}"))
    }

    /// What is wrong with a value by a schema, if anything is.
    fn check(&self, schema: &Yaml, value: &Value, at: &str) -> Result<(), String> {
        let members = schema.as_hash().unwrap_or_else(|| panic!("{at}: {schema:?} is no schema"));
        let names = members.keys().map(|name| name.as_str().unwrap());
        let names: Vec<&str> = names.filter(|name| !NOT_CHECKED.contains(name)).collect();
        assert!(
            names.iter().all(|name| CHECKED.contains(name)),
            "{at}: {names:?} are more than is understood"
        );
        if let Some(target) = schema["$ref"].as_str() {
            let name = target.strip_prefix("#/components/schemas/").unwrap();
            return self.check(&self.0["components"]["schemas"][name], value, at);
        }
        let nullable = schema["nullable"].as_bool() == Some(true);
        if value.is_null() && nullable {
            return Ok(());
        }
        if names == ["nullable"] {
            return Err(format!("{at}: not null"));
        }
        self.check_type(schema, value, at)?;
        for part in schema["allOf"].as_vec().into_iter().flatten() {
            self.check(part, value, at)?;
        }
        // `oneOf` is meant as `anyOf`: each object recipient is a user recipient with custom properties, too.
        for key in ["anyOf", "oneOf"] {
            let Some(choices) = schema[key].as_vec() else { continue };
            let failures: Vec<_> =
                choices.iter().filter_map(|choice| self.check(choice, value, at).err()).collect();
            if failures.len() == choices.len() {
                return Err(format!("{at}: none of {failures:?}"));
            }
        }
        self.check_within(schema, value, at)
    }

    fn check_type(&self, schema: &Yaml, value: &Value, at: &str) -> Result<(), String> {
        let is_right = match schema["type"].as_str() {
            None => true,
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("boolean") => value.is_boolean(),
            Some(other) => panic!("{at}: type {other}"),
        };
        let allowed = schema["enum"].as_vec();
        let is_allowed = allowed.is_none_or(|all| all.iter().any(|one| one.as_str() == value.as_str()));
        if is_right && is_allowed { Ok(()) } else { Err(format!("{at}: {value}")) }
    }

    fn check_within(&self, schema: &Yaml, value: &Value, at: &str) -> Result<(), String> {
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            if !schema["items"].is_badvalue() {
                self.check(&schema["items"], item, &format!("{at}[{index}]"))?;
            }
        }
        let Some(members) = value.as_object() else { return Ok(()) };
        for required in schema["required"].as_vec().into_iter().flatten().filter_map(Yaml::as_str) {
            if !members.contains_key(required) {
                return Err(format!("{at}: no {required}"));
            }
        }
        for (name, member) in members {
            let (own, others) = (&schema["properties"][name.as_str()], &schema["additionalProperties"]);
            let at = format!("{at}.{name}");
            match (own.is_badvalue(), others) {
                (false, _) => self.check(own, member, &at)?,
                (true, Yaml::Boolean(false)) => return Err(format!("{at}: unknown")),
                (true, Yaml::Hash(_)) => self.check(others, member, &at)?,
                (true, _) => {}
            }
        }
        Ok(())
    }
}

/// A line of the table of what is sent: who sends it, where, how often at most, and what the description says to it.
fn row(spec: &Spec, who: &str, rate: Option<Rate>, requests: &[Recorded]) -> String {
    let wrong = requests.iter().find_map(|request| spec.check_request(request).err());
    let path = requests[0].target.split('?').next().unwrap();
    let (template, operation) = spec.operation(&requests[0].method, path).unwrap();
    let (count, tier) = (requests.len(), operation["x-ratelimit-tier"].as_i64().unwrap());
    if let Some(rate) = rate {
        let expected = [1.0, 5.0, 60.0, 200.0, 1_000.0][tier as usize - 1];
        assert_eq!(rate.per_s, expected, "{who} is of tier {tier}");
    }
    let verdict = wrong.unwrap_or_else(|| "valid".to_owned());
    format!("| {who} | {} | {template} | {tier} | {count} | {verdict} |", requests[0].method)
}

#[tokio::test]
async fn requests_are_what_knock_s_own_description_asks_for() {
    let Some(spec) = Spec::read() else {
        println!("skipped: no copy of Knock's OpenAPI document (DOORMAN_KNOCK_OPENAPI names one)");
        return;
    };
    let (server, address) = Server::start([]).await;
    let long = super::splits::long();
    let long = long.iter().map(|(kind, content)| (*kind, &**content));
    let all: Vec<(ActionKind, &str)> = ACTIONS.into_iter().chain(long).collect();
    let mut table = vec!["| kind | method | path | tier | requests | verdict |".to_owned()];
    for kind in ActionKind::ALL.into_iter().filter(|kind| kind.is_workflow()) {
        for (_, content) in all.iter().filter(|(other, _)| *other == kind) {
            act(address, kind, content).await;
        }
        let rate = plugin(address).rate(&delivery(kind, "{}"));
        table.push(row(&spec, kind.as_str(), rate, &server.take_requests()));
    }
    plugin(address).probe().unwrap().await;
    table.push(row(&spec, "(probe)", None, &server.take_requests()));
    insta::assert_snapshot!(table.join("\n"), @r"
    | kind | method | path | tier | requests | verdict |
    | trigger | POST | /v1/workflows/{key}/trigger | 5 | 5 | valid |
    | identify | PUT | /v1/users/{user_id} | 3 | 2 | valid |
    | delete_user | DELETE | /v1/users/{user_id} | 2 | 1 | valid |
    | set_object | PUT | /v1/objects/{collection}/{id} | 3 | 2 | valid |
    | delete_object | DELETE | /v1/objects/{collection}/{id} | 3 | 1 | valid |
    | subscribe | POST | /v1/objects/{collection}/{object_id}/subscriptions | 3 | 5 | valid |
    | unsubscribe | DELETE | /v1/objects/{collection}/{object_id}/subscriptions | 3 | 5 | valid |
    | set_tenant | PUT | /v1/tenants/{id} | 3 | 1 | valid |
    | delete_tenant | DELETE | /v1/tenants/{id} | 2 | 1 | valid |
    | add_to_audience | POST | /v1/audiences/{key}/members | 3 | 6 | valid |
    | remove_from_audience | DELETE | /v1/audiences/{key}/members | 3 | 3 | valid |
    | cancel | POST | /v1/workflows/{key}/cancel | 5 | 2 | valid |
    | (probe) | GET | /v1/tenants | 4 | 1 | valid |
    ");
}

#[tokio::test]
async fn other_requests_are_not() {
    let Some(spec) = Spec::read() else { return };
    let (server, address) = Server::start([]).await;
    trigger(address, WELCOME).await;
    let headers = server.take_requests().pop().unwrap().headers;
    for (method, target, body) in [
        ("POST", "/v1/workflows/w/trigger", json!({})),
        ("POST", "/v1/workflows/w/trigger", json!([])),
        ("POST", "/v1/workflows/w/trigger", json!({"recipients": "u1"})),
        ("POST", "/v1/workflows/w/trigger", json!({"recipients": [5]})),
        ("POST", "/v1/workflows/w/trigger", json!({"recipients": [{"name": "Ann"}]})),
        ("POST", "/v1/workflows/w/trigger", json!({"recipients": ["u1"], "data": "x"})),
        ("POST", "/v1/workflows/w/trigger", json!({"recipients": ["u1"], "tenant": 5})),
        ("POST", "/v1/workflows/w/trigger", json!({"recipients": ["u1"], "actor": ["u1"]})),
        ("POST", "/v1/workflows/w/trigger", json!({"recipients": ["u1"], "cancellation_key": 5})),
        ("POST", "/v1/workflows/w/trigger", json!({"recipients": [{"id": "u1", "email": 5}]})),
        ("PUT", "/v1/workflows/w/trigger", json!({"recipients": ["u1"]})),
        ("POST", "/v1/workflows//trigger", json!({"recipients": ["u1"]})),
        ("POST", "/v1/workflows/w/cancel", json!({"recipients": ["u1"]})),
        ("POST", "/v1/tenants?page_size=1", json!({})),
        ("PUT", "/v1/users/u1", json!({"email": 5})),
        ("DELETE", "/v1/users/u1", json!({})),
        ("DELETE", "/v1/objects/c/o/subscriptions", json!({"recipients": [5]})),
        ("POST", "/v1/audiences/a/members", json!({"members": ["u1"]})),
        (
            "POST",
            "/v1/audiences/a/members",
            json!({"members": [{"user": {"id": "u1"}, "tenant": {"id": "t"}}]}),
        ),
        ("POST", "/v1/audiences/a/members?create=true", json!({"members": []})),
    ] {
        let (method, target) = (method.parse().unwrap(), target.to_owned());
        let wrong = Recorded { method, target, headers: headers.clone(), body: body.to_string() };
        assert!(spec.check_request(&wrong).is_err(), "{wrong:?}");
    }
}
