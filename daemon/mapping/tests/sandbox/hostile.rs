//! Scripts that mean harm, by what they try.

mod depth;
mod growth;
mod words;
mod work;

pub use words::files;

/// All handlers by name.
pub fn handlers() -> impl Iterator<Item = (&'static str, &'static str)> {
    [growth::SCRIPTS, work::SCRIPTS, depth::SCRIPTS, words::SCRIPTS].into_iter().flatten().copied()
}

/// A script of that handler, with another that is honest. Functions stand beside handlers, not in them.
pub fn script(handler: &str) -> String {
    let (functions, body): (Vec<_>, Vec<_>) =
        handler.lines().partition(|line| line.trim_start().starts_with("fn "));
    format!(
        "{}\non(\"x\", |event| {{\n{}\n}});\non(\"honest\", |event| send(\"stdout\", event.data.n));\n",
        functions.join("\n"),
        body.join("\n")
    )
}
