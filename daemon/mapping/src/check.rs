//! What is wrong in a script that parses: names that nothing has. Rhai would only find them in the event that gets there.

mod literals;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rhai::{AST, ASTNode, Engine, Expr, FnAccess, FnCallExpr, Position, Stmt};

use crate::error::ScriptError;
use crate::failure::Texts;
use crate::foreign;
use crate::nearest::did_you_mean;

/// What Rhai's parser knows by itself, with any number of arguments.
const BUILT_IN: [&str; 9] =
    ["print", "debug", "type_of", "Fn", "call", "curry", "is_def_var", "is_def_fn", "is_shared"];

/// Functions by name, each with the numbers of arguments that it takes.
#[derive(Debug, Default)]
pub(crate) struct Functions(BTreeMap<String, BTreeSet<usize>>);

impl Functions {
    /// What the engine offers to all scripts.
    pub fn of_engine(engine: &Engine) -> Self {
        let global = engine.collect_fn_metadata(
            None,
            |function| {
                let is_global = function.namespace.is_empty();
                is_global.then(|| (function.metadata.name.to_string(), function.metadata.num_params))
            },
            true,
        );
        global.into_iter().collect()
    }

    /// What a script defines itself.
    pub fn of_script(ast: &AST) -> Self {
        ast.iter_functions().map(|function| (function.name.to_owned(), function.params.len())).collect()
    }

    /// What a file of lib offers to others.
    pub fn of_module(ast: &AST) -> Self {
        let public = ast.iter_functions().filter(|function| function.access == FnAccess::Public);
        public.map(|function| (function.name.to_owned(), function.params.len())).collect()
    }

    /// Whether the function is there and takes so many arguments.
    pub fn takes(&self, name: &str, count: usize) -> bool {
        self.0.get(name).is_some_and(|counts| counts.contains(&count))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let spoken = |name: &&str| name.starts_with(|first: char| first.is_alphabetic());
        self.0.keys().map(String::as_str).filter(spoken)
    }
}

impl FromIterator<(String, usize)> for Functions {
    fn from_iter<T: IntoIterator<Item = (String, usize)>>(all: T) -> Self {
        let mut functions = Self::default();
        for (name, count) in all {
            functions.0.entry(name).or_default().insert(count);
        }
        functions
    }
}

/// What scripts can name.
pub(crate) struct Known<'a> {
    /// At hand everywhere.
    pub functions: Functions,
    /// Of the files of lib, by module.
    pub modules: BTreeMap<String, Functions>,
    /// Where `send` can send.
    pub destinations: &'a [String],
    /// What destinations fill in.
    pub secrets: Vec<&'a str>,
    /// What `table` can give.
    pub tables: Vec<&'a str>,
}

impl Known<'_> {
    /// Everything that is wrong in one script.
    pub fn check(&self, file: &str, ast: &AST, texts: &Texts) -> Vec<ScriptError> {
        let mut check =
            Check { known: self, own: Functions::of_script(ast), values: values_in(ast), found: Vec::new() };
        ast.walk(&mut |path: &[ASTNode]| {
            match path.last() {
                Some(ASTNode::Stmt(Stmt::FnCall(call, at)) | ASTNode::Expr(Expr::FnCall(call, at))) => {
                    check.call(call, *at)
                }
                Some(ASTNode::Expr(Expr::MethodCall(call, at))) => check.method(call, *at),
                _ => {}
            }
            true
        });
        check.found.into_iter().map(|(at, message, help)| texts.error(file, at, message, help)).collect()
    }
}

/// Names of variables and members: a closure may be behind each, which is called like a function.
fn values_in(ast: &AST) -> HashSet<String> {
    let mut values = HashSet::new();
    for function in ast.iter_functions() {
        values.extend(function.params.iter().map(|name| (*name).to_owned()));
    }
    ast.walk(&mut |path: &[ASTNode]| {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::Var(variable, ..))) => {
                values.insert(variable.0.name.to_string());
            }
            Some(ASTNode::Expr(Expr::Map(map, _))) => {
                values.extend(map.0.iter().map(|(name, _)| name.name.to_string()))
            }
            Some(ASTNode::Expr(Expr::DynamicConstant(value, _))) => {
                values.extend(value.as_map_ref().iter().flat_map(|map| map.keys().map(ToString::to_string)));
            }
            Some(ASTNode::Expr(Expr::Property(property, _))) => {
                values.insert(property.2.to_string());
            }
            _ => {}
        }
        true
    });
    values
}

struct Check<'a> {
    known: &'a Known<'a>,
    own: Functions,
    values: HashSet<String>,
    found: Vec<(Position, String, Option<String>)>,
}

impl Check<'_> {
    fn call(&mut self, call: &FnCallExpr, at: Position) {
        let (name, count) = (call.name.as_str(), call.args.len());
        if call.op_token.is_some() || !name.starts_with(|first: char| first.is_alphabetic() || first == '_') {
            return;
        }
        if !call.namespace.path.is_empty() {
            return self.call_in_module(call, at);
        }
        let is_there = self.own.takes(name, count) || self.known.functions.takes(name, count);
        if !is_there && !BUILT_IN.contains(&name) && !self.values.contains(name) {
            self.missing(name, count, at);
        }
        self.found.extend(literals::check(self.known, call));
    }

    /// What is called on a value: a function of the engine whose first argument it is, or one of the script with `this`.
    fn method(&mut self, call: &FnCallExpr, at: Position) {
        let (name, count) = (call.name.as_str(), call.args.len());
        let is_there = self.own.takes(name, count) || self.known.functions.takes(name, count + 1);
        if !is_there && !BUILT_IN.contains(&name) && !self.values.contains(name) {
            self.missing(name, count + 1, at);
        }
    }

    fn call_in_module(&mut self, call: &FnCallExpr, at: Position) {
        let (root, name) = (call.namespace.root(), call.name.as_str());
        let Some(module) = self.known.modules.get(root) else {
            let at = call.namespace.position();
            let help = did_you_mean(root, self.known.modules.keys().map(String::as_str));
            let help =
                help.or_else(|| Some(format!("a module is a file of the folder lib: lib/{root}.rhai")));
            return self.found.push((at, format!("unknown module `{root}`"), help));
        };
        if !module.takes(name, call.args.len()) {
            let (message, help) = absent(name, call.args.len(), [module].into_iter());
            self.found.push((at, message.replacen('`', &format!("`{root}::"), 1), help));
        }
    }

    fn missing(&mut self, name: &str, count: usize, at: Position) {
        let (message, help) = absent(name, count, [&self.known.functions, &self.own].into_iter());
        self.found.push((at, message, help));
    }
}

/// What to say of a function that is not there, or not with so many arguments.
fn absent<'a>(
    name: &str,
    count: usize,
    functions: impl Iterator<Item = &'a Functions> + Clone,
) -> (String, Option<String>) {
    let mut names = functions.clone();
    if let Some(counts) = names.find_map(|functions| functions.0.get(name)) {
        let counts: Vec<_> = counts.iter().map(ToString::to_string).collect();
        let plural = if counts == ["1"] { "" } else { "s" };
        return (format!("`{name}` takes {} argument{plural}, not {count}", counts.join(" or ")), None);
    }
    let all: Vec<&str> = functions.flat_map(Functions::names).collect();
    let help = foreign::function(name).map(str::to_owned).or_else(|| did_you_mean(name, all));
    (format!("unknown function `{name}`"), help)
}
