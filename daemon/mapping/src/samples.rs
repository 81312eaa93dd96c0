//! Samples: events beside the scripts with what they must lead to.
//!
//! `samples/<source>/NAME.event.json` is an event as it would be posted, `NAME.actions.json` beside it what comes of it.
//! Without the latter, the event must only be mapped without failing.

mod event;
mod outcome;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use doorman_core::mapping::Mapped;

use crate::compare::{Difference, Json, compare};
use crate::error::{Quoted, ScriptError};
use crate::files::Files;
use crate::generation::RhaiGeneration;
use crate::nearest::{did_you_mean, listed};
use crate::world::World;

pub use event::{EventError, Posted};
pub use outcome::outcome;

const EVENT: &str = ".event.json";
const ACTIONS: &str = ".actions.json";

/// What the file of actions can hold.
const MEMBERS: [&str; 3] = ["actions", "dropped", "skipped"];

/// An event with what it must lead to.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Its source.
    pub source: String,
    /// Its name among those of its source.
    pub name: String,
    /// The event.
    pub posted: Posted,
    /// How messages name the file of the event.
    event_file: String,
    expected: Option<Expected>,
}

/// The file of the actions.
#[derive(Clone, Debug)]
struct Expected {
    file: String,
    text: String,
    json: Json,
}

/// All samples of a set of files.
#[derive(Debug, Default)]
pub struct Samples {
    /// Those that can be read, by source and name.
    pub samples: Vec<Sample>,
    /// What is wrong with the others.
    pub errors: Vec<ScriptError>,
    /// What is odd, but stops nothing. See [`ScriptError::as_warning`].
    pub warnings: Vec<ScriptError>,
}

/// Whether a sample came out as it must.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It did.
    Passed,
    /// It came out otherwise.
    Differs(Vec<Difference>),
    /// The scripts failed: the rendered error.
    Failed(String),
    /// No script maps its source.
    NoScript,
}

/// What is wrong with the samples of a set of scripts; nothing, if the scripts do to each of them what they must.
pub fn verify(generation: &RhaiGeneration, files: &Files, world: &World) -> Vec<ScriptError> {
    let Samples { samples, mut errors, .. } = Samples::read(files, world);
    for sample in samples {
        let mapped = generation.map_with(&sample.posted.event, &sample.posted.headers);
        let verdict = sample.judge(&mapped);
        errors.extend(sample.error(&verdict, &mapped));
    }
    errors
}

impl Samples {
    /// Reads the samples among the files.
    pub fn read(files: &Files, world: &World) -> Self {
        let mut read = Self::default();
        let mut found: BTreeMap<(&str, &str), Pair<'_>> = BTreeMap::new();
        for (source, path, content) in files.samples() {
            let name = path.rsplit('/').next().unwrap_or(path);
            if let Some(name) = name.strip_suffix(EVENT) {
                found.entry((source, name)).or_default().event = Some((path, content));
            } else if let Some(name) = name.strip_suffix(ACTIONS) {
                found.entry((source, name)).or_default().actions = Some((path, content));
            } else {
                let message = "this file is no part of a sample: nothing reads it".to_owned();
                let help = format!("samples are called NAME{EVENT} and NAME{ACTIONS}");
                read.warnings.push(ScriptError::about_file(files.shown(path), message, Some(help)));
            }
        }
        for ((source, name), pair) in found {
            match pair.read(source, name, files, world) {
                Ok(sample) => read.samples.push(sample),
                Err(error) => read.errors.push(*error),
            }
        }
        read
    }
}

/// The files of a sample: paths and contents.
#[derive(Default)]
struct Pair<'a> {
    event: Option<(&'a str, &'a [u8])>,
    actions: Option<(&'a str, &'a [u8])>,
}

impl Pair<'_> {
    fn read(
        &self,
        source: &str,
        name: &str,
        files: &Files,
        world: &World,
    ) -> Result<Sample, Box<ScriptError>> {
        let Some((path, content)) = self.event else {
            let path = self.actions.map_or(name, |(path, _)| path);
            let message = format!("there are actions, but no event: {name}{EVENT} is missing");
            let help = "put the event beside it, or delete this file".to_owned();
            return Err(ScriptError::about_file(files.shown(path), message, Some(help)).into());
        };
        let event_file = files.shown(path);
        let text = utf8(&event_file, content)?;
        let posted = Posted::read(text, source, None, world).map_err(|error| {
            placed(&event_file, text, (error.line, error.column), error.message, error.help)
        })?;
        let expected = self.actions.map(|(path, content)| Expected::read(files.shown(path), content));
        Ok(Sample {
            source: source.to_owned(),
            name: name.to_owned(),
            posted,
            event_file,
            expected: expected.transpose()?,
        })
    }
}

