//! `doorman send`.

use super::*;

fn args(line: &[&str]) -> SendArgs {
    let line = ["doorman", "send", "demo", "order.created"].iter().chain(line);
    match Cli::try_parse_from(line).unwrap().command {
        Command::Send(args) => args,
        other => panic!("{other:?}"),
    }
}

fn body(line: &[&str], stdin: &str) -> Result<String, CliError> {
    send::body(&args(line), &mut stdin.as_bytes()).map(|body| String::from_utf8(body).unwrap())
}

/// An endpoint that answers one request with this, and the URL it has.
async fn endpoint(answer: String) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/integrations/receive/s3cret-token", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = String::new();
        while !request.ends_with("\"m-1\"}") {
            let mut part = [0; 1_024];
            let read = stream.read(&mut part).await.unwrap();
            request.push_str(std::str::from_utf8(&part[..read]).unwrap());
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        request
    });
    (url, served)
}

async fn send(url: &str, line: &[&str]) -> (String, Result<Exit, CliError>) {
    let client = AdminClient::new(start().await, None);
    let mut out = Vec::new();
    let mut screen = Screen::new(&mut out, Output::Text, false);
    let args = args(&[line, &["--message-id", "m-1"]].concat());
    let result = send::run(&client, url, &args, &mut std::io::empty(), &mut screen).await;
    (String::from_utf8(out).unwrap(), result)
}

fn accepted(id: &str, more: &str) -> String {
    format!("HTTP/1.1 204 No Content\r\nX-Doorman-Event: {id}\r\n{more}\r\n")
}

#[test]
fn the_body_has_what_was_given_and_numbers_as_they_were_typed() {
    let line = [
        "--data",
        r#" {"total": 12.50, "big": 123456789012345678901}"#,
        "--user",
        "u1",
        "--message-id",
        "m-1",
    ];
    let expected = concat!(
        r#"{"type":"track","event":"order.created","properties":{"total": 12.50, "big": 123456789012345678901},"#,
        r#""userId":"u1","messageId":"m-1"}"#
    );
    assert_eq!(body(&line, "").unwrap(), expected);
    assert_eq!(body(&[], "").unwrap(), r#"{"type":"track","event":"order.created"}"#);
}

#[test]
fn data_comes_from_a_file_or_standard_input() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "{\"a\":1}\n").unwrap();
    let expected = r#"{"type":"track","event":"order.created","properties":{"a":1}}"#;
    assert_eq!(body(&["--data", &format!("@{}", file.path().display())], "").unwrap(), expected);
    assert_eq!(body(&["--data", "@-"], "{\"a\":1}\n").unwrap(), expected);
}

#[test]
fn data_that_is_no_object_or_not_there_is_refused() {
    for (data, exit) in
        [("{", Exit::Data), ("[1]", Exit::Data), ("7", Exit::Data), ("@/no/such/file", Exit::NoInput)]
    {
        assert_eq!(body(&["--data", data], "").unwrap_err().exit(), exit, "{data}");
    }
}

#[tokio::test]
async fn an_accepted_event_is_told_by_its_id() {
    let (url, served) = endpoint(accepted("01a20d0d", "")).await;
    let (text, result) = send(&url, &[]).await;
    assert_eq!((text.as_str(), result.unwrap()), ("accepted 01a20d0d\n", Exit::Ok));
    assert!(served.await.unwrap().starts_with("POST /integrations/receive/s3cret-token HTTP/1.1\r\n"));
}

#[tokio::test]
async fn a_duplicate_is_told_as_one() {
    let (url, _served) = endpoint(accepted("01a20d0d", "X-Doorman-Duplicate: true\r\n")).await;
    assert_eq!(send(&url, &[]).await.0, "duplicate of 01a20d0d: nothing new was accepted\n");
}

#[tokio::test]
async fn waiting_shows_the_timeline_and_a_dead_event_fails() {
    for (id, status, exit) in [
        ("01a20d0d-ae4b-7555-9555-000000000001", "delivered", Exit::Ok),
        ("01a20d0d-b233-7555-9555-000000000002", "dropped", Exit::Ok),
        ("01a20d0d-b61b-7555-9555-000000000003", "dead", Exit::Failed),
        ("01a20d0d-c1d3-7555-9555-000000000006", "pending", Exit::TempFail),
    ] {
        let (url, _served) = endpoint(accepted(id, "")).await;
        let (text, result) = send(&url, &["--wait"]).await;
        assert!(text.starts_with(&format!("accepted {id}\nevent {id}")), "{text}");
        assert!(text.lines().nth(1).unwrap().ends_with(status), "{text}");
        assert_eq!(result.unwrap(), exit);
    }
}

#[tokio::test]
async fn a_refused_event_shows_every_wrong_field() {
    let problem = r#"{"status":422,"code":"invalid_event","message":"it is wrong","errors":[{"field":"event","message":"empty"}]}"#;
    let head = format!("HTTP/1.1 422 Unprocessable Content\r\nContent-Length: {}\r\n\r\n", problem.len());
    let (url, _served) = endpoint(format!("{head}{problem}")).await;
    let error = send(&url, &[]).await.1.unwrap_err();
    assert_eq!(error.to_string(), "it is wrong\n  event: empty");
    assert_eq!(error.exit(), Exit::Data);
}

#[tokio::test]
async fn no_error_shows_the_endpoint_s_token() {
    let (strange, _served) = endpoint("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned()).await;
    let (broken, _served) = endpoint("nonsense\r\n\r\n".to_owned()).await;
    let gone = "http://127.0.0.1:1/integrations/receive/s3cret-token".to_owned();
    let secure = "https://127.0.0.1:1/integrations/receive/s3cret-token".to_owned();
    for url in [strange, broken, gone, secure, "s3cret-token".to_owned()] {
        let error = send(&url, &[]).await.1.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
}

#[test]
fn a_refusal_without_fields_is_its_message() {
    let refusal = Refusal { status: 404, message: "no such\u{1b} endpoint".to_owned(), ..Refusal::default() };
    assert_eq!(CliError::Refused(refusal).to_string(), "no such\\u{1b} endpoint");
}
