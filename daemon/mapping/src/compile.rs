//! From files to a generation: all of them, or all that is wrong with them.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rhai::{AST, Dynamic, Engine, Module, ParseError, Position, Scope};

use crate::budget::Running;
use crate::chains::{copies, with_insertions};
use crate::check::{Functions, Known};
use crate::engine::{VARS, engine};
use crate::error::ScriptError;
use crate::failure::Texts;
use crate::files::Files;
use crate::generation::RhaiGeneration;
use crate::json::event::Names;
use crate::json::vars::vars;
use crate::language::{Loading, Wanted, table};
use crate::nearest::{did_you_mean, listed};
use crate::script::Script;
use crate::stack::with_room;
use crate::tables::{self, Tables};
use crate::world::World;

/// Compiles, checks and loads a set of scripts.
///
/// # Errors
///
/// Everything that is wrong in any of the files, by file and line. Of one file, Rhai tells only the first place where it
/// does not parse.
pub fn compile(files: &Files, world: &World) -> Result<RhaiGeneration, Vec<ScriptError>> {
    compile_on(engine(world), files, world)
}

/// The same, on an engine that has been told more than others.
pub(crate) fn compile_on(
    engine: Engine,
    files: &Files,
    world: &World,
) -> Result<RhaiGeneration, Vec<ScriptError>> {
    with_room(&world.limits, || compile_with_room(engine, files, world))
}

fn compile_with_room(
    engine: Engine,
    files: &Files,
    world: &World,
) -> Result<RhaiGeneration, Vec<ScriptError>> {
    let mut compiler = Compiler { world, engine, texts: Texts::default(), errors: Vec::new() };
    let texts = compiler.read(files);
    let tables = compiler.read_tables(files);
    let names = Names::in_texts(texts.iter().map(|(_, text)| &**text));
    let parsed = compiler.parse(&texts);
    table::register(&mut compiler.engine, tables);
    compiler.check(&parsed, files);
    compiler.stop_at_errors()?;
    let (lib, scripts): (Vec<_>, Vec<_>) = parsed.into_iter().partition(|parsed| parsed.module().is_some());
    compiler.load_lib(&lib);
    compiler.stop_at_errors()?;
    let scripts: HashMap<_, _> = scripts.into_iter().filter_map(|parsed| compiler.load(parsed)).collect();
    compiler.stop_at_errors()?;
    compiler.engine.set_default_tag(());
    Ok(RhaiGeneration {
        id: files.id(),
        warnings: warnings(&scripts, world, &compiler.texts),
        scripts,
        vars: world
            .environments
            .iter()
            .map(|(name, environment)| (name.clone(), Arc::new(vars(&environment.vars))))
            .collect(),
        names,
        limits: world.limits.clone(),
        engine: compiler.engine,
        texts: compiler.texts,
    })
}

struct Compiler<'a> {
    world: &'a World,
    engine: Engine,
    texts: Texts,
    errors: Vec<ScriptError>,
}

/// A file that parses.
struct Parsed {
    file: Arc<str>,
    ast: AST,
}

impl Parsed {
    /// `money` for `lib/money.rhai`; `None` for the script of a source.
    fn module(&self) -> Option<&str> {
        module(&self.file)
    }
}

fn module(file: &str) -> Option<&str> {
    file.strip_prefix("lib/")?.strip_suffix(".rhai")
}