impl Expected {
    fn read(file: String, content: &[u8]) -> Result<Self, Box<ScriptError>> {
        let text = utf8(&file, content)?;
        let json = Json::parse(text)
            .map_err(|error| placed(&file, text, (error.line, error.column), error.to_string(), None))?;
        let Some(members) = json.members() else {
            let help = Some("as in {\"actions\": []}; `doorman test --update` writes it".to_owned());
            return Err(placed(&file, text, (1, 1), "this is not a JSON object".to_owned(), help));
        };
        if let Some((unknown, value)) = members.iter().find(|(name, _)| !MEMBERS.contains(&name.as_str())) {
            let help = did_you_mean(unknown, MEMBERS);
            let help = help.unwrap_or_else(|| format!("there are {}", listed(&MEMBERS, "and")));
            let message = format!("unknown member {}", Quoted(unknown));
            return Err(placed(&file, text, position(text, value.at()), message, Some(help)));
        }
        Ok(Self { text: text.to_owned(), json: json.without_empty_lists(), file })
    }
}

impl Sample {
    /// The path of its file of actions, under the root of the scripts.
    pub fn actions_path(&self) -> String {
        format!("samples/{}/{}{ACTIONS}", self.source, self.name)
    }

    /// How messages name the file of its event.
    pub fn event_file(&self) -> &str {
        &self.event_file
    }

    /// Whether it says what must come of it.
    pub fn expects(&self) -> bool {
        self.expected.is_some()
    }

    /// Whether what came of it is what must.
    pub fn judge(&self, mapped: &Mapped) -> Verdict {
        let found = match mapped {
            Mapped::Failed { error, .. } => return Verdict::Failed(error.clone()),
            Mapped::NoScript => return Verdict::NoScript,
            other => outcome(other),
        };
        let differences =
            self.expected.as_ref().map(|expected| compare(&expected.json, &found)).unwrap_or_default();
        if differences.is_empty() { Verdict::Passed } else { Verdict::Differs(differences) }
    }

    /// What is wrong, in the form of everything that is wrong with scripts. That a source has no script yet is not.
    pub fn error(&self, verdict: &Verdict, mapped: &Mapped) -> Option<ScriptError> {
        match verdict {
            Verdict::Passed | Verdict::NoScript => None,
            Verdict::Failed(error) => {
                let first = error.lines().next().unwrap_or(error);
                let first = first.strip_prefix("error: ").unwrap_or(first);
                let place = match mapped {
                    Mapped::Failed { place: Some(place), .. } => format!(" in {place}"),
                    _ => String::new(),
                };
                let message = format!("the sample `{}` fails{place}: {first}", self.name);
                let help = format!("`doorman try {}` shows how it comes to that", self.event_file);
                Some(ScriptError::about_file(self.event_file.clone(), message, Some(help)))
            }
            Verdict::Differs(differences) => self.differs(differences),
        }
    }

    fn differs(&self, differences: &[Difference]) -> Option<ScriptError> {
        let (expected, first) = (self.expected.as_ref()?, differences.first()?);
        let more = match differences.len() - 1 {
            0 => String::new(),
            1 => ", and 1 more difference".to_owned(),
            more => format!(", and {more} more differences"),
        };
        let message = format!("the sample `{}` comes out otherwise: {}{more}", self.name, first.one_line());
        let help =
            format!("if that is right, accept it: `doorman test {}/{} --update`", self.source, self.name);
        let place = position(&expected.text, first.at);
        Some(*placed(&expected.file, &expected.text, place, message, Some(help)))
    }
}

fn utf8<'a>(file: &str, content: &'a [u8]) -> Result<&'a str, Box<ScriptError>> {
    str::from_utf8(content).map_err(|error| {
        let message = format!("the sample is not UTF-8, from byte {} on", error.valid_up_to());
        ScriptError::about_file(file.to_owned(), message, Some("save it as UTF-8".to_owned())).into()
    })
}

fn placed(
    file: &str,
    text: &str,
    (line, column): (usize, usize),
    message: String,
    help: Option<String>,
) -> Box<ScriptError> {
    let source_line = line.checked_sub(1).and_then(|index| text.lines().nth(index)).unwrap_or("").to_owned();
    let (line, column) = (line as u32, column as u32);
    Box::new(ScriptError { file: file.to_owned(), line, column, message, help, source_line })
}

/// The line and column of an offset, from 1, the column in characters.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}
