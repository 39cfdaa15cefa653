//! The lines that differ between two texts, such as configuration files.

/// The limit of the table of the comparison; larger texts are compared as a whole.
const MAX_CELLS: usize = 1_000_000;

/// Returns the removed lines with `- ` before them and the added ones with `+ `, in their order; `None` for texts
/// of one line each, and for very long ones.
pub(super) fn changed_lines(before: &str, after: &str) -> Option<Vec<String>> {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let is_short = before.len() <= 1 && after.len() <= 1;
    if is_short || (before.len() + 1) * (after.len() + 1) > MAX_CELLS {
        return None;
    }
    let common = common_suffix_lengths(&before, &after);
    let (mut row, mut column, mut changed) = (0, 0, Vec::new());
    while row < before.len() || column < after.len() {
        let is_equal = row < before.len() && column < after.len() && before[row] == after[column];
        if is_equal {
            row += 1;
            column += 1;
        } else if column == after.len()
            || (row < before.len() && common[row + 1][column] >= common[row][column + 1])
        {
            changed.push(format!("- {}", before[row]));
            row += 1;
        } else {
            changed.push(format!("+ {}", after[column]));
            column += 1;
        }
    }
    Some(changed)
}

/// Returns the length of the longest common subsequence of each pair of suffixes.
fn common_suffix_lengths(before: &[&str], after: &[&str]) -> Vec<Vec<usize>> {
    let mut common = vec![vec![0; after.len() + 1]; before.len() + 1];
    for row in (0..before.len()).rev() {
        for column in (0..after.len()).rev() {
            common[row][column] = if before[row] == after[column] {
                common[row + 1][column + 1] + 1
            } else {
                common[row + 1][column].max(common[row][column + 1])
            };
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_differ_are_returned() {
        let before = "[kafka]\nservers = [\"a\"]\n\n[archive]\nmax_entries = 10\n";
        let after = "[kafka]\nservers = [\"a\"]\n\n[archive]\nmax_entries = 17\nmax = 1\n";
        let expected = ["- max_entries = 10", "+ max_entries = 17", "+ max = 1"];
        assert_eq!(changed_lines(before, after).unwrap(), expected);
        assert_eq!(changed_lines("a\nb\n", "").unwrap(), ["- a", "- b"]);
        assert_eq!(changed_lines("a", "b"), None);
    }
}