impl Compiler<'_> {
    fn read(&mut self, files: &Files) -> Vec<(Arc<str>, Arc<str>)> {
        let mut texts = Vec::new();
        for (file, content) in files.scripts() {
            let shown = files.shown(file);
            match str::from_utf8(content) {
                Ok(text) => {
                    let (file, text): (Arc<str>, Arc<str>) = (file.into(), text.into());
                    self.texts.insert(Arc::clone(&file), shown, Arc::clone(&text));
                    texts.push((file, text));
                }
                Err(error) => {
                    let message = format!("the script is not UTF-8, from byte {} on", error.valid_up_to());
                    self.errors.push(ScriptError::about_file(
                        shown,
                        message,
                        Some("save it as UTF-8".to_owned()),
                    ));
                }
            }
        }
        texts
    }

    fn parse(&mut self, texts: &[(Arc<str>, Arc<str>)]) -> Vec<Parsed> {
        // The parser must have heard of every module before it meets its name.
        for name in texts.iter().filter_map(|(file, _)| module(file)) {
            self.engine.register_static_module(name, Module::new().into());
        }
        let mut parsed = Vec::new();
        for (file, text) in texts {
            match self.parse_file(file, text) {
                Ok(mut ast) => {
                    ast.set_source(&**file);
                    parsed.push(Parsed { file: Arc::clone(file), ast });
                }
                Err(error) => self.errors.push(self.texts.of_parse_error(file, &error)),
            }
        }
        parsed
    }

    /// Parses twice. Only the first time tells which functions there are, also further down than they are used, and where
    /// a list must be copied.
    fn parse_file(&mut self, file: &str, text: &str) -> Result<AST, ParseError> {
        self.engine.set_strict_variables(false);
        let lenient = self.engine.compile(text);
        self.engine.set_strict_variables(true);
        let lenient = lenient?;
        let mut scope = Scope::new();
        scope.push(VARS, ());
        for function in lenient.iter_functions() {
            scope.push(function.name, ());
        }
        let insertions = copies(&lenient, text);
        let changed = with_insertions(text, &insertions);
        self.texts.inserted(file, insertions);
        self.engine.compile_with_scope(&scope, changed)
    }

    fn read_tables(&mut self, files: &Files) -> Tables {
        tables::read(files).unwrap_or_else(|errors| {
            self.errors.extend(errors);
            Tables::new()
        })
    }

    fn check(&mut self, parsed: &[Parsed], files: &Files) {
        let modules: BTreeMap<_, _> = parsed
            .iter()
            .filter_map(|parsed| Some((parsed.module()?.to_owned(), Functions::of_module(&parsed.ast))))
            .collect();
        let functions = Functions::of_engine(&self.engine);
        let known = Known {
            functions,
            modules,
            destinations: &self.world.destinations,
            secrets: self.world.secrets.values().flatten().map(String::as_str).collect(),
            // One that is broken is there all the same: what is wrong with it is said once.
            tables: files.tables().map(|(name, ..)| name).collect(),
        };
        for parsed in parsed {
            self.errors.extend(known.check(&parsed.file, &parsed.ast, &self.texts));
        }
    }

    /// What was wrong so far ends it: to run what is known to be wrong would only repeat it in other words.
    fn stop_at_errors(&mut self) -> Result<(), Vec<ScriptError>> {
        if self.errors.is_empty() {
            return Ok(());
        }
        let mut errors = std::mem::take(&mut self.errors);
        errors.sort_by(|one, other| {
            (&one.file, one.line, one.column).cmp(&(&other.file, other.line, other.column))
        });
        Err(errors)
    }

    fn load_lib(&mut self, lib: &[Parsed]) {
        for parsed in lib {
            let Some(name) = parsed.module() else {
                continue;
            };
            let _running = Running::start(&self.world.limits);
            match Module::eval_ast_as_new(Scope::new(), &parsed.ast, &self.engine) {
                Ok(mut module) => {
                    module.set_id(&*parsed.file);
                    self.engine.register_static_module(name, module.into());
                }
                Err(error) => self.errors.push(self.texts.of_run(&parsed.file, *error).1),
            }
        }
    }

    /// Runs a script, so that it registers its handlers.
    fn load(&mut self, parsed: Parsed) -> Option<(String, Script)> {
        let names = parsed.ast.iter_functions().map(|function| function.name.to_owned());
        let loading = Loading::new(names.collect());
        self.engine.set_default_tag(Dynamic::from(loading.clone()));
        let _running = Running::start(&self.world.limits);
        if let Err(error) = self.engine.run_ast_with_scope(&mut Scope::new(), &parsed.ast) {
            self.errors.push(self.texts.of_run(&parsed.file, *error).1);
            return None;
        }
        let wanted = loading.take();
        let functions = Functions::of_script(&parsed.ast);
        for handler in &wanted {
            self.errors.extend(unfit(handler, &functions, &parsed.file, &self.texts));
        }
        let source = parsed.file.strip_suffix(".rhai").unwrap_or(&parsed.file).to_owned();
        Some((source, Script::new(parsed.file, parsed.ast, wanted)))
    }
}

/// A handler that could not be called with an event.
fn unfit(handler: &Wanted, functions: &Functions, file: &str, texts: &Texts) -> Option<ScriptError> {
    let (name, count) = (handler.call.fn_name(), handler.call.curry().len() + 1);
    if functions.takes(name, count) {
        return None;
    }
    let message = if handler.call.is_anonymous() {
        "the handler does not take one argument".to_owned()
    } else {
        format!("there is no function `{name}` with one argument")
    };
    let help = "a handler is given the event, and nothing else: |event| ...".to_owned();
    Some(texts.error(file, handler.at, message, Some(help)))
}

fn warnings(scripts: &HashMap<String, Script>, world: &World, texts: &Texts) -> Vec<ScriptError> {
    let mut warnings = Vec::new();
    for (source, script) in scripts {
        let mut warn =
            |message, help| warnings.push(texts.error(&script.file, Position::NONE, message, Some(help)));
        let sources = world.sources.iter().map(String::as_str);
        if !world.sources.contains(source) {
            let help = did_you_mean(source, sources).unwrap_or_else(|| match &*world.sources {
                [] => "no source is configured".to_owned(),
                sources => format!("the configured sources are {}", listed(sources, "and")),
            });
            warn(format!("no source is called `{source}`: this script maps nothing"), help);
        }
        if script.handlers.is_empty() {
            let help = "register them: on(\"order.created\", |event| ...)".to_owned();
            warn("this script has no handlers: it drops all events".to_owned(), help);
        }
    }
    warnings.sort_by(|one, other| one.file.cmp(&other.file));
    warnings
}
