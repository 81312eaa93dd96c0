//! `doorman test`: do the scripts still do to each sample what they must?

use std::fs;
use std::path::Path;

use doorman_mapping::samples::{Sample, Samples, Verdict, outcome};
use doorman_mapping::trace::{Coverage, Trace, Tracer};
use doorman_mapping::{Files, ScriptError, World};
use serde::Serialize;
use serde_json::value::RawValue;

use super::TestArgs;
use super::error::CliError;
use super::exit::Exit;
use super::screen::Screen;
use super::text::{counted, safe};

/// What was found.
#[derive(Default, Serialize)]
struct Report {
    passed: bool,
    samples: Vec<Tested>,
    /// Files that are no samples.
    errors: Vec<String>,
    coverage: Vec<Covered>,
}

/// A sample that was run.
#[derive(Serialize)]
struct Tested {
    source: String,
    name: String,
    verdict: Word,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differences: Vec<Differs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Whether it says what must come of it.
    expects: bool,
    #[serde(skip)]
    lines: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Passed,
    Updated,
    Differs,
    Failed,
}

#[derive(Serialize)]
struct Differs {
    path: String,
    expected: Option<Box<RawValue>>,
    found: Option<Box<RawValue>>,
}

/// Which lines of a script ran.
#[derive(Serialize)]
struct Covered {
    script: String,
    lines: usize,
    never: Vec<u32>,
    #[serde(skip)]
    line: String,
}

/// Runs the samples under `root`. [`Exit::Failed`] when one of them came out otherwise, [`Exit::Config`] when the scripts
/// do not compile.
pub fn run(root: &Path, world: &World, args: &TestArgs, screen: &mut Screen<'_>) -> Result<Exit, CliError> {
    let files = scan(root)?;
    let Some(tracer) = compiled(&files, world) else {
        return Ok(Exit::Config);
    };
    let read = Samples::read(&files, world);
    let chosen = chosen(&read.samples, &args.filters)?;
    let mut report = Report { errors: texts(&read.errors), ..Report::default() };
    let mut traces = Vec::new();
    for sample in &chosen {
        let (tested, trace) = test(&tracer, sample, root, args.update)?;
        report.samples.push(tested);
        traces.push(trace);
    }
    report.coverage = covered(&tracer, &traces, &chosen);
    let passed = |tested: &Tested| matches!(tested.verdict, Word::Passed | Word::Updated);
    report.passed = report.errors.is_empty() && report.samples.iter().all(passed);
    if screen.is_json() {
        screen.json(&report)?;
    } else {
        report.show(root, screen)?;
    }
    Ok(if report.passed { Exit::Ok } else { Exit::Failed })
}

/// Reads the files under the root of the scripts.
pub fn scan(root: &Path) -> Result<Files, CliError> {
    Files::scan(root).map_err(|error| CliError::Config(error.to_string()))
}

/// The scripts; `None` when they do not compile, which is told.
pub fn compiled(files: &Files, world: &World) -> Option<Tracer> {
    match Tracer::compile(files, world) {
        Ok(tracer) => Some(tracer),
        Err(errors) => {
            eprintln!("{}", texts(&errors).join("\n\n"));
            None
        }
    }
}

fn texts(errors: &[ScriptError]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

/// Those of the sources among the filters, and of these those whose names hold one of the others.
fn chosen<'a>(samples: &'a [Sample], filters: &[String]) -> Result<Vec<&'a Sample>, CliError> {
    let is_source = |filter: &&String| samples.iter().any(|sample| sample.source == **filter);
    let (sources, names): (Vec<&String>, Vec<&String>) = filters.iter().partition(is_source);
    let is_chosen = |sample: &&Sample| {
        let name = format!("{}/{}", sample.source, sample.name);
        (sources.is_empty() || sources.contains(&&sample.source))
            && (names.is_empty() || names.iter().any(|part| name.contains(part.as_str())))
    };
    let chosen: Vec<&Sample> = samples.iter().filter(is_chosen).collect();
    if chosen.is_empty() && !filters.is_empty() {
        let all: Vec<_> = samples.iter().map(|sample| format!("{}/{}", sample.source, sample.name)).collect();
        let filters = filters.join(" ");
        return Err(CliError::Usage(format!(
            "no sample is called `{filters}`; there are {}",
            all.join(", ")
        )));
    }
    Ok(chosen)
}

