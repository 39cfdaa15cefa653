//! Suggestions for misspelt words.

/// Returns the candidate with the smallest edit distance to a word, if one is close enough.
pub(crate) fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let max_distance = word.chars().count().div_ceil(3).clamp(1, 3);
    let rated = candidates.into_iter().map(|candidate| (distance(word, candidate), candidate));
    rated
        .filter(|&(distance, _)| distance <= max_distance)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, word)| word)
}

/// Returns `, did you mean …?`, or an empty text if no candidate is close enough.
pub(crate) fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    closest(word, candidates).map_or_else(String::new, |candidate| format!(", did you mean `{candidate}`?"))
}

/// Returns the case-insensitive edit distance: insertions, deletions, substitutions and swaps of adjacent
/// letters.
fn distance(a: &str, b: &str) -> usize {
    let letters = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<Vec<_>>();
    let (a, b) = (letters(a), letters(b));
    let mut before_previous: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    for (i, &letter) in a.iter().enumerate() {
        let mut current = vec![i + 1];
        for (j, &other) in b.iter().enumerate() {
            let replaced = previous[j] + usize::from(letter != other);
            let mut best = replaced.min(previous[j + 1] + 1).min(current[j] + 1);
            if i > 0 && j > 0 && letter == b[j - 1] && a[i - 1] == other {
                best = best.min(before_previous[j - 1] + 1);
            }
            current.push(best);
        }
        before_previous = std::mem::replace(&mut previous, current);
    }
    previous[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_word_has_the_closest_candidate() {
        let fields = ["when", "tests", "details", "inputs"];
        for (slip, meant) in
            [("whn", "when"), ("whne", "when"), ("When", "when"), ("detail", "details"), ("imputs", "inputs")]
        {
            assert_eq!(closest(slip, fields), Some(meant), "{slip}");
        }
        assert_eq!(did_you_mean("whn", fields), ", did you mean `when`?");
    }

    #[test]
    fn different_word_has_no_candidate() {
        assert_eq!(closest("severity", ["when", "tests"]), None);
        assert_eq!(closest("x", ["when"]), None);
        assert_eq!(did_you_mean("", ["when"]), "");
    }
}
