//! The secrets that a destination's configuration lists: filled in right before an attempt, and kept out of what is told
//! of it afterwards.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use doorman_plugin::{Delivery, Outcome, Report, Secret, mask, secret_mark};
use serde_json::value::RawValue;

/// The secrets of one destination.
#[derive(Clone, Default)]
pub struct ListedSecrets {
    by_name: BTreeMap<String, Secret>,
    seen: mask::Secrets,
}

impl ListedSecrets {
    /// Secrets by the names that scripts know them by.
    pub fn new(by_name: BTreeMap<String, Secret>) -> Self {
        let mut seen = mask::Secrets::default();
        by_name.values().for_each(|secret| seen.add(secret.expose()));
        Self { by_name, seen }
    }

    /// What is not to be seen of them.
    pub fn seen(&self) -> &mask::Secrets {
        &self.seen
    }

    /// The delivery as the plugin is given it. Where it asks for a secret that is not listed, that is the end of it; unless
    /// the plugin `shows_marks`: then none is filled in.
    pub fn fill<'d>(&self, delivery: &'d Delivery, shows_marks: bool) -> Result<Cow<'d, Delivery>, Report> {
        let content = delivery.content.get();
        if !content.contains(secret_mark::BEGIN) {
            return Ok(Cow::Borrowed(delivery));
        }
        let find = |name: &str| self.by_name.get(name).map(Secret::expose);
        let filled = match secret_mark::filled(content, find) {
            Ok(filled) => filled,
            Err(_) if shows_marks => return Ok(Cow::Borrowed(delivery)),
            Err(name) => return Err(not_listed(delivery, &name)),
        };
        let content = RawValue::from_string(filled).map_err(|_| {
            // Marks stand where strings may, and strings are put in their places.
            Report::rejected("the action's content is not JSON once its secrets are filled in")
        })?;
        Ok(Cow::Owned(Delivery { content: Arc::from(content), ..delivery.clone() }))
    }

    /// The report without the secrets that the destination, or the plugin, repeats.
    pub fn masked(&self, report: Report) -> Report {
        if self.by_name.is_empty() {
            return report;
        }
        let mask = |text: String| self.seen.masked_and_cut(&text);
        let outcome = match report.outcome {
            Outcome::Delivered => Outcome::Delivered,
            Outcome::Retry { reason, after } => Outcome::Retry { reason: mask(reason), after },
            Outcome::Rejected { reason } => Outcome::Rejected { reason: mask(reason) },
            Outcome::Forbidden { reason } => Outcome::Forbidden { reason: mask(reason) },
            Outcome::Broken { reason } => Outcome::Broken { reason: mask(reason) },
        };
        let Report { status, answer, receipt, .. } = report;
        Report { outcome, status, answer: answer.map(mask), receipt: receipt.map(mask) }
    }
}

fn not_listed(delivery: &Delivery, name: &str) -> Report {
    let Delivery { destination, .. } = delivery;
    let name = name.escape_debug();
    Report::rejected(format!(
        "it asks for secret(\"{name}\"), which the destination `{destination}` does not list: add {name} = \
         \"env:...\" (or \"file:...\", \"credential:...\") to [destinations.{destination}.secrets] of the configuration"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::delivery;

    const CONTENT: &str = r#"{"key":"\u0024secret:api_key","said":"$secret:api_key"}"#;

    fn secret(value: &str) -> Secret {
        let path = std::env::temp_dir().join(format!("doorman-listed-{}-{value:.4}", std::process::id()));
        std::fs::write(&path, value).unwrap();
        let secret = Secret::resolve(&format!("file:{}", path.display())).unwrap();
        std::fs::remove_file(&path).unwrap();
        secret
    }

    fn listing(value: &str) -> ListedSecrets {
        ListedSecrets::new(BTreeMap::from([("api_key".to_owned(), secret(value))]))
    }

    fn with_content(content: &str) -> Delivery {
        let content = RawValue::from_string(content.to_owned()).map(Arc::from).unwrap();
        Delivery { content, ..delivery(1) }
    }

    #[test]
    fn a_mark_becomes_the_secret_and_what_a_sender_wrote_does_not() {
        let filled = with_content(CONTENT);
        let filled = listing("s3cret").fill(&filled, false).unwrap().into_owned();
        assert_eq!(filled.content.get(), r#"{"key":"s3cret","said":"$secret:api_key"}"#);
    }

    #[test]
    fn a_secret_that_is_not_listed_ends_the_delivery_and_says_what_to_add() {
        let report = ListedSecrets::default().fill(&with_content(CONTENT), false).unwrap_err();
        let Outcome::Rejected { reason } = report.outcome else { panic!("{report:?}") };
        assert!(reason.contains("add api_key = \"env:...\""), "{reason}");
        assert!(reason.contains("to [destinations.sink.secrets]"), "{reason}");
    }

    #[test]
    fn one_that_only_shows_is_given_the_marks_as_they_are() {
        let shown = with_content(CONTENT);
        let shown = ListedSecrets::default().fill(&shown, true).unwrap();
        assert_eq!(shown.content.get(), CONTENT);
    }

    #[test]
    fn what_is_told_of_an_attempt_has_no_secret_in_it() {
        let answer = br#"{"bad":"canary\n\u00e9","said":"cana"#;
        let report = Report::retry("canary\né is wrong").with_answer(400, answer).with_receipt("canary\né");
        let told = format!("{:?}", listing("canary\né").masked(report));
        assert!(!told.contains("cana") && told.contains("is wrong") && told.contains("bad"), "{told}");
    }
}
