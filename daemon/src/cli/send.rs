//! `doorman send`: posts a sample event, and with `--wait` shows what became of it.

use std::io::Read;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode, Uri};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep};

use super::client::{AdminClient, parse, refused};
use super::error::CliError;
use super::exit::Exit;
use super::screen::Screen;
use super::text::safe;
use super::{SendArgs, events, http, timeline};
use crate::admin::view::EventView;

/// How long `--wait` waits.
const WAIT: Duration = Duration::from_secs(30);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(100);

/// What became of a posted event.
#[derive(Debug, Serialize)]
pub struct Posted {
    /// The event's id; of a duplicate, that of the first.
    pub id: String,
    /// Whether its identity had been seen before.
    pub duplicate: bool,
}

/// Posts the event to the endpoint; with `--wait` it needs the client, too. [`Exit::Failed`] when the event ends dead,
/// [`Exit::TempFail`] when it is not done in time.
pub async fn run(
    client: &AdminClient,
    endpoint: &str,
    args: &SendArgs,
    stdin: &mut dyn Read,
    screen: &mut Screen<'_>,
) -> Result<Exit, CliError> {
    let posted = post(endpoint, body(args, stdin)?).await?;
    if args.wait {
        return wait(client, &posted, screen).await;
    }
    if screen.is_json() {
        screen.json(&posted)?;
    } else {
        screen.line(&headline(&posted))?;
    }
    Ok(Exit::Ok)
}

/// The body of the event that the arguments describe.
pub fn body(args: &SendArgs, stdin: &mut dyn Read) -> Result<Vec<u8>, CliError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Track<'a> {
        r#type: &'static str,
        event: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        properties: Option<Box<RawValue>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        user_id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        message_id: Option<&'a str>,
    }
    let track = Track {
        r#type: "track",
        event: &args.event,
        properties: args.data.as_deref().map(|data| properties(data, stdin)).transpose()?,
        user_id: args.user.as_deref(),
        message_id: args.message_id.as_deref(),
    };
    serde_json::to_vec(&track).map_err(|error| CliError::Data(error.to_string()))
}

fn properties(data: &str, stdin: &mut dyn Read) -> Result<Box<RawValue>, CliError> {
    let (origin, text) = match data.strip_prefix('@') {
        None => ("--data", data.to_owned()),
        Some("-") => ("standard input", read("standard input", |text| stdin.read_to_string(text))?),
        Some(path) => (path, read(path, |text| std::fs::File::open(path)?.read_to_string(text))?),
    };
    let value: Box<RawValue> = serde_json::from_str(&text).map_err(|error| {
        CliError::Data(format!(
            "{origin} is not JSON: {error}; expected an object, as in '{{\"orderId\": \"A-1\"}}'"
        ))
    })?;
    if !value.get().starts_with('{') {
        return Err(CliError::Data(format!(
            "{origin} is JSON but not an object: an event's properties are one"
        )));
    }
    Ok(value)
}

fn read(name: &str, read: impl FnOnce(&mut String) -> std::io::Result<usize>) -> Result<String, CliError> {
    let mut text = String::new();
    match read(&mut text) {
        Ok(_) => Ok(text),
        Err(source) => Err(CliError::NoInput { path: name.to_owned(), source }),
    }
}

/// Posts a body to an endpoint. The endpoint's URL is a secret: errors name its host and port only.
pub async fn post(endpoint: &str, body: Vec<u8>) -> Result<Posted, CliError> {
    let unusable =
        || CliError::Usage("an event can be posted to an http:// URL only: see `doorman sources`".to_owned());
    let uri: Uri = endpoint.parse().map_err(|_| unusable())?;
    let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http")).ok_or_else(unusable)?;
    let address = format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(80));
    let request = Request::builder()
        .method(Method::POST)
        .uri(uri.path_and_query().map_or("/", |path| path.as_str()))
        .header(HOST, authority.as_str())
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(|_| unusable())?;
    let reply = http::exchange(&address, request).await?;
    let header = |name: &str| reply.headers.get(name).and_then(|value| value.to_str().ok());
    match (reply.status, header("x-doorman-event")) {
        (StatusCode::NO_CONTENT, Some(id)) => {
            Ok(Posted { id: id.to_owned(), duplicate: header("x-doorman-duplicate") == Some("true") })
        }
        _ => Err(refused(&address, &reply)),
    }
}

fn headline(posted: &Posted) -> String {
    let id = safe(&posted.id);
    match posted.duplicate {
        true => format!("duplicate of {id}: nothing new was accepted"),
        false => format!("accepted {id}"),
    }
}

async fn wait(client: &AdminClient, posted: &Posted, screen: &mut Screen<'_>) -> Result<Exit, CliError> {
    let until = Instant::now() + WAIT;
    let (raw, event) = loop {
        let raw = events::fetch(client, &posted.id).await?;
        let event: EventView = parse(&raw)?;
        if is_settled(&event) || Instant::now() >= until {
            break (raw, event);
        }
        sleep(LOOK).await;
    };
    if screen.is_json() {
        screen.json(&raw)?;
    } else {
        screen.line(&headline(posted))?;
        timeline::write(screen, &event)?;
    }
    Ok(match event.status.as_str() {
        "delivered" | "dropped" => Exit::Ok,
        "dead" => Exit::Failed,
        _ => Exit::TempFail,
    })
}

/// Whether waiting longer shows nothing new: it is done, or held until somebody writes a script.
fn is_settled(event: &EventView) -> bool {
    event.status != "pending" || event.plan.as_ref().is_some_and(|plan| plan.verdict == "held")
}
