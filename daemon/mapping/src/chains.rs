//! Makes `event.data.items.map(|item| event.userId + item.sku)` work.
//!
//! Rhai holds a variable for as long as a chain of dots that begins with it is worked on, and a closure in the chain that
//! uses the same variable finds it held: a "data race". So a call that only reads its list, and is given such a closure,
//! gets a copy of the list: `event.data.items.map(` is read as `__copy(event.data.items).map(`. Methods that change their
//! list in place are left as they are, because they would change the copy.

use rhai::{AST, ASTFlags, ASTNode, Dynamic, Engine, Expr, FnCallExpr, Position, Stmt};

/// What lists offer that takes a closure and leaves the list as it is.
const READING: [&str; 10] =
    ["each", "map", "filter", "find", "find_map", "index_of", "some", "all", "reduce", "reduce_rev"];

const COPY: &str = "__copy(";

/// Text that is added to a line of a script.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Insertion {
    /// From 1.
    line: usize,
    /// Before this character of the script as it was written, from 1.
    column: usize,
    text: &'static str,
}

/// Teaches the engine to copy.
pub(crate) fn register(engine: &mut Engine) {
    engine.register_fn(COPY.trim_end_matches('('), |value: Dynamic| value.flatten());
}

/// What must be added to a script, in order.
pub(crate) fn copies(ast: &AST, text: &str) -> Vec<Insertion> {
    let lines: Vec<&str> = text.lines().collect();
    let mut insertions = Vec::new();
    ast.walk(&mut |path: &[ASTNode]| {
        let chain = path
            .last()
            .and_then(|node| if let ASTNode::Expr(expression) = node { held(expression) } else { None });
        if let Some((variable, from, to)) = chain {
            // Where the parser counts otherwise than we do, the script keeps Rhai's own error.
            if stands_at(&lines, from, variable)
                && (stands_at(&lines, to, ".") || stands_at(&lines, to, "?."))
            {
                insertions.extend([insertion(from, COPY), insertion(to, ")")]);
            }
        }
        true
    });
    insertions.sort();
    insertions
}

/// The script with what was added.
pub(crate) fn with_insertions(text: &str, insertions: &[Insertion]) -> String {
    let mut changed = String::with_capacity(text.len() + insertions.len() * COPY.len());
    let mut insertions = insertions.iter().peekable();
    for (number, line) in text.split_inclusive('\n').enumerate() {
        for (index, character) in line.chars().enumerate() {
            while let Some(next) =
                insertions.next_if(|next| (next.line, next.column) == (number + 1, index + 1))
            {
                changed.push_str(next.text);
            }
            changed.push(character);
        }
    }
    changed
}

/// The place in the script as it was written.
pub(crate) fn original(at: Position, insertions: &[Insertion]) -> Position {
    let (Some(line), Some(column)) = (at.line(), at.position()) else {
        return at;
    };
    let mut added = 0;
    for insertion in insertions.iter().filter(|insertion| insertion.line == line) {
        if column < insertion.column + added + insertion.text.len() {
            break;
        }
        added += insertion.text.len();
    }
    // No script is as long as a position can count.
    Position::new(line as u16, (column - added) as u16)
}

/// The variable that a chain begins with, where it begins, and where the call is that must not find it held.
fn held(chain: &Expr) -> Option<(&str, Position, Position)> {
    let (Expr::Dot(both, ..) | Expr::Index(both, ..)) = chain else {
        return None;
    };
    let Expr::Variable(variable, _, from) = &both.lhs else {
        return None;
    };
    let mut rest = chain;
    while let Expr::Dot(both, flags, at) | Expr::Index(both, flags, at) = rest {
        let is_last = flags.contains(ASTFlags::BREAK);
        let step = match &both.rhs {
            Expr::Dot(next, ..) | Expr::Index(next, ..) if !is_last => &next.lhs,
            last => last,
        };
        if matches!(step, Expr::MethodCall(call, _) if reads_with_closure_over(call, &variable.1)) {
            return Some((variable.1.as_str(), *from, *at));
        }
        if is_last {
            return None;
        }
        rest = &both.rhs;
    }
    None
}

fn reads_with_closure_over(call: &FnCallExpr, variable: &str) -> bool {
    let mut goes_on = |path: &[ASTNode]| match path.last() {
        Some(ASTNode::Stmt(Stmt::Share(captured))) => {
            !captured.iter().any(|(captured, _)| captured.name.as_str() == variable)
        }
        _ => true,
    };
    READING.contains(&call.name.as_str())
        && !call.args.iter().all(|argument| argument.walk(&mut Vec::new(), &mut goes_on))
}

fn stands_at(lines: &[&str], at: Position, text: &str) -> bool {
    let (Some(line), Some(column)) = (at.line(), at.position()) else {
        return false;
    };
    let rest = lines
        .get(line - 1)
        .and_then(|line| line.char_indices().nth(column.checked_sub(1)?).map(|(from, _)| &line[from..]));
    rest.is_some_and(|rest| rest.starts_with(text))
}

fn insertion(at: Position, text: &'static str) -> Insertion {
    Insertion { line: at.line().unwrap_or(0), column: at.position().unwrap_or(0), text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(text: &str) -> String {
        let insertions = copies(&Engine::new().compile(text).unwrap(), text);
        with_insertions(text, &insertions)
    }

    #[test]
    fn a_list_is_copied_for_a_closure_that_uses_the_variable_it_is_in() {
        for (text, copied) in [
            ("e.d.map(|i| e.u)", "__copy(e.d).map(|i| e.u)"),
            ("e.map(|i| e.len())", "__copy(e).map(|i| e.len())"),
            ("f(1 + e.d[0].x?.filter(|i| i > e.u).len)", "f(1 + __copy(e.d[0].x)?.filter(|i| i > e.u).len)"),
            ("e.d.map(|i| e.x.all(|j| e.y))", "__copy(e.d).map(|i| __copy(e.x).all(|j| e.y))"),
            ("let o = `ü`; e\n  .d\n  .map(|i| e.u)", "let o = `ü`; __copy(e\n  .d\n  ).map(|i| e.u)"),
            ("x[e.d.some(|i| e.u)]", "x[__copy(e.d).some(|i| e.u)]"),
            ("let t = `a ${e.d.map(|i| e.u)} b`;", "let t = `a ${__copy(e.d).map(|i| e.u)} b`;"),
        ] {
            assert_eq!(
                changed(&format!("let e = 1; let x = 1; {text}")),
                format!("let e = 1; let x = 1; {copied}")
            );
        }
    }

    #[test]
    fn everything_else_stays() {
        for text in
            ["e.d.map(|i| i.u)", "e.d.map(|i| x.u)", "e.d.retain(|i| e.u)", "e.d.sort(|a, b| e.u)", "e.d"]
        {
            let text = format!("let e = 1; let x = 1; {text}");
            assert_eq!(changed(&text), text);
        }
    }

    #[test]
    fn places_are_those_of_the_script_as_it_was_written() {
        let text = "let e = 1;\nabc(e.d.map(|i| e.u), 5)";
        let insertions = copies(&Engine::new().compile(text).unwrap(), text);
        let changed = with_insertions(text, &insertions);
        let line = changed.lines().nth(1).unwrap();
        for part in ["abc", "e.d", ".map", "e.u", "5)"] {
            let at = Position::new(2, 1 + line.find(part).unwrap() as u16);
            let column = original(at, &insertions).position().unwrap();
            assert!(text.lines().nth(1).unwrap()[column - 1..].starts_with(part), "{part}");
        }
        assert_eq!(original(Position::new(1, 5), &insertions), Position::new(1, 5));
    }
}
