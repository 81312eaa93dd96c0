//! `doorman reload`.

use super::client::AdminClient;
use super::error::CliError;
use super::exit::Exit;
use super::screen::Screen;
use super::text::safe;
use crate::admin::view::{RefusedReload, ReloadAnswer};

/// Has the scripts on disk taken, and shows what changed; [`Exit::Config`] when they are refused.
pub async fn run(client: &AdminClient, force: bool, screen: &mut Screen<'_>) -> Result<Exit, CliError> {
    match client.reload(force).await? {
        Ok(answer) if screen.is_json() => screen.json(&answer)?,
        Ok(answer) => show(&answer, screen)?,
        Err(refused) if screen.is_json() => {
            screen.json(&refused)?;
            return Ok(Exit::Config);
        }
        Err(RefusedReload { refused }) => {
            let text: Vec<String> = refused.text.lines().map(safe).collect();
            return Err(CliError::Config(format!(
                "the scripts on disk are refused; generation {} stays in force\n{}",
                safe(&refused.in_force),
                text.join("\n")
            )));
        }
    }
    Ok(Exit::Ok)
}

fn show(answer: &ReloadAnswer, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let generation = safe(&answer.generation);
    if answer.generation == answer.before {
        screen.line(&format!("generation {generation} is in force: the files have not changed"))?;
    } else {
        screen.line(&format!("generation {generation} is in force, after {}", safe(&answer.before)))?;
    }
    let all = [("added", &answer.added), ("changed", &answer.changed), ("removed", &answer.removed)];
    for (word, paths) in all {
        for path in paths {
            screen.line(&format!("  {word:<8} {}", safe(path)))?;
        }
    }
    for warning in &answer.warnings {
        for line in warning.text.lines() {
            screen.line(&safe(line))?;
        }
    }
    Ok(())
}
