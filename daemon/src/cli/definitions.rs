//! `doorman definitions`: every function of the scripts' language, for editors and for programs.

use std::fs;

use doorman_mapping::definitions::{FUNCTIONS, definition_file, library_file};

use super::DefinitionsArgs;
use super::error::CliError;
use super::exit::Exit;
use super::screen::Screen;

/// Prints the definitions, or writes them as files into a folder.
pub fn run(args: &DefinitionsArgs, screen: &mut Screen<'_>) -> Result<Exit, CliError> {
    if screen.is_json() {
        screen.json(&FUNCTIONS)?;
        return Ok(Exit::Ok);
    }
    let Some(folder) = &args.dir else {
        screen.line(&definition_file())?;
        return Ok(Exit::Ok);
    };
    fs::create_dir_all(folder)?;
    for (name, text) in [("doorman.d.rhai", definition_file()), ("rhai.d.rhai", library_file())] {
        let path = folder.join(name);
        fs::write(&path, text)?;
        screen.line(&path.display().to_string())?;
    }
    Ok(Exit::Ok)
}
