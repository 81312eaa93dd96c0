//! `doorman check`: the configuration, the scripts, the tables and the samples in one go, as `nginx -t` does.

use std::path::Path;

use doorman_mapping::samples::{Samples, verify};
use doorman_mapping::{Files, RhaiGeneration, ScriptError, World, compile};
use serde::Serialize;

use super::CheckArgs;
use super::error::CliError;
use super::exit::Exit;
use super::screen::Screen;
use super::text::{counted, safe};
use crate::config::{Config, ConfigProblems};
use crate::{foundation, reload};

/// How problems are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// With the line, a caret and what to do
    Full,
    /// One line each, as editors and `make` read it: file:line:column: error: message
    Short,
}

/// Something that is wrong or odd.
#[derive(Debug, Serialize)]
struct Finding {
    file: String,
    /// 0 when it is about the file as a whole.
    line: u32,
    column: u32,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    /// All of it, as people read it.
    text: String,
}

/// All that was found.
#[derive(Debug, Default, Serialize)]
struct Report {
    good: bool,
    errors: Vec<Finding>,
    warnings: Vec<Finding>,
    /// What was looked at, in words.
    #[serde(skip)]
    looked_at: String,
}

/// Checks all there is. [`Exit::Config`] when something is wrong.
pub fn run(path: &Path, args: &CheckArgs, screen: &mut Screen<'_>) -> Result<Exit, CliError> {
    let mut report = Report::default();
    match foundation::check(path) {
        Ok((config, problems)) => {
            let is_whole = problems.is_none();
            problems.iter().for_each(|problems| report.add_problems(problems));
            report.add_scripts(path, &config, is_whole);
        }
        Err(problems) => report.add_problems(&problems),
    }
    report.good = report.errors.is_empty();
    report.show(args.format, screen)?;
    Ok(if report.good { Exit::Ok } else { Exit::Config })
}

impl Report {
    fn add_problems(&mut self, problems: &ConfigProblems) {
        self.errors.extend(problems.found().iter().map(|problem| Finding {
            file: problem.file.clone(),
            line: problem.line,
            column: problem.column,
            message: problem.message.clone(),
            help: None,
            text: problem.text.clone(),
        }));
    }

    /// Of a configuration that is not whole, names may be missing: then only what is surely wrong is told.
    fn add_scripts(&mut self, config_path: &Path, config: &Config, is_whole: bool) {
        let root = &config.scripts.path;
        let files = match Files::scan(root) {
            Ok(files) if files.is_empty() => {
                let message = format!("there is no script in {}", root.display());
                return self.errors.push(Finding::whole(root, message, "error"));
            }
            Ok(files) => files,
            Err(error) => return self.errors.push(Finding::whole(root, error.to_string(), "error")),
        };
        let world = reload::world(config);
        let samples = Samples::read(&files, &world);
        match compile(&files, &world) {
            Ok(generation) => {
                self.errors.extend(verify(&generation, &files, &world).iter().map(Finding::error));
                if is_whole {
                    self.warnings.extend(generation.warnings().iter().map(Finding::warning));
                    self.add_lonely(config_path, &generation, &samples, &world);
                }
            }
            Err(errors) => {
                self.errors.extend(errors.iter().chain(&samples.errors).map(Finding::error));
            }
        }
        self.warnings.extend(samples.warnings.iter().map(Finding::warning));
        self.looked_at = format!(
            "{}, {}, {}, scripts in {}",
            counted(config.sources.len(), "source"),
            counted(config.destinations.len(), "destination"),
            counted(samples.samples.len(), "sample"),
            root.display()
        );
    }

    /// Sources without a script, and samples of sources that there are not.
    fn add_lonely(
        &mut self,
        config_path: &Path,
        generation: &RhaiGeneration,
        samples: &Samples,
        world: &World,
    ) {
        use doorman_core::mapping::Generation;
        for source in world.sources.iter().filter(|source| !generation.has_script(source)) {
            let message = format!(
                "the source `{source}` has no script: its events are held until {source}.rhai is there"
            );
            self.warnings.push(Finding::whole(config_path, message, "warning"));
        }
        for sample in samples.samples.iter().filter(|sample| !generation.has_script(&sample.source)) {
            let message = format!("no script maps `{}`: this sample proves nothing", sample.source);
            self.warnings.push(Finding::whole(Path::new(sample.event_file()), message, "warning"));
        }
    }

    fn show(&self, format: Format, screen: &mut Screen<'_>) -> Result<(), CliError> {
        if screen.is_json() {
            return screen.json(self);
        }
        let leveled = self.warnings.iter().map(|one| (one, "warning"));
        let leveled = leveled.chain(self.errors.iter().map(|one| (one, "error")));
        for (finding, level) in leveled {
            match format {
                Format::Short => screen.line(&finding.one_line(level))?,
                Format::Full => eprintln!("{}\n", finding.text),
            }
        }
        match (self.good, format) {
            (true, Format::Full) => screen.line(&format!("good: {}", self.looked_at))?,
            (false, Format::Full) => eprintln!("{}", counted(self.errors.len(), "error")),
            (_, Format::Short) => {}
        }
        Ok(())
    }
}

impl Finding {
    fn whole(file: &Path, message: String, level: &str) -> Self {
        let file = file.display().to_string();
        let text = format!("{level}: {}\n --> {}", safe(&message), safe(&file));
        Self { file, line: 0, column: 0, message, help: None, text }
    }

    fn error(error: &ScriptError) -> Self {
        Self::of(error, error.to_string())
    }

    fn warning(error: &ScriptError) -> Self {
        Self::of(error, error.as_warning())
    }

    fn of(error: &ScriptError, text: String) -> Self {
        Self {
            file: error.file.clone(),
            line: error.line,
            column: error.column,
            message: error.message.clone(),
            help: error.help.clone(),
            text,
        }
    }

    fn one_line(&self, level: &str) -> String {
        let place = format!("{}:{}:{}", safe(&self.file), self.line.max(1), self.column.max(1));
        format!("{place}: {level}: {}", safe(&self.message))
    }
}
