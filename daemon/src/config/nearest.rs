//! Did you mean: the known name that is nearest to a misspelt one.

/// No name is longer, and comparing takes time and memory in proportion.
const LONGEST_NAME: usize = 64;

/// The candidate that `name` is most likely a misspelling of; `None` when nothing is near.
pub(super) fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    if name.len() > LONGEST_NAME {
        return None;
    }
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many characters must be added, left out, changed or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for i in 1..=from.len() {
        let mut row = vec![i];
        for j in 1..=to.len() {
            let changed = usize::from(from[i - 1] != to[j - 1]);
            let mut least = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + changed);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_another_word_finds_none() {
        let known = ["listen", "public_url", "max_body_bytes"];
        assert_eq!(nearest("lisetn", known), Some("listen"));
        assert_eq!(nearest("public-url", known), Some("public_url"));
        assert_eq!(nearest("max_body_byte", known), Some("max_body_bytes"));
        assert_eq!(nearest("max_bdy_byts", known), Some("max_body_bytes"));
        assert_eq!(nearest("workers", known), None);
        assert_eq!(nearest(&"listen".repeat(1_000_000), known), None);
    }

    #[test]
    fn the_nearest_of_several_wins() {
        assert_eq!(nearest("cap", ["cat", "cap"]), Some("cap"));
    }
}
