//! What a statement was seen to begin, as long as its outcome is not known: that shows at a later step of the run.

use rhai::{EvalContext, Expr, Position, Stmt, StmtBlock};

use super::super::Note;
use super::super::values::shown;
use super::{VALUE_CHARS, line};

/// A statement whose outcome is not known yet.
pub(super) struct Open {
    /// The visit of its line.
    visit: Option<usize>,
    /// Where it begins.
    from: Position,
    what: What,
}

enum What {
    /// A variable is set once what ends at `until` is computed. One that is new makes the scope longer than it was.
    Variable { name: String, at: Position, until: Position, scope: Option<usize> },
    /// The block runs when the condition holds, again and again in a loop. `is_told`: it is known whether it held.
    Condition { body: (Position, Position), is_loop: bool, is_told: bool, turns: usize },
    /// One of the cases that begin here runs.
    Cases { starts: Vec<Position> },
    /// The block runs with each value of the variable. `first` is where it begins, and `was_first` whether it just did.
    Loop { variable: String, body: (Position, Position), first: Position, was_first: bool, turns: usize },
}

/// What became of it, so far.
pub(super) enum Settled {
    /// There is nothing to tell.
    No,
    /// This, about a line that was visited.
    At(Option<usize>, Note),
    /// This, about a line that runs again from this place on.
    Again(Position, Note),
}

impl What {
    fn condition(body: &StmtBlock, is_loop: bool) -> Self {
        Self::Condition { body: span(body), is_loop, is_told: false, turns: 0 }
    }
}

impl Open {
    /// What a statement begins. `scope` is how many variables there are.
    pub fn of(statement: &Stmt, at: Position, visit: Option<usize>, scope: usize) -> Option<Self> {
        let (from, what) = match statement {
            Stmt::Var(variable, ..) => {
                let (name, scope) = (variable.0.name.to_string(), variable.2.is_none().then_some(scope));
                (at, What::Variable { name, at, until: last(&variable.1), scope })
            }
            Stmt::Assignment(both) => {
                let name = variable(&both.1.lhs)?.to_owned();
                let until = last(&both.1.rhs);
                (both.1.lhs.start_position(), What::Variable { name, at, until, scope: None })
            }
            Stmt::If(flow, _) if !flow.body.is_empty() => (at, What::condition(&flow.body, false)),
            Stmt::While(flow, _) if !flow.body.is_empty() && !matches!(flow.expr, Expr::Unit(_)) => {
                (at, What::condition(&flow.body, true))
            }
            Stmt::Switch(both, _) => {
                let cases = &both.1.expressions;
                let is_plain = cases.iter().all(|case| matches!(case.lhs, Expr::BoolConstant(true, _)));
                if !is_plain || both.1.def_case.is_none() {
                    return None;
                }
                (at, What::Cases { starts: cases.iter().map(|case| case.rhs.start_position()).collect() })
            }
            Stmt::For(both, _) => {
                let body = &both.2.body;
                let (variable, first) = (both.0.name.to_string(), body.statements().first()?.position());
                (at, What::Loop { variable, body: span(body), first, was_first: false, turns: 0 })
            }
            _ => return None,
        };
        Some(Self { visit, from, what })
    }

    /// Looks at it again when the run has come to `now`: whether it stays open, and what is known.
    pub fn look(&mut self, context: &EvalContext, now: Position) -> (bool, Settled) {
        let at_work = |until: Position| self.from < now && now < until;
        match &mut self.what {
            What::Variable { at, until, .. } if self.from <= now && now <= *until && now != *at => {
                (true, Settled::No)
            }
            What::Variable { name, scope, .. } => {
                let is_there = scope.is_none_or(|before| context.scope().len() > before);
                let value = is_there.then(|| context.scope().get(name)).flatten();
                (false, value.map_or(Settled::No, |value| Settled::At(self.visit, set(name, value))))
            }
            What::Condition { body, is_told, .. } if at_work(body.0) => {
                *is_told = false;
                (true, Settled::No)
            }
            What::Condition { body, is_loop, is_told, turns } => {
                let holds = is_within(*body, now);
                let is_new = !std::mem::replace(is_told, true);
                *turns += usize::from(is_new);
                let note = Note::Condition(holds);
                let settled = match (is_new, *turns) {
                    (false, _) => Settled::No,
                    (true, 1) => Settled::At(self.visit, note),
                    (true, _) => Settled::Again(self.from, note),
                };
                (*is_loop && holds, settled)
            }
            What::Cases { starts } => {
                let first = starts.iter().min().copied().unwrap_or(self.from);
                if at_work(first) {
                    return (true, Settled::No);
                }
                let taken = starts.iter().filter(|start| **start <= now).max();
                (false, taken.map_or(Settled::No, |at| Settled::At(self.visit, Note::Case(line(*at)))))
            }
            What::Loop { body, .. } if at_work(body.0) => (true, Settled::No),
            What::Loop { variable, body, first, was_first, turns } => {
                let begins = now == *first && !*was_first;
                *was_first = now == *first;
                let value = begins.then(|| context.scope().get(variable)).flatten();
                *turns += usize::from(begins);
                let settled = match value.map(|value| set(variable, value)) {
                    None => Settled::No,
                    Some(note) if *turns == 1 => Settled::At(self.visit, note),
                    Some(note) => Settled::Again(self.from, note),
                };
                (is_within(*body, now), settled)
            }
        }
    }
}

/// The variable that an assignment changes, or changes a part of.
fn variable(target: &Expr) -> Option<&str> {
    match target {
        Expr::Variable(variable, ..) => Some(variable.1.as_str()),
        Expr::Dot(both, ..) | Expr::Index(both, ..) => variable(&both.lhs),
        _ => None,
    }
}

fn set(name: &str, value: &rhai::Dynamic) -> Note {
    Note::Value { name: name.to_owned(), value: shown(value, VALUE_CHARS) }
}

fn span(block: &StmtBlock) -> (Position, Position) {
    (block.position(), block.end_position())
}

fn is_within((start, end): (Position, Position), at: Position) -> bool {
    start < at && at < end
}

/// The last place of an expression that the run can come to.
fn last(expression: &Expr) -> Position {
    let mut last = expression.position();
    expression.walk(&mut Vec::new(), &mut |path| {
        last = path.last().map_or(last, |node| last.max(node.position()));
        true
    });
    last
}
