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

/// Returns the case-insensitive edit distance: insertions, deletions, substitutions and swaps of adjacent letters.
fn distance(a: &str, b: &str) -> usize {
    strsim::osa_distance(&a.to_lowercase(), &b.to_lowercase())
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
