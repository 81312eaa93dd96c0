//! What Knock says to a request.
//!
//! ```json
//! {"workflow_run_id": "<uuid>"}
//! {"code", "message", "status", "type", "errors": [{"field", "message", "type"}]}
//! ```

use doorman_plugin::{ActionKind, Outcome, Report};
use doorman_plugin_http::statuses::Meaning;
use doorman_plugin_http::{Answer, Secrets};
use hyper::StatusCode;
use serde_json::Value;

/// How many of the errors of one answer are named.
const ERRORS_NAMED: usize = 5;

/// How much of each text of an answer is shown.
const TEXT_CHARS: usize = 300;

/// The report of the answer to an action: the run's id is the receipt, and Knock's own words are the reason.
pub fn report(answer: &Answer, secrets: &Secrets, kind: ActionKind) -> Report {
    let said = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    if answer.meaning == Meaning::Delivered {
        let report = answer.report("");
        return match said["workflow_run_id"].as_str() {
            Some(run) => report.with_receipt(secrets.masked(&one_line(run))),
            None => report,
        };
    }
    // The body was masked as it came: once more as it is read.
    let reason = secrets.masked(&reason(answer.status, &said));
    if is_gone(answer, &said, kind) {
        let text = format!("it is gone already: {reason}");
        return Report::delivered().with_answer(answer.status.as_u16(), text.as_bytes());
    }
    answer.report(reason)
}

/// Whether Knock says to a delete that there is nothing to delete, as it does when the delete is tried again. A 404 in other
/// words than Knock's comes from somebody else, at an address that is not the API's; and the configuration's word comes first.
fn is_gone(answer: &Answer, said: &Value, kind: ActionKind) -> bool {
    let is_delete =
        matches!(kind, ActionKind::DeleteUser | ActionKind::DeleteObject | ActionKind::DeleteTenant);
    let is_usual = answer.status == StatusCode::NOT_FOUND && answer.meaning == Meaning::Rejected;
    is_delete && is_usual && said["code"].is_string()
}

/// The report of the answer to a probe. What was asked for is of no interest.
pub fn of_probe(answer: &Answer, secrets: &Secrets) -> Report {
    let said = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    let report = answer.report(secrets.masked(&reason(answer.status, &said)));
    match report.outcome {
        Outcome::Delivered => Report { answer: None, ..report },
        _ => report,
    }
}

/// The report of a delivery of several parts, of which this one failed.
pub fn of_part(report: Report, part: usize, of: usize) -> Report {
    let within = |reason| format!("part {part} of {of}: {reason}");
    let outcome = match report.outcome {
        Outcome::Delivered => Outcome::Delivered,
        Outcome::Retry { reason, after } => Outcome::Retry { reason: within(reason), after },
        Outcome::Rejected { reason } => Outcome::Rejected { reason: within(reason) },
        Outcome::Forbidden { reason } => Outcome::Forbidden { reason: within(reason) },
        Outcome::Broken { reason } => Outcome::Broken { reason: within(reason) },
    };
    Report { outcome, ..report }
}

/// The report of a delivery of several parts that were all delivered, this one last.
pub fn of_parts(report: Report, of: usize, before: usize) -> Report {
    let earlier = match before {
        0 => String::new(),
        before => format!(", {before} of them by an earlier attempt"),
    };
    let last = report.answer.as_ref().map(|answer| format!("; the last answer: {answer}"));
    let text = format!("sent in {of} parts{earlier}{}", last.unwrap_or_default());
    report.saying(text)
}

/// `Knock answered 422 invalid_params: <message> (<field>: <message>; ...) [<type>]`, with what there is of it.
fn reason(status: StatusCode, said: &Value) -> String {
    let text = |name: &str| said[name].as_str().map(one_line).filter(|text| !text.is_empty());
    // Its idempotency layer says only `error`.
    let message = text("message").or_else(|| text("error"));
    let code = text("code");
    let mut reason = match &code {
        Some(code) => format!("Knock answered {} {code}", status.as_u16()),
        None => format!("Knock answered {status}"),
    };
    if let Some(message) = message {
        reason += &format!(": {message}");
    }
    if let Some(errors) = said["errors"].as_array().filter(|errors| !errors.is_empty()) {
        reason += &format!(" ({})", named(errors));
    }
    if let Some(kind) = text("type") {
        reason += &format!(" [{kind}]");
    }
    reason
}

fn named(errors: &[Value]) -> String {
    let one = |error: &Value| {
        let texts = ["field", "message"].map(|name| error[name].as_str().map(one_line).unwrap_or_default());
        texts.join(": ")
    };
    let mut all: Vec<String> = errors.iter().take(ERRORS_NAMED).map(one).collect();
    if errors.len() > ERRORS_NAMED {
        all.push(format!("and {} more", errors.len() - ERRORS_NAMED));
    }
    all.join("; ")
}

/// A text that goes on one line of a log, cut if it is long.
fn one_line(text: &str) -> String {
    let mut line: String =
        text.chars().take(TEXT_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(TEXT_CHARS).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(status: u16, body: Value) -> String {
        reason(StatusCode::from_u16(status).unwrap(), &body)
    }

    #[test]
    fn all_that_knock_says_is_shown() {
        let body = json!({
            "code": "invalid_params", "status": 422, "type": "invalid_request_error",
            "message": "One or more parameters supplied were invalid",
            "errors": [{"field": "recipients", "message": "is required", "type": "required"}, {"field": "data", "message": "is too large"}],
        });
        let expected = "Knock answered 422 invalid_params: One or more parameters supplied were invalid \
                        (recipients: is required; data: is too large) [invalid_request_error]";
        assert_eq!(said(422, body), expected);
    }

    #[test]
    fn what_is_missing_or_of_another_form_is_left_out() {
        assert_eq!(said(503, Value::Null), "Knock answered 503 Service Unavailable");
        assert_eq!(said(502, json!([1])), "Knock answered 502 Bad Gateway");
        assert_eq!(said(400, json!({"error": "reused key"})), "Knock answered 400 Bad Request: reused key");
        let odd = json!({"code": 5, "message": ["x"], "errors": {"a": 1}, "type": ""});
        assert_eq!(said(422, odd), "Knock answered 422 Unprocessable Entity");
        assert_eq!(said(404, json!({"code": "workflow_missing"})), "Knock answered 404 workflow_missing");
    }

    #[test]
    fn a_reason_is_one_line_of_bounded_length() {
        let errors: Vec<_> = (0..1_000).map(|n| json!({"field": n.to_string(), "message": "x\n"})).collect();
        let said =
            said(422, json!({"code": "c\n\u{1b}[2J", "message": "é".repeat(50_000), "errors": errors}));
        assert!(said.chars().count() < 500 && !said.contains(char::is_control), "{said}");
        assert!(said.contains("é…") && said.ends_with("4: x ; and 995 more)"), "{said}");
    }
}
