//! Which known name was most likely meant.

/// Longer names are only compared by their beginning.
const COMPARED_CHARS: usize = 64;

/// The known names that come close enough to `name` to be meant by it, the closest first, at most `count`.
pub(crate) fn nearest<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    count: usize,
) -> Vec<&'a str> {
    let allowed = (name.chars().take(COMPARED_CHARS).count() + 1) / 3;
    let mut close: Vec<_> =
        by_distance(name, known).into_iter().take_while(|(far, _)| *far <= allowed).collect();
    close.truncate(count);
    close.into_iter().map(|(_, known)| known).collect()
}

/// All known names with how many characters differ, the closest first.
pub(crate) fn by_distance<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<(usize, &'a str)> {
    let name: Vec<char> = name.chars().take(COMPARED_CHARS).collect();
    let mut all: Vec<_> = known.into_iter().map(|known| (distance(&name, known), known)).collect();
    all.sort_by_key(|(far, _)| *far);
    all
}

/// "did you mean `a` or `b`?", if any known name comes close.
pub(crate) fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let close = nearest(name, known, 3);
    (!close.is_empty()).then(|| format!("did you mean {}?", listed(&close, "or")))
}

/// `a`, `b` and `c`.
pub(crate) fn listed<T: AsRef<str>>(names: &[T], word: &str) -> String {
    match names.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => quoted(&[only]),
        Some((last, rest)) => format!("{} {word} {}", quoted(rest), quoted(&[last])),
    }
}

/// `a`, `b`, `c`.
pub(crate) fn quoted<T: AsRef<str>>(names: &[T]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    quoted.join(", ")
}

/// Insertions, deletions, replacements and swaps of neighbours between two names.
fn distance(one: &[char], other: &str) -> usize {
    let other: Vec<char> = other.chars().take(COMPARED_CHARS).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, from) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in other.iter().enumerate() {
            let mut least = (last[j] + usize::from(from != to)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *from == other[j - 1] && one[i - 1] == *to {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_what_was_meant() {
        let known = ["recipients", "actor", "tenant", "data", "cancellation_key"];
        assert_eq!(nearest("recipient", known, 3), ["recipients"]);
        assert_eq!(nearest("atcor", known, 3), ["actor"]);
        assert_eq!(nearest("workflow", known, 3), Vec::<&str>::new());
    }

    #[test]
    fn the_closest_comes_first() {
        assert_eq!(nearest("order.creatd", ["order.shipped", "order.created", "order.create"], 2).len(), 2);
        assert_eq!(by_distance("ab", ["xx", "ab", "ax"]), [(0, "ab"), (1, "ax"), (2, "xx")]);
    }

    #[test]
    fn a_very_long_name_is_compared_by_its_beginning() {
        let long = "x".repeat(1_000_000);
        assert_eq!(by_distance(&long, ["y"]), [(COMPARED_CHARS, "y")]);
    }

    #[test]
    fn a_question_lists_what_is_close() {
        assert_eq!(did_you_mean("sned", ["send"]).unwrap(), "did you mean `send`?");
        assert_eq!(did_you_mean("something", ["send"]), None);
        assert_eq!(listed(&["a", "b", "c"], "and"), "`a`, `b` and `c`");
    }
}
