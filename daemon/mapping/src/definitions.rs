//! Every function of the language, in words: for editors, for `doorman definitions`, and for the documentation's tests.

mod table;
#[cfg(test)]
mod tests;

use rhai::Engine;
use serde::Serialize;

use crate::engine::packages;
pub use table::FUNCTIONS;

/// A function that scripts can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// How it is called, one for each number of arguments; `?` is a value of any type.
    pub signatures: &'static [&'static str],
    /// What it does, in a line.
    pub doc: &'static str,
    /// A line of a handler that calls it.
    pub example: &'static str,
    /// What the example is or leads to, as JSON; empty for what is said when a script loads.
    pub gives: &'static str,
}

/// A Rhai definition file of all of them, for completion in editors.
pub fn definition_file() -> String {
    let mut text = String::from(
        "module static;\n\n/// What `[environments.<name>.vars]` of the configuration holds.\nlet vars: Map;\n",
    );
    for function in FUNCTIONS {
        for signature in function.signatures {
            text += &format!("\n/// {}\n///\n/// ```rhai\n/// {}", function.doc, function.example);
            if !function.gives.is_empty() {
                text += &format!("   // {}", function.gives);
            }
            text += &format!("\n/// ```\nfn {signature};\n");
        }
    }
    text
}

/// A Rhai definition file of what scripts have of Rhai's own library.
pub fn library_file() -> String {
    let mut engine = Engine::new_raw();
    packages(&mut engine);
    engine.definitions().single_file()
}