fn test(tracer: &Tracer, sample: &Sample, root: &Path, update: bool) -> Result<(Tested, Trace), CliError> {
    let (mapped, trace) = tracer.run(&sample.posted.event, &sample.posted.headers);
    let verdict = sample.judge(&mapped);
    let mut tested = Tested {
        source: sample.source.clone(),
        name: sample.name.clone(),
        verdict: Word::Passed,
        differences: Vec::new(),
        error: None,
        expects: sample.expects(),
        lines: Vec::new(),
    };
    let is_new = !sample.expects() || matches!(verdict, Verdict::Differs(_));
    match verdict {
        Verdict::Failed(error) => tested.fail(error),
        Verdict::NoScript => tested.fail(format!("no script maps the source `{}`", sample.source)),
        Verdict::Passed | Verdict::Differs(_) if update && is_new => {
            let path = root.join(sample.actions_path());
            fs::write(&path, outcome(&mapped).pretty() + "\n")?;
            (tested.verdict, tested.expects) = (Word::Updated, true);
        }
        Verdict::Passed => {}
        Verdict::Differs(differences) => {
            tested.verdict = Word::Differs;
            tested.lines = differences.iter().flat_map(|one| one.lines()).collect();
            tested.differences = differences
                .into_iter()
                .map(|one| Differs { path: one.path, expected: raw(one.expected), found: raw(one.found) })
                .collect();
        }
    }
    Ok((tested, trace))
}

fn raw(json: Option<doorman_mapping::compare::Json>) -> Option<Box<RawValue>> {
    RawValue::from_string(json?.compact()).ok()
}

fn covered(tracer: &Tracer, traces: &[Trace], chosen: &[&Sample]) -> Vec<Covered> {
    let is_of = |one: &Coverage, source: &str| one.script.strip_suffix(".rhai") == Some(source);
    tracer
        .coverage(traces)
        .into_iter()
        .filter(|one| chosen.iter().any(|sample| is_of(one, &sample.source)))
        .map(|one| Covered {
            script: one.script.to_string(),
            lines: one.lines.len(),
            line: one.line(),
            never: one.never.into_iter().collect(),
        })
        .collect()
}

impl Tested {
    fn fail(&mut self, error: String) {
        self.verdict = Word::Failed;
        self.lines = error.lines().map(str::to_owned).collect();
        self.error = Some(error);
    }

    fn show(&self, screen: &mut Screen<'_>) -> Result<(), CliError> {
        let (word, color) = match self.verdict {
            Word::Passed => ("ok", "delivered"),
            Word::Updated => ("updated", "pending"),
            Word::Differs => ("differs", "failed"),
            Word::Failed => ("failed", "failed"),
        };
        let word = screen.paint(color, &format!("{word:<8}"));
        let note =
            if self.expects || self.verdict != Word::Passed { "" } else { "  (no actions to compare)" };
        screen.line(&format!("{word} {}/{}{note}", safe(&self.source), safe(&self.name)))?;
        for line in &self.lines {
            let color = match line.trim_start().chars().next() {
                Some('-') if self.verdict == Word::Differs => "failed",
                Some('+') if self.verdict == Word::Differs => "delivered",
                _ => "",
            };
            screen.line(&format!("  {}", screen.paint(color, &safe(line))))?;
        }
        Ok(())
    }
}

impl Report {
    fn show(&self, root: &Path, screen: &mut Screen<'_>) -> Result<(), CliError> {
        for tested in &self.samples {
            tested.show(screen)?;
        }
        for error in &self.errors {
            screen.line(error)?;
        }
        if self.samples.is_empty() && self.errors.is_empty() {
            let folder = root.join("samples");
            let text = format!(
                "there are no samples: put an event into {}/<source>/NAME.event.json, and let --update write what comes of it",
                folder.display()
            );
            return Ok(screen.line(&text)?);
        }
        let count = |word| self.samples.iter().filter(|tested| tested.verdict == word).count();
        let words = [
            (Word::Passed, "passed"),
            (Word::Updated, "updated"),
            (Word::Differs, "came out otherwise"),
            (Word::Failed, "failed"),
        ];
        let counts =
            words.map(|(word, text)| (count(word), text)).into_iter().filter(|(count, _)| *count > 0);
        let parts: Vec<_> = counts.map(|(count, text)| format!("{count} {text}")).collect();
        screen.line(&format!("{}: {}", counted(self.samples.len(), "sample"), parts.join(", ")))?;
        for covered in &self.coverage {
            screen.line(&safe(&covered.line))?;
        }
        if self.samples.iter().any(|tested| tested.verdict == Word::Differs) {
            screen.line("to accept what differs: doorman test --update")?;
        }
        Ok(())
    }
}
