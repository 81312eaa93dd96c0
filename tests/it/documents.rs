//! Documents that show what the tools print: it is what the real daemon prints, but for ids and times.

use doorman_tests::Doorman;

/// A document with the path under which it is found.
pub struct Document {
    pub path: &'static str,
    pub text: &'static str,
}

impl Document {
    /// It shows this command with what it prints.
    pub async fn shows(&self, doorman: &Doorman, arguments: &[&str]) {
        let run = doorman.cli(arguments).await;
        assert!(run.stderr.is_empty(), "{run:?}");
        let lines: Vec<String> = even(&run.stdout).lines().map(|line| line.trim_end().to_owned()).collect();
        self.has(&format!("$ doorman {}\n{}\n", arguments.join(" "), lines.join("\n")));
    }

    /// It shows the line of the log with this part, without its time.
    pub fn shows_log(&self, doorman: &Doorman, part: &str) {
        let log = doorman.log();
        let line = log.lines().find(|line| line.contains(part)).expect("the log has it");
        self.has(line.split_once("Z ").map_or(line, |(_, said)| said).trim());
    }

    /// It has this text.
    pub fn has(&self, text: &str) {
        assert!(self.text.contains(text), "not in {}:\n{text}", self.path);
    }
}

/// Ids by the order in which they come, all times the same.
fn even(text: &str) -> String {
    let mut ids: Vec<String> = Vec::new();
    let mut words = Vec::new();
    for word in text.split_inclusive([' ', '\n', '"']) {
        let (core, end) = word.split_at(word.trim_end_matches([' ', '\n', '"']).len());
        let id = core.get(..36).filter(|id| id.matches('-').count() == 4).map(str::to_owned);
        if let Some(id) = id {
            let known = ids.iter().position(|one| *one == id).unwrap_or_else(|| {
                ids.push(id.clone());
                ids.len() - 1
            });
            words.push(format!("01a21391-82c5-700f-b918-{:012}{}{end}", known + 1, &core[36..]));
        } else if core.len() == 20 && core.ends_with('Z') && core.matches(':').count() == 2 {
            words.push(format!("2026-11-25T10:15:30Z{end}"));
        } else {
            words.push(word.to_owned());
        }
    }
    words.concat()
}
